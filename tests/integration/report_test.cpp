// `bernoulli report` as its users call it, and the page that train leaves.

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kReportConfig = R"(
data:
  train: {path: data.csv}
  validation: {from: train, fraction: 0.2, method: stratified, seed: 3}
  test: {from: train, fraction: 0.3, method: stratified, seed: 3}
task: {kind: binary, positive: good}
model:
  layers: [{embedding: 8}, {mean_pool: {padding: exclude}}, {linear: 1}]
optimizer: {adam: {lr: 0.05}}
training: {epochs: 4, batch_size: 8, seed: 5}
)";

class Report : public ::testing::Test {
 protected:
  Report() {
    std::string csv = "text,label\n";
    for (int i = 0; i < 100; ++i) {
      const bool good = i % 2 == 0, mistaken = i % 10 == 3;
      csv += std::string(good != mistaken ? "a fine <b>film</b> \xff " : "a dull film ") + std::to_string(i) +
             "," + (good ? "good" : "bad") + "\n";
    }
    folder_.write("data.csv", csv);
    folder_.write("config.yaml", kReportConfig);
  }

  ProgramResult run(std::vector<std::string> rest) const {
    rest.insert(rest.begin(), BERNOULLI_PROGRAM);
    return run_program(std::move(rest));
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void train(const std::string& run_dir, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "train",     path("config.yaml"), "--set",    "data.root=" + folder_.path().string(),
        "--run-dir", path(run_dir),       "--device", "cpu"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult trained = run(words);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

// Without LibTorch the last bits of a logit are others, and so may be a pixel of a curve.
TEST_F(Report, IsWrittenByTrainAndMadeAgainAnyTime) {
  train("run");
  const std::string page = folder_.read("run/report.html");
  EXPECT_THAT(page, HasSubstr("On 30 test examples, at threshold 0.5:"));
  EXPECT_THAT(page, HasSubstr("<h2>Worst errors</h2>"));
  EXPECT_THAT(page, HasSubstr("a fine &lt;b&gt;film&lt;/b&gt; \\xff "));
  EXPECT_THAT(page, Not(HasSubstr("<b>film")));
  fs::remove(folder_ / "run/report.html");
  const ProgramResult made = run({"report", path("run")});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out, "page        " + path("run/report.html") + "\n");
  EXPECT_EQ(made.err, "");
  const std::string remade = folder_.read("run/report.html");
  EXPECT_EQ(remade.substr(0, remade.find("<h2>Answers</h2>")), page.substr(0, page.find("<h2>Answers</h2>")));
  EXPECT_EQ(remade.substr(remade.find("<h2>All metrics</h2>")),
            page.substr(page.find("<h2>All metrics</h2>")));
  ASSERT_EQ(run({"report", path("run"), "--output", path("again.html")}).exit_code, 0);
  EXPECT_EQ(folder_.read("again.html"), remade);
}

TEST_F(Report, WithoutTheDataSaysWhyAndTakesThemFromElsewhere) {
  train("run");
  fs::create_directory(folder_ / "moved");
  fs::rename(folder_ / "data.csv", folder_ / "moved/data.csv");
  const ProgramResult without = run({"report", path("run"), "--output", path("without.html")});
  ASSERT_EQ(without.exit_code, 0) << without.err;
  EXPECT_THAT(without.err, HasSubstr("warning: '" + path("run") + "': no curves and errors: "));
  EXPECT_THAT(folder_.read("without.html"), HasSubstr("No confusion counts, curves and errors: "));
  EXPECT_THAT(folder_.read("without.html"), HasSubstr("On 30 test examples, at threshold 0.5:"));
  const std::string page = folder_.read("run/report.html");
  const ProgramResult refused = run({"report", path("run")});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("stays as it is, for the new page would have no curves and errors"));
  EXPECT_EQ(folder_.read("run/report.html"), page);
  const ProgramResult moved =
      run({"report", path("run"), "--output", path("moved.html"), "--set", "data.root=" + path("moved")});
  ASSERT_EQ(moved.exit_code, 0) << moved.err;
  EXPECT_THAT(folder_.read("moved.html"), HasSubstr("<h2>Worst errors</h2>"));

  folder_.write("moved/data.csv", folder_.read("moved/data.csv") + "another,good\n");
  const ProgramResult other =
      run({"report", path("run"), "--output", path("other.html"), "--set", "data.root=" + path("moved")});
  ASSERT_EQ(other.exit_code, 0) << other.err;
  EXPECT_THAT(folder_.read("other.html"), HasSubstr("the test data are not those of the training"));
}

TEST_F(Report, DoesNotReplaceWhatTheRunIsMadeOf) {
  train("run");
  const std::string data = folder_.read("data.csv"), model = folder_.read("run/model.pt");
  for (const char* own :
       {"config.yaml", "summary.json", "checkpoints/page.html", "model.pt", ".lock", "../data.csv"}) {
    const std::string before = folder_.read("run/config.yaml");
    const ProgramResult refused = run({"report", path("run"), "--output", path("run/") + own});
    EXPECT_EQ(refused.exit_code, 2) << own;
    EXPECT_THAT(refused.err, HasSubstr("the run itself needs that file")) << own;
    EXPECT_EQ(run({"export", path("run"), "--format", "onnx", "--output", path("run/") + own}).exit_code, 2);
    EXPECT_EQ(folder_.read("run/config.yaml"), before);
  }
  EXPECT_EQ(folder_.read("data.csv"), data);
  EXPECT_EQ(folder_.read("run/model.pt"), model);
}

TEST_F(Report, OfAnUnfinishedRunIsMarked) {
  train("run");
  fs::remove(folder_ / "run/summary.json");
  ASSERT_EQ(run({"report", path("run")}).exit_code, 0);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("This training is not finished"));
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("On 30 test examples, at threshold 0.5:"));
  fs::remove_all(folder_ / "run/checkpoints");
  ASSERT_EQ(run({"report", path("run")}).exit_code, 4) << "the page with answers stays";
  fs::remove(folder_ / "run/report.html");
  ASSERT_EQ(run({"report", path("run")}).exit_code, 0);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("has no checkpoint yet"));
  for (const char* name : {"data.json", "environment.json", "metrics.jsonl"})
    fs::remove(folder_ / "run" / name);
  const ProgramResult bare = run({"report", path("run")});
  ASSERT_EQ(bare.exit_code, 0) << bare.err;
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("No epoch has ended yet"));
}

