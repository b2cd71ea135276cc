// `bernoulli predict` as its users call it.

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndPredict : public EndToEnd {};

TEST_F(EndToEndPredict, PredictTakesLabelledLinesAndAnotherThreshold) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string run_dir = (folder_ / "run").string();
  const std::string labelled = "__label__good A fine film\n__label__bad Dull, flat film\n";
  folder_.write("in.ft", labelled);
  const ProgramResult of_lines = run({"predict", run_dir}, "A fine film\nDull, flat film\n");
  const ProgramResult of_file = run({"predict", run_dir, (folder_ / "in.ft").string()});
  EXPECT_EQ(of_file.out, of_lines.out) << of_file.err;
  EXPECT_EQ(run({"predict", run_dir, "--input", "fasttext"}, labelled).out, of_lines.out);
  const char* const hint = "warning: the first line begins with __label__";
  EXPECT_THAT(run({"predict", run_dir}, labelled).err, HasSubstr(hint));
  EXPECT_THAT(of_file.err + of_lines.err, Not(HasSubstr(hint)));
  folder_.write("in.txt", "Fine film\n" + labelled);
  const ProgramResult of_text = run({"predict", run_dir, (folder_ / "in.txt").string()});
  EXPECT_THAT(of_text.err, HasSubstr("warning: line 2 begins with __label__, and labels are read as words of "
                                     "the text: --input fasttext takes them out"));
  EXPECT_EQ(of_text.err.find("__label__"), of_text.err.rfind("__label__")) << "once";
  EXPECT_EQ(std::ranges::count(of_text.out, '\n'), 3);

  const std::vector<std::string> sure = {"predict",   run_dir,  "--threshold",
                                         "0.9999999", "--text", "A fine film"};
  EXPECT_EQ(Json::parse(run(sure).out)["label"], "bad");
  std::vector<std::string> by_name = sure;
  by_name[3] = "good=0.9999999";
  EXPECT_EQ(run(by_name).out, run(sure).out);
  by_name[3] = "bad=0.9999999";
  EXPECT_EQ(run(by_name).exit_code, 2) << "the probability is that of 'good'";
  for (const char* threshold : {"0", "1", "nan", "good=0"}) {
    const ProgramResult refused = run({"predict", run_dir, "--threshold", threshold, "--text", "x"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("expected a number above 0 and below 1"));
  }
  const ProgramResult top = run({"predict", run_dir, "--top", "1", "--text", "x"});
  EXPECT_EQ(top.exit_code, 2);
  EXPECT_THAT(top.err, HasSubstr("--top is for models of several labels"));
}

/// Texts of very different lengths, more than one batch of them, a fault behind the last.
std::string rows_with_a_fault_at_the_end() {
  std::string rows;
  for (int i = 0; i < 4000; ++i) {
    std::string text = "film";
    for (int word = 0; word < (i * 7919) % 61; ++word) text += word % 3 == 0 ? " fine" : " dull";
    rows += fmt::format("{{\"id\": {}, \"text\": \"{}\"}}\n", i, text);
  }
  return rows + "{\"id\": 4000}\n";
}

TEST_F(EndToEndPredict, PredictGivesTheSameBytesOnAnyNumberOfThreads) {
  const std::string rows = rows_with_a_fault_at_the_end();
  const std::string file = folder_.write("rows.jsonl", rows).string();
  const std::string convolution =
      "model.layers=[{embedding: 8}, {conv1d: {channels: 8, kernel_size: 3}}, max_pool, {linear: 1}]";
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--set", convolution, "--set", "training.epochs=1"}}) {
    const std::string name = more.empty() ? "bag" : "convolution";
    ASSERT_EQ(run(train_words(name, more)).exit_code, 0);
    ProgramResult one;
    for (const char* threads : {"1", "2", "7"}) {
      const std::vector<std::string> words = {
          "predict", (folder_ / name).string(), file, "--keep", "id", "--threads", threads, "--engine",
          "native"};
      const ProgramResult answers = run(words);
      EXPECT_EQ(answers.exit_code, 3);
      EXPECT_THAT(answers.err, HasSubstr("rows.jsonl:4001: no string under 'text'"));
      if (one.out.empty()) one = answers;
      EXPECT_EQ(answers.out, one.out) << name << " on " << threads;
      EXPECT_EQ(answers.err, one.err);
    }
    EXPECT_EQ(std::ranges::count(one.out, '\n'), 4000) << "all before the fault, in order";
    EXPECT_THAT(one.out, HasSubstr("\"input\":{\"id\":3999}"));
  }
  EXPECT_EQ(run({"predict", (folder_ / "bag").string(), file, "--threads", "-1"}).exit_code, 2);
}

