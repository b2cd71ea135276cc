#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "loss/loss.h"
#include "metrics/predictions.h"
#include "metrics/report.h"

namespace bernoulli {

/// All metrics of a data set at `thresholds`, with the mean loss in the training mode: elementwise on the
/// logits, summed in float64, divided by the sum of weights times L.
MetricReport evaluate_logits(const Predictions& predictions, const Loss& loss, const RunConfig& config,
                             const std::vector<std::string>& label_names,
                             const std::vector<double>& thresholds);

}  // namespace bernoulli
