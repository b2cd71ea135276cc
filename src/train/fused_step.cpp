#include "train/fused_step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/random.h"
#include "core/stop.h"
#include "train/non_finite.h"

namespace bernoulli {
namespace {

/// Examples that go through the layers together: few enough to stay in the cache. Decides the order of sums.
constexpr size_t kTogether = 64;

/// What a second-level cache holds of a table.
constexpr int64_t kCachedNumbers = 1 << 18;

/// Asks for rows that lie further away, to come while these are marked.
void fetch_early(const kernels::Table& table, std::span<const int32_t> rows) {
  for (const int32_t row : rows) __builtin_prefetch(table.weights + row * table.stride, 1);
}

std::vector<FusedParameter> initial_parameters(const RunConfig& config, const layers::ModelPlan& plan,
                                               const FusedOptimizer& optimizer) {
  std::vector<FusedParameter> parameters;
  for (const layers::NamedLayer& layer : plan.layers) {
    for (const layers::ParameterSpec& spec : layer.plan.parameters) {
      std::string name = layer.tensor_name(spec.name);
      const kernels::UpdateRule rule = optimizer.rule_for(name);
      FusedParameter& parameter =
          parameters.emplace_back(std::move(name), spec.shape, rule,
                                  spec.trainable ? optimizer.num_slots() : 0, optimizer.initial_slot());
      parameter.set_initial(spec, config.training.seed, parameters.size() - 1);
    }
  }
  return parameters;
}

}  // namespace

FusedStep::FusedStep(const EngineParts& parts, const FusedPlan& fused, const kernels::Kernels& kernels)
    : train_(parts.train),
      fused_(fused),
      kernels_(kernels),
      seed_(parts.config.training.seed),
      eval_batch_size_(parts.config.training.eval_batch_size),
      clip_norm_(parts.config.optimizer.clip_norm),
      clip_value_(parts.config.optimizer.clip_value),
      num_labels_(parts.plan.num_outputs),
      pos_weight_(or_one_each(parts.pos_weight, parts.plan.num_outputs)),
      loss_(entry_loss_of(parts.config.loss)),
      dead_range_(find_dead_range(parts.loss, parts.plan.num_outputs, c10::Device(c10::kCPU))),
      optimizer_(parts.config.optimizer),
      parameters_(initial_parameters(parts.config, parts.plan, optimizer_)),
      head_(fused_.head, fused_.dim, parameters_, kernels_),
      binomial_(fused_.token_threshold),
      rows_(parameters_.front().rows, kernels_) {
  for (size_t i = 1; i < parameters_.size(); ++i)
    parameters_[i].gradient.resize(static_cast<size_t>(parameters_[i].rows * parameters_[i].stride()));
}

StepResult FusedStep::update(std::span<const int64_t> examples, int64_t step, double lr) {
  const kernels::FlushDenormals flush;
  StepResult result;
  result.weight = train_.weight(examples);

  touch_rows(examples, step);
  make_gradients_zero();
  for (size_t first = 0; first < examples.size(); first += kTogether) {
    const auto some = examples.subspan(first, std::min(kTogether, examples.size() - first));
    accumulate_gradient(some, first, step, result);
  }
  result.gradient_norm = checked_gradient_norm(step);
  clip_gradients(result.gradient_norm);
  apply_update(lr);
  return result;
}

void FusedStep::read_tokens(std::span<const int64_t> examples) {
  int64_t total = 0;
  for (const int64_t example : examples) total += train_.rows.row_size(example);
  if (static_cast<int64_t>(widened_.size()) < total) widened_.resize(static_cast<size_t>(2 * total));
  // Examples come in no order: memory of the next ones is asked for while one is read.
  constexpr size_t kAhead = 4;
  tokens_.clear();
  int32_t* room = widened_.data();
  for (size_t i = 0; i < examples.size() + kAhead; ++i) {
    if (i < examples.size()) train_.rows.fetch_early(examples[i]);
    if (i < kAhead) continue;
    tokens_.push_back(train_.rows.row(examples[i - kAhead], room));
    room += tokens_.back().size();
  }
}

void FusedStep::drop_words(int64_t step) {
  dropped_.assign(tokens_.size(), 0);
  if (fused_.word_threshold == 0) return;
  size_t total = 0;
  for (const std::span<const int32_t> row : tokens_) total += row.size();
  if (thinned_.size() < total) thinned_.resize(2 * total);
  const uint64_t step_seed = mix_seed(seed_, random_stream::kWordDropout, static_cast<uint64_t>(step));
  int32_t* out = thinned_.data();
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const uint64_t seed = mix_seed(step_seed, random_stream::kWordDropout, i);
    const std::span<const int32_t> row = tokens_[i];
    int32_t* const begin = out;
    uint64_t bits = 0;
    for (size_t at = 0; at < row.size(); ++at, bits >>= 16) {  // four tokens a draw
      if (at % 4 == 0) bits = mix_seed(seed, random_stream::kWordDropout, at);
      *out = row[at];
      out += (bits & 0xffff) < fused_.word_threshold ? 1 : 0;
    }
    dropped_[i] = static_cast<int64_t>(row.size()) - (out - begin);
    tokens_[i] = {begin, out};
  }
}

