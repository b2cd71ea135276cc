#include "data/audit.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/hash.h"
#include "core/shallow_json.h"
#include "core/utf8.h"
#include "data/text_variants.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShownOrigins = 5;

Json quantiles(std::vector<int64_t> lengths) {
  if (lengths.empty()) return nullptr;
  std::sort(lengths.begin(), lengths.end());
  const auto at = [&](double q) {
    return lengths[static_cast<size_t>(q * static_cast<double>(lengths.size() - 1))];
  };
  int64_t total = 0;
  for (const int64_t length : lengths) total += length;
  return {{"min", lengths.front()},
          {"median", at(0.5)},
          {"p95", at(0.95)},
          {"max", lengths.back()},
          {"mean", static_cast<double>(total) / static_cast<double>(lengths.size())},
          {"total", total}};
}

Json label_counts(const Dataset& dataset, const Labels& labels) {
  std::vector<int64_t> positives(static_cast<size_t>(dataset.num_labels), 0);
  for (size_t i = 0; i < dataset.targets.size(); ++i)
    positives[i % positives.size()] += dataset.targets[i] > 0.5f ? 1 : 0;
  Json counts = Json::object();
  if (labels.kind == TaskConfig::Kind::kBinary) {
    counts[labels.names[0]] = dataset.size() - positives[0];
    counts[labels.names[1]] = positives[0];
  } else {
    for (size_t i = 0; i < positives.size(); ++i) add_member(counts, labels.names[i], positives[i]);
  }
  return counts;
}

Json counts_of(const std::vector<std::pair<std::string, int64_t>>& labels) {
  Json counts = Json::object();
  for (const auto& [name, count] : labels) add_member(counts, name, count);
  return counts;
}

/// How many texts are no UTF-8, and the first of them.
Json count_not_utf8(const Dataset& dataset) {
  int64_t count = 0;
  Json first = nullptr;
  for (size_t i = 0; i < dataset.texts.size(); ++i) {
    if (is_utf8(dataset.texts[i])) continue;
    if (count++ == 0) first = dataset.origins[i];
  }
  return {{"texts", count}, {"first", first}};
}

/// The distinct texts of a data set. 24 bytes a text of memory; looks at a text again only where another has
/// its hash, for texts may lie in a file.
class DistinctTexts {
 public:
  explicit DistinctTexts(const std::vector<std::string_view>& texts)
      : texts_(texts), slots_(texts.size() + texts.size() / 2 + 1) {
    for (size_t i = 0; i < texts.size(); ++i) {
      const uint64_t hash = hash64(texts[i]);
      Slot& slot = slots_[find(texts[i], hash)];
      if (slot.number == 0) {
        slot = {hash, i + 1};
        ++size_;
      }
    }
  }

  int64_t size() const { return size_; }
  /// The index of the first text that is `text`.
  std::optional<size_t> first(std::string_view text) const {
    const size_t number = slots_[find(text, hash64(text))].number;
    return number == 0 ? std::nullopt : std::optional(number - 1);
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    size_t number = 0;  ///< index + 1; 0: free
  };

  /// The slot of `text`, or the free one where it belongs.
  size_t find(std::string_view text, uint64_t hash) const {
    auto at = static_cast<size_t>(hash % slots_.size());
    while (slots_[at].number != 0 && (slots_[at].hash != hash || texts_[slots_[at].number - 1] != text))
      at = at + 1 == slots_.size() ? 0 : at + 1;
    return at;
  }

  const std::vector<std::string_view>& texts_;
  std::vector<Slot> slots_;
  int64_t size_ = 0;
};

bool same_labels(const Dataset& dataset, size_t one, size_t other) {
  const auto count = static_cast<size_t>(dataset.num_labels);
  const auto labels = [&](size_t example) {
    return std::span(dataset.targets).subspan(example * count, count);
  };
  return std::ranges::equal(labels(one), labels(other));
}

/// Examples whose text stands above them with other labels, and the first such pair.
Json conflicts(const Dataset& dataset, const DistinctTexts& distinct) {
  int64_t count = 0;
  Json first = Json::array();
  const bool any_repeated = distinct.size() < dataset.size();
  for (size_t i = 0; any_repeated && i < dataset.texts.size(); ++i) {
    const size_t above = distinct.first(dataset.texts[i]).value();
    if (same_labels(dataset, above, i)) continue;
    if (count++ == 0) first = {dataset.origins[above], dataset.origins[i]};
  }
  return {{"texts", count}, {"first", first}};
}

