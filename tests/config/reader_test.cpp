#include "config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/bind.h"
#include "config/config_fixture.h"

namespace bernoulli::config {
namespace {

using ::testing::HasSubstr;

std::string failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const InternalError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kInternal);
    return error.what();
  }
  return "no failure";
}

TEST(Reader, NamesTheKeysThatNobodyRead) {
  const Json map{{"a", 1}, {"b", 2}, {"c", 3}};
  Reader reader(map, "x");
  EXPECT_EQ(reader.integer("b"), 2);
  EXPECT_EQ(failure([&] { reader.finish(); }),
            "configuration: the schema declares x.a and x.c, but nothing reads it");
  reader.raw("a");
  reader.raw("c");
  EXPECT_EQ(failure([&] { reader.finish(); }), "no failure");
}

TEST(Reader, RefusesKeysAndTypesThatTheSchemaDoesNotHave) {
  const Json map{{"a", "text"}, {"none", nullptr}};
  Reader reader(map, "x");
  EXPECT_EQ(failure([&] { reader.integer("b"); }),
            "configuration: cannot read 'x.b': the schema declares no such key");
  EXPECT_THAT(failure([&] { reader.integer("a"); }), HasSubstr("configuration: cannot read 'x.a': "));
  EXPECT_EQ(reader.optional_integer("none"), std::nullopt);
  EXPECT_EQ(reader.optional_text("none"), "");
  EXPECT_THAT(failure([&] { reader.map("a"); }), HasSubstr("'x.a' is not a map"));
}

TEST(ReadThreshold, GivesWhatWasBoundWithDefaultsForKeysThatAreNew) {
  for (const char* setting :
       {"0.25", "[0.25, 0.5]", "{fixed: {value: {\"a: b\": 0.25}}}", "max_f1", "max_f_beta",
        "{precision_at_recall: 0.9}", "{recall_at_precision: {precision: 0.9, confidence: 0.95}}"}) {
    const MetricsConfig metrics = load_text(std::string(kData) + kModel + kTraining +
                                            "task: {kind: multi_label, labels: [\"a: b\", c]}\n" +
                                            "metrics: {f_beta: 3, threshold: " + setting + "}\n")
                                      .run.metrics;
    const ThresholdConfig again = read_threshold(metrics.threshold.setting, metrics.f_beta);
    EXPECT_EQ(again.setting.dump(), metrics.threshold.setting.dump());
    EXPECT_EQ(again.method, metrics.threshold.method) << setting;
    EXPECT_EQ(again.value, metrics.threshold.value) << setting;
    EXPECT_EQ(again.confidence, metrics.threshold.confidence) << setting;
    EXPECT_EQ(again.min_positives, metrics.threshold.min_positives) << setting;
    EXPECT_EQ(again.beta, metrics.threshold.beta) << setting;
    EXPECT_EQ(again.values, metrics.threshold.values) << setting;
    EXPECT_EQ(again.value_of.size(), metrics.threshold.value_of.size()) << setting;
  }
  EXPECT_EQ(read_threshold(Json::parse(R"({"recall_at_precision": {"precision": 0.9}})"), 2).confidence,
            std::nullopt);
  EXPECT_EQ(read_threshold(Json::parse(R"({"max_f1": {}})"), 2).min_positives, 0);
}

TEST(ReadThreshold, RefusesWhatTheSchemaDoesNotTake) {
  for (const char* setting :
       {"null", "7", "\"max_f2\"", "{}", "[]", R"({"max_f1": {"min_positives": 1e300}})", R"({"max_f1": 3})",
        R"({"fixed": {"value": 2}})", R"({"fixed": {"value": 0.5}, "max_f1": {}})", R"({"fixed": {"v": 1}})"})
    EXPECT_THROW(read_threshold(Json::parse(setting), 2), ConfigError) << setting;
}

TEST(Bind, ASettingThatNothingReadsIsABug) {
  const LoadedConfig loaded = load_text(minimal());
  EXPECT_EQ(failure([&] { bind_config(loaded.resolved, {}); }), "no failure");
  for (const char* section : {"data", "task", "text", "model", "loss", "optimizer", "training", "metrics"}) {
    Json changed = loaded.resolved;
    changed[section]["forgotten"] = 1;
    EXPECT_THAT(failure([&] { bind_config(changed, {}); }),
                HasSubstr(std::string(section) + ".forgotten, but nothing reads it"));
  }
  for (const char* path : {"/data/train", "/data/validation", "/data/columns", "/text/vocabulary",
                           "/training/monitor", "/metrics/threshold/fixed"}) {
    Json changed = loaded.resolved;
    changed[Json::json_pointer(path)]["forgotten"] = 1;
    EXPECT_THAT(failure([&] { bind_config(changed, {}); }), HasSubstr("forgotten, but nothing reads it"))
        << path;
  }
  Json changed = loaded.resolved;
  changed["forgotten"] = 1;
  EXPECT_THAT(failure([&] { bind_config(changed, {}); }), HasSubstr("the schema declares forgotten"));
}

}  // namespace
}  // namespace bernoulli::config