TEST_F(Report, OfAnUnfinishedRunStaysWhereTheNewPageWouldBePoorer) {
  train("run");
  fs::remove(folder_ / "run/summary.json");
  ASSERT_EQ(run({"report", path("run")}).exit_code, 0);
  const std::string page = folder_.read("run/report.html");
  fs::rename(folder_ / "data.csv", folder_ / "elsewhere.csv");
  const ProgramResult refused = run({"report", path("run")});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("stays as it is, for the new page would have no curves and errors"));
  EXPECT_EQ(folder_.read("run/report.html"), page);

  fs::remove(folder_ / "run/report.html");
  ASSERT_EQ(run({"report", path("run")}).exit_code, 0);
  ASSERT_EQ(run({"report", path("run")}).exit_code, 0) << "a page without answers has nothing to lose";
  fs::rename(folder_ / "elsewhere.csv", folder_ / "data.csv");
  ASSERT_EQ(run({"report", path("run")}).exit_code, 0);
  EXPECT_EQ(folder_.read("run/report.html"), page);
}

TEST_F(Report, OfARunWithoutHeldOutDataHasItsCurves) {
  folder_.write("config.yaml", R"(
data: {train: {path: data.csv}}
task: {kind: binary, positive: good}
model: {layers: [{embedding: 8}, mean_pool, {linear: 1}]}
training: {epochs: 2}
)");
  train("run");
  const std::string page = folder_.read("run/report.html");
  EXPECT_THAT(page,
              HasSubstr("There are no final figures: the configuration has no validation or test data."));
  ASSERT_EQ(run({"report", path("run"), "--output", path("again.html")}).exit_code, 0);
  EXPECT_EQ(folder_.read("again.html"), page);
}

