// `bernoulli export` as its users call it, and what reads its files.

#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndExport : public EndToEnd {};

TEST_F(EndToEndExport, ExportWritesTheSameModelAgain) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const ProgramResult exported =
      run({"export", (folder_ / "run").string(), "--output", (folder_ / "copy.pt").string()});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const ProgramResult odd = run(
      {"export", (folder_ / "run").string(), "--json", "--output", (folder_ / "odd\xff\x1b.pt").string()});
  EXPECT_EQ(odd.exit_code, 0) << odd.err;
  EXPECT_EQ(Json::parse(odd.out)["file"], "odd\xEF\xBF\xBD\x1b.pt");
  const std::vector<std::string> question = {"--text", "a fine film", "--text", "dull"};
  const ProgramResult a = run(
      {"predict", (folder_ / "run/model.pt").string(), question[0], question[1], question[2], question[3]});
  const ProgramResult b =
      run({"predict", (folder_ / "copy.pt").string(), question[0], question[1], question[2], question[3]});
  EXPECT_EQ(a.out, b.out);
  EXPECT_EQ(b.exit_code, 0) << b.err;

  EXPECT_THAT(exported.err, Not(HasSubstr("not those of the training")));
  folder_.write("data.csv", folder_.read("data.csv") + "one more,good\n");
  const ProgramResult changed =
      run({"export", (folder_ / "run").string(), "--output", (folder_ / "copy.pt").string()});
  EXPECT_EQ(changed.exit_code, 0);
  EXPECT_THAT(changed.err, HasSubstr("data are not those of the training"));
}

TEST_F(EndToEndExport, ExportWritesTheOtherFormatsIntoTheRunFolder) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  for (const auto& [format, name] : std::vector<std::pair<std::string, std::string>>{
           {"onnx", "model.onnx"}, {"triton", "triton"}, {"safetensors", "model.safetensors"}}) {
    const ProgramResult exported = run({"export", (folder_ / "run").string(), "--format", format, "--json"});
    ASSERT_EQ(exported.exit_code, 0) << format << exported.err;
    const Json report = Json::parse(exported.out);
    EXPECT_EQ(report["file"], name);
    EXPECT_TRUE(fs::exists(folder_ / report["path"].get<std::string>())) << report;
    EXPECT_EQ(report["verified_texts"], 20) << format;
    EXPECT_EQ(report["verified_split"], "test") << format;
    EXPECT_LE(report["max_difference"], 1e-6) << format;
    EXPECT_GT(report["size_bytes"], 0) << format;
    EXPECT_TRUE(fs::exists(folder_ / ("run/" + name)));
  }
}

TEST_F(EndToEndExport, ExportOfACompactFormTellsWhatItChanges) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string small = (folder_ / "small.pt").string();
  const ProgramResult exported =
      run({"export", (folder_ / "run").string(), "--fold", "--weights", "int8", "--output", small, "--json"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const Json report = Json::parse(exported.out), table = report["table"], change = table["change"];
  EXPECT_EQ(report["max_difference"], 0);
  EXPECT_EQ(table["weights"], "int8");
  EXPECT_EQ(table["fold"], true);
  EXPECT_EQ(table["columns"], 1);
  EXPECT_EQ(change["texts"], 20);
  EXPECT_EQ(change["split"], "test");
  EXPECT_LE(change["changed_texts"], 20);
  EXPECT_GE(change["max_difference"], change["mean_difference"]);
  EXPECT_TRUE(change["metrics"]["accuracy"]["before"].is_number());
  EXPECT_LT(fs::file_size(small), fs::file_size(folder_ / "run/model.pt"));
  const ProgramResult answers = run({"predict", small, "--text", "a fine film"});
  EXPECT_EQ(answers.exit_code, 0) << answers.err;
  EXPECT_THAT(answers.err, HasSubstr("engine: native"));
  EXPECT_EQ(run({"evaluate", small, "--data", (folder_ / "data.csv").string()}).exit_code, 0);
  const ProgramResult text =
      run({"export", (folder_ / "run").string(), "--weights", "float16", "--output", small});
  EXPECT_THAT(text.out, HasSubstr("table       float16, "));
  EXPECT_THAT(text.out, HasSubstr("on 20 test texts: 0 decisions changed"));
}

TEST_F(EndToEndExport, ExportOfUsedBucketsNeedsTheTextsThatUsedThem) {
  ASSERT_EQ(run(train_words("run", {"--set", "text={hashing: 500}"})).exit_code, 0);
  const std::string small = (folder_ / "small.pt").string();
  const auto export_used = [&] {
    return run({"export", (folder_ / "run").string(), "--buckets", "used", "--output", small});
  };
  ASSERT_EQ(export_used().exit_code, 0);
  fs::remove(small);
  folder_.write("data.csv", folder_.read("data.csv") + "a lovely film,good\n");
  const ProgramResult refused = export_used();
  EXPECT_EQ(refused.exit_code, 3) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("so nobody knows which buckets were used: restore them, or export all"));
  EXPECT_FALSE(fs::exists(small));
}

