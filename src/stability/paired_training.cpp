#include "stability/paired_training.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>

#include "core/error.h"
#include "metrics/compute.h"
#include "optim/schedule.h"
#include "train/epoch_order.h"
#include "train/evaluate.h"

namespace bernoulli::stability {
namespace {

constexpr double kLossDiffers = 1e-3;
constexpr int64_t kSeriesPoints = 80;  // of ModeRun::series, about

/// One mode with its engine. Loss, configuration and step are kept together because the step refers to them.
struct Contender {
  RunConfig config;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<Loss> rounded;
  std::unique_ptr<ReferenceStep> step;
  NamedTensors parameters;  ///< shared with the step
  ModeRun run;
  double loss_now = 0;
};

std::unique_ptr<Contender> make_contender(const RunConfig& config, const PreparedRun& prepared,
                                          const EncodedDataset& train, LossConfig::Mode mode,
                                          const PairedSettings& settings) {
  auto contender = std::make_unique<Contender>();
  contender->run.mode = mode;
  contender->config = config;
  contender->config.loss.mode = mode;
  contender->config.training.seed = settings.seed;
  contender->loss = make_loss(contender->config.loss, prepared.pos_weight, train.num_labels);
  contender->rounded = in_dtype(*contender->loss, settings.stress.logits_dtype);
  contender->step = std::make_unique<ReferenceStep>(
      EngineParts{contender->config, prepared.plan, train, *contender->rounded, prepared.pos_weight},
      settings.device);
  const std::string fault = change_initial_weights(*contender->step, prepared.plan, settings.stress, train);
  if (!fault.empty())
    throw UsageError(fmt::format("stress '{}' does not apply: {}", settings.stress.name, fault));
  contender->parameters = contender->step->parameters();
  return contender;
}

double norm_of(const std::vector<at::Tensor>& tensors) {
  double sum = 0;
  for (const at::Tensor& tensor : tensors) {
    const double norm = tensor.norm().item<double>();
    sum += norm * norm;
  }
  return std::sqrt(sum);
}

std::vector<at::Tensor> copies_of(const NamedTensors& parameters) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> copies;
  for (const auto& [name, tensor] : parameters) copies.push_back(tensor.detach().clone());
  return copies;
}

double update_norm(const NamedTensors& parameters, const std::vector<at::Tensor>& before) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> changes;
  for (size_t i = 0; i < before.size(); ++i) changes.push_back(parameters[i].second.detach() - before[i]);
  return norm_of(changes);
}

double gradient_difference(const NamedTensors& first, const NamedTensors& other) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> changes, gradients;
  for (size_t i = 0; i < first.size(); ++i) {
    changes.push_back(other[i].second.grad() - first[i].second.grad());
    gradients.push_back(first[i].second.grad());
  }
  const double size = norm_of(gradients), change = norm_of(changes);
  return size == 0 ? (change == 0 ? 0 : INFINITY) : change / size;
}

bool same_weights(const NamedTensors& a, const NamedTensors& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i].second.detach(), b[i].second.detach())) return false;
  }
  return true;
}

/// One update. Costly figures are taken for a `recorded` step only.
void update(Contender& contender, std::span<const int64_t> examples, int64_t step, double lr, bool recorded) {
  ModeRun& run = contender.run;
  if (run.stopped_at) return;
  const auto before = recorded ? copies_of(contender.parameters) : std::vector<at::Tensor>();
  StepResult result;
  try {
    result = contender.step->update(examples, step, lr);
  } catch (const NonFiniteError& error) {
    run.stopped_at = step + 1;
    run.stop_reason = error.what();
    return;
  }
  contender.loss_now = result.loss_sum / result.weight;
  run.total += result.telemetry;
  if (recorded)
    run.series.push_back({step + 1, contender.loss_now, result.telemetry,
                          update_norm(contender.parameters, before), std::nullopt});
}

void compare(const Contender& first, Contender& other, int64_t step, bool recorded) {
  if (first.run.stopped_at || other.run.stopped_at) return;
  ModeRun& run = other.run;
  if (&first == &other) {
    if (recorded) run.series.back().gradient_difference = 0;
    return;
  }
  if (!run.first_weight_difference && !same_weights(first.parameters, other.parameters))
    run.first_weight_difference = step + 1;
  if (!run.first_loss_difference && std::fabs(other.loss_now - first.loss_now) > kLossDiffers)
    run.first_loss_difference = step + 1;
  if (recorded)
    run.series.back().gradient_difference = gradient_difference(first.parameters, other.parameters);
}

void evaluate(Contender& contender, const EncodedDataset& data, const Labels& labels) {
  ModeRun& run = contender.run;
  run.logits = contender.step->logits(data.rows);
  const MetricReport report = compute_metrics(predictions_of(run.logits, data), {0.5},
                                              contender.config.metrics, labels.names, labels.kind, 0);
  run.accuracy = report.find("accuracy")->value.value_or(NAN);
  run.log_loss = report.find("log_loss")->value.value_or(NAN);
  const bool is_multi_label = labels.kind == TaskConfig::Kind::kMultiLabel;
  run.label_accuracy.assign(is_multi_label ? labels.names.size() : 0, NAN);
  for (size_t label = 0; label < report.per_label.size(); ++label) {
    for (const auto& [name, value] : report.per_label[label].second) {
      if (name == "accuracy") run.label_accuracy[label] = value.value.value_or(NAN);
    }
  }
}

}  // namespace

PairedRun run_paired(const RunConfig& config, const PreparedRun& prepared, const EncodedDataset& evaluation,
                     const PairedSettings& settings) {
  std::optional<EncodedDataset> noisy;
  if (settings.stress.label_noise > 0)
    noisy = with_label_noise(prepared.train, settings.stress.label_noise, settings.seed);
  const EncodedDataset& train = noisy ? *noisy : prepared.train;

  std::vector<std::unique_ptr<Contender>> contenders;
  for (const LossConfig::Mode mode : settings.modes)
    contenders.push_back(make_contender(config, prepared, train, mode, settings));
  EpochOrder order(contenders.front()->config.training, train.size());
  const int64_t stride = std::max<int64_t>(1, settings.steps / kSeriesPoints);
  for (int64_t step = 0; step < settings.steps; ++step) {
    const bool recorded = step % stride == 0 || step == settings.steps - 1;
    const auto examples = order.examples_of(step);
    const double lr =
        contenders.front()->step->base_lr() * settings.stress.learning_rate_factor *
        schedule_factor(config.training.schedule, step, settings.steps, order.steps_per_epoch());
    for (auto& contender : contenders) update(*contender, examples, step, lr, recorded);
    for (auto& contender : contenders) compare(*contenders.front(), *contender, step, recorded);
    if (settings.progress) settings.progress(step + 1);
  }
  PairedRun result{settings.seed, settings.steps, {}};
  for (auto& contender : contenders) {
    evaluate(*contender, evaluation, prepared.labels);
    result.modes.push_back(std::move(contender->run));
  }
  return result;
}

}  // namespace bernoulli::stability
