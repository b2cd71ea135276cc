#include "serve/inference_protocol.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/json_fault.h"
#include "core/utf8.h"
#include "core/version.h"
#include "metrics/decision.h"
#include "serve/http_message.h"

namespace bernoulli::serve {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

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

/// A parameter asks for something; the only things that can be done are to leave out what is left out anyway.
void check_parameters(const Json& object, const std::string& where, const char* allowed) {
  const auto found = object.find("parameters");
  if (found == object.end()) return;
  if (!found->is_object())
    throw RequestFault{400, fmt::format("{}parameters is {}; expected an object", where, json_kind(*found))};
  for (const auto& [name, value] : found->items()) {
    if (name == allowed && value == false) continue;
    throw RequestFault{
        400, fmt::format("{}parameters: '{}' with this value is not supported; tensors travel as JSON, "
                         "so binary data must be off",
                         where, cut_to(name, 60))};
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
    row = std::move(only);
  }
}

void check_shape(const Json& input, size_t num_texts) {
  const auto shape = input.find("shape");
  if (shape == input.end()) throw RequestFault{400, "inputs[0] has no shape"};
  const bool is_whole =
      std::ranges::all_of(*shape, [](const Json& extent) { return extent.is_number_integer(); });
  const bool fits = *shape == Json::array({num_texts}) || *shape == Json::array({num_texts, 1});
  if (!is_whole || !fits)  // 1.0 == 1
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
  check_parameters(input, where + ".", "binary_data");
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
    check_parameters(output, where + ".", "binary_data");
    if (name != kProbabilities && name != kLogits)
      throw RequestFault{400, where + " is unknown; the model has 'probabilities' and 'logits'"};
    if (std::ranges::find(names, name) != names.end())
      throw RequestFault{400, fmt::format("the output '{}' is asked for twice", name)};
    names.push_back(name);
  }
  return names.empty() ? std::vector<std::string>{kProbabilities, kLogits} : names;
}

OrderedJson tensor(const std::string& name, std::span<const float> logits, size_t num_texts,
                   size_t num_outputs) {
  OrderedJson data = OrderedJson::array();
  for (const float logit : logits) {
    const double value{name == kProbabilities ? probability(logit) : logit};
    data.push_back(std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr));
  }
  return {
      {"name", name}, {"shape", {num_texts, num_outputs}}, {"datatype", "FP32"}, {"data", std::move(data)}};
}

OrderedJson tensor_metadata(const char* name, const char* datatype, std::vector<int64_t> shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", std::move(shape)}};
}

}  // namespace

OrderedJson server_metadata() {
  return {{"name", "bernoulli"}, {"version", kVersion}, {"extensions", OrderedJson::array()}};
}

OrderedJson model_metadata(const ServedModel& model) {
  const auto width = static_cast<int64_t>(model.num_outputs());
  OrderedJson metadata = {{"name", model.name()}, {"platform", "bernoulli"}};
  metadata["inputs"] = OrderedJson::array({tensor_metadata(kInput, "BYTES", {-1})});
  metadata["outputs"] = OrderedJson::array(
      {tensor_metadata(kProbabilities, "FP32", {-1, width}), tensor_metadata(kLogits, "FP32", {-1, width})});
  return metadata;
}

TextsAnswer infer_answer(const ServedModel& model, std::string_view body, const RequestLimits& limits,
                         const std::atomic<bool>& cancelled) {
  Json request = parse_request(body);
  check_keys(request, "", {"id", "parameters", "inputs", "outputs"});
  check_parameters(request, "", "binary_data_output");
  const std::vector<std::string> outputs = outputs_in(request);
  OrderedJson answer = {{"model_name", model.name()}};
  if (request.contains("id")) answer["id"] = string_at(request, "the request", "id");
  const std::vector<std::string> texts = tensor_texts(request, limits, model.num_outputs());
  const std::vector<float> logits = model.logits(texts, cancelled);
  answer["outputs"] = OrderedJson::array();
  for (const std::string& name : outputs)
    answer["outputs"].push_back(tensor(name, logits, texts.size(), model.num_outputs()));
  return {answer.dump() + "\n", texts.size()};
}

}  // namespace bernoulli::serve
