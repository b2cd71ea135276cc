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

/// A tab or a line end inside a cell would shift the columns: written as vocabulary.txt writes them.
std::string cell(const std::string& text) { return escape_token(text); }

/// A comma inside a label is not one between two.
std::string listed_cell(const std::string& label) {
  std::string text;
  for (const char c : cell(label)) text += c == ',' ? "\\x2C" : std::string(1, c);
  return text;
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

/// The members of an object of JSON, without its braces.
std::string members_of(const Json& object) {
  const std::string text = compact_json<Json>(object);
  return text.substr(1, text.size() - 2);
}

}  // namespace

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
  out += ']';
}

void RecordWriter::append_labels(std::string& out, const Decisions& decisions) const {
  out += "\"labels\":[";
  bool is_first = true;
  for (size_t i = 0; i < labels_.size(); ++i) {
    if (!decisions[i]) continue;
    out.append(is_first ? "" : ",").append(labels_[i]);
    is_first = false;
  }
  out += "],";
}

void RecordWriter::append_members(std::string& out, std::span<const float> logits) const {
  const Decisions decisions(rule(), logits);
  if (is_binary()) {
    out.append("\"label\":").append(labels_[decisions[0] ? 1 : 0]).append(",\"probability\":");
    append_number(out, probability(logits[0]));
    out += ",\"logit\":";
    append_number(out, logits[0]);
    return;
  }
  append_labels(out, decisions);
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
}

void RecordWriter::append(std::string& out, std::span<const float> logits) const {
  out += '{';
  append_members(out, logits);
  out += '}';
}

void RecordWriter::append_cells(std::string& out, std::span<const float> logits) const {
  const std::vector<std::string>& names = classifier_.labels.names;
  const Decisions decisions(rule(), logits);
  const auto append_cell = [&](double value) {
    out += '\t';
    append_number(out, value);
  };
  if (is_binary()) {
    out += cell(names[decisions[0] ? 1 : 0]);
  } else {
    bool is_first = true;
    for (size_t i = 0; i < logits.size(); ++i) {
      if (!decisions[i]) continue;
      out.append(is_first ? "" : ",").append(listed_cell(names[i]));
      is_first = false;
    }
  }
  if (options_.top && !is_binary()) {
    for (const size_t i : top_places(logits, *options_.top)) {
      out.append("\t").append(cell(names[i]));
      append_cell(probability(logits[i]));
      append_cell(logits[i]);
    }
    return;
  }
  for (const float logit : logits) append_cell(probability(logit));
  for (const float logit : logits) append_cell(logit);
}

void RecordWriter::append_line(std::string& out, std::span<const float> logits, RecordFormat format,
                               std::span<const std::string> keep, std::span<const KeptValue> kept,
                               const std::string& more) const {
  if (format == RecordFormat::kTsv) {
    for (const KeptValue& value : kept) out.append(cell(value.text)).append("\t");
    append_cells(out, logits);
    out += '\n';
    return;
  }
  out += '{';
  if (!keep.empty()) out.append(input_member(keep, kept)) += ',';
  append_members(out, logits);
  if (!more.empty()) out.append(",").append(more);
  out += "}\n";
}

void RecordWriter::append_example(std::string& out, const Dataset& dataset, size_t index,
                                  std::span<const float> logits) const {
  const std::vector<std::string>& names = classifier_.labels.names;
  const std::span<const float> targets =
      std::span(dataset.targets).subspan(index * logits.size(), logits.size());
  Json known = {{"origin", dataset.origins[index]}};
  if (is_binary()) {
    known["target"] = names[targets[0] == 1 ? 1 : 0];
  } else {
    known["targets"] = Json::array();
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i] == 1) known["targets"].push_back(names[i]);
    }
  }
  if (!dataset.weights.empty()) known["weight"] = dataset.weights[index];
  out.append("{").append(members_of(known)) += ',';
  append_members(out, logits);
  out += "}\n";
}

std::string RecordWriter::header(std::span<const std::string> keep) const {
  const std::vector<std::string> record = tsv_columns(classifier_.labels, options_.top);
  std::vector<std::string> columns;
  for (const std::string& name : keep) {
    const bool taken = std::find(record.begin(), record.end(), cell(name)) != record.end();
    columns.push_back((taken ? "input " : "") + cell(name));
  }
  columns.insert(columns.end(), record.begin(), record.end());
  return fmt::format("{}\n", fmt::join(columns, "\t"));
}

}  // namespace bernoulli
