#include "serve/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/version.h"
#include "infer/record.h"
#include "metrics/decision.h"
#include "serve/serve_fixture.h"

namespace bernoulli::serve::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

/// The record that predict prints of a text, made by the classes that predict uses.
std::string record_of(const NativeModel& model, const std::string& text, const RecordOptions& options = {}) {
  NativeModel::State state;
  std::vector<float> logits(static_cast<size_t>(model.network.num_outputs()));
  model.logits(text, state, logits);
  std::string line = format_record(prediction_record(model.info, logits, options), RecordFormat::kJsonl);
  line.pop_back();
  return line;
}

class HandlerTest : public ::testing::Test {
 protected:
  HttpResponse ask(const HttpRequest& request) { return handler_.answer(request).response; }
  HttpResponse predict(const std::string& body) { return ask(post("/predict", body)); }
  HttpResponse infer(const std::string& body) { return ask(post("/v2/models/small/infer", body)); }

  static void expect_fault(const HttpResponse& response, int status, const std::string& message) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    const Json json = Json::parse(response.body);
    EXPECT_EQ(json.size(), 1u);
    EXPECT_THAT(json.at("error").get<std::string>(), HasSubstr(message));
  }

  Handler handler_{small_served_model(), {1000, 4, 1 << 20}};
};

TEST_F(HandlerTest, PredictsWithTheRecordsOfPredict) {
  const NativeModel model = small_model();
  const HttpResponse response = predict(R"({"texts": ["good", "so bad", "", "\u0000\ud83d\ude00 good"]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, "{\"predictions\":[" + record_of(model, "good") + "," +
                               record_of(model, "so bad") + "," + record_of(model, "") + "," +
                               record_of(model, std::string("\0\xF0\x9F\x98\x80 good", 10)) + "]}\n");
  EXPECT_EQ(predict(R"({"text": "good"})").body, "{\"predictions\":[" + record_of(model, "good") + "]}\n");
  EXPECT_EQ(predict(R"({"texts": []})").body, "{\"predictions\":[]}\n");
}

TEST_F(HandlerTest, PredictsByAnotherThresholdAndTheMostProbableLabels) {
  RecordOptions low, high;
  low.threshold = 1e-9;
  high.threshold = 1 - 1e-9;
  const NativeModel model = small_model();
  EXPECT_THAT(predict(R"({"text": "good", "threshold": 1e-9})").body,
              HasSubstr(record_of(model, "good", low)));
  EXPECT_THAT(predict(R"({"text": "good", "threshold": 0.999999999})").body,
              HasSubstr(record_of(model, "good", high)));
  expect_fault(predict(R"({"text": "good", "top": 1})"), 400, "top is for models of several labels");
  handler_.replace(small_served_model(false));
  RecordOptions top;
  top.top = 2;
  EXPECT_THAT(predict(R"({"text": "good", "top": 2})").body,
              HasSubstr(record_of(small_model(false), "good", top)));
  for (const char* wrong : {"0", "4", "-1", "1.5", "\"1\"", "null", "1e99"})
    expect_fault(predict(std::string(R"({"text": "good", "top": )") + wrong + "}"), 400,
                 "expected a whole number from 1 to 3");
}

TEST_F(HandlerTest, RefusesWhatIsNotTheRequestOfPredict) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the body is empty"},
      {"{", "the body is not JSON at byte 2"},
      {"{\"text\": \"a\"} x", "not JSON at byte 15"},
      {"[\"a\"]", "a JSON array, not an object"},
      {"\"a\"", "a JSON string, not an object"},
      {"{\"text\": \"\xFF\"}", "not JSON at byte 11: invalid string: ill-formed UTF-8 byte"},
      {"{\"text\": \"\\ud800\"}", "surrogate"},
      {"{\"text\": \"a\nb\"}", "control character"},
      {"{\"text\": NaN}", "not JSON"},
      {"{}", "needs either texts"},
      {R"({"text": "a", "texts": []})", "needs either texts"},
      {R"({"text": 1})", "text is a number; expected a string"},
      {R"({"text": null})", "text is null; expected a string"},
      {R"({"texts": "a"})", "texts is a string; expected an array of strings"},
      {R"({"texts": {"a": 1}})", "texts is an object; expected an array of strings"},
      {R"({"texts": ["a", ["b"]]})", "texts[1] is an array; expected a string"},
      {R"({"texts": ["a"], "treshold": 0.5})",
       "unknown key 'treshold'; expected 'texts', 'text', 'threshold', 'top'; did you mean 'threshold'?"},
      {R"({"text": "a", "text": "b"})", "the key 'text' comes twice"},
      {R"({"text": "a", "threshold": 1})", "threshold is 1; expected a number above 0 and below 1"},
      {R"({"text": "a", "threshold": "1"})", "threshold is a string"},
      {R"({"text": "a", "threshold": 0})", "threshold is 0"},
      {R"({"text": "a", "threshold": 1e-400})", "threshold is 0"},
      {"{\"" + std::string(500, 'k') + "\": 1}", "unknown key of 500 bytes"},
      {"{\"texts\": " + std::string(900, '['), "nested deeper than 8 levels"},
  };
  for (const auto& [body, message] : cases) {
    SCOPED_TRACE(body);
    expect_fault(predict(body), 400, message);
  }
  expect_fault(predict(R"({"texts": ["", "", "", "", ""]})"), 413,
               "5 texts in a request; this server takes 4");
}

