#include "stability/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "core/error.h"
#include "core/log.h"
#include "metrics/decision.h"
#include "stability/number_line.h"
#include "train/epoch_order.h"

namespace bernoulli::stability {
namespace {

constexpr double kSignificant = 0.05;

bool are_finite(const std::vector<float>& logits) {
  return std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); });
}

/// p of McNemar's test on the decisions of two sets of logits.
std::optional<double> mcnemar_of(const std::vector<float>& first, const std::vector<float>& second,
                                 const std::vector<float>& targets) {
  if (!are_finite(first) || !are_finite(second)) return std::nullopt;
  int64_t only_first = 0, only_second = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    const bool target = targets[i] > 0.5f;
    const bool first_right = is_positive(first[i], 0.5) == target;
    const bool second_right = is_positive(second[i], 0.5) == target;
    only_first += first_right && !second_right;
    only_second += second_right && !first_right;
  }
  return mcnemar_p(only_first, only_second);
}

Pairing run_pairing(const RunConfig& config, const PreparedRun& prepared, const EncodedDataset& evaluation,
                    const Stress& stress, int64_t steps, c10::Device device, const Progress& progress) {
  Pairing pairing{stress, "", {}, {}};
  for (int64_t i = 0; i < config.stability.seeds; ++i) {
    PairedSettings settings{{kComparedModes.begin(), kComparedModes.end()},
                            stress,
                            config.training.seed + static_cast<uint64_t>(i),
                            steps,
                            device};
    settings.progress = [&](int64_t step) {
      progress(
          fmt::format("{}  seed {}/{}  step {}/{}", stress.name, i + 1, config.stability.seeds, step, steps));
    };
    try {
      pairing.runs.push_back(run_paired(config, prepared, evaluation, settings));
    } catch (const UsageError& error) {
      pairing.skipped = error.what();
      return pairing;
    }
  }
  pairing.comparisons = compare_modes(pairing.runs, evaluation.targets);
  return pairing;
}

void measure_loss(const RunConfig& config, c10::Device device, const Progress& progress, Comparison& result) {
  for (const std::string& name : config.stability.dtypes) {
    const at::ScalarType dtype = number_format_named(name).dtype;
    progress(fmt::format("curves of {} on {}", name, device.str()));
    for (const LossConfig::Mode mode : kComparedModes) {
      for (const double target : {0.0, 1.0})
        result.curves.push_back(measure_curve({}, mode, dtype, target, device, curve_logits()));
    }
    progress(fmt::format("thresholds of {} on {}", name, device.str()));
    for (Threshold& threshold : find_thresholds(dtype, device))
      result.thresholds.push_back(std::move(threshold));
  }
}

int64_t num_steps(const StabilityConfig& stability, int64_t steps_per_epoch) {
  constexpr int64_t kUsual = 200;
  if (!stability.epochs) return stability.max_steps.value_or(kUsual);
  return std::min(*stability.epochs * steps_per_epoch,
                  stability.max_steps.value_or(std::numeric_limits<int64_t>::max()));
}

double majority_accuracy(const EncodedDataset& data) {
  double right = 0, all = 0;
  for (int64_t label = 0; label < data.num_labels; ++label) {
    double of_answer[2] = {0, 0};
    for (int64_t i = 0; i < data.size(); ++i)
      of_answer[data.targets[static_cast<size_t>(i * data.num_labels + label)] > 0.5f] += data.weight(i);
    right += std::max(of_answer[0], of_answer[1]);
    all += of_answer[0] + of_answer[1];
  }
  return right / all;
}

}  // namespace

