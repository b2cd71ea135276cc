#include "train/cuda_fused_step.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include "core/device_failure.h"
#include "core/error.h"
#include "core/stop.h"
#include "kernels/binomial.h"
#include "model/sequential.h"
#include "tensor/device.h"
#include "train/card_model.h"
#include "train/non_finite.h"

namespace bernoulli {
namespace {

/// Numbers that updates may go through before the host is heard again: some tenths of a second.
constexpr int64_t kNumbersAhead = int64_t{1} << 35;
constexpr int64_t kMostAhead = 1024;
/// Rows that are evaluated between two looks for a stop; the card cuts them into pieces of its own.
constexpr int64_t kRowsBetweenLooks = 4096;

/// How far to run ahead: an update reads every number of the table.
int64_t updates_ahead(const card::Parameter& embedding) {
  return std::clamp<int64_t>(kNumbersAhead / (embedding.rows * embedding.columns), 16, kMostAhead);
}

template <class Function>
void find(Function& function, const char* name) {
  function = reinterpret_cast<Function>(cuda_function(name));
  if (function == nullptr) throw InternalError(fmt::format("libbernoulli_cuda.so lacks {}", name));
}

/// Throws where the call does not go well.
template <class Call>
void ask(const Call& call) {
  std::array<char, 1024> text{};
  const card::Status status = call(card::Why{text.data(), static_cast<int32_t>(text.size())});
  if (status == card::Status::kNoRoom) throw DeviceError(text.data());
  if (status == card::Status::kFailed) throw IoError(device_failure(text.data()));
}

}  // namespace

card::Functions cuda_fused_functions() {
  card::Functions f;
  find(f.create, "bernoulli_cuda_fused_create");
  find(f.run, "bernoulli_cuda_fused_run");
  find(f.profile, "bernoulli_cuda_fused_profile");
  find(f.refused, "bernoulli_cuda_fused_refused");
  find(f.read, "bernoulli_cuda_fused_read");
  find(f.write, "bernoulli_cuda_fused_write");
  find(f.logits, "bernoulli_cuda_fused_logits");
  find(f.destroy, "bernoulli_cuda_fused_destroy");
  return f;
}

double cuda_copy_speed(int device, int64_t bytes) {
  decltype(&bernoulli_cuda_copy_speed) copy_speed = nullptr;
  find(copy_speed, "bernoulli_cuda_copy_speed");
  double speed = 0;
  ask([&](card::Why why) { return copy_speed(device, bytes, &speed, why); });
  return speed;
}

CudaFusedStep::CudaFusedStep(const EngineParts& parts, const FusedPlan& fused,
                             const card::Functions& functions, int device)
    : train_(parts.train),
      functions_(functions),
      num_labels_(parts.plan.num_outputs),
      optimizer_(parts.config.optimizer),
      handle_(nullptr, Handle{functions.destroy}) {
  const Sequential reference(parts.plan, parts.config.training.seed, c10::Device(c10::kCPU));
  std::vector<card::Parameter> parameters;
  std::vector<at::Tensor> initial;
  std::vector<const float*> numbers;
  for (const auto& [name, tensor] : reference.parameters()) {
    parameters_.emplace_back(name, tensor.sizes().vec());
    parameters.push_back(
        {tensor.dim() == 2 ? tensor.size(0) : 1, tensor.size(-1), optimizer_.rule_for(name)});
    initial.push_back(tensor.detach().contiguous());
    numbers.push_back(initial.back().const_data_ptr<float>());
  }
  run_ahead_ = updates_ahead(parameters.front());

  const std::vector<card::Layer> layers = card_layers(fused);
  const std::vector<double> one_each = or_one_each(parts.pos_weight, num_labels_);
  std::vector<uint32_t> binomial;
  if (fused.token_threshold != 0) binomial = kernels::BinomialTables(fused.token_threshold).flat();
  card::Model model =
      card_model(parts.config, fused, find_dead_range(parts.loss, num_labels_, c10::Device(c10::kCPU)));
  model.parameters = parameters.data();
  model.num_parameters = static_cast<int32_t>(parameters.size());
  model.layers = layers.data();
  model.num_layers = static_cast<int64_t>(layers.size());
  model.num_slots = static_cast<int32_t>(optimizer_.num_slots());
  model.initial_slot = static_cast<float>(optimizer_.initial_slot());
  model.binomial = binomial.data();
  model.num_labels = num_labels_;
  model.pos_weight = one_each.data();

  card::Data data;
  data.tokens = card_tokens(train_.rows, 0, train_.size());
  data.targets = train_.targets.data();
  data.weights = train_.weights.empty() ? nullptr : train_.weights.data();
  const TrainingConfig& training = parts.config.training;
  data.largest_update = std::min(training.batch_size * training.accumulate, train_.size());
  void* handle = nullptr;
  ask([&](card::Why why) { return functions_.create(device, &model, &data, numbers.data(), &handle, why); });
  handle_.reset(handle);
}

StepResult CudaFusedStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  const PlannedUpdate one{examples, step, lr};
  return update_all(std::span(&one, 1)).front();
}

std::vector<StepResult> CudaFusedStep::update_all(std::span<const PlannedUpdate> updates) {
  return update_with(updates, [&](auto... what) { return functions_.run(handle_.get(), what...); });
}

