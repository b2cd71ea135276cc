#include "infer/record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"

namespace bernoulli {
namespace {

using ::testing::StartsWith;

/// A classifier that only knows its labels and thresholds.
class Named : public Classifier {
 public:
  Named(Labels labels, std::vector<double> thresholds)
      : Classifier({{}, std::move(labels), std::move(thresholds), {}, {}}) {}
  std::vector<float> logits(const std::vector<std::string>&) override { return {}; }
  Explanation explain(const std::string&) override { return {}; }
};

Named binary(double threshold = 0.5) { return {{TaskConfig::Kind::kBinary, {"bad", "good"}}, {threshold}}; }
Named multi_label() { return {{TaskConfig::Kind::kMultiLabel, {"news", "sport", "art"}}, {0.5, 0.9, 0.1}}; }

using Json = nlohmann::ordered_json;

std::string line(const Classifier& classifier, const std::vector<float>& logits, RecordFormat format,
                 const RecordOptions& options = {}) {
  std::string line;
  RecordWriter(classifier.info(), options).append_line(line, logits, format);
  return line;
}

Json record(const Classifier& classifier, const std::vector<float>& logits,
            const RecordOptions& options = {}) {
  std::string record;
  RecordWriter(classifier.info(), options).append(record, logits);
  return Json::parse(record);
}

Json example(const Classifier& classifier, const Dataset& dataset, size_t index,
             const std::vector<float>& logits) {
  std::string line;
  RecordWriter(classifier.info()).append_example(line, dataset, index, logits);
  return Json::parse(line);
}

std::string header(const Classifier& classifier, const std::vector<std::string>& keep = {},
                   const RecordOptions& options = {}) {
  return RecordWriter(classifier.info(), options).header(keep);
}

TEST(Record, OfABinaryTaskHasLabelProbabilityAndLogit) {
  EXPECT_EQ(line(binary(), {0}, RecordFormat::kJsonl),
            "{\"label\":\"bad\",\"probability\":0.5,\"logit\":0.0}\n")
      << "a probability equal to the threshold is negative";
  const Json good = record(binary(), {2});
  EXPECT_EQ(good["label"], "good");
  EXPECT_NEAR(good["probability"].get<double>(), 0.88079707797788243, 1e-7);
  EXPECT_EQ(good["logit"], 2.0);
  EXPECT_EQ(record(binary(0.9), {2})["label"], "bad");
}

TEST(Record, OfAMultiLabelTaskHasEveryLabelsNumbers) {
  EXPECT_EQ(record(multi_label(), {0.25f, 0, 0})["labels"].dump(), "[\"news\",\"art\"]");
  EXPECT_EQ(record(multi_label(), {0, 0, 0}).dump(),
            "{\"labels\":[\"art\"],\"probabilities\":{\"news\":0.5,\"sport\":0.5,\"art\":0.5},"
            "\"logits\":{\"news\":0.0,\"sport\":0.0,\"art\":0.0}}");
  EXPECT_EQ(record(multi_label(), {-9, -9, -9})["labels"].dump(), "[]");
}

TEST(Record, OfAKnownExampleHasItsOriginAndTarget) {
  const Dataset one{{"a", "b"}, {1, 0}, {}, {"r.csv:2", "r.csv:3"}, {}, {}, 1, nullptr};
  EXPECT_EQ(example(binary(), one, 0, {0}).dump(),
            R"({"origin":"r.csv:2","target":"good","label":"bad","probability":0.5,"logit":0.0})");
  EXPECT_EQ(example(binary(), one, 1, {0})["target"], "bad");
  const Dataset several{{"a", "b"}, {0, 0, 0, 1, 0, 1}, {1, 0.5f}, {"r.csv:2", "r.csv:3"}, {}, {}, 3,
                        nullptr};
  const Json answer = example(multi_label(), several, 1, {2, 0, 0});
  EXPECT_EQ(answer["targets"].dump(), R"(["news","art"])");
  EXPECT_EQ(answer["weight"], 0.5);
  EXPECT_EQ(answer["labels"].dump(), R"(["news","art"])");
  EXPECT_EQ(example(multi_label(), several, 0, {0, 0, 0})["targets"].dump(), "[]");
}

/// The same record by the library of JSON.
Json expected_record(const Classifier& classifier, const std::vector<float>& logits,
                     const RecordOptions& options) {
  const Labels& labels = classifier.labels();
  const Decisions decisions(options.rule ? *options.rule : classifier.rule(), logits);
  const auto number = [](float value) { return std::isfinite(value) ? Json(double{value}) : Json(nullptr); };
  if (logits.size() == 1)
    return {{"label", labels.names[decisions[0] ? 1 : 0]},
            {"probability", number(probability(logits[0]))},
            {"logit", number(logits[0])}};
  Json expected = {{"labels", Json::array()}};
  for (size_t i = 0; i < logits.size(); ++i)
    if (decisions[i]) expected["labels"].push_back(labels.names[i]);
  std::vector<size_t> order = {0, 1, 2};
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    return (std::isnan(logits[a]) ? -INFINITY : logits[a]) > (std::isnan(logits[b]) ? -INFINITY : logits[b]);
  });
  if (options.top) {
    for (size_t place = 0; place < *options.top; ++place)
      expected["top"].push_back({{"label", labels.names[order[place]]},
                                 {"probability", number(probability(logits[order[place]]))},
                                 {"logit", number(logits[order[place]])}});
    return expected;
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    expected["probabilities"][labels.names[i]] = number(probability(logits[i]));
    expected["logits"][labels.names[i]] = number(logits[i]);
  }
  return expected;
}

