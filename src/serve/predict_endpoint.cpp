#include "serve/predict_endpoint.h"

#include <utility>

#include <fmt/format.h>

#include "core/json_fault.h"
#include "core/shallow_json.h"
#include "infer/record.h"
#include "serve/http_message.h"

namespace bernoulli::serve {
namespace {

using Json = nlohmann::json;

DecisionRule rule_in(const Json& value, const Labels& labels) {
  // The library's comparison makes a value of the word, and ends the process where there is no memory for it.
  if (const auto* word = value.get_ptr<const std::string*>(); word != nullptr && *word == "highest") {
    if (labels.num_outputs() > 1) return DecisionRule::highest();
    throw RequestFault{400, "threshold is highest, which is for models of several labels; expected a number"};
  }
  if (!value.is_number())
    throw RequestFault{400,
                       fmt::format("threshold is {}; expected a number above 0 and below 1, or \"highest\"",
                                   json_kind(value))};
  const auto threshold = value.get<double>();
  if (!(threshold > 0 && threshold < 1))
    throw RequestFault{400,
                       fmt::format("threshold is {}; expected a number above 0 and below 1", value.dump())};
  return {threshold};
}

size_t top_in(const Json& value, const Labels& labels) {
  if (labels.kind == TaskConfig::Kind::kBinary)
    throw RequestFault{400, "top is for models of several labels, and this one gives one probability"};
  if (!value.is_number_unsigned() || value == 0 || value > labels.names.size())
    throw RequestFault{400,
                       fmt::format("top is {}; expected a whole number from 1 to {}, the number of labels",
                                   value.is_number() ? value.dump() : json_kind(value), labels.names.size())};
  return value.get<size_t>();
}

RecordOptions options_in(const Json& request, const Labels& labels) {
  RecordOptions options;
  if (request.contains("threshold")) options.rule = rule_in(request["threshold"], labels);
  if (request.contains("top")) options.top = top_in(request["top"], labels);
  return options;
}

std::vector<std::string> texts_in(Json& request, const RequestLimits& limits, size_t num_outputs) {
  if (request.contains("texts") == request.contains("text"))
    throw RequestFault{400, "the request needs either texts, an array of strings, or text, one string"};
  if (request.contains("texts")) return take_texts(request["texts"], "texts", limits, num_outputs);
  Json& text = request["text"];
  if (!text.is_string())
    throw RequestFault{400, fmt::format("text is {}; expected a string", json_kind(text))};
  return {std::move(text.get_ref<std::string&>())};
}

}  // namespace

TextsAnswer predict_answer(const ServedModel& model, std::string_view body, const RequestLimits& limits,
                           const std::atomic<bool>& cancelled) {
  RequestJson parsed = parse_request(body);
  Json& request = *parsed;
  check_keys(request, "", {"texts", "text", "threshold", "top"});
  const RecordOptions options = options_in(request, model.info().labels);
  const std::vector<std::string> texts = texts_in(request, limits, model.num_outputs());
  const std::vector<float> logits = model.logits(texts, limits.max_text_tokens, cancelled);
  const size_t width = model.num_outputs();
  const RecordWriter writer(model.info(), options);
  TextsAnswer answer{"{\"predictions\":[", texts.size()};
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::span<const float> row = std::span(logits).subspan(i * width, width);
    if (i > 0) answer.body += ',';
    writer.append(answer.body, row);
  }
  answer.body += "]}\n";
  return answer;
}

}  // namespace bernoulli::serve