/// The threshold is the probability of a text, which is not above it, and which int8 makes larger.
TEST_F(EndToEndExport, ExportRefusesMoreChangedDecisionsThanAreAllowed) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string run_dir = (folder_ / "run").string(), small = (folder_ / "small.pt").string();
  const auto export_int8 = [&](const std::string& share) {
    return run({"export", run_dir, "--weights", "int8", "--max-changed", share, "--output", small});
  };
  const auto answers_of = [&](const std::string& model) {
    const std::string data = (folder_ / "data.csv").string(), file = (folder_ / "answers.jsonl").string();
    fs::remove(file);
    EXPECT_EQ(run({"evaluate", model, "--data", data, "--answers", file}).exit_code, 0);
    std::vector<Json> answers;
    std::istringstream lines(folder_.read("answers.jsonl"));
    for (std::string line; std::getline(lines, line);) answers.push_back(Json::parse(line));
    return answers;
  };
  ASSERT_EQ(export_int8("0").exit_code, 0) << "none is near a half";
  std::set<std::string> tested;
  ASSERT_EQ(run({"evaluate", run_dir, "--answers", (folder_ / "test.jsonl").string()}).exit_code, 0);
  std::istringstream lines(folder_.read("test.jsonl"));
  for (std::string line; std::getline(lines, line);) tested.insert(Json::parse(line)["origin"]);
  const std::vector<Json> before = answers_of(run_dir), after = answers_of(small);
  Json summary = read_json("run/summary.json");
  for (size_t i = 0; i < before.size(); ++i) {
    if (tested.contains(before[i]["origin"]) && after[i]["probability"] > before[i]["probability"])
      summary["thresholds"] = {before[i]["probability"]};
  }
  ASSERT_NE(summary["thresholds"][0], 0.5) << "int8 makes no probability larger";
  folder_.write("run/summary.json", summary.dump());
  fs::remove(small);
  const ProgramResult refused = export_int8("0");
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_THAT(refused.err, ContainsRegex("of 20 texts [0-9]+ get another decision .* export.max_changed is 0 "
                                         "\\(take float16 for export.weights, or allow more"));
  EXPECT_FALSE(fs::exists(small));
  EXPECT_EQ(export_int8("1").exit_code, 0) << "all may change";
}

TEST_F(EndToEndExport, TrainingWritesTheCompactFormThatIsConfigured) {
  std::vector<std::string> words = train_words("run");
  for (const char* setting : {"export.fold=true", "export.weights=float16", "export.max_changed=0.5"})
    words.insert(words.end(), {"--set", setting});
  const ProgramResult trained = run(words);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("table       float16, folded, "));
  const Json summary = Json::parse(folder_.read("run/summary.json"));
  EXPECT_EQ(summary["artifact"]["table"]["columns"], 1);
  ASSERT_EQ(run({"export", (folder_ / "run").string(), "--output", (folder_ / "copy.pt").string()}).exit_code,
            0);
  EXPECT_EQ(folder_.read("copy.pt"), folder_.read("run/model.pt"));
}

TEST_F(EndToEndExport, OnnxRuntimeAnswersLikePredict) {
  const char* python = std::getenv("BERNOULLI_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "BERNOULLI_PYTHON names no interpreter";
  if (run_program({python, "-c", "import onnx, onnxruntime, numpy"}).exit_code != 0)
    GTEST_SKIP() << python << " has no onnx, onnxruntime and numpy";
  ASSERT_NO_FATAL_FAILURE(finish_run());
  ASSERT_EQ(run({"export", (folder_ / "run").string(), "--format", "onnx"}).exit_code, 0);
  const ProgramResult checked =
      run_program({python, std::string(BERNOULLI_TEST_SOURCE_DIR) + "/export/check_onnx.py", "--program",
                   BERNOULLI_PROGRAM, "--tolerance", "1e-6", (folder_ / "run").string()});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("21 texts, largest difference"));
}

TEST_F(EndToEndExport, PredictReadsTheModelInsideATritonRepository) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  ASSERT_EQ(run({"export", (folder_ / "run").string(), "--format", "triton"}).exit_code, 0);
  const ProgramResult a = run({"predict", (folder_ / "run/model.pt").string(), "--text", "a fine film"});
  const ProgramResult b =
      run({"predict", (folder_ / "run/triton/config/1/model.pt").string(), "--text", "a fine film"});
  EXPECT_EQ(a.out, b.out);
  EXPECT_EQ(b.exit_code, 0) << b.err;
}

}  // namespace
}  // namespace bernoulli::testing
