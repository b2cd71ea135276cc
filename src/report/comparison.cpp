#include "report/comparison.h"

#include <utility>

#include <fmt/format.h>

#include "core/log.h"
#include "report/answer_plots.h"

namespace bernoulli::report {
namespace {

/// The same in every report, so that it can be repeated.
constexpr uint64_t kSeed = 1;

std::string reason_against(const RunReport& first, const RunReport& other) {
  for (const RunReport* run : {&first, &other}) {
    if (!run->answers)
      return fmt::format("there are no answers of {} ({})", run->record.name, run->no_answers_because);
    if (const std::string reason = reason_without_curves(run->answers->predictions); !reason.empty())
      return fmt::format("in the answers of {} {}", run->record.name, reason);
  }
  if (first.record.label_names() != other.record.label_names()) return "their labels are not the same";
  const Fingerprints one = first.fingerprints(), two = other.fingerprints();
  if (one.all.empty() || (one.all != two.all && one.unweighted != two.unweighted))
    return fmt::format(
        "they were not evaluated on the same examples: the {} data of the one and the {} data of the other "
        "have other fingerprints in data.json",
        first.answers->name, other.answers->name);
  return "";
}

std::string difference_text(const PairedDifference& difference) {
  const auto& [low, high, reason] = difference.interval;
  if (!difference.difference) return fmt::format("{} undefined ({})", difference.metric, reason);
  if (!low) return fmt::format("{} {:+.4f} ({})", difference.metric, *difference.difference, reason);
  return fmt::format("{} {:+.4f} (95 % interval {:+.4f} to {:+.4f})", difference.metric,
                     *difference.difference, *low, *high);
}

/// Those whose weights are, or are not, the ones of the first run: then no weight counts.
void compare_those(const std::vector<RunReport>& runs, bool weights_differ,
                   std::vector<AgainstFirst>& comparisons) {
  const auto answers_of = [&](const RunReport& run) {
    PairedAnswers answers{run.answers->predictions, run.answers->rule};
    if (weights_differ) answers.predictions.weights = {};
    return answers;
  };
  std::vector<PairedAnswers> others;
  std::vector<AgainstFirst*> compared;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    AgainstFirst& comparison = comparisons[i];
    if (!comparison.not_compared_because.empty() || comparison.weights_differ != weights_differ) continue;
    others.push_back(answers_of(runs[i + 1]));
    compared.push_back(&comparison);
  }
  if (others.empty()) return;
  ProgressLine line;
  auto results = compare_paired(answers_of(runs[0]), others, kSeed, [&](int64_t resample) {
    if (line.due())
      line.update(
          fmt::format("comparing {} runs: resample {}/{}", others.size() + 1, resample, kNumResamples));
  });
  for (size_t i = 0; i < compared.size(); ++i) compared[i]->result = std::move(results[i]);
}

}  // namespace

std::vector<AgainstFirst> compare_with_first(const std::vector<RunReport>& runs) {
  std::vector<AgainstFirst> comparisons;
  for (size_t i = 1; i < runs.size(); ++i) {
    comparisons.push_back({std::nullopt, reason_against(runs[0], runs[i])});
    comparisons.back().weights_differ = comparisons.back().not_compared_because.empty() &&
                                        runs[0].fingerprints().all != runs[i].fingerprints().all;
  }
  for (const bool weights_differ : {false, true}) compare_those(runs, weights_differ, comparisons);
  return comparisons;
}

std::string statement(const RunReport& first, const RunReport& other, const AgainstFirst& comparison) {
  const std::string who = fmt::format("{} against {}", other.record.name, first.record.name);
  if (!comparison.result) return fmt::format("{}: not tested, for {}", who, comparison.not_compared_because);
  const PairedComparison& result = *comparison.result;
  const bool weighted = !first.answers->predictions.weights.empty() || comparison.weights_differ;
  std::string text = fmt::format(
      "{}, {} {} examples: right {:+.4f}{} (McNemar p = {:.2g}; {} only here, {} only there)", who,
      result.num_examples, other.answers->name, result.accuracy_difference(), weighted ? " unweighted" : "",
      result.mcnemar_p, result.only_second_right, result.only_first_right);
  for (const PairedDifference& difference : result.differences) text += "; " + difference_text(difference);
  if (result.intervals_too_narrow())
    text += fmt::format("; {} answers of the rarer kind make these intervals too narrow", result.num_rarer);
  if (comparison.weights_differ)
    text += "; the weights of the examples are not the same in both, and each example counts once here";
  return text;
}

Json to_json(const AgainstFirst& comparison) {
  if (!comparison.result) return {{"not_compared_because", comparison.not_compared_because}};
  const PairedComparison& result = *comparison.result;
  Json differences = Json::object();
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  for (const PairedDifference& d : result.differences) {
    const auto& [low, high, reason] = d.interval;
    differences[d.metric] = {
        {"difference", number(d.difference)}, {"low", number(low)}, {"high", number(high)}};
    if (!reason.empty()) differences[d.metric]["undefined"] = reason;
  }
  return {{"num_examples", result.num_examples},
          {"only_first_right", result.only_first_right},
          {"only_this_right", result.only_second_right},
          {"accuracy_difference", result.accuracy_difference()},
          {"num_rarer", result.num_rarer},
          {"mcnemar_p", result.mcnemar_p},
          {"weights_differ", comparison.weights_differ},
          {"differences", differences}};
}

}  // namespace bernoulli::report