TEST_F(Report, OfSeveralRunsTestsThemOnTheSameExamples) {
  train("a");
  train("b", {"--set", "training.seed=6", "--set", "loss.mode=sigmoid_bce"});
  train("c", {"--set", "data.test.seed=4"});
  const ProgramResult made =
      run({"report", path("a"), path("b"), path("c"), "--output", path("all.html"), "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto json = nlohmann::json::parse(made.out);
  EXPECT_EQ(json["page"], path("all.html"));
  EXPECT_EQ(json["runs"][1]["run"], path("b"));
  EXPECT_EQ(json["runs"][0]["test"], nlohmann::json::parse(folder_.read("a/summary.json"))["test"]);
  EXPECT_EQ(json["against_first"][0]["num_examples"], 30);
  EXPECT_TRUE(json["against_first"][0].contains("mcnemar_p"));
  EXPECT_THAT(json["against_first"][1]["not_compared_because"],
              HasSubstr("not evaluated on the same examples"));
  const std::string page = folder_.read("all.html");
  EXPECT_THAT(page, HasSubstr("3 runs side by side"));
  EXPECT_THAT(page, HasSubstr("<code>training.seed</code>"));
  EXPECT_THAT(page, HasSubstr("<code>data.test.seed</code>"));
  const ProgramResult again =
      run({"report", path("a"), path("b"), path("c"), "--output", path("again.html")});
  EXPECT_THAT(again.out, HasSubstr(path("b") + " against " + path("a") + ", 30 test examples: right "));
  EXPECT_EQ(folder_.read("again.html"), page);
}

TEST_F(Report, OfRunsWithOtherWeightsTestsEachExampleOnce) {
  std::string csv = "text,label,one,two\n";
  for (int i = 0; i < 100; ++i) {
    const bool good = i % 2 == 0, mistaken = i % 10 == 3;
    csv += std::string(good != mistaken ? "fine " : "dull ") + std::to_string(i) + "," +
           (good ? "good" : "bad") + "," + std::to_string(1 + i % 3) + "," + std::to_string(1 + i % 4) + "\n";
  }
  folder_.write("data.csv", csv);
  train("a", {"--set", "data.columns.weight=one"});
  train("b", {"--set", "data.columns.weight=two"});
  train("c");
  const ProgramResult made =
      run({"report", path("a"), path("b"), path("c"), "--output", path("all.html"), "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto json = nlohmann::json::parse(made.out);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(json["against_first"][i]["num_examples"], 30) << made.out;
    EXPECT_EQ(json["against_first"][i]["weights_differ"], true);
  }
  EXPECT_THAT(folder_.read("all.html"), HasSubstr("<th>accuracy, unweighted</th>"));
}

TEST_F(Report, RefusesWhatItCannotRead) {
  train("run");
  EXPECT_EQ(run({"report", path("nothing")}).exit_code, 4);
  EXPECT_EQ(run({"report", path("run/model.pt")}).exit_code, 4);
  EXPECT_EQ(run({"report", path("run"), "--output", path("no/such/page.html")}).exit_code, 5);
  const auto broken = [&](const std::string& name, const std::string& content) {
    const std::string before = folder_.read("run/" + name);
    folder_.write("run/" + name, content);
    const ProgramResult result = run({"report", path("run")});
    folder_.write("run/" + name, before);
    return result;
  };
  for (const char* name : {"summary.json", "data.json", "environment.json"}) {
    const ProgramResult refused = broken(name, "{\"a\": ");
    EXPECT_EQ(refused.exit_code, 4) << name;
    EXPECT_THAT(refused.err, HasSubstr(name));
  }
  for (const char* name : {"summary.json", "data.json"}) {
    const ProgramResult refused = broken(name, "{\"a\": 1}");
    EXPECT_EQ(refused.exit_code, 4) << name << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("run '" + path("run") + "' is damaged"));
  }
  const ProgramResult config = broken("config.yaml", "task: 3\n");
  EXPECT_EQ(config.exit_code, 4);
  EXPECT_THAT(config.err, HasSubstr("has a configuration that does not load"));
}

}  // namespace
}  // namespace bernoulli::testing
