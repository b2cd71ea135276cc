#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "layers/layer_kind.h"

namespace bernoulli::config {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kProject = fs::path(BERNOULLI_TEST_SOURCE_DIR).parent_path();

std::string content(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> config_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kProject / "configs")) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

LoadedConfig load_named(const std::string& name) {
  return load_config({{kProject / "configs" / name}, {}}, layers::layer_schemas());
}

TEST(Configs, AreTheseTen) {
  EXPECT_THAT(config_names(),
              ElementsAre("imdb_bigrams.yaml", "imdb_bigrams_nb.yaml", "imdb_cnn.yaml", "imdb_lstm.yaml",
                          "imdb_textcnn.yaml", "imdb_tutorial.yaml", "imdb_unigram.yaml", "multi_label.yaml",
                          "quickstart.yaml", "weighted_csv.yaml"));
}

TEST(Configs, LoadAndLoadAgainFromTheirResolvedForm) {
  for (const std::string& name : config_names()) {
    const LoadedConfig loaded = load_named(name);
    const LoadedConfig again = load_config_text(loaded.run.resolved_yaml, name, layers::layer_schemas());
    EXPECT_EQ(again.resolved, loaded.resolved) << name;
  }
}

TEST(Configs, SayWhatTheyAreAndHowTheyAreRun) {
  const std::string readme = content(kProject / "configs" / "README.md");
  for (const std::string& name : config_names()) {
    const std::string text = content(kProject / "configs" / name);
    EXPECT_EQ(text.substr(0, 2), "# ") << name;
    EXPECT_THAT(text, HasSubstr("\n# Data:    "));
    EXPECT_THAT(text, HasSubstr("\n# Train:   bernoulli train configs/" + name));
    EXPECT_THAT(readme, HasSubstr("[" + name + "](" + name + ")"));
  }
}

TEST(Configs, TheTutorialIsTheTutorials) {
  const RunConfig run = load_named("imdb_tutorial.yaml").run;
  EXPECT_EQ(run.data.validation.split->method, "keras");
  EXPECT_EQ(run.data.validation.split->seed, 42);
  EXPECT_EQ(run.text.max_tokens, 10000);
  EXPECT_EQ(run.text.sequence_length, 250);
  ASSERT_EQ(run.text.standardize.size(), 3);
  EXPECT_EQ(run.text.standardize[1].args, (Json{{"from", "<br />"}, {"to", " "}}));
  EXPECT_EQ(run.optimizer.kind.args["eps"], 1e-7);
  EXPECT_EQ(run.training.epochs, 10);
  EXPECT_EQ(run.training.batch_size, 32);
}

TEST(Configs, TheBigramsDropTheTutorialsFixedLength) {
  const RunConfig run = load_named("imdb_bigrams.yaml").run;
  EXPECT_FALSE(run.text.sequence_length);
  EXPECT_THAT(run.text.ngrams, ElementsAre(1, 2));
  EXPECT_THAT(run.data.train.paths, ElementsAre("aclImdb/train"));
  EXPECT_EQ(run.optimizer.kind.args["eps"], 1e-7) << "what is not written again stays";
}

}  // namespace
}  // namespace bernoulli::config