TEST_F(HandlerTest, LimitsAnswersByTextsTimesLabels) {
  Handler handler(small_served_model(false), {1000, 100, 7});
  EXPECT_EQ(handler.answer(post("/predict", R"({"texts": ["", ""]})")).response.status, 200);
  expect_fault(handler.answer(post("/predict", R"({"texts": ["", "", ""]})")).response, 413,
               "3 texts in a request; this server takes 2");
}

TEST_F(HandlerTest, KnowsItsAddressesAndMethods) {
  expect_fault(ask(get("/")), 404, "/v2/models/small");
  for (const char* path : {"/predict/", "/v2/", "/v2/models/other", "/v2/models/small/versions/1", "", "*",
                           "//predict", "/%70redict", "/v2/models/{name}", "http://x/health"})
    EXPECT_EQ(ask(get(path)).status, 404) << path;
  expect_fault(ask(get("/predict")), 405, "/predict takes POST");
  EXPECT_EQ(ask(get("/predict")).allow, "POST");
  HttpRequest request = post("/health", "{}");
  EXPECT_EQ(ask(request).allow, "GET, HEAD");
  expect_fault(ask({"PUT", "/predict", "", "", true, ""}), 405, "takes POST");
  expect_fault(ask(get("/info?verbose=1")), 400, "no endpoint takes one");
  EXPECT_EQ(ask({"HEAD", "/health", "", "", true, ""}).status, 200);
  expect_fault(ask({"HEAD", "/predict", "", "", true, ""}), 405, "takes POST");
}

TEST_F(HandlerTest, TakesJsonInUtf8AsItIs) {
  const auto status = [&](const std::string& type, const std::string& encoding = "") {
    return ask({"POST", "/predict", type, encoding, true, R"({"text": "a"})"}).status;
  };
  for (const char* type :
       {"", "application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\""})
    EXPECT_EQ(status(type), 200) << type;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded",
                           "application/json; charset=latin1", "application/jsonx", "application/json; q=1"})
    EXPECT_EQ(status(type), 415) << type;
  EXPECT_EQ(status("application/json", "identity"), 200);
  EXPECT_EQ(status("application/json", "gzip"), 415);
  expect_fault(ask({"POST", "/predict", "", "", false, ""}), 411, "Content-Length");
}

TEST_F(HandlerTest, DescribesTheModel) {
  const Json info = Json::parse(ask(get("/info")).body);
  EXPECT_EQ(info.at("name"), "small");
  EXPECT_EQ(info.at("kind"), "binary");
  EXPECT_EQ(info.at("labels").dump(), R"(["bad","good"])");
  EXPECT_EQ(info.at("thresholds").dump(), "[0.5]");
  EXPECT_EQ(info.at("temperatures").dump(), "[]");
  EXPECT_EQ(info.at("hash"), "xxh3-128:0123");
  EXPECT_EQ(info.at("version"), kVersion);
}