Json audit_split(const Dataset& dataset, const TokenView& rows, const DistinctTexts& distinct,
                 const Labels& labels, std::optional<int64_t> sequence_length) {
  std::vector<int64_t> bytes, tokens;
  bytes.reserve(dataset.texts.size());
  tokens.reserve(dataset.texts.size());
  int64_t empty = 0, no_tokens = 0, unknown = 0, total_tokens = 0, filling = 0;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    bytes.push_back(static_cast<int64_t>(dataset.texts[static_cast<size_t>(i)].size()));
    tokens.push_back(rows.row_size(i));
    empty += bytes.back() == 0 ? 1 : 0;
    no_tokens += tokens.back() == 0 ? 1 : 0;
    unknown += rows.count(i, kUnknownId);
    total_tokens += tokens.back();
    filling += tokens.back() == sequence_length ? 1 : 0;
  }
  Json audit = {{"examples", dataset.size()},
                {"labels", label_counts(dataset, labels)},
                {"bytes", quantiles(std::move(bytes))},
                {"tokens", quantiles(std::move(tokens))},
                {"texts_that_fill_sequence_length", sequence_length ? Json(filling) : Json(nullptr)},
                {"empty_texts", empty},
                {"texts_without_tokens", no_tokens},
                {"not_utf8", count_not_utf8(dataset)},
                {"duplicate_texts", dataset.size() - distinct.size()},
                {"conflicting_labels", conflicts(dataset, distinct)},
                {"unknown_token_rate",
                 total_tokens > 0 ? Json(static_cast<double>(unknown) / static_cast<double>(total_tokens))
                                  : Json(nullptr)},
                {"fingerprint", fingerprint(dataset)}};
  if (!dataset.weights.empty()) audit["unweighted_fingerprint"] = unweighted_fingerprint(dataset);
  return audit;
}

/// @param distinct  the texts of `train`
Json overlap(const DistinctTexts& distinct, const Dataset& train, const Dataset& other) {
  int64_t count = 0;
  Json examples = Json::array();
  for (size_t i = 0; i < other.texts.size(); ++i) {
    if (other.texts[i].empty()) continue;
    const std::optional<size_t> found = distinct.first(other.texts[i]);
    if (!found) continue;
    if (examples.size() < kShownOrigins) examples.push_back({train.origins[*found], other.origins[i]});
    ++count;
  }
  return {{"texts", count}, {"examples", examples}};
}

/// Texts of `other` that no training text equals letter for letter, but that one is a variant of.
Json variants(const DistinctTexts& distinct, TextVariants& similar, const Dataset& train,
              const Dataset& other, const TokenView& rows) {
  int64_t count = 0;
  Json examples = Json::array();
  for (int64_t i = 0; i < rows.size(); ++i) {
    const std::string_view text = other.texts[static_cast<size_t>(i)];
    const std::optional<size_t> found = similar.find(text, rows, i);
    if (!found || distinct.first(text)) continue;
    if (examples.size() < kShownOrigins)
      examples.push_back({train.origins[*found], other.origins[static_cast<size_t>(i)]});
    ++count;
  }
  return {{"texts", count}, {"examples", examples}};
}

int64_t count_groups(const Dataset& dataset) {
  return std::ssize(std::unordered_set<std::string_view>(dataset.groups.begin(), dataset.groups.end()));
}

/// Groups of `other` that have training examples too, how many of its texts are theirs, and the first of some
/// of them beside the first one there.
Json groups_in_train(const Dataset& train, const Dataset& other) {
  std::unordered_map<std::string_view, size_t> first_in_train;
  for (size_t i = 0; i < train.groups.size(); ++i) first_in_train.try_emplace(train.groups[i], i);
  std::unordered_set<std::string_view> found;
  int64_t texts = 0;
  Json examples = Json::array();
  for (size_t i = 0; i < other.groups.size(); ++i) {
    const auto place = first_in_train.find(other.groups[i]);
    if (place == first_in_train.end()) continue;
    ++texts;
    if (found.insert(other.groups[i]).second && examples.size() < kShownOrigins)
      examples.push_back({train.origins[place->second], other.origins[i]});
  }
  return {{"groups", found.size()}, {"texts", texts}, {"examples", examples}};
}

}  // namespace

Json overlap(const Dataset& train, const Dataset& other) {
  return overlap(DistinctTexts(train.texts), train, other);
}

Json audit_data(const DataSplits& splits, const TokenView& train, const TokenView* validation,
                const TokenView* test, std::optional<int64_t> sequence_length) {
  const DistinctTexts distinct(splits.train.texts);
  Json audit = {{"train", audit_split(splits.train, train, distinct, splits.labels, sequence_length)}};
  Json also_in_train = Json::object(), variants_in_train = Json::object(), shared_groups = Json::object();
  std::optional<TextVariants> similar;
  const auto add = [&](const char* name, const std::optional<Dataset>& dataset, const TokenView* rows) {
    if (!dataset || rows == nullptr) return;
    audit[name] = audit_split(*dataset, *rows, DistinctTexts(dataset->texts), splits.labels, sequence_length);
    also_in_train[name] = overlap(distinct, splits.train, *dataset);
    if (!similar) similar.emplace(splits.train.texts, train);
    variants_in_train[name] = variants(distinct, *similar, splits.train, *dataset, *rows);
    if (dataset->groups.empty()) return;
    audit[name]["groups"] = count_groups(*dataset);
    shared_groups[name] = groups_in_train(splits.train, *dataset);
  };
  if (!splits.train.groups.empty()) audit["train"]["groups"] = count_groups(splits.train);
  add("validation", splits.validation, validation);
  add("test", splits.test, test);
  audit["also_in_train"] = also_in_train;
  audit["variants_in_train"] = variants_in_train;
  if (!shared_groups.empty()) audit["groups_in_train"] = shared_groups;
  for (const auto& [name, files] : splits.files) {
    for (const DataSplits::File& file : files)
      audit["files"][name].push_back({{"path", file.path}, {"examples", file.num_examples}});
  }
  if (!splits.left_out_labels.empty()) audit["left_out_labels"] = counts_of(splits.left_out_labels);
  return audit;
}

}  // namespace bernoulli