ModeFigures figures_of(const Pairing& pairing, size_t mode) {
  std::vector<double> accuracy, log_loss;
  ModeFigures figures;
  for (const PairedRun& run : pairing.runs) {
    const ModeRun& of_seed = run.modes[mode];
    accuracy.push_back(of_seed.accuracy);
    log_loss.push_back(of_seed.log_loss);
    figures.seen += of_seed.total;
    if (!of_seed.stopped_at) continue;
    if (figures.num_ended++ == 0 || *of_seed.stopped_at < figures.first_end)
      figures.first_end = *of_seed.stopped_at;
  }
  figures.accuracy = spread_of(accuracy);
  figures.log_loss = spread_of(log_loss);
  return figures;
}

std::vector<ModeComparison> compare_modes(const std::vector<PairedRun>& runs,
                                          const std::vector<float>& targets) {
  std::vector<ModeComparison> comparisons;
  for (size_t mode = 1; mode < runs.front().modes.size(); ++mode) {
    ModeComparison comparison;
    comparison.baseline = to_string(runs.front().modes.front().mode);
    comparison.mode = to_string(runs.front().modes[mode].mode);
    for (const PairedRun& run : runs) {
      comparison.baseline_values.push_back(run.modes.front().accuracy);
      comparison.values.push_back(run.modes[mode].accuracy);
      comparison.mcnemar.push_back(mcnemar_of(run.modes.front().logits, run.modes[mode].logits, targets));
    }
    comparison.baseline_spread = spread_of(comparison.baseline_values);
    comparison.spread = spread_of(comparison.values);
    comparison.test = paired_t_test(comparison.baseline_values, comparison.values);
    comparison.one_seed = runs.size() < 2;
    const double noise =
        std::max(comparison.baseline_spread.deviation.value_or(0), comparison.spread.deviation.value_or(0));
    comparison.within_seed_noise =
        !comparison.one_seed && std::fabs(comparison.test.mean_difference) <= noise;
    comparison.undecided = !comparison.one_seed && !comparison.within_seed_noise && comparison.test.p &&
                           *comparison.test.p >= kSignificant;
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

bool ModeComparison::is_defined() const { return std::isfinite(test.mean_difference); }

std::string ModeComparison::judgement() const {
  if (!is_defined()) return "not defined";
  if (one_seed) return "one seed";
  if (within_seed_noise)
    return test.p && *test.p < kSignificant
               ? fmt::format("within seed noise, though p = {:.2g} by pairs", *test.p)
               : "within seed noise";
  return undecided ? fmt::format("not decided with {} seeds", values.size()) : "";
}

Comparison compare_losses(const RunConfig& config, const PreparedRun& prepared, c10::Device device,
                          const Progress& progress) {
  const double started = monotonic_seconds();
  if (!prepared.validation && !prepared.test)
    throw UsageError("stability needs data that nothing was trained on: set data.validation or data.test");
  const EncodedDataset& evaluation = prepared.validation ? *prepared.validation : *prepared.test;
  const EpochOrder order(config.training, prepared.train.size());
  Comparison result;
  result.config_name = config.name;
  result.device = device.str();
  result.evaluation = prepared.validation ? "validation" : "test";
  result.num_evaluation = evaluation.size();
  result.majority_accuracy = majority_accuracy(evaluation);
  result.num_train = prepared.train.size();
  result.steps_per_epoch = order.steps_per_epoch();
  result.steps = num_steps(config.stability, order.steps_per_epoch());
  if (config.training.epochs) result.configured_steps = *config.training.epochs * order.steps_per_epoch();
  if (config.task.kind == TaskConfig::Kind::kMultiLabel) result.label_names = prepared.labels.names;
  measure_loss(config, c10::kCPU, progress, result);
  if (!device.is_cpu()) measure_loss(config, device, progress, result);
  result.devices = compare_devices(result.thresholds, result.curves);
  result.plain = run_pairing(config, prepared, evaluation, {}, result.steps, device, progress);
  for (const KindConfig& stress : config.stability.stress) {
    result.stress.push_back(
        run_pairing(config, prepared, evaluation, make_stress(stress), result.steps, device, progress));
  }
  result.seconds = monotonic_seconds() - started;
  return result;
}

}  // namespace bernoulli::stability
