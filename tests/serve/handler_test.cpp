#include "serve/handler.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/version.h"
#include "infer/record.h"
#include "serve/serve_fixture.h"

namespace bernoulli::serve::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

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
  low.rule = DecisionRule{1e-9};
  high.rule = DecisionRule{1 - 1e-9};
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
      {R"({"text": "a", "threshold": )" + std::string(900, '9') + "}",
       "the body is not JSON: number overflow parsing a number of 900 bytes"},
      {R"({"text": "a", "threshold": )" + std::string(300, '9') + "}", "threshold is 1e+300; expected"},
      {"{\"texts\": " + std::string(900, '['), "nested deeper than 8 levels"},
      {"\xEF\xBB\xBF{\"text\": \"a\"}", "begins with a byte order mark"},
  };
  for (const auto& [body, message] : cases) {
    SCOPED_TRACE(body);
    expect_fault(predict(body), 400, message);
  }
  expect_fault(predict(R"({"texts": ["", "", "", "", ""]})"), 413,
               "5 texts in a request; this server takes 4");
}

/// Each object that ends costs a look at all before it: they are refused before the rest is read, which here
/// is no JSON.
TEST_F(HandlerTest, RefusesManyObjectsBeforeItReadsThemAll) {
  const auto many = [](int number, const std::string& begin, const std::function<std::string(int)>& item) {
    std::string body = begin;
    for (int i = 0; i < number; ++i) body += (i > 0 ? "," : "") + item(i);
    return body;
  };
  const auto of_list = [](int) { return std::string("{}"); };
  const auto of_object = [](int i) { return fmt::format("\"{}\":{{}}", i); };
  for (const char* path : {"/predict", "/v2/models/small/infer"}) {
    for (const std::string& body : {many(64, "{\"texts\":[", of_list), many(64, "{", of_object)})
      expect_fault(ask(post(path, body)), 400, "the JSON has more than 64 objects");
    expect_fault(ask(post(path, many(63, "{\"texts\":[", of_list))), 400, "the body is not JSON");
  }
}

TEST_F(HandlerTest, LimitsAnswersByTextsTimesLabels) {
  Handler handler(small_served_model(false), {1000, 100, 7});
  EXPECT_EQ(handler.answer(post("/predict", R"({"texts": ["", ""]})")).response.status, 200);
  expect_fault(handler.answer(post("/predict", R"({"texts": ["", "", ""]})")).response, 413,
               "3 texts in a request; this server takes 2");
}

TEST_F(HandlerTest, LimitsTheTokensOfATextThatANetworkKeeps) {
  const RequestLimits limits{1000, 100, 1 << 20, 3};
  Handler keeps(std::make_shared<const ServedModel>(small_model(true, 3, "max_pool"), "small"), limits);
  EXPECT_EQ(keeps.answer(post("/predict", R"({"texts": ["good so bad", ""]})")).response.status, 200);
  const char* const refusal = "text number 2 of the request has 4 tokens; this server takes 3";
  expect_fault(keeps.answer(post("/predict", R"({"texts": ["", "good so bad so"]})")).response, 413, refusal);
  expect_fault(keeps
                   .answer(post("/v2/models/small/infer",
                                R"({"inputs": [{"name": "texts", "datatype": "BYTES", "shape": [2], )"
                                R"("data": ["", "good so bad so"]}]})"))
                   .response,
               413, refusal);
  Handler sums(small_served_model(), limits);
  EXPECT_EQ(sums.answer(post("/predict", R"({"text": "good so bad so"})")).response.status, 200);
}

TEST_F(HandlerTest, KnowsItsAddressesAndMethods) {
  expect_fault(ask(get("/")), 404, "/v2/models/small");
  for (const char* path : {"/predict/", "/v2/", "/v2/models/other", "/v2/models/small/versions/2", "", "*",
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
       {"", "application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/json \t; charset=utf-8;", "application/json;", "application/json; ;charset=utf-8"})
    EXPECT_EQ(status(type), 200) << type;
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
        "application/jsonx", "application/json; q=1", "appli cation/json", "application/json; charset=ut f-8",
        "application/\"json\"", "application/json; charset=\"utf-8", "application/json; charset = utf-8",
        "application/json; charset=utf-8; charset=latin1", ";charset=utf-8"})
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
  EXPECT_EQ(info.at("sequence_length"), nullptr);
  EXPECT_EQ(info.at("version"), kVersion);
}

