#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/program_options.hpp>

#include "infer/classifier.h"
#include "metrics/decision.h"

namespace bernoulli::cli {

/// What --threshold says, for one call, instead of what the model was trained with.
struct GivenThresholds {
  std::optional<DecisionRule> of_all;                     ///< one threshold, or the highest logit
  std::vector<std::pair<std::string, double>> of_labels;  ///< each once
};

/// --threshold, which repeats.
void add_threshold_option(boost::program_options::options_description& options);

/// @throws UsageError for what is no threshold, and for one that is given twice
GivenThresholds given_thresholds(const boost::program_options::variables_map& values);

/// Has the classifier decide at them; labels that none is given for keep theirs.
/// @throws UsageError for a label that it does not have, for thresholds of some labels beside the highest
/// logit, and for the highest of one
void decide_at(const GivenThresholds& given, Classifier& classifier);

}  // namespace bernoulli::cli
