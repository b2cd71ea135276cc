#include "train/graph_step.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_zero.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "core/out_of_memory.h"
#include "model/generator.h"
#include "optim/gradients.h"
#include "train/batch_memory.h"
#include "train/non_finite.h"

namespace bernoulli {
namespace {

constexpr double kUpdatesAtOnce = 128;
/// Ids of a run of updates, which are sent at once: 16 MB.
constexpr double kIdsAtOnce = 1 << 22;

int64_t updates_ahead(const RunConfig& config, const TokenView& rows) {
  int64_t longest = config.text.sequence_length.value_or(1);
  if (!config.text.sequence_length) {
    for (int64_t i = 0; i < rows.size(); ++i) longest = std::max(longest, rows.row_size(i));
  }
  const double of_one = static_cast<double>(config.training.batch_size) *
                        static_cast<double>(config.training.accumulate) * static_cast<double>(longest);
  return static_cast<int64_t>(std::clamp(kIdsAtOnce / of_one, 1.0, kUpdatesAtOnce));
}

}  // namespace

std::string why_no_graph(const TrainingConfig& training, const layers::ModelPlan& plan) {
  if (training.precision != "float32") return "training.precision is " + training.precision;
  if (training.float32_matmul_precision != "highest")
    return "training.float32_matmul_precision is " + training.float32_matmul_precision;
  if (plan.ragged_input && plan.has("batch_norm"))
    return "batch_norm behind embedding_bag would count the row that fills a batch up to the size of its "
           "graph";
  return "";
}

GraphStep::GraphStep(const EngineParts& parts, c10::Device device, std::unique_ptr<GraphDevice> graphs)
    : train_(parts.train),
      training_(parts.config.training),
      clip_norm_(parts.config.optimizer.clip_norm),
      clip_value_(parts.config.optimizer.clip_value),
      run_ahead_(updates_ahead(parts.config, train_.rows)),
      dead_range_(find_dead_range(parts.loss, train_.num_labels, c10::Device(c10::kCPU))),
      loss_(make_loss(parts.config.loss, parts.pos_weight, train_.num_labels, device)),
      shared_(parts.config, parts.plan, device),
      graphs_(std::move(graphs)),
      recorder_{*graphs_, ""},
      parts_{shared_, *loss_, train_, {}, {}, {}},
      buffers_(shared_.model().buffers()),
      apply_([this] { apply(false); }) {
  const auto options = at::TensorOptions().device(device);
  for (const auto& [name, parameter] : shared_.parameters()) {
    parts_.parameters.push_back(parameter);
    parts_.gradients.push_back(at::zeros_like(parameter).detach());
    parameter.mutable_grad() = parts_.gradients.back();
  }
  parts_.loss_sum = at::zeros({1}, options.dtype(at::kDouble));
  for (const auto& [name, buffer] : buffers_) buffers_before_.push_back(buffer.detach().clone());
  orders_ = at::zeros({run_ahead_, 2}, options.dtype(at::kFloat));
  records_ = at::zeros({run_ahead_, 2}, options.dtype(at::kDouble));
  next_ = at::zeros({1}, options.dtype(at::kLong));
  alive_ = at::ones({1}, options.dtype(at::kBool));
}

void GraphStep::load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) {
  shared_.load(evaluation_weights, training_state);
  for (size_t i = 0; i < buffers_.size(); ++i) buffers_before_[i].copy_(buffers_[i].second);
}

StepResult GraphStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  const PlannedUpdate one{examples, step, lr};
  return update_all(std::span(&one, 1)).front();
}

std::vector<StepResult> GraphStep::update_all(std::span<const PlannedUpdate> updates) {
  std::vector<StepResult> results;
  for (size_t begin = 0; begin < updates.size(); begin += static_cast<size_t>(run_ahead_)) {
    const size_t count = std::min(static_cast<size_t>(run_ahead_), updates.size() - begin);
    at_most_run_ahead(updates.subspan(begin, count), results);
  }
  return results;
}

void GraphStep::at_most_run_ahead(std::span<const PlannedUpdate> updates, std::vector<StepResult>& results) {
  const auto scope = graphs_->enter();
  shared_.model().train(true);
  const std::vector<std::vector<Place>> places = send(updates);
  const int64_t done_before = shared_.optimizer().updates();
  for (size_t i = 0; i < updates.size(); ++i) {
    for (const Place& place : places[i]) {
      seed_generator(shared_.device(), place.seed);
      try {
        place.batch->run(recorder_);
      } catch (const std::exception& error) {
        if (is_out_of_memory(error)) throw out_of_memory_in_batch(updates[i].step, place.examples, train_);
        throw;
      }
    }
    if (done_before + static_cast<int64_t>(i) == 0) {
      apply(true);
    } else {
      apply_.run(recorder_);
    }
  }
  std::set<GraphBatch*> used;
  for (const std::vector<Place>& of_one : places) {
    for (const Place& place : of_one) used.insert(place.batch);
  }
  for (GraphBatch* batch : used) batch->receive();
  const at::Tensor records = records_.to(at::kCPU);
  for (size_t i = 0; i < updates.size(); ++i) {
    const double* const record = records.const_data_ptr<double>() + 2 * i;
    if (record[1] == 0) refuse(updates[i], places[i]);
    results.push_back(result_of(updates[i], places[i], record));
    shared_.optimizer().set_updates(done_before + static_cast<int64_t>(i) + 1);
  }
}