TEST_F(EndToEndPredict, PredictAnswersWhatHasArrivedWhileMoreIsToCome) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  // The second line is written once the first has its answer; else nobody goes on.
  const ProgramResult answers =
      run_program({"/bin/sh", "-c",
                   "cd \"$1\" && mkfifo go && { echo 'a fine film'; read go < go; echo 'a dull film'; } |"
                   " timeout 60 \"$0\" predict run - --threads 7 --quiet | { read first; echo \"$first\"; "
                   "echo go > go; cat; }",
                   BERNOULLI_PROGRAM, folder_.path().string()});
  EXPECT_EQ(answers.out, run({"predict", (folder_ / "run").string(), "-"}, "a fine film\na dull film\n").out);
}

TEST_F(EndToEndPredict, PredictReadsJsonLinesFromTheConfiguredColumn) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  folder_.write("in.jsonl", "{\"text\": \"a fine film\"}\n{\"id\": 3, \"text\": \"\"}\n");
  const ProgramResult answers =
      run({"predict", (folder_ / "run").string(), (folder_ / "in.jsonl").string(), "--format", "tsv"});
  ASSERT_EQ(answers.exit_code, 0) << answers.err;
  EXPECT_THAT(answers.out, ::testing::StartsWith("label\tprobability\tlogit\ngood\t"));
  folder_.write("bad.jsonl", "{\"text\": \"x\"}\n{\"body\": \"y\"}\n");
  const ProgramResult refused =
      run({"predict", (folder_ / "run").string(), (folder_ / "bad.jsonl").string()});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("bad.jsonl:2"));
}

TEST_F(EndToEndPredict, PredictAnswersEveryRowOfATableWithItsKey) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string model = (folder_ / "run").string();
  const std::string table =
      "id,review\r\n007,\"A fine,\nfine film\"\r\n,\"Dull, \"\"flat\"\" film\"\r\n9,\r\n";
  const std::string file = folder_.write("rows.csv", table).string();
  const std::vector<std::string> columns = {"--text-column", "review", "--keep", "id"};
  const auto with = [&](std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.end(), columns.begin(), columns.end());
    return run(words, input);
  };
  const ProgramResult answers = with({"predict", model, file});
  ASSERT_EQ(answers.exit_code, 0) << answers.err;
  EXPECT_THAT(answers.out,
              ::testing::StartsWith("{\"input\":{\"id\":\"007\"},\"label\":\"good\",\"probability\":"));
  EXPECT_THAT(answers.out, HasSubstr("\n{\"input\":{\"id\":\"\"},\"label\":\"bad\","));
  EXPECT_EQ(std::count(answers.out.begin(), answers.out.end(), '\n'), 3);
  EXPECT_EQ(with({"predict", model, "--input", "csv"}, table).out, answers.out);
  const ProgramResult other = with({"predict", model, file, "--engine", "torchscript"});
  EXPECT_THAT(other.out,
              ::testing::StartsWith("{\"input\":{\"id\":\"007\"},\"label\":\"good\",\"probability\":"))
      << other.err;
  EXPECT_EQ(std::count(other.out.begin(), other.out.end(), '\n'), 3);
  const ProgramResult cells = with({"predict", model, file, "--format", "tsv"});
  EXPECT_THAT(cells.out, ::testing::StartsWith("id\tlabel\tprobability\tlogit\n007\tgood\t0."));
  EXPECT_THAT(cells.out, HasSubstr("\n\tbad\t"));

  const std::string bare = folder_.write("bare.csv", "007;'A fine; fine film'\n").string();
  const ProgramResult otherwise =
      run({"predict", model, bare, "--keep", "1", "--set", "data.columns.header=false", "--set",
           "data.columns.delimiter=;", "--set", "data.columns.quote=\"'\"", "--set", "data.columns.text=2"});
  ASSERT_EQ(otherwise.exit_code, 0) << otherwise.err;
  EXPECT_THAT(otherwise.out, ::testing::StartsWith("{\"input\":{\"1\":\"007\"},\"label\":\"good\","));
}

