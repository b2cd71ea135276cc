#include "serve/inference_protocol.h"

#include <gtest/gtest.h>

#include "core/version.h"
#include "serve/serve_fixture.h"

namespace bernoulli::serve::testing {
namespace {

using InferenceProtocol = HandlerTest;
using Json = nlohmann::ordered_json;

TEST_F(InferenceProtocol, SpeaksTheOpenInferenceProtocol) {
  EXPECT_EQ(ask(get("/v2")).body,
            std::string(R"({"name":"bernoulli","version":")") + kVersion + "\",\"extensions\":[]}\n");
  EXPECT_EQ(ask(get("/v2/health/live")).body, "{\"live\":true}\n");
  EXPECT_EQ(ask(get("/v2/health/ready")).body, "{\"ready\":true}\n");
  EXPECT_EQ(ask(get("/v2/models/small/ready")).body, "{\"name\":\"small\",\"ready\":true}\n");
  handler_.replace(small_served_model(false));
  EXPECT_EQ(
      ask(get("/v2/models/small")).body,
      R"({"name":"small","versions":["1"],"platform":"bernoulli","inputs":[{"name":"texts","datatype":"BYTES","shape":[-1]}],)"
      R"("outputs":[{"name":"probabilities","datatype":"FP32","shape":[-1,3]},)"
      R"({"name":"logits","datatype":"FP32","shape":[-1,3]}]})"
      "\n");
}

TEST_F(InferenceProtocol, InfersTheNumbersOfPredict) {
  handler_.replace(small_served_model(false));
  const auto answer = Json::parse(infer(R"({"id": "7", "inputs": [{"name": "texts", "shape": [2], "datatype":
      "BYTES", "data": ["good", "so bad"]}]})")
                                      .body);
  EXPECT_EQ(answer.at("model_name"), "small");
  EXPECT_EQ(answer.at("model_version"), "1");
  EXPECT_EQ(answer.at("id"), "7");
  Json probabilities = Json::array(), logits = Json::array();
  const NativeModel model = small_model(false);
  for (const char* text : {"good", "so bad"}) {
    const Json record = Json::parse(record_of(model, text));
    for (const auto& [name, value] : record.at("probabilities").items()) probabilities.push_back(value);
    for (const auto& [name, value] : record.at("logits").items()) logits.push_back(value);
  }
  const Json expected = {
      {{"name", "probabilities"}, {"shape", {2, 3}}, {"datatype", "FP32"}, {"data", probabilities}},
      {{"name", "logits"}, {"shape", {2, 3}}, {"datatype", "FP32"}, {"data", logits}}};
  EXPECT_EQ(answer.at("outputs").dump(), expected.dump());
  const auto column = Json::parse(
      infer(
          R"({"inputs": [{"name": "texts", "shape": [2, 1], "datatype": "BYTES", "parameters": {"binary_data":
      false}, "data": [["good"], ["so bad"]]}], "outputs": [{"name": "logits", "parameters": {"binary_data":
      false}}], "parameters": {"binary_data_output": false}})")
          .body);
  EXPECT_EQ(column.at("outputs").dump(), Json::array({expected[1]}).dump());
}

/// tritonclient asks for one where it is told to, is_model_ready("small", "1").
TEST_F(InferenceProtocol, AnswersTheVersionThatItsMetadataNames) {
  EXPECT_EQ(ask(get("/v2/models/small/versions/1")).body, ask(get("/v2/models/small")).body);
  EXPECT_EQ(ask(get("/v2/models/small/versions/1/ready")).body, "{\"name\":\"small\",\"ready\":true}\n");
  const std::string body =
      R"({"inputs": [{"name": "texts", "shape": [1], "datatype": "BYTES", "data": ["a"]}]})";
  const Answer answer = handler_.answer(post("/v2/models/small/versions/1/infer", body));
  EXPECT_EQ(answer.response.body, infer(body).body);
  EXPECT_STREQ(answer.endpoint, "/v2/models/{name}/infer");
  for (const char* path :
       {"/v2/models/small/versions/2/ready", "/v2/models/small/versions/1/",
        "/v2/models/small/versions/11/ready", "/v2/models/small/versions//ready",
        "/v2/models/small/versions/1/versions/1/ready", "/v2/models/other/versions/1/ready"})
    EXPECT_EQ(ask(get(path)).status, 404) << path;
}

