#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <c10/core/Device.h>

#include "metrics/significance.h"
#include "stability/curves.h"
#include "stability/device_comparison.h"
#include "stability/paired_training.h"
#include "stability/thresholds.h"

namespace bernoulli::stability {

/// A mode beside the first one, over all seeds of a pairing.
struct ModeComparison {
  std::string baseline, mode;
  std::vector<double> baseline_values, values;  ///< accuracy, one a seed
  Spread baseline_spread, spread;
  PairedTTest test;
  /// p, one a seed, over all entries of the evaluation set; absent where logits are not finite
  std::vector<std::optional<double>> mcnemar;
  /// The difference is no larger than the spread of either mode over seeds. Never for one seed: nothing is
  /// known of noise then, see `one_seed`.
  bool within_seed_noise = false;
  /// It is larger, but p of the t test is not below 0.05: more seeds would tell.
  bool undecided = false;
  bool one_seed = false;

  /// Whether accuracies can be compared: a training that ended may have none.
  bool is_defined() const;
  /// With one seed nothing counts as a difference.
  bool differs() const {
    return is_defined() && !one_seed && !within_seed_noise && !undecided && test.mean_difference != 0;
  }
  /// What the test makes of the difference, in words; empty where it is one.
  std::string judgement() const;
};

/// The modes trained in lock-step under one stress (or none), over all seeds.
struct Pairing {
  Stress stress;
  std::string skipped;  ///< why it does not apply; empty: it ran
  std::vector<PairedRun> runs;
  std::vector<ModeComparison> comparisons;
};

/// A mode over the seeds of a pairing.
struct ModeFigures {
  Spread accuracy, log_loss;
  LogitTelemetry seen;
  int64_t num_ended = 0;  ///< seeds in which loss or gradient was no longer finite
  int64_t first_end = 0;  ///< the earliest update of those
};
ModeFigures figures_of(const Pairing& pairing, size_t mode);

/// Everything that `bernoulli stability` found out.
struct Comparison {
  std::string config_name, device;
  std::string evaluation;  ///< "validation" or "test"
  int64_t num_evaluation = 0;
  double majority_accuracy = 0;  ///< of always giving each label's commoner answer there, weighted
  int64_t num_train = 0;
  int64_t steps = 0, steps_per_epoch = 0,
          configured_steps = 0;          ///< configured: of the ordinary training, 0: no limit
  std::vector<std::string> label_names;  ///< multi-label only
  std::vector<Curve> curves;
  std::vector<Threshold> thresholds;
  std::vector<DeviceComparison> devices;  ///< empty where all of it ran on the CPU
  Pairing plain;
  std::vector<Pairing> stress;
  double seconds = 0;
};

using Progress = std::function<void(const std::string& what)>;

/// Runs all of it. Results are functions of the configuration alone, but for `seconds`.
/// @throws as run_paired; UsageError without validation and test data.
Comparison compare_losses(const RunConfig& config, const PreparedRun& prepared, c10::Device device,
                          const Progress& progress);

/// @param targets of the evaluation set, as PairedRun's logits.
std::vector<ModeComparison> compare_modes(const std::vector<PairedRun>& runs,
                                          const std::vector<float>& targets);

/// "0.8657 ± 0.0008"; of a single value nothing but itself.
std::string with_spread(const Spread& spread);
/// What ordinary training shows; then, of stress, every one under which the modes differ, and why.
std::string verdict(const Comparison& comparison);

/// stability.json; docs/stability.md names the members.
nlohmann::ordered_json to_json(const Comparison& comparison);
/// mode,dtype,device,target,logit,loss,gradient and the four errors; one row a point.
std::string curves_csv(const std::vector<Curve>& curves);
/// The table of the terminal.
std::string summary_table(const Comparison& comparison);

}  // namespace bernoulli::stability
