#include "train/leading_step.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/processes.h"
#include "train/command.h"
#include "train/fused_cases.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNumShared = 6;

/// Whatever an update may have to carry over: weights of examples, several labels, clipping, averages. No
/// dropout: threads of one process would draw from one generator (tests/faults/processes_test.py has it).
Bench make_bench(int64_t batch_size, int64_t accumulate) {
  Bench bench({.name = "shared",
               .layers = {embedding(8), pool("mean_pool", "exclude"), linear(6), linear(3)},
               .num_labels = 3,
               .weighted = true,
               .clip_norm = 0.5,
               .clip_value = 0.1});
  bench.config.training.batch_size = batch_size;
  bench.config.training.accumulate = accumulate;
  bench.config.optimizer.ema_decay = 0.9;
  return bench;
}

std::unique_ptr<ReferenceStep> step_of(const Bench& bench, Communicator* processes) {
  return std::make_unique<ReferenceStep>(bench.parts(), c10::Device(c10::kCPU), nullptr, processes);
}

/// The examples of an update; the last ones are fewer than a whole update, and than a whole batch.
std::vector<int64_t> update_of(int64_t update, const TrainingConfig& training) {
  const int64_t whole = training.batch_size * training.accumulate;
  std::vector<int64_t> examples;
  for (int64_t i = 0; i < (update + 1 == kNumShared ? whole / 2 + 1 : whole); ++i)
    examples.push_back((update * 7 + i) % 96);
  return examples;
}

/// What a training comes to.
struct Trained {
  std::vector<double> numbers;  ///< of each update
  std::vector<float> logits;
  std::string weights, state;
};

Trained train(const Bench& bench, Step& step) {
  Trained outcome;
  for (int64_t update = 0; update < kNumShared; ++update) {
    const StepResult result = step.update(update_of(update, bench.config.training), update, 0.01);
    outcome.numbers.insert(outcome.numbers.end(),
                           {result.loss_sum, result.weight, result.gradient_norm,
                            result.telemetry.max_abs_logit, static_cast<double>(result.telemetry.entries)});
  }
  outcome.logits = step.logits(bench.data.rows);
  outcome.weights = weights_fingerprint(step.evaluation_weights());
  outcome.state = weights_fingerprint(step.training_state());
  return outcome;
}

class LeadingStepOf : public ::testing::TestWithParam<int> {};

TEST_P(LeadingStepOf, ComputesTheBitsOfOneProcess) {
  for (const int64_t accumulate : {4, 5}) {
    const Bench bench = make_bench(4, accumulate);
    const Trained alone = train(bench, *step_of(bench, nullptr));
    Trained shared;
    testing::together_well(GetParam(), [&](Communicator& processes) {
      auto own = step_of(bench, &processes);
      if (processes.rank() > 0) return follow(*own, processes);
      LeadingStep step(std::move(own), processes, bench.config.training.eval_batch_size);
      shared = train(bench, step);
      end_following(processes);
    });
    EXPECT_EQ(shared.numbers, alone.numbers);
    EXPECT_EQ(shared.logits, alone.logits);
    EXPECT_EQ(shared.weights, alone.weights);
    EXPECT_EQ(shared.state, alone.state);
  }
}
INSTANTIATE_TEST_SUITE_P(Processes, LeadingStepOf, ::testing::Values(1, 2, 3, 4));