TEST_F(HandlerTest, SpeaksTheOpenInferenceProtocol) {
  EXPECT_EQ(ask(get("/v2")).body,
            std::string(R"({"name":"bernoulli","version":")") + kVersion + "\",\"extensions\":[]}\n");
  EXPECT_EQ(ask(get("/v2/health/live")).body, "{\"live\":true}\n");
  EXPECT_EQ(ask(get("/v2/health/ready")).body, "{\"ready\":true}\n");
  EXPECT_EQ(ask(get("/v2/models/small/ready")).body, "{\"name\":\"small\",\"ready\":true}\n");
  handler_.replace(small_served_model(false));
  EXPECT_EQ(
      ask(get("/v2/models/small")).body,
      R"({"name":"small","platform":"bernoulli","inputs":[{"name":"texts","datatype":"BYTES","shape":[-1]}],)"
      R"("outputs":[{"name":"probabilities","datatype":"FP32","shape":[-1,3]},)"
      R"({"name":"logits","datatype":"FP32","shape":[-1,3]}]})"
      "\n");
}

TEST_F(HandlerTest, InfersTheNumbersOfPredict) {
  handler_.replace(small_served_model(false));
  const auto answer = Json::parse(infer(R"({"id": "7", "inputs": [{"name": "texts", "shape": [2], "datatype":
      "BYTES", "data": ["good", "so bad"]}]})")
                                      .body);
  EXPECT_EQ(answer.at("model_name"), "small");
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

TEST_F(HandlerTest, RefusesWhatIsNotTheRequestOfInfer) {
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
       }) {
    std::string body = sound;
    body.replace(body.find(from), std::string(from).size(), to);
    SCOPED_TRACE(body);
    expect_fault(infer(body), 400, message);
  }
  expect_fault(infer(R"({"inputs": []})"), 400, "an array of one tensor");
}

TEST_F(HandlerTest, AnswersFromTheModelThatReplacedTheOther) {
  const std::string before = predict(R"({"text": "good"})").body;
  handler_.replace(small_served_model(true, 4));
  const std::string after = predict(R"({"text": "good"})").body;
  EXPECT_NE(before, after);
  EXPECT_THAT(after, HasSubstr(record_of(small_model(true, 4), "good")));
}

TEST_F(HandlerTest, IsNotReadyWhileItDrains) {
  for (const char* path : {"/ready", "/v2/health/ready", "/v2/models/small/ready"})
    EXPECT_EQ(ask(get(path)).status, 200);
  handler_.drain();
  for (const char* path : {"/ready", "/v2/health/ready", "/v2/models/small/ready"})
    EXPECT_EQ(ask(get(path)).status, 503);
  EXPECT_EQ(ask(get("/health")).status, 200);
  EXPECT_EQ(predict(R"({"text": "a"})").status, 200) << "what is under way is answered";
  handler_.cancel();
  expect_fault(predict(R"({"text": "a"})"), 503, "stopping");
}

TEST_F(HandlerTest, TellsTheEndpointAndTheTextsOfWhatItAnswered) {
  const Answer answer = handler_.answer(post("/predict", R"({"texts": ["a", "b"]})"));
  EXPECT_STREQ(answer.endpoint, "/predict");
  EXPECT_EQ(answer.num_texts, 2u);
  EXPECT_EQ(handler_.answer(post("/predict", "{")).num_texts, 0u);
  EXPECT_STREQ(handler_.answer(post("/predict", "{")).endpoint, "/predict");
  EXPECT_STREQ(handler_.answer(get("/nowhere")).endpoint, "other");
  EXPECT_STREQ(handler_.answer(get("/v2/models/small")).endpoint, "/v2/models/{name}");
}

}  // namespace
}  // namespace bernoulli::serve::testing
