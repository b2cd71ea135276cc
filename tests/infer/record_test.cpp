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

std::string line(const Classifier& classifier, const std::vector<float>& logits, RecordFormat format) {
  return format_record(prediction_record(classifier, logits), format);
}

TEST(Record, OfABinaryTaskHasLabelProbabilityAndLogit) {
  EXPECT_EQ(line(binary(), {0}, RecordFormat::kJsonl),
            "{\"label\":\"bad\",\"probability\":0.5,\"logit\":0.0}\n")
      << "a probability equal to the threshold is negative";
  const auto record = prediction_record(binary(), std::vector<float>{2});
  EXPECT_EQ(record["label"], "good");
  EXPECT_NEAR(record["probability"].get<double>(), 0.88079707797788243, 1e-7);
  EXPECT_EQ(record["logit"], 2.0);
  EXPECT_EQ(prediction_record(binary(0.9), std::vector<float>{2})["label"], "bad");
}

TEST(Record, OfAMultiLabelTaskHasEveryLabelsNumbers) {
  EXPECT_EQ(prediction_record(multi_label(), std::vector<float>{0.25f, 0, 0})["labels"].dump(),
            "[\"news\",\"art\"]");
  const auto record = prediction_record(multi_label(), std::vector<float>{0, 0, 0});
  EXPECT_EQ(record.dump(),
            "{\"labels\":[\"art\"],\"probabilities\":{\"news\":0.5,\"sport\":0.5,\"art\":0.5},"
            "\"logits\":{\"news\":0.0,\"sport\":0.0,\"art\":0.0}}");
  EXPECT_EQ(prediction_record(multi_label(), std::vector<float>{-9, -9, -9})["labels"].dump(), "[]");
}

TEST(Record, OfAKnownExampleHasItsOriginAndTarget) {
  const Dataset one{{"a", "b"}, {1, 0}, {}, {"r.csv:2", "r.csv:3"}, {}, {}, 1, nullptr};
  EXPECT_EQ(answer_record(binary(), one, 0, std::vector<float>{0}).dump(),
            R"({"origin":"r.csv:2","target":"good","label":"bad","probability":0.5,"logit":0.0})");
  EXPECT_EQ(answer_record(binary(), one, 1, std::vector<float>{0})["target"], "bad");
  const Dataset several{{"a", "b"}, {0, 0, 0, 1, 0, 1}, {1, 0.5f}, {"r.csv:2", "r.csv:3"}, {}, {}, 3,
                        nullptr};
  const auto record = answer_record(multi_label(), several, 1, std::vector<float>{2, 0, 0});
  EXPECT_EQ(record["targets"].dump(), R"(["news","art"])");
  EXPECT_EQ(record["weight"], 0.5);
  EXPECT_EQ(record["labels"].dump(), R"(["news","art"])");
  EXPECT_EQ(answer_record(multi_label(), several, 0, std::vector<float>{0, 0, 0})["targets"].dump(), "[]");
}

/// What serve writes and what predict prints: 500 texts of each kind, numbers that are none among them.
TEST(RecordWriter, WritesTheBytesOfTheRecords) {
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
        EXPECT_EQ(written + "\n", "before" + format_record(prediction_record(*classifier, logits, options),
                                                           RecordFormat::kJsonl));
      }
    }
  }
}

TEST(Record, HasTheMostProbableLabelsFirst) {
  const std::vector<float> logits = {0, 2, 0};
  const RecordOptions two{.rule = {}, .top = 2};
  const auto record = prediction_record(multi_label(), logits, two);
  EXPECT_EQ(record["labels"].dump(), "[\"art\"]") << "as decided, whatever is shown: sport needs .9";
  ASSERT_EQ(record["top"].size(), 2u);
  EXPECT_EQ(record["top"][0]["label"], "sport");
  EXPECT_NEAR(record["top"][0]["probability"].get<double>(), 0.88079707797788243, 1e-7);
  EXPECT_EQ(record["top"][0]["logit"], 2.0);
  EXPECT_EQ(record["top"][1]["label"], "news") << "equal ones in the order of the labels";
  EXPECT_FALSE(record.contains("probabilities"));
  EXPECT_EQ(tsv_header(multi_label(), {}, two),
            "labels\tlabel 1\tprobability 1\tlogit 1\tlabel 2\tprobability 2\tlogit 2\n");
  EXPECT_EQ(
      format_record(prediction_record(multi_label(), std::vector<float>{-1, 0, -1}, {.rule = {}, .top = 1}),
                    RecordFormat::kTsv),
      "art\tsport\t0.5\t0.0\n");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(prediction_record(multi_label(), std::vector<float>{nan, -5, -9}, two)["top"][0]["label"],
            "sport");
}

