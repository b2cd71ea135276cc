// `bernoulli evaluate` as its users call it.

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndEvaluate : public EndToEnd {};

TEST_F(EndToEndEvaluate, RunAndExportedFileGiveTheSameMetricsAndPredictions) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string run_dir = (folder_ / "run").string();
  const ProgramResult of_run = run({"evaluate", run_dir, "--json"});
  const ProgramResult of_file = run({"evaluate", run_dir + "/model.pt", "--json"});
  ASSERT_EQ(of_run.exit_code, 0) << of_run.err;
  ASSERT_EQ(of_file.exit_code, 0) << of_file.err;
  EXPECT_EQ(Json::parse(of_run.out), Json::parse(of_file.out));
  EXPECT_EQ(Json::parse(of_run.out), read_json("run/summary.json")["test"]);
  const Json with_intervals = Json::parse(run({"evaluate", run_dir, "--json", "--intervals"}).out);
  EXPECT_EQ(with_intervals["metrics"], Json::parse(of_run.out)["metrics"]);
  EXPECT_EQ(with_intervals["intervals"]["accuracy"].size(), 2u);
  EXPECT_THAT(run({"evaluate", run_dir, "--intervals"}).out, HasSubstr("  95 % interval "));

  const std::string texts = "A fine film\n\nDull, flat \xff film\r\nlast line";
  const ProgramResult run_lines = run({"predict", run_dir, "-"}, texts);
  const ProgramResult file_lines = run({"predict", run_dir + "/model.pt", "-"}, texts);
  ASSERT_EQ(run_lines.exit_code, 0) << run_lines.err;
  EXPECT_EQ(run_lines.out, file_lines.out) << file_lines.err;
  EXPECT_EQ(std::count(run_lines.out.begin(), run_lines.out.end(), '\n'), 4);
  const Json first = Json::parse(run_lines.out.substr(0, run_lines.out.find('\n')));
  EXPECT_EQ(first["label"], "good");
  EXPECT_GT(first["probability"], 0.5);
  EXPECT_GT(first["logit"], 0.0);
}

TEST_F(EndToEndEvaluate, EachPartOfTheRunsOwnData) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string run_dir = (folder_ / "run").string();
  const auto part_of = [&](const std::string& model, const std::string& part) {
    return run({"evaluate", model, "--json", "--part", part});
  };
  const Json summary = read_json("run/summary.json");
  const char* const learned =
      "--part train: the model was trained on these texts, so the figures are those of";
  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    for (const char* part : {"validation", "test"}) {
      const ProgramResult held_out = part_of(model, part);
      ASSERT_EQ(held_out.exit_code, 0) << held_out.err;
      EXPECT_EQ(Json::parse(held_out.out), summary[part]) << model << part;
      EXPECT_THAT(held_out.err, Not(HasSubstr(learned)));
    }
    const ProgramResult train = part_of(model, "train");
    ASSERT_EQ(train.exit_code, 0) << train.err;
    EXPECT_EQ(Json::parse(train.out)["num_examples"], 60);
    EXPECT_THAT(train.err, HasSubstr(learned));
  }
  const ProgramResult more = run({"evaluate", run_dir, "--part", "validation", "--by-length", "--intervals",
                                  "--json", "--answers", (folder_ / "answers.jsonl").string()});
  EXPECT_EQ(Json::parse(more.out)["metrics"], summary["validation"]["metrics"]) << more.err;
  const std::string answers = folder_.read("answers.jsonl");
  EXPECT_EQ(std::count(answers.begin(), answers.end(), '\n'), 20);

  folder_.write("data.csv", folder_.read("data.csv") + "one more,good\n");
  const ProgramResult changed = part_of(run_dir, "validation"), learned_more = part_of(run_dir, "train");
  EXPECT_EQ(changed.exit_code, 3);
  EXPECT_THAT(changed.err, HasSubstr("the validation data are not those of the training ("));
  EXPECT_EQ(learned_more.exit_code, 0);
  EXPECT_THAT(learned_more.err, HasSubstr("warning: the train data are not those of the training ("));

  ASSERT_EQ(run(train_words("without", {"--set", "data.test=null"})).exit_code, 0);
  const ProgramResult none = part_of((folder_ / "without").string(), "test");
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err,
              HasSubstr("--part test: the configuration of this model has no such data (it has train "
                        "and validation)"));
}

