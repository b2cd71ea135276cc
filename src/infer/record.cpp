#include "infer/record.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "metrics/metrics.h"
#include "text/token_escape.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no infinities: a logit that is not finite is written as null.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// A tab or a line end inside a label would shift the columns: written as vocabulary.txt writes them.
std::string cell(const std::string& label) { return escape_token(label); }

std::string joined_labels(const Json& labels) {
  std::vector<std::string> cells;
  for (const Json& label : labels) cells.push_back(cell(label.get<std::string>()));
  return fmt::format("{}", fmt::join(cells, ","));
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

std::string format_record(const Json& record, RecordFormat format) {
  if (format == RecordFormat::kJsonl)
    return record.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (record.contains("label")) {
    return fmt::format("{}\t{}\t{}\n", cell(record["label"].get<std::string>()), record["probability"].dump(),
                       record["logit"].dump());
  }
  std::string line = joined_labels(record["labels"]);
  for (const char* group : {"probabilities", "logits"}) {
    for (const auto& [name, value] : record[group].items()) line.append("\t").append(value.dump());
  }
  return line + "\n";
}

std::string tsv_header(const Classifier& classifier) {
  const Labels& labels = classifier.labels();
  if (labels.kind == TaskConfig::Kind::kBinary) return "label\tprobability\tlogit\n";
  std::string line = "labels";
  for (const char* group : {"probability", "logit"}) {
    for (const std::string& name : labels.names) line += fmt::format("\t{} {}", group, cell(name));
  }
  return line + "\n";
}

}  // namespace bernoulli
