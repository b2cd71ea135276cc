#include "config/json_schema.h"

#include <fstream>
#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"

namespace bernoulli::config {
namespace {

using ::testing::ElementsAre;

struct Case {
  std::string verdict;
  std::string title;
  std::string yaml;
};

/// The cases of config_cases.txt, with the required sections that a case leaves out.
std::vector<Case> read_cases() {
  std::ifstream file(std::string(BERNOULLI_TEST_SOURCE_DIR) + "/golden/config_cases.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      const size_t colon = line.find(": ");
      cases.push_back({line.substr(4, colon - 4), line.substr(colon + 2), ""});
    } else if (!cases.empty()) {
      cases.back().yaml += line + "\n";
    }
  }
  const std::pair<const char*, const char*> required[] = {
      {"data:", kData}, {"task:", kTask}, {"model:", kModel}, {"training:", kTraining}};
  for (Case& one : cases) {
    const std::string lines = fmt::format("\n{}", one.yaml);
    for (const auto& [section, standard] : required) {
      if (lines.find(fmt::format("\n{}", section)) == std::string::npos) one.yaml += standard;
    }
  }
  return cases;
}

TEST(ConfigCases, TheLoaderJudgesThemAsExpected) {
  const std::vector<Case> cases = read_cases();
  ASSERT_EQ(cases.size(), 136u);
  for (const Case& one : cases) {
    const std::string faults = faults_of(one.yaml);
    EXPECT_EQ(faults == "no fault", one.verdict == "valid") << one.title << ": " << faults;
  }
}

TEST(JsonSchema, DescribesSectionsAndDefaults) {
  const Json schema = json_schema(some_layers());
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["additionalProperties"], false);
  std::vector<std::string> sections;
  for (const auto& [key, value] : schema["properties"].items()) sections.push_back(key);
  EXPECT_THAT(sections, ElementsAre("base", "name", "data", "task", "text", "model", "loss", "optimizer",
                                    "training", "metrics", "export", "stability"));
  const Json& batch_size = schema.at(Json::json_pointer("/properties/training/properties/batch_size"));
  EXPECT_EQ(batch_size, (Json{{"type", "integer"},
                              {"minimum", 1},
                              {"maximum", 1000000000},
                              {"description", "examples a batch"},
                              {"default", 32}}));
  const Json& adam_lr =
      schema.at(Json::json_pointer("/properties/optimizer/anyOf/0/properties/adam/anyOf/0/properties/lr"));
  EXPECT_EQ(adam_lr["exclusiveMinimum"], 0.0);
  EXPECT_EQ(adam_lr["default"], 1e-3);
}

TEST(JsonSchema, NoObjectTakesUnknownKeys) {
  int objects = 0;
  const std::function<void(const Json&)> visit = [&](const Json& node) {
    if (node.is_object() && node.value("type", Json()) == "object" && node.contains("properties")) {
      ++objects;
      EXPECT_EQ(node.value("additionalProperties", Json()), false) << node.dump();
    }
    for (const Json& child : node) {
      if (child.is_structured()) visit(child);
    }
  };
  visit(json_schema(some_layers()));
  EXPECT_GT(objects, 40);
}

}  // namespace
}  // namespace bernoulli::config