std::vector<card::KernelTime> CudaFusedStep::profile(std::span<const PlannedUpdate> updates) {
  std::vector<card::KernelTime> times(card::kMostKernels);
  int32_t num_times = 0;
  update_with(updates, [&](const int32_t* examples, const card::Update* asked, int64_t count,
                           card::Record* records, card::Why why) {
    return functions_.profile(handle_.get(), examples, asked, count, records, times.data(), &num_times, why);
  });
  times.resize(static_cast<size_t>(num_times));
  return times;
}

template <class Run>
std::vector<StepResult> CudaFusedStep::update_with(std::span<const PlannedUpdate> updates, const Run& run) {
  std::vector<int32_t> examples;
  std::vector<card::Update> asked;
  std::vector<StepResult> results(updates.size());
  for (size_t i = 0; i < updates.size(); ++i) {
    card::Update update;
    update.step = updates[i].step;
    update.first = static_cast<int64_t>(examples.size());
    update.size = static_cast<int64_t>(updates[i].examples.size());
    for (const int64_t example : updates[i].examples) examples.push_back(static_cast<int32_t>(example));
    update.weight = results[i].weight = train_.weight(updates[i].examples);
    update.constants = optimizer_.constants(updates_ + static_cast<int64_t>(i) + 1, updates[i].lr);
    asked.push_back(update);
  }
  std::vector<card::Record> records(updates.size());
  ask([&](card::Why why) {
    return run(examples.data(), asked.data(), static_cast<int64_t>(asked.size()), records.data(), why);
  });
  for (size_t i = 0; i < updates.size(); ++i) {
    const card::Record& record = records[i];
    if (record.outcome != card::Outcome::kDone) refuse(updates[i], record);
    ++updates_;
    results[i].loss_sum = record.loss_sum;
    results[i].gradient_norm = record.gradient_norm;
    results[i].telemetry = {asked[i].size * num_labels_, record.saturated, record.wrong_and_dead,
                            record.max_abs_logit};
  }
  return results;
}

void CudaFusedStep::refuse(const PlannedUpdate& update, const card::Record& record) const {
  std::vector<float> logits(update.examples.size() * static_cast<size_t>(num_labels_));
  std::vector<uint8_t> not_finite(parameters_.size());
  ask([&](card::Why why) {
    return functions_.refused(handle_.get(), logits.data(), not_finite.data(), why);
  });
  if (record.outcome == card::Outcome::kGradientNotFinite) {
    std::vector<std::string> names;
    for (size_t i = 0; i < parameters_.size(); ++i) {
      if (not_finite[i] != 0) names.push_back(parameters_[i].first);
    }
    throw non_finite_gradient(update.step, names);
  }
  throw non_finite_loss(update.step, record.loss_sum, update.examples, logits.data(), num_labels_, train_);
}

std::vector<float> CudaFusedStep::logits(const TokenView& rows) {
  std::vector<float> logits(static_cast<size_t>(rows.size() * num_labels_));
  for (int64_t begin = 0; begin < rows.size(); begin += kRowsBetweenLooks) {
    throw_if_stopped();
    const int64_t end = std::min(begin + kRowsBetweenLooks, rows.size());
    const card::Tokens tokens = card_tokens(rows, begin, end);
    ask([&](card::Why why) {
      return functions_.logits(handle_.get(), &tokens, logits.data() + begin * num_labels_, why);
    });
  }
  return logits;
}

at::Tensor CudaFusedStep::read(size_t parameter, size_t table) const {
  at::Tensor out = at::empty(parameters_[parameter].second, at::kFloat);
  ask([&](card::Why why) {
    return functions_.read(handle_.get(), static_cast<int32_t>(parameter), static_cast<int32_t>(table),
                           out.mutable_data_ptr<float>(), why);
  });
  return out;
}

void CudaFusedStep::write(size_t parameter, size_t table, const at::Tensor& values) {
  const at::Tensor plain = values.detach().to(at::kCPU, at::kFloat).contiguous();
  ask([&](card::Why why) {
    return functions_.write(handle_.get(), static_cast<int32_t>(parameter), static_cast<int32_t>(table),
                            plain.const_data_ptr<float>(), why);
  });
}

NamedTensors CudaFusedStep::evaluation_weights() const {
  NamedTensors weights;
  for (size_t p = 0; p < parameters_.size(); ++p) weights.emplace_back(parameters_[p].first, read(p, 0));
  return weights;
}

NamedTensors CudaFusedStep::training_state() const {
  NamedTensors state = {{FusedOptimizer::kUpdates, at::full({}, updates_, at::kLong)}};
  for (size_t p = 0; p < parameters_.size(); ++p) {
    for (size_t slot = 0; slot < optimizer_.num_slots(); ++slot)
      state.emplace_back(optimizer_.slot_name(parameters_[p].first, slot), read(p, slot + 1));
  }
  return state;
}

void CudaFusedStep::load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) {
  check_fit(evaluation_weights, parameters_, "weights");
  check_fit(training_state, optimizer_.state_shapes(parameters_), "training state");
  for (size_t p = 0; p < parameters_.size(); ++p) {
    const std::string& name = parameters_[p].first;
    write(p, 0, tensor_of(evaluation_weights, name));
    for (size_t slot = 0; slot < optimizer_.num_slots(); ++slot)
      write(p, slot + 1, tensor_of(training_state, optimizer_.slot_name(name, slot)));
  }
  updates_ = tensor_of(training_state, FusedOptimizer::kUpdates).item<int64_t>();
}

}  // namespace bernoulli