TEST_F(InferenceProtocol, PassesOverParametersThatChangeNothing) {
  EXPECT_EQ(
      infer(R"({"parameters": {"priority": 1, "timeout": 1000, "sequence_id": 4, "mine": "x"}, "inputs": [
      {"name": "texts", "shape": [1], "datatype": "BYTES", "parameters": {"content_type": "str"}, "data": ["a"]}],
      "outputs": [{"name": "logits", "parameters": {"binary_data": false, "mine": 1}}]})")
          .status,
      200);
}

TEST_F(InferenceProtocol, SaysThatBinaryTensorsAreOff) {
  HttpRequest request = post("/v2/models/small/infer", "{}");
  request.content_type = "application/octet-stream";
  request.has_binary_tensors = true;
  expect_fault(ask(request), 415, "binary_data=False");
}

TEST_F(InferenceProtocol, RefusesWhatIsNotTheRequestOfInfer) {
  const std::string sound =
      R"({"inputs": [{"name": "texts", "shape": [1], "datatype": "BYTES", "data": ["a"]}]})";
  EXPECT_EQ(infer(sound).status, 200);
  struct Case {
    const char* from;
    const char* to;
    const char* message;
  };
  for (const auto& [from, to, message] : std::vector<Case>{
           {"\"inputs\"", "\"input\"", "did you mean 'inputs'?"},
           {"\"texts\"", "\"INPUT__0\"", "which is named 'texts'"},
           {"\"BYTES\"", "\"FP32\"", "which texts have"},
           {"[1]", "[2]", "expected [1] or [1, 1]"},
           {"[1]", "[1, 1, 1]", "expected [1] or [1, 1]"},
           {"[1]", "1", "expected [1] or [1, 1]"},
           {"[1]", "[1.5]", "expected [1] or [1, 1]"},
           {"[1]", "[1.0]", "expected [1] or [1, 1]"},
           {"[1]", "[1, 1e0]", "expected [1] or [1, 1]"},
           {"\"shape\": [1],", "", "inputs[0] has no shape"},
           {"\"name\": \"texts\",", "", "inputs[0] has no name"},
           {", \"data\": [\"a\"]", "", "inputs[0] has no data"},
           {"[\"a\"]", "[1]", "inputs[0].data[0] is a number"},
           {"[\"a\"]", "[[\"a\", \"b\"]]", "a row of texts has 2 elements"},
           {"[\"a\"]", "[[[\"a\"]]]", "inputs[0].data[0] is an array"},
           {"[\"a\"]", "{}", "inputs[0].data is an object"},
           {"{\"inputs\"", "{\"id\": 7, \"inputs\"", "the request.id is a number"},
           {"{\"inputs\"", "{\"parameters\": {\"binary_data_output\": true}, \"inputs\"",
            "binary data must be off"},
           {"{\"inputs\"", "{\"parameters\": 1, \"inputs\"", "parameters is a number"},
           {"{\"inputs\"", "{\"outputs\": 1, \"inputs\"", "outputs is a number"},
           {"{\"inputs\"", "{\"outputs\": [1], \"inputs\"", "outputs[0] is a number"},
           {"{\"inputs\"", "{\"outputs\": [{\"name\": \"label\"}], \"inputs\"",
            "'probabilities' and 'logits'"},
           {"{\"inputs\"", "{\"outputs\": [{\"name\": \"logits\"}, {\"name\": \"logits\"}], \"inputs\"",
            "asked for twice"},
           {"\"data\"", "\"parameters\": {\"binary_data_size\": 9}, \"data\"", "binary data must be off"},
           {"\"data\"", "\"parameters\": {\"shared_memory_region\": \"a\"}, \"data\"",
            "'shared_memory_region' is of an extension"},
           {"{\"inputs\"",
            "{\"outputs\": [{\"name\": \"logits\", \"parameters\": {\"classification\": 1}}], \"inputs\"",
            "outputs[0].parameters: 'classification' is of an extension"},
       }) {
    std::string body = sound;
    body.replace(body.find(from), std::string(from).size(), to);
    SCOPED_TRACE(body);
    expect_fault(infer(body), 400, message);
  }
  expect_fault(infer(R"({"inputs": []})"), 400, "an array of one tensor");
}

}  // namespace
}  // namespace bernoulli::serve::testing