TEST(LeadingStep, GivesTheOthersTheWeightsThatItBeginsOrGoesOnWith) {
  Bench bench = make_bench(4, 2);
  const auto trained = step_of(bench, nullptr);
  for (int64_t update = 0; update < 3; ++update)
    trained->update(update_of(update, bench.config.training), update, 0.05);
  std::atomic<int> same = 0;
  testing::together_well(3, [&](Communicator& processes) {
    Bench other = make_bench(4, 2);
    other.config.training.seed = static_cast<uint64_t>(100 + processes.rank());  // other weights at first
    auto own = step_of(other, &processes);
    ReferenceStep& step = *own;
    const std::string at_first = weights_fingerprint(step.evaluation_weights());
    if (processes.rank() > 0) {
      follow(step, processes);
      EXPECT_NE(weights_fingerprint(step.evaluation_weights()), at_first);
      same += weights_fingerprint(step.training_state()) == weights_fingerprint(trained->training_state())
                  ? 1
                  : 0;
      return;
    }
    LeadingStep leading(std::move(own), processes, 8);
    EXPECT_EQ(leading.logits(bench.data.rows), step.logits(bench.data.rows));  // or a process is refused
    leading.load(trained->evaluation_weights(), trained->training_state());
    EXPECT_EQ(leading.logits(bench.data.rows), trained->logits(bench.data.rows));
    end_following(processes);
  });
  EXPECT_EQ(same, 2);
}

TEST(LeadingStep, NamesAProcessWhoseWeightsHaveGoneAstray) {
  const Bench bench = make_bench(4, 2);
  const auto thrown = testing::together(2, [&](Communicator& processes) {
    auto own = step_of(bench, &processes);
    ReferenceStep& step = *own;
    if (processes.rank() > 0) {
      std::string start;
      processes.broadcast(start);  // dropped: it keeps weights of its own
      const at::Tensor weight = step.parameters().front().second.detach();
      const_cast<float*>(weight.const_data_ptr<float>())[0] += 1e-6F;
      return follow(step, processes);
    }
    LeadingStep leading(std::move(own), processes, 8);
    leading.logits(bench.data.rows);
    end_following(processes);
  });
  ASSERT_TRUE(thrown[0]);
  EXPECT_THAT(failure_of(thrown[0]).message,
              HasSubstr("the weights of process 1 at 127.0.0.1 are no longer those"));
  EXPECT_EQ(failure_of(thrown[0]).code, 8);
}

TEST(LeadingStep, AnUpdateThatIsNotFiniteMovesNoWeightAnywhere) {
  Bench bench = make_bench(4, 2);
  bench.data.targets[21] =
      std::numeric_limits<float>::quiet_NaN();  // of example 7, in the batch of process 1
  std::atomic<int> unmoved = 0;
  const auto thrown = testing::together(2, [&](Communicator& processes) {
    auto own = step_of(bench, &processes);
    ReferenceStep& step = *own;
    const std::string before = weights_fingerprint(step.evaluation_weights());
    const auto count = [&] { unmoved += weights_fingerprint(step.evaluation_weights()) == before ? 1 : 0; };
    try {
      if (processes.rank() > 0) return follow(step, processes);
      LeadingStep leading(std::move(own), processes, 8);
      try {
        leading.update(std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}, 0, 0.1);
      } catch (...) {
        count();
        throw;
      }
    } catch (...) {
      if (processes.rank() > 0) count();
      throw;
    }
  });
  for (const auto& error : thrown) {
    ASSERT_TRUE(error);
    EXPECT_EQ(failure_of(error).code, 6);
    EXPECT_THAT(failure_of(error).message, HasSubstr("step 1: the loss is nan"));
  }
  EXPECT_EQ(unmoved, 2);
}

TEST(Command, ComesBackAsItWasAndRefusesACutOne) {
  const Command command{Command::Kind::kUpdate, 12, 0.125, {3, -1, int64_t{1} << 40}, "bytes"};
  const std::string bytes = command.to_bytes();
  const Command back = Command::from_bytes(bytes);
  EXPECT_EQ(back.kind, command.kind);
  EXPECT_EQ(back.step, 12);
  EXPECT_EQ(back.lr, 0.125);
  EXPECT_EQ(back.numbers, command.numbers);
  EXPECT_EQ(back.bytes, "bytes");
  for (size_t length = 0; length < bytes.size() - 5; ++length)
    EXPECT_THROW(Command::from_bytes(std::string_view(bytes).substr(0, length)), InternalError);
}

}  // namespace
}  // namespace bernoulli
