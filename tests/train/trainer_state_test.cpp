#include "train/trainer_state.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bernoulli {
namespace {

/// The members of ThresholdConfig, and what metrics.threshold resolves to.
TEST(TrainerState, ReadsTheThresholdsOfEarlierPrograms) {
  const auto setting_of = [](const std::string& members) {
    auto json = to_json(TrainerState{});
    json["threshold"] = nlohmann::ordered_json::parse(
        R"({"method": "fixed", "value": 0.5, "confidence": null, "min_positives": 0, "beta": 1.0, "values": [],
            "value_of": []})");
    json["threshold"].update(nlohmann::ordered_json::parse(members));
    return to_json(trainer_state_from_json(json, 2.0)).at("threshold").dump();
  };
  EXPECT_EQ(setting_of(R"({"value": 0.25})"), R"({"fixed":{"value":0.25}})");
  EXPECT_EQ(setting_of(R"({"values": [0.25, 0.75]})"), R"({"fixed":{"value":[0.25,0.75]}})");
  EXPECT_EQ(setting_of(R"({"value_of": [["b", 0.25], ["a", 0.75]]})"),
            R"({"fixed":{"value":{"b":0.25,"a":0.75}}})");
  EXPECT_EQ(setting_of(R"({"method": "max_f1", "min_positives": 3})"), R"({"max_f1":{"min_positives":3}})");
  EXPECT_EQ(setting_of(R"({"method": "max_f_beta", "beta": 2.0})"), R"({"max_f_beta":{"min_positives":0}})");
  EXPECT_EQ(setting_of(R"({"method": "precision_at_recall", "value": 0.9})"),
            R"({"precision_at_recall":{"recall":0.9}})");
  EXPECT_EQ(setting_of(R"({"method": "recall_at_precision", "value": 0.9, "confidence": 0.95})"),
            R"({"recall_at_precision":{"precision":0.9,"confidence":0.95}})");
}

}  // namespace
}  // namespace bernoulli
