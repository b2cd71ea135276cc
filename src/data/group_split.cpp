#include "data/group_split.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"

namespace bernoulli {
namespace {

using Indices = std::vector<int64_t>;

/// Numbers 0, 1, ... for the groups of some examples, in the order in which they first appear.
struct GroupNumbers {
  std::vector<int64_t> of;              ///< one an example, in their order
  std::vector<std::string_view> names;  ///< of the groups
};

GroupNumbers number_groups(const Dataset& dataset, const Indices& examples) {
  GroupNumbers numbers;
  std::unordered_map<std::string_view, int64_t> known;
  numbers.of.reserve(examples.size());
  for (const int64_t example : examples) {
    const std::string_view name = dataset.groups[static_cast<size_t>(example)];
    const auto [place, is_new] = known.try_emplace(name, static_cast<int64_t>(numbers.names.size()));
    if (is_new) numbers.names.push_back(name);
    numbers.of.push_back(place->second);
  }
  return numbers;
}

/// How many examples of a class a group has.
struct Count {
  size_t of_class;
  double examples;
};

struct Group {
  std::vector<Count> counts;  ///< of the classes that it has, ascending
  double examples = 0;
  double weight = 0;  ///< sum over its classes of (share of the class)^2
  uint64_t draw = 0;
};

/// The classes among which examples are shared out: all of them as one; the negative and the positive class;
/// or each label, and all examples as a class of their own, so that those without a label count.
std::vector<size_t> classes_of(const Dataset& dataset, int64_t example, bool stratified) {
  if (!stratified) return {0};
  const auto width = static_cast<size_t>(dataset.num_labels);
  const float* targets = dataset.targets.data() + static_cast<size_t>(example) * width;
  if (width == 1) return {targets[0] == 1 ? size_t{1} : size_t{0}};
  std::vector<size_t> classes;
  for (size_t label = 0; label < width; ++label) {
    if (targets[label] == 1) classes.push_back(label);
  }
  classes.push_back(width);
  return classes;
}

class Dealer {
 public:
  Dealer(const Dataset& dataset, const Indices& rest, bool stratified, uint64_t seed)
      : rest_(rest),
        stratified_(stratified),
        numbers_(number_groups(dataset, rest)),
        groups_(numbers_.names.size()) {
    count(dataset);
    for (size_t i = 0; i < groups_.size(); ++i) {
      groups_[i].draw = hash64(numbers_.names[i], seed);
      for (const Count& count : groups_[i].counts)
        groups_[i].weight += square(count.examples / totals_[count.of_class]);
    }
  }

  size_t num_groups() const { return groups_.size(); }

  /// @param shares  of the parts: in these proportions
  Indices part(std::vector<int64_t> shares, size_t part) {
    shares_.assign(shares.begin(), shares.end());
    filled_.assign(shares_.size(), std::vector<double>(totals_.size()));
    examples_.assign(shares_.size(), 0);
    std::vector<size_t> part_of(groups_.size());
    for (const size_t group : order()) part_of[group] = deal_out(groups_[group]);
    Indices chosen;
    for (size_t i = 0; i < rest_.size(); ++i) {
      if (part_of[static_cast<size_t>(numbers_.of[i])] == part) chosen.push_back(rest_[i]);
    }
    return chosen;
  }

 private:
  static double square(double x) { return x * x; }

  void count(const Dataset& dataset) {
    totals_.assign(static_cast<size_t>(dataset.num_labels) + 1, 0);
    std::vector<Indices> members(groups_.size());
    for (size_t i = 0; i < rest_.size(); ++i)
      members[static_cast<size_t>(numbers_.of[i])].push_back(rest_[i]);
    for (size_t group = 0; group < groups_.size(); ++group) {
      std::map<size_t, double> counts;
      for (const int64_t example : members[group]) {
        for (const size_t of_class : classes_of(dataset, example, stratified_)) ++counts[of_class];
      }
      for (const auto& [of_class, examples] : counts) {
        groups_[group].counts.push_back({of_class, examples});
        totals_[of_class] += examples;
      }
      groups_[group].examples = static_cast<double>(members[group].size());
    }
  }

  std::vector<size_t> order() const {
    std::vector<size_t> order(groups_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const auto rank = [&](size_t group) {
      return std::tuple(stratified_ ? -groups_[group].weight : 0.0, groups_[group].draw,
                        numbers_.names[group]);
    };
    std::ranges::sort(order, {}, rank);
    return order;
  }

  /// By how much the sum of choose_groups grows, but for what it grows in every part.
  double cost(const Group& group, size_t part) const {
    double sum = 0;
    for (const Count& count : group.counts)
      sum += (2 * filled_[part][count.of_class] + count.examples) * count.examples /
             square(totals_[count.of_class]);
    return sum / shares_[part];
  }

  /// @return the part that the group went to: of equals the emptiest, then the first.
  size_t deal_out(const Group& group) {
    const auto rank = [&](size_t part) {
      return std::pair(cost(group, part), examples_[part] / shares_[part]);
    };
    size_t best = shares_.size();
    for (size_t part = 0; part < shares_.size(); ++part) {
      if (shares_[part] == 0) continue;
      if (best == shares_.size() || rank(part) < rank(best)) best = part;
    }
    for (const Count& count : group.counts) filled_[best][count.of_class] += count.examples;
    examples_[best] += group.examples;
    return best;
  }

  const Indices& rest_;
  const bool stratified_;
  const GroupNumbers numbers_;
  std::vector<Group> groups_;
  std::vector<double> shares_;               ///< of the parts
  std::vector<double> totals_;               ///< examples of each class
  std::vector<std::vector<double>> filled_;  ///< examples by part and class
  std::vector<double> examples_;             ///< by part
};

}  // namespace

Indices choose_groups(const Dataset& dataset, const Indices& rest, const SplitConfig& split, int64_t wanted,
                      uint64_t seed) {
  Dealer dealer(dataset, rest, split.method == "stratified", seed);
  if (split.folds == 0) {
    const auto count = static_cast<int64_t>(rest.size());
    return dealer.part({std::min(wanted, count), std::max<int64_t>(count - wanted, 0)}, 0);
  }
  if (dealer.num_groups() < static_cast<size_t>(split.folds))
    throw DataError(
        fmt::format("data.validation.folds is {}, but by data.columns.group there are {} groups to make them "
                    "of (expected at most as many folds)",
                    split.folds, dealer.num_groups()));
  return dealer.part(std::vector<int64_t>(static_cast<size_t>(split.folds), 1),
                     static_cast<size_t>(split.fold - 1));
}

}  // namespace bernoulli