std::vector<std::vector<GraphStep::Place>> GraphStep::send(std::span<const PlannedUpdate> updates) {
  std::vector<std::vector<Place>> places;
  std::vector<float> orders;
  std::set<GraphBatch*> used;
  const auto batch_size = static_cast<size_t>(training_.batch_size);
  for (const PlannedUpdate& update : updates) {
    std::vector<Place>& of_one = places.emplace_back();
    const double weight = train_.weight(update.examples);
    for (size_t begin = 0; begin < update.examples.size(); begin += batch_size) {
      const auto examples =
          update.examples.subspan(begin, std::min(batch_size, update.examples.size() - begin));
      const BatchShape shape = shape_of(train_.rows, examples, shared_.shape());
      std::unique_ptr<GraphBatch>& batch = batches_[shape];
      if (batch == nullptr)
        batch = std::make_unique<GraphBatch>(shape, parts_, run_ahead_ * training_.accumulate);
      const uint64_t seed = dropout_seed(training_.seed, update.step, begin);
      of_one.push_back({batch.get(), batch->add(examples, weight), examples, seed});
      used.insert(batch.get());
    }
    orders.push_back(static_cast<float>(update.lr));
    orders.push_back(static_cast<float>(shared_.optimizer().updates() + static_cast<int64_t>(places.size())));
  }
  for (GraphBatch* batch : used) batch->send();
  const auto count = static_cast<int64_t>(updates.size());
  orders_.narrow(0, 0, count).copy_(at::from_blob(orders.data(), {count, 2}, at::kFloat));
  next_.zero_();
  return places;
}

void GraphStep::apply(bool is_first) {
  const at::NoGradGuard no_grad;
  const NamedTensors& parameters = shared_.parameters();
  const at::Tensor order = orders_.index_select(0, next_).view({2});
  const at::Tensor norm = device_gradient_norm(parameters);
  // Times zero, what is not finite is not zero.
  const at::Tensor done = alive_.logical_and((parts_.loss_sum + norm).mul(0).eq(0));
  const at::Tensor refused = done.logical_not().to(at::kFloat).squeeze(0);

  if (clip_value_) clip_gradient_value(parameters, *clip_value_);
  if (clip_norm_)
    clip_gradient_norm(parameters, clip_value_ ? device_gradient_norm(parameters) : norm, *clip_norm_);
  shared_.optimizer().step_on_device({order.select(0, 0), order.select(0, 1), refused, is_first});
  if (shared_.average()) shared_.average()->update_on_device(refused);
  for (size_t i = 0; i < buffers_.size(); ++i) {
    buffers_before_[i].copy_(at::where(done, buffers_[i].second, buffers_before_[i]));
    buffers_[i].second.copy_(buffers_before_[i]);
  }

  records_.index_copy_(0, next_, at::stack({norm, done.squeeze(0).to(at::kDouble)}).view({1, 2}));
  alive_.copy_(done);
  next_.add_(1);
  begin_next_update();
}

void GraphStep::begin_next_update() {
  at::_foreach_zero_(parts_.gradients);
  parts_.loss_sum.zero_();
}

StepResult GraphStep::result_of(const PlannedUpdate& update, const std::vector<Place>& places,
                                const double* record) const {
  StepResult result;
  result.weight = train_.weight(update.examples);
  result.gradient_norm = record[0];
  for (const Place& place : places) {
    result.loss_sum += double{place.batch->loss_sum(place.index)};
    const at::Tensor logits = place.batch->logits(place.index);
    result.telemetry += observe_logits(place.examples, logits.const_data_ptr<float>(), train_.num_labels,
                                       train_, dead_range_);
  }
  return result;
}

void GraphStep::refuse(const PlannedUpdate& update, const std::vector<Place>& places) {
  const at::NoGradGuard no_grad;
  alive_.fill_(1);
  for (const Place& place : places) {
    const double loss_sum = double{place.batch->loss_sum(place.index)};
    if (std::isfinite(loss_sum)) continue;
    throw non_finite_loss(update.step, loss_sum, place.examples,
                          place.batch->logits(place.index).const_data_ptr<float>(), train_.num_labels,
                          train_);
  }
  // No weight has moved since: the same gradient once more, to see where it is not finite.
  for (const Place& place : places) {
    const at::AutoGradMode with_gradient(true);
    seed_generator(shared_.device(), place.seed);
    place.batch->run_plainly(place.index);
  }
  const std::vector<std::string> names = shared_.not_finite_gradients();
  for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].second.copy_(buffers_before_[i]);
  begin_next_update();
  throw non_finite_gradient(update.step, names);
}

}  // namespace bernoulli
