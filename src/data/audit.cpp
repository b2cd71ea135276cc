#include "data/audit.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

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
    for (size_t i = 0; i < positives.size(); ++i) counts[labels.names[i]] = positives[i];
  }
  return counts;
}

Json audit_split(const Dataset& dataset, const TokenRows& rows, const Labels& labels) {
  std::vector<int64_t> bytes, tokens;
  std::unordered_map<std::string_view, int64_t> seen;
  int64_t empty = 0, no_tokens = 0, unknown = 0, duplicates = 0;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const std::string& text = dataset.texts[static_cast<size_t>(i)];
    bytes.push_back(static_cast<int64_t>(text.size()));
    const std::span<const int32_t> row = rows.row(i);
    tokens.push_back(static_cast<int64_t>(row.size()));
    empty += text.empty() ? 1 : 0;
    no_tokens += row.empty() ? 1 : 0;
    unknown += std::count(row.begin(), row.end(), kUnknownId);
    duplicates += seen[text]++ > 0 ? 1 : 0;
  }
  const auto total_tokens = static_cast<double>(rows.ids.size());
  return {{"examples", dataset.size()},
          {"labels", label_counts(dataset, labels)},
          {"bytes", quantiles(std::move(bytes))},
          {"tokens", quantiles(std::move(tokens))},
          {"empty_texts", empty},
          {"texts_without_tokens", no_tokens},
          {"duplicate_texts", duplicates},
          {"unknown_token_rate",
           total_tokens > 0 ? Json(static_cast<double>(unknown) / total_tokens) : Json(nullptr)},
          {"fingerprint", fingerprint(dataset)}};
}

/// Texts of `other` that stand in the training data too, letter for letter.
Json overlap(const std::unordered_map<std::string_view, int64_t>& train_index, const Dataset& train,
             const Dataset& other) {
  int64_t count = 0;
  Json examples = Json::array();
  for (size_t i = 0; i < other.texts.size(); ++i) {
    const auto found = train_index.find(other.texts[i]);
    if (found == train_index.end()) continue;
    if (examples.size() < kShownOrigins)
      examples.push_back({train.origins[static_cast<size_t>(found->second)], other.origins[i]});
    ++count;
  }
  return {{"texts", count}, {"examples", examples}};
}

}  // namespace

Json audit_data(const DataSplits& splits, const TokenRows& train, const TokenRows* validation,
                const TokenRows* test) {
  Json audit = {{"train", audit_split(splits.train, train, splits.labels)}};
  std::unordered_map<std::string_view, int64_t> index;
  for (int64_t i = 0; i < splits.train.size(); ++i)
    index.emplace(splits.train.texts[static_cast<size_t>(i)], i);
  Json also_in_train = Json::object();
  const auto add = [&](const char* name, const std::optional<Dataset>& dataset, const TokenRows* rows) {
    if (!dataset || rows == nullptr) return;
    audit[name] = audit_split(*dataset, *rows, splits.labels);
    also_in_train[name] = overlap(index, splits.train, *dataset);
  };
  add("validation", splits.validation, validation);
  add("test", splits.test, test);
  audit["also_in_train"] = also_in_train;
  return audit;
}

std::vector<std::string> audit_warnings(const Json& audit) {
  std::vector<std::string> warnings;
  for (const auto& [name, found] : audit.at("also_in_train").items()) {
    const int64_t count = found.at("texts");
    if (count == 0) continue;
    warnings.push_back(fmt::format(
        "{} of {} {} texts stand in the training data too, such as {}: the {} figures are too good", count,
        audit.at(name).at("examples").get<int64_t>(), name, found.at("examples")[0][1].get<std::string>(),
        name));
  }
  for (const char* name : {"train", "validation", "test"}) {
    if (!audit.contains(name)) continue;
    const Json& split = audit[name];
    const int64_t without_tokens = split.at("texts_without_tokens");
    if (without_tokens > 0)
      warnings.push_back(fmt::format("{} of {} {} texts have no token", without_tokens,
                                     split.at("examples").get<int64_t>(), name));
    for (const auto& [label, count] : split.at("labels").items()) {
      if (count == 0) warnings.push_back(fmt::format("no {} example has the label '{}'", name, label));
    }
  }
  return warnings;
}

}  // namespace bernoulli
