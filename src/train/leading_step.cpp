#include "train/leading_step.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/stop.h"
#include "model/features.h"
#include "train/command.h"

namespace bernoulli {
namespace {

void command_all(Communicator& processes, const Command& command) {
  std::string bytes = command.to_bytes();
  processes.broadcast(bytes);
}

/// What a process answers to kScore: the fingerprints of all its weights, then the logits.
std::string score(ReferenceStep& step, const Command& rows) {
  std::string answer =
      weights_fingerprint(step.parameters()) + weights_fingerprint(step.evaluation_weights());
  const std::vector<float> logits = step.logits(rows_of(rows));
  return answer.append(reinterpret_cast<const char*>(logits.data()), logits.size() * sizeof(float));
}

/// The texts of each process: as many of the batches in which one process would score them.
std::vector<std::string> dealt(const TokenView& rows, const FeatureShape& shape, int64_t batch_size,
                               int processes) {
  const std::vector<int64_t> begins = batch_begins(rows, shape, batch_size);
  std::vector<std::string> by_rank;
  for (int rank = 0; rank < processes; ++rank) {
    const Share batches = share_of(rank, processes, begins.size() - 1);
    by_rank.push_back(rows_command(rows, begins[batches.begin], begins[batches.end]).to_bytes());
  }
  return by_rank;
}

}  // namespace

LeadingStep::LeadingStep(std::unique_ptr<ReferenceStep> own, Communicator& processes, int64_t eval_batch_size)
    : own_(std::move(own)), processes_(processes), eval_batch_size_(eval_batch_size) {
  command_all(processes_, load_command(own_->evaluation_weights(), own_->training_state()));
}

StepResult LeadingStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  command_all(processes_, {.kind = Command::Kind::kUpdate,
                           .step = step,
                           .lr = lr,
                           .numbers = {examples.begin(), examples.end()}});
  return own_->update(examples, step, lr);
}

std::vector<float> LeadingStep::logits(const TokenView& rows) {
  command_all(processes_, {.kind = Command::Kind::kScore});
  const std::string own = processes_.scatter(dealt(rows, own_->shape(), eval_batch_size_, processes_.size()));
  const std::vector<std::string> answers = processes_.gather(score(*own_, Command::from_bytes(own)));
  const size_t head = 2 * weights_fingerprint({}).size();
  std::vector<float> logits;
  for (int rank = 0; rank < processes_.size(); ++rank) {
    const std::string& answer = answers[static_cast<size_t>(rank)];
    if (answer.substr(0, head) != answers[0].substr(0, head))
      throw DistributedError(
          fmt::format("the weights of {} are no longer those of process 0: do both have the same kind of "
                      "processor and the same training.threads? A checkpoint of before is sound",
                      processes_.name_of(rank)));
    const size_t before = logits.size();
    logits.resize(before + (answer.size() - head) / sizeof(float));
    if (before < logits.size())  // a process may have had no rows
      std::memcpy(logits.data() + before, answer.data() + head, answer.size() - head);
  }
  return logits;
}

void LeadingStep::load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) {
  own_->load(evaluation_weights, training_state);
  command_all(processes_, load_command(evaluation_weights, training_state));
}

void follow(ReferenceStep& own, Communicator& processes) {
  while (true) {
    throw_if_stopped();
    std::string bytes;
    processes.broadcast(bytes);
    const Command command = Command::from_bytes(bytes);
    switch (command.kind) {
      case Command::Kind::kUpdate:
        own.update(command.numbers, command.step, command.lr);
        break;
      case Command::Kind::kScore:
        processes.gather(score(own, Command::from_bytes(processes.scatter({}))));
        break;
      case Command::Kind::kLoad: {
        const LoadedState state = state_of(command);
        own.load(state.weights, state.training);
        break;
      }
      case Command::Kind::kEnd:
        return;
      default:
        throw InternalError("process 0 asks for what no process does");
    }
  }
}

void end_following(Communicator& processes) { command_all(processes, {.kind = Command::Kind::kEnd}); }

}  // namespace bernoulli