TEST_F(EndToEndPredict, AnUnfinishedRunIsWarnedOfOnce) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  fs::remove(folder_ / "run/summary.json");
  for (const char* engine : {"native", "torchscript"}) {
    const ProgramResult answer =
        run({"predict", (folder_ / "run").string(), "--text", "a fine film", "--engine", engine});
    ASSERT_EQ(answer.exit_code, 0) << answer.err;
    const size_t first = answer.err.find("did not finish");
    ASSERT_NE(first, std::string::npos) << answer.err;
    EXPECT_EQ(answer.err.find("did not finish", first + 1), std::string::npos) << answer.err;
  }
}

TEST_F(EndToEndPredict, PredictAnswersWhatStandsBeforeAFault) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string model = (folder_ / "run").string();
  for (const auto& [name, content, keep] :
       {std::tuple<std::string, std::string, std::string>{
            "a.csv", "id,text\n1,a fine film\n2,\"a dull\nfilm\"\n3\n4,a film\n", "id"},
        {"a.tsv", "text\tid\na fine film\t1\na dull film\t2\n\n\"a film\t3\n", "id"},
        {"a.jsonl",
         "{\"text\":\"a fine film\",\"id\":1}\n{\"text\":\"\",\"id\":2}\n\n\n{\"text\":\"a film\"}\n",
         "id"}}) {
    SCOPED_TRACE(name);
    const ProgramResult result =
        run({"predict", model, folder_.write(name, content).string(), "--keep", keep});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2) << result.out;
    EXPECT_THAT(result.err, HasSubstr(name + ":5: "));
  }
}

TEST_F(EndToEndPredict, ExplainAddsUpToTheLogit) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const ProgramResult answer =
      run({"predict", (folder_ / "run").string(), "--text", "a fine dull unheard film", "--explain"});
  ASSERT_EQ(answer.exit_code, 0) << answer.err;
  const Json record = Json::parse(answer.out);
  ASSERT_EQ(record["tokens"].size(), 5u);
  EXPECT_EQ(record["tokens"][3][0], "[UNK: unheard]");
  double sum = record["base"];
  for (const Json& token : record["tokens"]) sum += token[1].get<double>();
  EXPECT_NEAR(sum, record["logit"].get<double>(), 1e-5);
}

TEST_F(EndToEndPredict, BothEnginesOfPredictSayWhichTheyAreAndAgree) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string model = (folder_ / "run/model.pt").string();
  const ProgramResult native = run({"predict", model, "--text", "a fine film"});
  ASSERT_EQ(native.exit_code, 0) << native.err;
  EXPECT_EQ(native.err, "engine: native\n");
  const ProgramResult asked = run({"predict", model, "--text", "a fine film", "--engine", "torchscript"});
  ASSERT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_EQ(asked.err, "engine: torchscript (as asked for)\n");
  const Json a = Json::parse(native.out), b = Json::parse(asked.out);
  EXPECT_EQ(a["label"], b["label"]);
  EXPECT_NEAR(a["probability"].get<double>(), b["probability"].get<double>(), 1e-6);
  EXPECT_EQ(run({"predict", model, "--text", "a", "--quiet"}).err, "");
}

TEST_F(EndToEndPredict, NativePredictionNeedsNoOtherProgram) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const fs::path alone = folder_ / "alone";
  fs::copy_file(BERNOULLI_PROGRAM, alone);
  const std::string model = (folder_ / "run").string();
  EXPECT_EQ(run_program({alone.string(), "predict", model, "--text", "a fine film"}).exit_code, 0);
  const ProgramResult refused =
      run_program({alone.string(), "predict", model, "--text", "a", "--engine", "torchscript"});
  EXPECT_EQ(refused.exit_code, 5);
  EXPECT_THAT(refused.err, HasSubstr("bernoulli-torch"));
}

}  // namespace
}  // namespace bernoulli::testing
