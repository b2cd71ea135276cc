#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "loss/loss.h"
#include "metrics/decision.h"
#include "metrics/predictions.h"
#include "metrics/report.h"

namespace bernoulli {

/// The data set's logits N*L beside its targets and weights; both must outlive the result.
Predictions predictions_of(const std::vector<float>& logits, const EncodedDataset& data);

/// All metrics of a data set, with the mean loss in the training mode: elementwise on the
/// logits, summed in float64, divided by the sum of weights times L.
MetricReport evaluate_logits(const Predictions& predictions, const Loss& loss, const RunConfig& config,
                             const std::vector<std::string>& label_names, const DecisionRule& rule);

/// The same for a validation on the way, at what `threshold` fits on these very predictions. Where it can fit
/// none, metrics that depend on it are undefined: a checkpoint that misses the demand is none to keep.
MetricReport evaluate_as_fitted(const Predictions& predictions, const Loss& loss, const RunConfig& config,
                                const std::vector<std::string>& label_names,
                                const ThresholdConfig& threshold);

}  // namespace bernoulli
