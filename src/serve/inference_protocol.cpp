#include "serve/inference_protocol.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/json_fault.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "core/version.h"
#include "infer/record.h"
#include "metrics/decision.h"
#include "serve/http_message.h"

namespace bernoulli::serve {
namespace {

using Json = nlohmann::json;
constexpr const char* kInput = "texts";
constexpr const char* kProbabilities = "probabilities";
constexpr const char* kLogits = "logits";

const std::string& string_at(const Json& object, const std::string& where, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw RequestFault{400, fmt::format("{} has no {}", where, key)};
  if (!found->is_string())
    throw RequestFault{400, fmt::format("{}.{} is {}; expected a string", where, key, json_kind(*found))};
  return found->get_ref<const std::string&>();
}

/// Parameters are for extensions, and a server that has none passes over them, `priority` and `timeout` too;
/// but not over those that would make tensors travel, or answers look, otherwise.
void check_parameters(const Json& object, const std::string& where) {
  const auto found = object.find("parameters");
  if (found == object.end()) return;
  if (!found->is_object())
    throw RequestFault{400, fmt::format("{}parameters is {}; expected an object", where, json_kind(*found))};
  for (const auto& [name, value] : found->items()) {
    const bool is_off = value.is_boolean() && !value.get<bool>();
    if (name.starts_with("binary_data") && !is_off)
      throw RequestFault{400,
                         fmt::format("{}parameters: '{}' is not supported; tensors travel as JSON, so binary "
                                     "data must be off: binary_data=False in tritonclient, which sends and "
                                     "asks for it by default",
                                     where, cut_to(name, 60))};
    if (name == "classification" || name.starts_with("shared_memory_"))
      throw RequestFault{
          400, fmt::format("{}parameters: '{}' is of an extension that this server does not have", where,
                           cut_to(name, 60))};
  }
}

/// Lists of one string each become the strings.
void flatten(Json& data) {
  if (!data.is_array()) return;
  for (Json& row : data) {
    if (!row.is_array()) continue;
    if (row.size() != 1)
      throw RequestFault{400, fmt::format("a row of texts has {} elements; expected 1", row.size())};
    Json only = std::move(row.front());
    RequestJson::empty(row);
    row = std::move(only);
  }
}

void check_shape(const Json& input, size_t num_texts) {
  const auto shape = input.find("shape");
  if (shape == input.end()) throw RequestFault{400, "inputs[0] has no shape"};
  const auto is = [&](size_t place, size_t extent) {
    const Json& value = shape->at(place);
    return value.is_number_unsigned() && value.get<size_t>() == extent;
  };
  const bool fits =
      shape->is_array() && (shape->size() == 1 || (shape->size() == 2 && is(1, 1))) && is(0, num_texts);
  if (!fits)
    throw RequestFault{
        400,
        fmt::format("inputs[0].shape does not fit its {0} texts; expected [{0}] or [{0}, 1]", num_texts)};
}

std::vector<std::string> tensor_texts(Json& request, const RequestLimits& limits, size_t num_outputs) {
  const auto inputs = request.find("inputs");
  if (inputs == request.end() || !inputs->is_array() || inputs->size() != 1 || !inputs->front().is_object())
    throw RequestFault{400, "the request needs inputs, an array of one tensor, the object of 'texts'"};
  Json& input = inputs->front();
  const std::string where = "inputs[0]";
  check_keys(input, where, {"name", "shape", "datatype", "parameters", "data"});
  if (string_at(input, where, "name") != kInput)
    throw RequestFault{400, "inputs[0] is another tensor than the model's input, which is named 'texts'"};
  if (string_at(input, where, "datatype") != "BYTES")
    throw RequestFault{400, "inputs[0].datatype is another one than BYTES, which texts have"};
  check_parameters(input, where + ".");
  if (!input.contains("data"))
    throw RequestFault{400, "inputs[0] has no data; tensors travel as JSON, in no other way"};
  flatten(input["data"]);
  std::vector<std::string> texts = take_texts(input["data"], "inputs[0].data", limits, num_outputs);
  check_shape(input, texts.size());
  return texts;
}

/// The outputs that a request names, in its order; both where it names none.
std::vector<std::string> outputs_in(const Json& request) {
  const auto asked = request.find("outputs");
  if (asked == request.end()) return {kProbabilities, kLogits};
  if (!asked->is_array())
    throw RequestFault{400, fmt::format("outputs is {}; expected an array of objects", json_kind(*asked))};
  std::vector<std::string> names;
  for (const Json& output : *asked) {
    const std::string where = fmt::format("outputs[{}]", names.size());
    if (!output.is_object())
      throw RequestFault{400, fmt::format("{} is {}; expected an object", where, json_kind(output))};
    check_keys(output, where, {"name", "parameters"});
    const std::string& name = string_at(output, where, "name");
    check_parameters(output, where + ".");
    if (name != kProbabilities && name != kLogits)
      throw RequestFault{400, where + " is unknown; the model has 'probabilities' and 'logits'"};
    if (std::ranges::find(names, name) != names.end())
      throw RequestFault{400, fmt::format("the output '{}' is asked for twice", name)};
    names.push_back(name);
  }
  return names.empty() ? std::vector<std::string>{kProbabilities, kLogits} : names;
}

void append_tensor(std::string& out, const std::string& name, std::span<const float> logits, size_t num_texts,
                   size_t num_outputs) {
  out += fmt::format(R"({{"name":"{}","shape":[{},{}],"datatype":"FP32","data":[)", name, num_texts,
                     num_outputs);
  for (size_t i = 0; i < logits.size(); ++i) {
    if (i > 0) out += ',';
    append_number(out, name == kProbabilities ? probability(logits[i]) : logits[i]);
  }
  out += "]}";
}

}  // namespace

std::string server_metadata() {
  return fmt::format(R"({{"name":"bernoulli","version":"{}","extensions":[]}})", kVersion);
}

std::string model_metadata(const ServedModel& model) {
  const auto output = [&](const char* name) {
    return fmt::format(R"({{"name":"{}","datatype":"FP32","shape":[-1,{}]}})", name, model.num_outputs());
  };
  return fmt::format(
      R"({{"name":"{}","versions":["{}"],"platform":"bernoulli","inputs":[{{"name":"{}","datatype":"BYTES","shape":[-1]}}],)"
      R"("outputs":[{},{}]}})",
      model.name(), kModelVersion, kInput, output(kProbabilities), output(kLogits));
}

TextsAnswer infer_answer(const ServedModel& model, std::string_view body, const RequestLimits& limits,
                         const std::atomic<bool>& cancelled) {
  RequestJson parsed = parse_request(body);
  Json& request = *parsed;
  check_keys(request, "", {"id", "parameters", "inputs", "outputs"});
  check_parameters(request, "");
  const std::vector<std::string> outputs = outputs_in(request);
  std::string answer =
      fmt::format(R"({{"model_name":"{}","model_version":"{}")", model.name(), kModelVersion);
  if (request.contains("id")) {
    string_at(request, "the request", "id");
    answer += ",\"id\":" + compact_json(request["id"]);
  }
  const std::vector<std::string> texts = tensor_texts(request, limits, model.num_outputs());
  const std::vector<float> logits = model.logits(texts, limits.max_text_tokens, cancelled);
  answer += ",\"outputs\":[";
  for (const std::string& name : outputs) {
    if (name != outputs.front()) answer += ',';
    append_tensor(answer, name, logits, texts.size(), model.num_outputs());
  }
  return {std::move(answer) + "]}\n", texts.size()};
}

}  // namespace bernoulli::serve