TEST_F(EndToEndEvaluate, EvaluateWarnsOfTextsThatTheModelWasTrainedOn) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string run_dir = (folder_ / "run").string(), given = (folder_ / "given.csv").string();
  const auto errors_of = [&](const std::string& model) {
    const ProgramResult evaluated = run({"evaluate", model, "--data", given});
    EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
    return evaluated.err;
  };
  folder_.write("given.csv", folder_.read("data.csv") + "something else,good\n");
  const char* const found = "warning: 60 of 101 texts stand in the training data too, such as ";
  EXPECT_THAT(errors_of(run_dir), HasSubstr(found)) << "neither those of validation nor of test";
  EXPECT_THAT(errors_of(run_dir + "/model.pt"), HasSubstr(found));
  EXPECT_THAT(run({"evaluate", run_dir}).err, Not(HasSubstr("stand in the training data")));
  fs::copy_file(run_dir + "/model.pt", folder_ / "alone.pt");
  const char* const not_seen = "whether the model was trained on some of these texts could not be seen: ";
  EXPECT_THAT(errors_of((folder_ / "alone.pt").string()),
              HasSubstr(not_seen + std::string("'") + folder_.path().string() + "' is no run folder"));
  const ProgramResult from_there =
      run_program({"/bin/sh", "-c", "cd \"$1\" && \"$2\" evaluate alone.pt --data given.csv", "sh",
                   folder_.path().string(), BERNOULLI_PROGRAM});
  EXPECT_THAT(from_there.err, HasSubstr("'" + folder_.path().string() + "' is no run folder"));
  folder_.write("data.csv", folder_.read("data.csv") + "one more,good\n");
  EXPECT_THAT(errors_of(run_dir), HasSubstr("warning: the train data are not those of the training ("));
  fs::remove(folder_ / "data.csv");
  EXPECT_THAT(errors_of(run_dir), ContainsRegex(not_seen + std::string(".*data.csv' does not exist")));
  folder_.write("given.csv", "text,label\nnew,good\nother,bad\n");
  EXPECT_THAT(errors_of(run_dir), Not(HasSubstr("stand in the training data")));
}

TEST_F(EndToEndEvaluate, EvaluateWritesTheAnswersThatItsFiguresAreMadeOf) {
  ASSERT_NO_FATAL_FAILURE(finish_run());
  const std::string run_dir = (folder_ / "run").string(), file = (folder_ / "answers.jsonl").string();
  const ProgramResult judged = run({"evaluate", run_dir, "--json", "--answers", file});
  ASSERT_EQ(judged.exit_code, 0) << judged.err;
  const Json figures = Json::parse(judged.out);
  int64_t count = 0;
  double hits = 0, log_loss = 0;
  std::istringstream lines(folder_.read("answers.jsonl"));
  for (std::string line; std::getline(lines, line); ++count) {
    const Json answer = Json::parse(line);
    EXPECT_THAT(answer["origin"].get<std::string>(), ContainsRegex("data\\.csv:[0-9]+$"));
    EXPECT_EQ(answer["label"], answer["probability"] > 0.5 ? "good" : "bad");
    hits += answer["target"] == answer["label"];
    const double logit = answer["logit"];
    log_loss += std::log1p(std::exp(answer["target"] == "good" ? -logit : logit));
  }
  ASSERT_EQ(count, figures["num_examples"].get<int64_t>());
  EXPECT_EQ(hits / 20, figures["metrics"]["accuracy"]);
  EXPECT_NEAR(log_loss / 20, figures["metrics"]["log_loss"].get<double>(), 1e-9);

  folder_.write("more1.csv", "text,label\na fine film,good\n");
  folder_.write("more2.csv", "text,label\na dull film,bad\n");
  const ProgramResult over_data = run({"evaluate", run_dir, "--data", (folder_ / "more*.csv").string(),
                                       "--answers", (folder_ / "more2.csv").string()});
  EXPECT_EQ(over_data.exit_code, 2) << over_data.err;
  EXPECT_EQ(folder_.read("more2.csv"), "text,label\na dull film,bad\n");

  const char* const judged_already = "no example is above the threshold";
  const auto judge_into = [&](const std::string& answers) {
    return run({"evaluate", run_dir, "--threshold", "0.99999999", "--answers", answers});
  };
  EXPECT_THAT(judge_into((folder_ / "other.jsonl").string()).err, HasSubstr(judged_already));
  for (const char* bad : {"no/such/answers.jsonl", "run"}) {
    const ProgramResult refused = judge_into((folder_ / bad).string());
    EXPECT_EQ(refused.exit_code, 5) << bad;
    EXPECT_THAT(refused.err, HasSubstr("cannot write '" + (folder_ / bad).string() + "'"));
    EXPECT_THAT(refused.err, Not(HasSubstr(judged_already))) << "it is told before the work";
  }

  const ProgramResult piped = run({"evaluate", run_dir, "--answers", "-"});
  EXPECT_EQ(piped.out, folder_.read("answers.jsonl"));
  EXPECT_THAT(piped.err, HasSubstr("accuracy  "));
  EXPECT_THAT(piped.err, HasSubstr("log_loss  "));
}