/// 500 texts of each kind, numbers that are none among them.
TEST(RecordWriter, WritesWhatTheLibraryOfJsonWouldByteByByte) {
  const Labels strange{TaskConfig::Kind::kMultiLabel, {"a \"b\"\\\n\x01", "\xC3\xA9\xF0\x9F\x98\x80", ""}};
  const Named several{strange, {0.5, 0.9, 0.1}};
  const Named two{{TaskConfig::Kind::kBinary, {"\"bad\"", "good"}}, {0.3}};
  Random random(5);
  const auto logit = [&] {
    const size_t kind = random.below(12);
    const std::array<float, 6> special = {NAN, INFINITY, -INFINITY, 0.f, -0.f, 1e-38f};
    if (kind < special.size()) return special[kind];
    return static_cast<float>((random.uniform() - 0.5) * std::pow(10, 2 * static_cast<int>(kind) - 18));
  };
  for (const RecordOptions& options : {RecordOptions{},
                                       {.rule = DecisionRule{0.7}, .top = {}},
                                       {.rule = DecisionRule::highest(), .top = {}},
                                       {.rule = {}, .top = 2}}) {
    for (const Named* classifier : {&several, &two}) {
      const RecordWriter writer(classifier->info(), options);
      for (int i = 0; i < 500; ++i) {
        std::vector<float> logits(classifier == &two ? 1 : 3);
        std::ranges::generate(logits, logit);
        std::string written = "before";
        writer.append(written, logits);
        EXPECT_EQ(written, "before" + expected_record(*classifier, logits, options).dump());
      }
    }
  }
}

TEST(Record, HasTheMostProbableLabelsFirst) {
  const std::vector<float> logits = {0, 2, 0};
  const RecordOptions two{.rule = {}, .top = 2};
  const Json shown = record(multi_label(), logits, two);
  EXPECT_EQ(shown["labels"].dump(), "[\"art\"]") << "as decided, whatever is shown: sport needs .9";
  ASSERT_EQ(shown["top"].size(), 2u);
  EXPECT_EQ(shown["top"][0]["label"], "sport");
  EXPECT_NEAR(shown["top"][0]["probability"].get<double>(), 0.88079707797788243, 1e-7);
  EXPECT_EQ(shown["top"][0]["logit"], 2.0);
  EXPECT_EQ(shown["top"][1]["label"], "news") << "equal ones in the order of the labels";
  EXPECT_FALSE(shown.contains("probabilities"));
  EXPECT_EQ(header(multi_label(), {}, two),
            "labels\tlabel 1\tprobability 1\tlogit 1\tlabel 2\tprobability 2\tlogit 2\n");
  EXPECT_EQ(line(multi_label(), {-1, 0, -1}, RecordFormat::kTsv, {.rule = {}, .top = 1}),
            "art\tsport\t0.5\t0.0\n");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(record(multi_label(), {nan, -5, -9}, two)["top"][0]["label"], "sport");
}

TEST(Record, TakesAnotherThreshold) {
  const std::vector<float> logits = {0.5f, 0.5f, 0.5f};  // .62
  EXPECT_EQ(record(multi_label(), logits, {.rule = DecisionRule{0.6}, .top = {}})["labels"].dump(),
            R"(["news","sport","art"])");
  EXPECT_EQ(record(multi_label(), logits, {.rule = DecisionRule{0.7}, .top = {}})["labels"].dump(), "[]");
  EXPECT_EQ(
      record(multi_label(), {-3, -1, -2}, {.rule = DecisionRule::highest(), .top = {}})["labels"].dump(),
      R"(["sport"])");
  EXPECT_EQ(record(binary(), {0.5f}, {.rule = DecisionRule{0.7}, .top = {}})["label"], "bad");
  EXPECT_EQ(record(binary(0.9), {0.5f}, {.rule = DecisionRule{0.6}, .top = {}})["label"], "good");
}

