#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/random.h"
#include "data/group_split.h"
#include "data/stratify.h"

namespace bernoulli {
namespace {

using Indices = std::vector<int64_t>;

int64_t share_of(double fraction, int64_t count) {
  return std::llround(fraction * static_cast<double>(count));
}

/// Takes `chosen` out of `rest`, both ascending.
Indices without(const Indices& rest, const Indices& chosen) {
  Indices left;
  std::set_difference(rest.begin(), rest.end(), chosen.begin(), chosen.end(), std::back_inserter(left));
  return left;
}

Indices choose_random(const Indices& rest, int64_t wanted, uint64_t seed) {
  const Indices order = random_permutation(static_cast<int64_t>(rest.size()), seed);
  Indices chosen;
  for (int64_t i = 0; i < std::min(wanted, static_cast<int64_t>(rest.size())); ++i)
    chosen.push_back(rest[static_cast<size_t>(order[static_cast<size_t>(i)])]);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// One stratum a class. Each gives its proportional number, rounded by largest remainder so that the total is
/// right.
Indices choose_by_class(const Dataset& dataset, const Indices& rest, int64_t wanted, uint64_t seed) {
  std::map<float, Indices> strata;
  for (const int64_t index : rest) strata[dataset.targets[static_cast<size_t>(index)]].push_back(index);
  struct Quota {
    const Indices* members;
    int64_t number;
    double remainder;
  };
  std::vector<Quota> quotas;
  int64_t given = 0;
  for (const auto& [targets, members] : strata) {
    const double exact =
        static_cast<double>(members.size()) * static_cast<double>(wanted) / static_cast<double>(rest.size());
    const auto number = static_cast<int64_t>(std::floor(exact));
    quotas.push_back({&members, number, exact - static_cast<double>(number)});
    given += number;
  }
  std::vector<size_t> by_remainder(quotas.size());
  std::iota(by_remainder.begin(), by_remainder.end(), size_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](size_t a, size_t b) { return quotas[a].remainder > quotas[b].remainder; });
  for (size_t i = 0; i < by_remainder.size() && given < wanted; ++i, ++given)
    ++quotas[by_remainder[i]].number;
  Indices chosen;
  for (size_t i = 0; i < quotas.size(); ++i) {
    const Indices part =
        choose_random(*quotas[i].members, quotas[i].number, mix_seed(seed, random_stream::kSplit, i));
    chosen.insert(chosen.end(), part.begin(), part.end());
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// A text's part depends on the text, or its group, and the seed alone, so it stays when others are added: it
/// has a place in [0, 1), and the part takes those in [from, to).
Indices choose_hash(const Dataset& dataset, const Indices& rest, double from, double to, uint64_t seed) {
  const std::vector<std::string_view>& keys = dataset.groups.empty() ? dataset.texts : dataset.groups;
  Indices chosen;
  for (const int64_t index : rest) {
    const double place =
        static_cast<double>(hash64(keys[static_cast<size_t>(index)], seed) >> 11) * 0x1.0p-53;
    if (from <= place && place < to) chosen.push_back(index);
  }
  return chosen;
}

/// By a method that gives a part of a wanted size.
Indices choose_number(const Dataset& dataset, const Indices& rest, const std::string& method, int64_t wanted,
                      uint64_t seed) {
  if (method == "random") return choose_random(rest, wanted, seed);
  if (method == "stratified") {
    return dataset.num_labels == 1 ? choose_by_class(dataset, rest, wanted, seed)
                                   : choose_by_labels(dataset, rest, wanted, seed);
  }
  throw InternalError(fmt::format("no split is called '{}'", method));
}

/// One of split.folds parts of `rest`: each is chosen of what those before it leave.
Indices choose_fold(const Dataset& dataset, Indices rest, const SplitConfig& split, uint64_t seed) {
  if (split.method == "hash") {
    const auto folds = static_cast<double>(split.folds);
    return choose_hash(dataset, rest, static_cast<double>(split.fold - 1) / folds,
                       static_cast<double>(split.fold) / folds, seed);
  }
  for (int64_t fold = 1;; ++fold) {
    const int64_t wanted =
        share_of(1.0 / static_cast<double>(split.folds - fold + 1), static_cast<int64_t>(rest.size()));
    Indices chosen = choose_number(dataset, rest, split.method, wanted,
                                   mix_seed(seed, random_stream::kSplit, static_cast<uint64_t>(fold)));
    if (fold == split.fold) return chosen;
    rest = without(rest, chosen);
  }
}

/// @param whole  examples that fractions are of
/// @param share_left  part of them that earlier parts have left: `hash` works on what is left.
Indices choose(const Dataset& dataset, const Indices& rest, const SplitConfig& split, uint64_t role,
               int64_t whole, double share_left) {
  const uint64_t seed = mix_seed(split.seed, random_stream::kSplit, role);
  const int64_t wanted = share_of(split.fraction, whole);
  if (!dataset.groups.empty() && split.method != "hash")
    return choose_groups(dataset, rest, split, wanted, seed);
  if (split.folds > 0) return choose_fold(dataset, rest, split, seed);
  if (split.method == "hash") return choose_hash(dataset, rest, 0, split.fraction / share_left, seed);
  return choose_number(dataset, rest, split.method, wanted, seed);
}

bool is_by_column(const std::optional<SplitConfig>& split) { return split && split->method == "column"; }

/// Rows of a part that no setting takes would be trained on, against what the column says.
void refuse_untaken(const Dataset& dataset, Part part, const char* name) {
  const auto found = std::ranges::find(dataset.parts, part);
  if (found == dataset.parts.end()) return;
  throw DataError(fmt::format(
      "{}: data.columns.split makes this a {} row, the first of {}, but no part takes such rows (expected "
      "data.{}: {{from: train, method: column}})",
      dataset.origins[static_cast<size_t>(found - dataset.parts.begin())], name,
      std::ranges::count(dataset.parts, part), name));
}

/// The rows that the column marks as `part`, out of `rest`.
Indices take_marked(const Dataset& dataset, Indices& rest, Part part, const char* name) {
  if (dataset.parts.empty())
    throw DataError(fmt::format(
        "data.{}.method is column, but no column says which rows these are (expected data.columns.split)",
        name));
  Indices marked;
  for (const int64_t index : rest) {
    if (dataset.parts[static_cast<size_t>(index)] == part) marked.push_back(index);
  }
  if (marked.empty())
    throw DataError(
        fmt::format("no row is a {0} row by data.columns.split, but data.{0} is by column", name));
  rest = without(rest, marked);
  return marked;
}

/// The held-out part is the last int(fraction * count) of the shuffled order, as Python computes it.
std::pair<Indices, Indices> keras_split(int64_t count, const SplitConfig& split) {
  const Indices order = keras_order(count, static_cast<uint32_t>(split.seed));
  const auto held_out = static_cast<int64_t>(split.fraction * static_cast<double>(count));
  return {Indices(order.begin(), order.end() - held_out), Indices(order.end() - held_out, order.end())};
}

/// `rest` in the order of `order`, which may hold more.
Indices keep_order(const Indices& order, const Indices& rest) {
  Indices kept;
  for (const int64_t index : order) {
    if (std::binary_search(rest.begin(), rest.end(), index)) kept.push_back(index);
  }
  return kept;
}

void refuse_empty(const Dataset& dataset, const Indices& part, const char* name) {
  if (!part.empty()) return;
  const char* what_may_help = dataset.groups.empty()
                                  ? "more data, or another fraction"
                                  : "more groups by data.columns.group, smaller ones, or another fraction";
  throw DataError(fmt::format("the split leaves no {} example ({})", name, what_may_help));
}

}  // namespace

Indices drawn_share(const Indices& examples, double fraction, uint64_t seed) {
  Indices places(examples.size());
  std::iota(places.begin(), places.end(), int64_t{0});
  constexpr uint64_t kOfTraining = 3;  // validation and test parts have other ones
  Indices drawn = choose_random(places, std::max<int64_t>(1, share_of(fraction, std::ssize(examples))),
                                mix_seed(seed, random_stream::kSplit, kOfTraining));
  for (int64_t& place : drawn) place = examples[static_cast<size_t>(place)];
  return drawn;
}

Indices keras_order(int64_t count, uint32_t seed) {
  Indices order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::mt19937 generator(seed);
  for (int64_t i = count - 1; i > 0; --i) {
    uint32_t mask = static_cast<uint32_t>(i);
    for (const int shift : {1, 2, 4, 8, 16}) mask |= mask >> shift;
    uint32_t j;
    while ((j = static_cast<uint32_t>(generator()) & mask) > static_cast<uint32_t>(i)) {
    }
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
  return order;
}

SplitIndices split_indices(const Dataset& dataset, const std::optional<SplitConfig>& validation,
                           const std::optional<SplitConfig>& test) {
  SplitIndices parts;
  Indices rest(static_cast<size_t>(dataset.size()));
  std::iota(rest.begin(), rest.end(), int64_t{0});
  if (is_by_column(validation))
    parts.validation = take_marked(dataset, rest, Part::kValidation, "validation");
  else
    refuse_untaken(dataset, Part::kValidation, "validation");
  if (is_by_column(test))
    parts.test = take_marked(dataset, rest, Part::kTest, "test");
  else
    refuse_untaken(dataset, Part::kTest, "test");
  const auto whole = static_cast<int64_t>(rest.size());
  Indices train_order;
  double share_left = 1;
  const auto take = [&](const SplitConfig& split, uint64_t role, Indices& part) {
    part = choose(dataset, rest, split, role, whole, share_left);
    rest = without(rest, part);
    share_left -= split.fraction;
  };
  const bool keras = validation && validation->method == "keras";
  if (keras) {
    std::tie(train_order, parts.validation) = keras_split(dataset.size(), *validation);
    rest = train_order;
    std::sort(rest.begin(), rest.end());
    share_left -= validation->fraction;
  }
  if (test && !is_by_column(test)) take(*test, 1, parts.test);
  if (validation && !keras && !is_by_column(validation)) take(*validation, 0, parts.validation);
  parts.train = keras ? keep_order(train_order, rest) : rest;
  refuse_empty(dataset, parts.train, "training");
  if (validation) refuse_empty(dataset, parts.validation, "validation");
  if (test) refuse_empty(dataset, parts.test, "test");
  return parts;
}

}  // namespace bernoulli
