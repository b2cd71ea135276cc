#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/differences.h"
#include "metrics/paired_comparison.h"
#include "report/run_record.h"

namespace bernoulli::report {

/// A run beside the first one.
struct AgainstFirst {
  std::optional<PairedComparison> result;
  std::string not_compared_because;  ///< a clause; empty where there is a result
  bool weights_differ = false;       ///< of the examples, each of which counts once in the result then
};

/// Paired tests of runs 1, 2, ... against run 0, where both answered the same examples: the fingerprints in
/// data.json, with or without the weights, and the labels are the same. Functions of the answers alone.
/// @throws StopRequested
std::vector<AgainstFirst> compare_with_first(const std::vector<RunReport>& runs);

/// One sentence, plain text: what the tests say.
std::string statement(const RunReport& first, const RunReport& other, const AgainstFirst& comparison);

/// {"only_first_right", "only_this_right", "mcnemar_p", "weights_differ", "differences": {"f1":
/// {"difference", "low", "high"}}}, or
/// {"not_compared_because"}.
Json to_json(const AgainstFirst& comparison);

/// The page of several runs side by side. @param runs  two or more
/// @param settings  where their configurations differ
/// @throws nlohmann::json::exception where a file of a run does not hold what it should
std::string comparison_page(const std::vector<RunReport>& runs, const std::vector<AgainstFirst>& comparisons,
                            const std::vector<config::Difference>& settings);

}  // namespace bernoulli::report