TEST(Record, TabSeparatedLinesFitTheirHeader) {
  EXPECT_EQ(header(binary()), "label\tprobability\tlogit\n");
  EXPECT_EQ(line(binary(), {0}, RecordFormat::kTsv), "bad\t0.5\t0.0\n");
  EXPECT_EQ(
      header(multi_label()),
      "labels\tprobability news\tprobability sport\tprobability art\tlogit news\tlogit sport\tlogit art\n");
  EXPECT_EQ(line(multi_label(), {0, 0, 0}, RecordFormat::kTsv), "art\t0.5\t0.5\t0.5\t0.0\t0.0\t0.0\n");
  EXPECT_THAT(line(multi_label(), {-9, -9, -9}, RecordFormat::kTsv), StartsWith("\t"));
}

TEST(Record, KeepsTabsAndLineEndsOfLabelsOutOfTheColumns) {
  const Named odd({TaskConfig::Kind::kMultiLabel, {"a\tb", "c\nd"}}, {0.5, 0.5});
  EXPECT_EQ(header(odd), "labels\tprobability a\\x09b\tprobability c\\x0ad\tlogit a\\x09b\tlogit c\\x0ad\n");
  EXPECT_THAT(line(odd, {1, 1}, RecordFormat::kTsv), StartsWith("a\\x09b,c\\x0ad\t"));
  const Named binary_odd({TaskConfig::Kind::kBinary, {"no", "y\tes"}}, {0.1});
  EXPECT_EQ(line(binary_odd, {0}, RecordFormat::kTsv), "y\\x09es\t0.5\t0.0\n");
  const Named comma({TaskConfig::Kind::kMultiLabel, {"a,b", "c"}}, {0.5, 0.5});
  EXPECT_THAT(line(comma, {1, 1}, RecordFormat::kTsv), StartsWith("a\\x2Cb,c\t"))
      << "a comma inside a label is not one between two";
}

TEST(Record, CopiesKeptColumnsInFront) {
  const std::vector<std::string> keep = {"id", "label", "a\"b\tc"};
  const std::vector<KeptValue> kept = {
      {"12345678901234567890123", false}, {"x\t\"y\"\n\xFF"}, {"[1,\"\\n\"]", false}};
  const Named classifier = binary();
  const auto kept_line = [&](RecordFormat format) {
    std::string line;
    RecordWriter(classifier.info())
        .append_line(line, std::vector<float>{0}, format, keep, kept, R"("base":1)");
    return line;
  };
  EXPECT_EQ(kept_line(RecordFormat::kJsonl),
            "{\"input\":{\"id\":12345678901234567890123,\"label\":\"x\\t\\\"y\\\"\\n\xEF\xBF\xBD\","
            "\"a\\\"b\\tc\":[1,\"\\n\"]},\"label\":\"bad\",\"probability\":0.5,\"logit\":0.0,\"base\":1}\n");
  EXPECT_EQ(kept_line(RecordFormat::kTsv),
            "12345678901234567890123\tx\\x09\"y\"\\x0a\\xff\t[1,\"\\x5cn\"]\tbad\t0.5\t0.0\n");
  EXPECT_EQ(header(binary(), keep), "id\tinput label\ta\"b\\x09c\tlabel\tprobability\tlogit\n");
  EXPECT_THAT(header(multi_label(), {"logit art", "label"}), StartsWith("input logit art\tlabel\tlabels\t"));
}

TEST(Record, WritesNullForALogitThatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(line(binary(), {infinity}, RecordFormat::kJsonl),
            "{\"label\":\"good\",\"probability\":1.0,\"logit\":null}\n");
}

TEST(Record, StaysValidJsonForLabelsThatAreNotUtf8) {
  const Named odd({TaskConfig::Kind::kBinary, {"\xFF", "good"}}, {0.5});
  EXPECT_THAT(line(odd, {0}, RecordFormat::kJsonl), StartsWith("{\"label\":\"\xEF\xBF\xBD\","));
}

TEST(LabelsJson, ReadsBackWhatItWrites) {
  const Labels labels{TaskConfig::Kind::kMultiLabel, {"a", "b"}};
  EXPECT_EQ(to_json(labels).dump(), R"({"kind":"multi_label","names":["a","b"]})");
  const Labels again = labels_from_json(to_json(labels));
  EXPECT_EQ(again.kind, labels.kind);
  EXPECT_EQ(again.names, labels.names);
  EXPECT_EQ(labels_from_json({{"kind", "binary"}, {"names", {"a", "b"}}}).kind, TaskConfig::Kind::kBinary);
}

TEST(LabelsJson, RefusesNumbersOfNamesThatATaskCannotHave) {
  for (const char* text :
       {R"({"kind":"binary","names":[]})", R"({"kind":"binary","names":["n"]})",
        R"({"kind":"binary","names":["a","b","c"]})", R"({"kind":"multi_label","names":[]})"})
    EXPECT_THROW(labels_from_json(nlohmann::ordered_json::parse(text)), ArtifactError) << text;
}

}  // namespace
}  // namespace bernoulli