TEST_F(EndToEndEvaluate, EvaluatesDataThatAreWrittenInAnotherWay) {
  folder_.write("reviews/bad/1.txt", "a dull film");
  folder_.write("reviews/bad/2.txt", "a flat film");
  folder_.write("reviews/good/1.txt", "a fine film");
  folder_.write("reviews/good/2.txt", "a fine one");
  folder_.write("bare.csv", "a fine film,good\na dull film,bad\na fine one,good\na flat one,bad\n");
  folder_.write("more.csv", "review,verdict\na fine film,good\na dull film,bad\n");
  folder_.write("more.jsonl", "{\"review\": \"a fine film\", \"verdict\": \"good\"}\n");
  const auto set = [](std::vector<std::string> words, const std::vector<std::string>& settings) {
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return words;
  };
  ASSERT_EQ(
      run(train_words("folders", set({}, {"data.train=reviews", "data.validation=null", "data.test=null"})))
          .exit_code,
      0);
  ASSERT_EQ(run(train_words("bare", set({}, {"data.train=bare.csv", "data.validation=null", "data.test=null",
                                             "data.columns={header: false, text: 1, label: 2}"})))
                .exit_code,
            0);
  for (const char* name : {"folders", "bare"}) {
    for (const char* data : {"more.csv", "more.jsonl"}) {
      std::vector<std::string> words =
          set({"evaluate", (folder_ / name).string(), "--data", (folder_ / data).string()},
              {"data.columns.text=review", "data.columns.label=verdict"});
      if (std::string(name) == "bare" && std::string(data) == "more.csv")
        words = set(words, {"data.columns.header=true"});
      const ProgramResult result = run(words);
      EXPECT_EQ(result.exit_code, 0) << name << " " << data << " " << result.err;
    }
  }
}

TEST_F(EndToEndEvaluate, WhatDataLackIsToldWithTheOptionThatHelps) {
  folder_.write("weighted.csv",
                "text,label,trust\na fine film,good,1\na dull film,bad,2\na fine one,good,1\n");
  folder_.write("flags.csv", "text,rude,loud\na fine film,1,0\na dull film,0,1\na fine one,1,1\n");
  folder_.write("plain.csv", "text,label\na fine film,good\na dull film,bad\n");
  folder_.write("bare.csv", "text\na fine film\n");
  folder_.write("lists.jsonl",
                "{\"text\": \"a film\", \"tags\": [\"rude\"]}\n{\"text\": \"one\", \"tags\": []}\n");
  const std::vector<std::string> alone = {"--set", "data.validation=null", "--set", "data.test=null",
                                          "--set"};
  const auto train = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), alone.begin(), alone.end());
    const ProgramResult result = run(train_words(name, more));
    ASSERT_EQ(result.exit_code, 0) << result.err;
  };
  train("weighted", {"data.train=weighted.csv", "--set", "data.columns.weight=trust"});
  train("flags", {"data.train=flags.csv", "--set", "data.columns.label_columns=[rude, loud]", "--set",
                  "task.kind=multi_label", "--set", "task.positive=null", "--set",
                  "model.layers=[{embedding: 8}, mean_pool, {linear: 2}]"});
  const auto fault = [&](const std::string& name, const std::string& data, std::vector<std::string> more,
                         const std::string& remedy) {
    std::vector<std::string> words = {"evaluate", (folder_ / name).string(), "--data",
                                      (folder_ / data).string()};
    const ProgramResult refused = run(words);
    EXPECT_EQ(refused.exit_code, 3) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr(remedy));
    EXPECT_THAT(refused.err, Not(HasSubstr("no header")));
    if (more.empty()) return;
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
  };
  fault("weighted", "plain.csv", {"--set", "data.columns.weight=null"}, "--set data.columns.weight=null");
  fault("weighted", "bare.csv", {}, "--set data.columns.weight=null");
  fault("flags", "bare.csv", {}, "evaluate needs labels; predict answers texts without");
  fault("flags", "lists.jsonl",
        {"--set", "data.columns.label_columns=[]", "--set", "data.columns.label=tags"},
        "--set 'data.columns.label_columns=[]' --set data.columns.label=NAME");

  const auto top = [&](const std::string& model, const std::string& data, const std::string& k) {
    return run({"evaluate", (folder_ / model).string(), "--data", (folder_ / data).string(), "--json",
                "--top", "1", "--top", k});
  };
  const Json metrics = Json::parse(top("flags", "flags.csv", "2").out)["metrics"];
  EXPECT_EQ(metrics["precision_at_2"], 4.0 / 6);
  EXPECT_EQ(metrics["recall_at_2"], 1);
  EXPECT_TRUE(metrics.contains("recall_at_1"));
  EXPECT_THAT(top("flags", "flags.csv", "3").err,
              HasSubstr("--top is 3 (expected 1 to 2, the labels of the model)"));
  EXPECT_THAT(top("weighted", "weighted.csv", "1").err, HasSubstr("--top: a binary model has one label"));
}

}  // namespace
}  // namespace bernoulli::testing