void FusedStep::touch_rows(std::span<const int64_t> examples, int64_t step) {
  read_tokens(examples);
  drop_words(step);
  const kernels::Table table = embedding().table();
  const bool large = embedding().rows * table.stride > kCachedNumbers;
  bool pads = false;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const kernels::PoolInput input = pool_input(tokens_[i], dropped_[i]);
    if (fused_.trains_table) rows_.mark({input.ids, static_cast<size_t>(input.count)});
    if (large) fetch_early(table, {input.ids, static_cast<size_t>(input.count)});
    pads |= input.pads > 0;
  }
  if (!fused_.trains_table) return;
  if (pads) rows_.mark(std::span(&kPaddingId, 1));
  rows_.collect();
  bring_up_to_date(rows_.rows());
}

void FusedStep::make_gradients_zero() {
  const size_t size = rows_.rows().size() * static_cast<size_t>(embedding().stride());
  embedding().gradient.resize(std::max(embedding().gradient.size(), size));
  if (!std::exchange(gradients_are_zero_, false)) {
    for (FusedParameter& parameter : parameters_)
      std::fill(parameter.gradient.begin(), parameter.gradient.end(), 0.0f);
  }
}

kernels::PoolInput FusedStep::pool_input(std::span<const int32_t> ids, int64_t dropped) const {
  const int64_t length = static_cast<int64_t>(ids.size()) + dropped;
  kernels::PoolInput input;
  input.ids = ids.data();
  input.count = static_cast<int64_t>(ids.size());
  if (fused_.include_padding) input.pads = *fused_.sequence_length - length;
  if (fused_.mean)
    input.scale = 1.0f / static_cast<float>(fused_.include_padding ? *fused_.sequence_length
                                                                   : std::max<int64_t>(length, 1));
  if (dropped > 0 && input.count > 0) {  // the tokens that stay stand for all, padding for itself
    input.scale *= static_cast<float>(length) / static_cast<float>(input.count);
    input.pad_weight = static_cast<float>(input.count) / static_cast<float>(length);
  }
  return input;
}

void FusedStep::accumulate_gradient(std::span<const int64_t> examples, size_t first, int64_t step,
                                    StepResult& result) {
  const uint64_t step_seed = mix_seed(seed_, random_stream::kDropout, static_cast<uint64_t>(step));
  const int64_t stride = embedding().stride();
  const float* weights = embedding().table().weights;
  float* pooled = head_.input(static_cast<int64_t>(examples.size()));
  seeds_.clear();
  inputs_.clear();
  size_t keep_size = 0;
  for (size_t i = 0; i < examples.size(); ++i) {
    const uint64_t seed = mix_seed(step_seed, random_stream::kDropout, first + i);
    seeds_.push_back(seed);
    kernels::PoolInput input = pool_input(tokens_[first + i], dropped_[first + i]);
    if (fused_.token_threshold != 0) {
      input.scale *= 65536.0f / static_cast<float>(fused_.token_threshold);
      input.draws = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), fused_.token_threshold};
      binomial_.prepare(input.pads);
      input.binomial = binomial_.tables();
      keep_size += static_cast<size_t>(input.count * stride / kernels::kLanes);
    }
    inputs_.push_back(input);
  }
  if (keep_.size() < keep_size) keep_.resize(keep_size);
  if (pad_count_.size() < examples.size() * static_cast<size_t>(stride))
    pad_count_.resize(examples.size() * static_cast<size_t>(stride));

  uint16_t* keep = keep_.data();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const auto at = static_cast<int64_t>(i) * stride;
    kernels_.pool(inputs_[i], weights, stride, pooled + at, keep, pad_count_.data() + at);
    if (inputs_[i].draws.threshold != 0) keep += inputs_[i].count * stride / kernels::kLanes;
  }
  const float* logits = head_.forward(seeds_.data());
  const double loss = loss_and_slopes(examples, logits, result.weight, head_.logit_gradient());
  if (!std::isfinite(loss)) throw non_finite_loss(step, loss, examples, logits, head_.logit_stride(), train_);
  result.loss_sum += loss;
  result.telemetry += observe_logits(examples, logits, head_.logit_stride(), train_, dead_range_);

  const float* pooled_gradient = head_.backward(seeds_.data());
  if (!fused_.trains_table) return;
  float* gradients = embedding().gradient.data();
  keep = keep_.data();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const auto at = static_cast<int64_t>(i) * stride;
    kernels_.scatter(inputs_[i], rows_.slots(), pooled_gradient + at, stride, keep, pad_count_.data() + at,
                     gradients, gradients + rows_.slots()[kPaddingId] * stride);
    if (inputs_[i].draws.threshold != 0) keep += inputs_[i].count * stride / kernels::kLanes;
  }
}

double FusedStep::loss_and_slopes(std::span<const int64_t> examples, const float* logits, double total_weight,
                                  float* slopes) const {
  double sum = 0;
  for (size_t i = 0; i < examples.size(); ++i) {
    const double weight = train_.weight(examples[i]);
    const float* targets = train_.targets.data() + examples[i] * num_labels_;
    const auto row = static_cast<int64_t>(i) * head_.logit_stride();
    for (int64_t label = 0; label < num_labels_; ++label) {
      const auto entry = loss_(logits[row + label], targets[label], pos_weight_[static_cast<size_t>(label)]);
      sum += weight * entry.loss;
      slopes[row + label] = static_cast<float>(weight * entry.slope / total_weight);
    }
  }
  return sum;
}

}  // namespace bernoulli
