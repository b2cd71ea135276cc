#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/verb_arguments.h"
#include "data/dataset.h"
#include "metrics/predictions.h"
#include "metrics/report.h"

namespace bernoulli::cli {

/// What --by-length and --by ask for, in this order.
/// @param dataset  of which `whole` are the predictions; with the slices of --by
/// @param judge    makes a report of some of them
std::vector<SlicedReport> sliced_reports(const EvaluateArguments& arguments, const Dataset& dataset,
                                         const Predictions& whole,
                                         const std::function<MetricReport(const Predictions&)>& judge);

/// [{"by": "words", "slices": [{"slice": "1 to 117", "num_examples", "threshold", "metrics", ...}, ...]},
/// ...]
nlohmann::ordered_json to_json(const std::vector<SlicedReport>& reports);

}  // namespace bernoulli::cli
