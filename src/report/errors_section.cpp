#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "metrics/decision.h"
#include "report/answer_plots.h"
#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

constexpr size_t kShownErrors = 10;       ///< of each kind
constexpr size_t kShownCharacters = 400;  ///< of a text

struct WrongAnswer {
  int64_t example = 0;
  int64_t label = 0;
  float logit = 0;
};

/// The most confident wrong answers about positive examples, or about negative ones; all counted.
struct WorstErrors {
  std::vector<WrongAnswer> worst;
  int64_t count = 0;
};

WorstErrors worst_errors(const ScoredSplit& answers, bool target) {
  std::vector<WrongAnswer> wrong;
  const std::vector<std::vector<ScoredExample>> columns = score_labels(answers.predictions, answers.rule);
  for (size_t label = 0; label < columns.size(); ++label) {
    for (size_t i = 0; i < columns[label].size(); ++i) {
      const ScoredExample& decision = columns[label][i];
      if (decision.target == target && decision.predicted != target)
        wrong.push_back({static_cast<int64_t>(i), static_cast<int64_t>(label), decision.logit});
    }
  }
  const auto count = static_cast<int64_t>(wrong.size());
  const auto shown = static_cast<std::ptrdiff_t>(std::min(wrong.size(), kShownErrors));
  std::ranges::partial_sort(wrong, wrong.begin() + shown, [&](const WrongAnswer& a, const WrongAnswer& b) {
    if (a.logit != b.logit) return target ? a.logit < b.logit : a.logit > b.logit;
    return std::pair(a.example, a.label) < std::pair(b.example, b.label);
  });
  wrong.resize(static_cast<size_t>(shown));
  return {std::move(wrong), count};
}

std::string table_of(const RunReport& run, const std::vector<WrongAnswer>& wrong) {
  const std::vector<std::string> names = run.record.label_names();
  Table table({"text, and where it stands", "label", "probability", "logit"}, 2);
  for (const WrongAnswer& answer : wrong) {
    const std::string_view text = run.answers->texts[answer.example];
    const bool is_positive = run.answers->predictions.targets[static_cast<size_t>(answer.example)] == 1;
    const std::string& label =
        run.record.is_binary() ? names.at(is_positive ? 1 : 0) : names.at(static_cast<size_t>(answer.label));
    table.row({fmt::format("<div class=\"text\" dir=\"auto\">{}</div><div class=\"soft\">{}</div>",
                           text.empty() ? "<i>empty</i>" : escape_html(shortened(text, kShownCharacters)),
                           escape_html(run.answers->origins[answer.example])),
               escape_html(shortened(label, kShownLabel)), fmt::format("{:.6f}", probability(answer.logit)),
               fmt::format("{:.4f}", answer.logit)});
  }
  return table.html();
}

std::string kind_of_errors(const RunReport& run, bool target) {
  const WorstErrors errors = worst_errors(*run.answers, target);
  const char* title = target ? "Positive, and answered negative" : "Negative, and answered positive";
  if (errors.count == 0) return fmt::format("<h3>{}</h3><p>None.</p>\n", title);
  return fmt::format("<h3>{} <span class=\"soft\">{} in all</span></h3>\n", title, grouped(errors.count)) +
         table_of(run, errors.worst);
}

}  // namespace

std::string errors_section(const RunReport& run) {
  if (!run.answers || !reason_without_curves(run.answers->predictions).empty()) return "";
  return fmt::format(
             "<h2>Worst errors</h2>\n<p>The most confident wrong answers on the {} data, with {} and "
             "the probability that the model gives {}. Labels that are wrong in the data come first here, "
             "too.</p>\n",
             run.answers->name,
             run.record.is_binary() ? "the label that the data give" : "the label in question",
             run.record.is_binary() ? "the positive one" : "it") +
         kind_of_errors(run, false) + kind_of_errors(run, true);
}

}  // namespace bernoulli::report
