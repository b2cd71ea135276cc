#include "cli/given_thresholds.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "core/error.h"
#include "core/name_list.h"
#include "core/parse_number.h"
#include "core/text_distance.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kOption = "threshold";

[[noreturn]] void refuse_number(const std::string& word) {
  throw UsageError(fmt::format(
      "--threshold is {}; expected a number above 0 and below 1, or LABEL= with such a number behind it, or "
      "highest",
      word));
}

double number_in(const std::string& word, const std::string& digits) {
  const std::optional<double> number = parse_number<double>(digits);
  if (!number || !(*number > 0 && *number < 1)) refuse_number(word);
  return *number;
}

DecisionRule rule_of_all(const std::string& word) {
  return word == "highest" ? DecisionRule::highest() : DecisionRule{number_in(word, word)};
}

void add_word(const std::string& word, GivenThresholds& given) {
  const size_t sign = word.rfind('=');
  const bool is_of_all = sign == std::string::npos;
  const std::string label = is_of_all ? "" : word.substr(0, sign);
  const bool is_given =
      is_of_all ? given.of_all.has_value() : std::ranges::find(given.of_labels, label, [](const auto& one) {
                                               return one.first;
                                             }) != given.of_labels.end();
  if (is_given)
    throw UsageError(fmt::format("--threshold {}: there is one already for {}", word,
                                 is_of_all ? "all labels" : "that label"));
  if (is_of_all)
    given.of_all = rule_of_all(word);
  else
    given.of_labels.emplace_back(label, number_in(word, word.substr(sign + 1)));
}

[[noreturn]] void refuse_label(const Labels& labels, const std::string& label, double threshold) {
  if (labels.kind == TaskConfig::Kind::kBinary)
    throw UsageError(
        fmt::format("--threshold {}={}: the one threshold of this model is on the probability of '{}' (its "
                    "labels are {})",
                    label, threshold, labels.names.back(), name_list(labels.names)));
  throw UsageError(fmt::format("--threshold {}={}: the model has no such label (it has {}){}", label,
                               threshold, name_list(labels.names), did_you_mean(label, labels.names)));
}

void refuse_beside_highest(const GivenThresholds& given, size_t num_outputs) {
  if (num_outputs == 1)
    throw UsageError("--threshold highest: the model has one probability; expected a number for it");
  if (given.of_labels.empty()) return;
  const auto& [label, threshold] = given.of_labels.front();
  throw UsageError(
      fmt::format("--threshold {}={}: the label with the highest probability is chosen, whatever thresholds "
                  "are; give one "
                  "for all labels as well (--threshold 0.5)",
                  label, threshold));
}

}  // namespace

void add_threshold_option(po::options_description& options) {
  options.add_options()(
      kOption, words("T"),
      "a probability above it is a label, instead of the threshold of the model, or those of its labels; "
      "LABEL=T: of that label; repeats. highest: the label with the highest probability, and no other");
}

GivenThresholds given_thresholds(const po::variables_map& values) {
  GivenThresholds given;
  for (const std::string& word : repeated_words(values, kOption)) add_word(word, given);
  return given;
}

void decide_at(const GivenThresholds& given, Classifier& classifier) {
  const std::vector<std::string> outputs = classifier.labels().output_names();
  const DecisionRule rule = given.of_all.value_or(classifier.rule());
  if (rule.takes_highest()) {
    refuse_beside_highest(given, outputs.size());
    classifier.set_rule(rule);
    return;
  }
  std::vector<double> thresholds;
  for (size_t i = 0; i < outputs.size(); ++i) thresholds.push_back(rule.threshold(i));
  for (const auto& [label, threshold] : given.of_labels) {
    const auto found = std::ranges::find(outputs, label);
    if (found == outputs.end()) refuse_label(classifier.labels(), label, threshold);
    thresholds[static_cast<size_t>(found - outputs.begin())] = threshold;
  }
  classifier.set_rule(std::move(thresholds));
}

}  // namespace bernoulli::cli