/// Sound requests with some bytes changed, taken out or put twice: whatever comes of it has its answer.
TEST_F(HandlerTest, AnswersAnyBytes) {
  const std::vector<std::pair<std::string, std::string>> sound = {
      {"/predict", R"({"texts": ["good", "\u00e9\ud83d\ude00", ""], "threshold": 0.25})"},
      {"/v2/models/small/infer",
       R"({"id": "1", "inputs": [{"name": "texts", "shape": [2, 1], "datatype": "BYTES", "data": [["a"], ["b"]]}],)"
       R"( "outputs": [{"name": "logits", "parameters": {"binary_data": false}}]})"}};
  Random random(7);
  std::map<int, int> seen;
  for (int turn = 0; turn < 5000; ++turn) {
    const auto& [path, body] = sound[static_cast<size_t>(turn % 2)];
    std::string bytes = body;
    for (size_t changes = 1 + random.below(3); changes > 0 && !bytes.empty(); --changes) {
      const size_t place = random.below(bytes.size());
      const size_t length = random.below(std::min<size_t>(8, bytes.size() - place) + 1);
      switch (random.below(3)) {
        case 0:
          bytes[place] = static_cast<char>(random.below(256));
          break;
        case 1:
          bytes.erase(place, length);
          break;
        default:
          bytes.insert(place, bytes.substr(place, length));
      }
    }
    const HttpResponse response = ask(post(path, bytes));
    ++seen[response.status];
    ASSERT_TRUE(Json::accept(response.body)) << bytes;
  }
  EXPECT_EQ(seen[200] + seen[400] + seen[413], 5000);  // 413: a text more than the four
  EXPECT_GT(seen[200], 100);
  EXPECT_GT(seen[400], 100);
}

TEST_F(HandlerTest, AnswersFromTheModelThatReplacedTheOther) {
  const std::string before = predict(R"({"text": "good"})").body;
  handler_.replace(small_served_model(true, 4));
  const std::string after = predict(R"({"text": "good"})").body;
  EXPECT_NE(before, after);
  EXPECT_THAT(after, HasSubstr(record_of(small_model(true, 4), "good")));
}

TEST_F(HandlerTest, NamesTheModelThatAnswersInItsMetrics) {
  const auto line = [](const std::string& hash) {
    return fmt::format("\nbernoulli_model_info{{name=\"small\",hash=\"xxh3-128:{}\",version=\"{}\"}} 1\n",
                       hash, kVersion);
  };
  EXPECT_THAT(ask(get("/metrics")).body, HasSubstr(line("0123")));
  NativeModel other = small_model();
  other.content_hash = "4567";
  handler_.replace(std::make_shared<const ServedModel>(std::move(other), "small"));
  EXPECT_THAT(ask(get("/metrics")).body,
              ::testing::AllOf(HasSubstr(line("4567")), ::testing::Not(HasSubstr("0123"))));
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
  EXPECT_FALSE(answer.is_probe);
  for (const char* path : {"/health", "/ready", "/metrics", "/v2/health/live", "/v2/models/small/ready"})
    EXPECT_TRUE(handler_.answer(get(path)).is_probe) << path;
  EXPECT_EQ(handler_.answer(post("/predict", "{")).num_texts, 0u);
  EXPECT_STREQ(handler_.answer(post("/predict", "{")).endpoint, "/predict");
  EXPECT_STREQ(handler_.answer(get("/nowhere")).endpoint, "other");
  EXPECT_STREQ(handler_.answer(get("/v2/models/small")).endpoint, "/v2/models/{name}");
}

}  // namespace
}  // namespace bernoulli::serve::testing
