#include "infer/record.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "metrics/decision.h"
#include "text/token_escape.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no infinities: a logit that is not finite is written as null.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// A tab or a line end inside a cell would shift the columns: written as vocabulary.txt writes them.
std::string cell(const std::string& text) { return escape_token(text); }

std::string joined_labels(const Json& labels) {
  std::vector<std::string> cells;
  for (const Json& label : labels) {
    const std::string text = cell(label.get<std::string>());
    cells.emplace_back();
    for (const char c : text) cells.back() += c == ',' ? "\\x2C" : std::string(1, c);
  }
  return fmt::format("{}", fmt::join(cells, ","));
}

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// "input": {...}; values that are no strings stand there as they were written.
std::string input_member(std::span<const std::string> keep, std::span<const KeptValue> kept) {
  std::string members;
  for (size_t i = 0; i < keep.size(); ++i) {
    members.append(i == 0 ? "" : ",").append(dumped(keep[i])) += ':';
    members += kept[i].is_string ? dumped(kept[i].text) : kept[i].text;
  }
  return "\"input\":{" + members + "}";
}

std::vector<std::string> tsv_columns(const Labels& labels) {
  if (labels.kind == TaskConfig::Kind::kBinary) return {"label", "probability", "logit"};
  std::vector<std::string> columns = {"labels"};
  for (const char* group : {"probability", "logit"}) {
    for (const std::string& name : labels.names) columns.push_back(fmt::format("{} {}", group, cell(name)));
  }
  return columns;
}

}  // namespace

Json prediction_record(const Classifier& classifier, std::span<const float> logits) {
  const Labels& labels = classifier.labels();
  if (labels.kind == TaskConfig::Kind::kBinary) {
    const bool positive = is_positive(logits[0], classifier.thresholds()[0]);
    return {{"label", labels.names[positive ? 1 : 0]},
            {"probability", number(probability(logits[0]))},
            {"logit", number(logits[0])}};
  }
  Json record = {{"labels", Json::array()}, {"probabilities", Json::object()}, {"logits", Json::object()}};
  for (size_t i = 0; i < logits.size(); ++i) {
    if (is_positive(logits[i], classifier.thresholds()[i])) record["labels"].push_back(labels.names[i]);
    record["probabilities"][labels.names[i]] = number(probability(logits[i]));
    record["logits"][labels.names[i]] = number(logits[i]);
  }
  return record;
}

Json answer_record(const Classifier& classifier, const Dataset& dataset, size_t index,
                   std::span<const float> logits) {
  const Labels& labels = classifier.labels();
  const std::span<const float> targets =
      std::span(dataset.targets).subspan(index * logits.size(), logits.size());
  Json record = {{"origin", dataset.origins[index]}};
  if (labels.kind == TaskConfig::Kind::kBinary) {
    record["target"] = labels.names[targets[0] == 1 ? 1 : 0];
  } else {
    record["targets"] = Json::array();
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i] == 1) record["targets"].push_back(labels.names[i]);
    }
  }
  if (!dataset.weights.empty()) record["weight"] = dataset.weights[index];
  record.update(prediction_record(classifier, logits));
  return record;
}

std::string format_record(const Json& record, RecordFormat format, std::span<const std::string> keep,
                          std::span<const KeptValue> kept) {
  if (format == RecordFormat::kJsonl) {
    const std::string answer = dumped(record) + "\n";
    return keep.empty() ? answer : "{" + input_member(keep, kept) + "," + answer.substr(1);
  }
  std::string line;
  for (const KeptValue& value : kept) line.append(cell(value.text)).append("\t");
  if (record.contains("label")) {
    return line + fmt::format("{}\t{}\t{}\n", cell(record["label"].get<std::string>()),
                              record["probability"].dump(), record["logit"].dump());
  }
  line += joined_labels(record["labels"]);
  for (const char* group : {"probabilities", "logits"}) {
    for (const auto& [name, value] : record[group].items()) line.append("\t").append(value.dump());
  }
  return line + "\n";
}

std::string tsv_header(const Classifier& classifier, std::span<const std::string> keep) {
  const std::vector<std::string> answer = tsv_columns(classifier.labels());
  std::vector<std::string> columns;
  for (const std::string& name : keep) {
    const bool taken = std::find(answer.begin(), answer.end(), cell(name)) != answer.end();
    columns.push_back((taken ? "input " : "") + cell(name));
  }
  columns.insert(columns.end(), answer.begin(), answer.end());
  return fmt::format("{}\n", fmt::join(columns, "\t"));
}

}  // namespace bernoulli
