#include "infer/record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json_text.h"
#include "core/shallow_json.h"
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

/// "input": {...}; values that are no strings stand there as they were written.
std::string input_member(std::span<const std::string> keep, std::span<const KeptValue> kept) {
  std::string members;
  for (size_t i = 0; i < keep.size(); ++i) {
    members.append(i == 0 ? "" : ",").append(compact_json<Json>(keep[i])) += ':';
    members += kept[i].is_string ? compact_json<Json>(kept[i].text) : kept[i].text;
  }
  return "\"input\":{" + members + "}";
}

std::vector<std::string> tsv_columns(const Labels& labels, const std::optional<size_t>& top) {
  if (labels.kind == TaskConfig::Kind::kBinary) return {"label", "probability", "logit"};
  std::vector<std::string> columns = {"labels"};
  for (size_t place = 1; place <= top.value_or(0); ++place) {
    for (const char* name : {"label", "probability", "logit"})
      columns.push_back(fmt::format("{} {}", name, place));
  }
  if (top) return columns;
  for (const char* group : {"probability", "logit"}) {
    for (const std::string& name : labels.names) columns.push_back(fmt::format("{} {}", group, cell(name)));
  }
  return columns;
}

/// The places of the `count` greatest, the greatest first.
std::vector<size_t> top_places(std::span<const float> logits, size_t count) {
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto rank = [&](size_t i) { return std::isnan(logits[i]) ? -INFINITY : logits[i]; };
  std::ranges::stable_sort(order, std::greater(), rank);
  order.resize(std::min(count, order.size()));
  return order;
}

Json top_labels(const Labels& labels, std::span<const float> logits, size_t count) {
  Json top = Json::array();
  for (const size_t i : top_places(logits, count))
    top.push_back({{"label", labels.names[i]},
                   {"probability", number(probability(logits[i]))},
                   {"logit", number(logits[i])}});
  return top;
}

}  // namespace

Json prediction_record(const ClassifierInfo& classifier, std::span<const float> logits,
                       const RecordOptions& options) {
  const Labels& labels = classifier.labels;
  const Decisions decisions(options.rule ? *options.rule : classifier.rule, logits);
  if (labels.kind == TaskConfig::Kind::kBinary) {
    return {{"label", labels.names[decisions[0] ? 1 : 0]},
            {"probability", number(probability(logits[0]))},
            {"logit", number(logits[0])}};
  }
  Json record = {{"labels", Json::array()}};
  for (size_t i = 0; i < logits.size(); ++i) {
    if (decisions[i]) record["labels"].push_back(labels.names[i]);
  }
  if (options.top) {
    record["top"] = top_labels(labels, logits, *options.top);
    return record;
  }
  Json probabilities = Json::object(), of_logits = Json::object();
  for (size_t i = 0; i < logits.size(); ++i) {
    add_member(probabilities, labels.names[i], number(probability(logits[i])));
    add_member(of_logits, labels.names[i], number(logits[i]));
  }
  record["probabilities"] = std::move(probabilities);
  record["logits"] = std::move(of_logits);
  return record;
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 64> digits{};  // as many as the library takes for it
  const char* end = nlohmann::detail::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

RecordWriter::RecordWriter(const ClassifierInfo& classifier, RecordOptions options)
    : classifier_(classifier), options_(std::move(options)) {
  for (const std::string& name : classifier.labels.names) labels_.push_back(compact_json<Json>(name));
}

void RecordWriter::append_top(std::string& out, std::span<const float> logits) const {
  out += "\"top\":[";
  bool is_first = true;
  for (const size_t i : top_places(logits, *options_.top)) {
    out.append(is_first ? "" : ",").append("{\"label\":").append(labels_[i]).append(",\"probability\":");
    append_number(out, probability(logits[i]));
    out += ",\"logit\":";
    append_number(out, logits[i]);
    out += '}';
    is_first = false;
  }
  out += "]}";
}

void RecordWriter::append(std::string& out, std::span<const float> logits) const {
  const Decisions decisions(rule(), logits);
  if (classifier_.labels.kind == TaskConfig::Kind::kBinary) {
    out.append("{\"label\":").append(labels_[decisions[0] ? 1 : 0]).append(",\"probability\":");
    append_number(out, probability(logits[0]));
    out += ",\"logit\":";
    append_number(out, logits[0]);
    out += '}';
    return;
  }
  out += "{\"labels\":[";
  bool is_first = true;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!decisions[i]) continue;
    out.append(is_first ? "" : ",").append(labels_[i]);
    is_first = false;
  }
  out += "],";
  if (options_.top) return append_top(out, logits);
  const auto append_group = [&](const char* name, const auto& value_of) {
    out.append("\"").append(name).append("\":{");
    for (size_t i = 0; i < logits.size(); ++i) {
      out.append(i > 0 ? "," : "").append(labels_[i]) += ':';
      append_number(out, value_of(logits[i]));
    }
    out += '}';
  };
  append_group("probabilities", [](float logit) { return probability(logit); });
  out += ',';
  append_group("logits", [](float logit) { return logit; });
  out += '}';
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
    const std::string answer = compact_json<Json>(record) + "\n";
    return keep.empty() ? answer : "{" + input_member(keep, kept) + "," + answer.substr(1);
  }
  std::string line;
  for (const KeptValue& value : kept) line.append(cell(value.text)).append("\t");
  if (record.contains("label")) {
    return line + fmt::format("{}\t{}\t{}\n", cell(record["label"].get<std::string>()),
                              record["probability"].dump(), record["logit"].dump());
  }
  line += joined_labels(record["labels"]);
  if (record.contains("top")) {
    for (const Json& one : record["top"])
      line += fmt::format("\t{}\t{}\t{}", cell(one["label"].get<std::string>()), one["probability"].dump(),
                          one["logit"].dump());
    return line + "\n";
  }
  for (const char* group : {"probabilities", "logits"}) {
    for (const auto& [name, value] : record[group].items()) line.append("\t").append(value.dump());
  }
  return line + "\n";
}

std::string tsv_header(const Classifier& classifier, std::span<const std::string> keep,
                       const RecordOptions& options) {
  const std::vector<std::string> answer = tsv_columns(classifier.labels(), options.top);
  std::vector<std::string> columns;
  for (const std::string& name : keep) {
    const bool taken = std::find(answer.begin(), answer.end(), cell(name)) != answer.end();
    columns.push_back((taken ? "input " : "") + cell(name));
  }
  columns.insert(columns.end(), answer.begin(), answer.end());
  return fmt::format("{}\n", fmt::join(columns, "\t"));
}

}  // namespace bernoulli