TEST(Record, TakesAnotherThreshold) {
  const std::vector<float> logits = {0.5f, 0.5f, 0.5f};  // .62
  EXPECT_EQ(prediction_record(multi_label(), logits, {.rule = DecisionRule{0.6}, .top = {}})["labels"].dump(),
            R"(["news","sport","art"])");
  EXPECT_EQ(prediction_record(multi_label(), logits, {.rule = DecisionRule{0.7}, .top = {}})["labels"].dump(),
            "[]");
  EXPECT_EQ(prediction_record(multi_label(), std::vector<float>{-3, -1, -2},
                              {.rule = DecisionRule::highest(), .top = {}})["labels"]
                .dump(),
            R"(["sport"])");
  EXPECT_EQ(
      prediction_record(binary(), std::vector<float>{0.5f}, {.rule = DecisionRule{0.7}, .top = {}})["label"],
      "bad");
  EXPECT_EQ(prediction_record(binary(0.9), std::vector<float>{0.5f},
                              {.rule = DecisionRule{0.6}, .top = {}})["label"],
            "good");
}

TEST(Record, TabSeparatedLinesFitTheirHeader) {
  EXPECT_EQ(tsv_header(binary()), "label\tprobability\tlogit\n");
  EXPECT_EQ(line(binary(), {0}, RecordFormat::kTsv), "bad\t0.5\t0.0\n");
  EXPECT_EQ(
      tsv_header(multi_label()),
      "labels\tprobability news\tprobability sport\tprobability art\tlogit news\tlogit sport\tlogit art\n");
  EXPECT_EQ(line(multi_label(), {0, 0, 0}, RecordFormat::kTsv), "art\t0.5\t0.5\t0.5\t0.0\t0.0\t0.0\n");
  EXPECT_THAT(line(multi_label(), {-9, -9, -9}, RecordFormat::kTsv), StartsWith("\t"));
}

TEST(Record, KeepsTabsAndLineEndsOfLabelsOutOfTheColumns) {
  const Named odd({TaskConfig::Kind::kMultiLabel, {"a\tb", "c\nd"}}, {0.5, 0.5});
  EXPECT_EQ(tsv_header(odd),
            "labels\tprobability a\\x09b\tprobability c\\x0ad\tlogit a\\x09b\tlogit c\\x0ad\n");
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
  const auto record = prediction_record(binary(), std::vector<float>{0});
  EXPECT_EQ(format_record(record, RecordFormat::kJsonl, keep, kept),
            "{\"input\":{\"id\":12345678901234567890123,\"label\":\"x\\t\\\"y\\\"\\n\xEF\xBF\xBD\","
            "\"a\\\"b\\tc\":[1,\"\\n\"]},\"label\":\"bad\",\"probability\":0.5,\"logit\":0.0}\n");
  EXPECT_EQ(format_record(record, RecordFormat::kTsv, keep, kept),
            "12345678901234567890123\tx\\x09\"y\"\\x0a\\xff\t[1,\"\\x5cn\"]\tbad\t0.5\t0.0\n");
  EXPECT_EQ(tsv_header(binary(), keep), "id\tinput label\ta\"b\\x09c\tlabel\tprobability\tlogit\n");
  EXPECT_THAT(tsv_header(multi_label(), std::vector<std::string>{"logit art", "label"}),
              StartsWith("input logit art\tlabel\tlabels\t"));
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
