#include "metrics/target_counts.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bernoulli {
namespace {

struct Requirement {
  std::string_view metric;
  bool positive, negative;
};
constexpr std::array<Requirement, 13> kRequirements = {{{"balanced_accuracy", true, true},
                                                        {"precision", true, true},
                                                        {"recall", true, false},
                                                        {"specificity", false, true},
                                                        {"f1", true, false},
                                                        {"f_beta", true, false},
                                                        {"matthews_corrcoef", true, true},
                                                        {"cohen_kappa", true, true},
                                                        {"roc_auc", true, true},
                                                        {"average_precision", true, true},
                                                        {"precision_at_1", true, true},
                                                        {"samples_f1", true, false},
                                                        {"weighted_f1", true, false}}};

bool satisfied(const Requirement& need, const TargetCounts& counts) {
  return (!need.positive || counts.positive > 0) && (!need.negative || counts.negative > 0);
}

}  // namespace

std::vector<TargetCounts> count_targets(std::span<const float> targets, int64_t num_labels) {
  std::vector<TargetCounts> counts(static_cast<size_t>(num_labels));
  for (size_t i = 0; i < targets.size(); ++i) {
    TargetCounts& label = counts[i % counts.size()];
    ++(targets[i] == 1 ? label.positive : label.negative);
  }
  return counts;
}

bool has_one_label_each(std::span<const float> targets, std::span<const float> weights, int64_t num_labels) {
  if (num_labels < 3) return false;
  const auto width = static_cast<size_t>(num_labels);
  bool any = false;
  for (size_t i = 0; i * width < targets.size(); ++i) {
    if (!weights.empty() && weights[i] == 0) continue;
    if (std::ranges::count(targets.subspan(i * width, width), 1.0f) != 1) return false;
    any = true;
  }
  return any;
}

std::string missing_for(const std::string& metric, const std::vector<TargetCounts>& counts) {
  const bool macro = metric.starts_with("macro_"), micro = metric.starts_with("micro_");
  const std::string_view name = std::string_view(metric).substr(macro || micro ? 6 : 0);
  const auto* const need = std::ranges::find(kRequirements, name, &Requirement::metric);
  if (need == kRequirements.end()) return "";
  TargetCounts all;
  for (const TargetCounts& label : counts) {
    all.positive += label.positive;
    all.negative += label.negative;
  }
  if (need->positive && all.positive == 0) return "no positive example";
  if (need->negative && all.negative == 0) return "no negative example";
  const auto has_what_it_needs = [&](const TargetCounts& label) { return satisfied(*need, label); };
  if (macro && std::ranges::none_of(counts, has_what_it_needs))
    return "no label with both positive and negative examples";
  return "";
}

}  // namespace bernoulli
