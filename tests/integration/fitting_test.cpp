// What a training fits on validation data: thresholds, temperatures, shifts.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "integration/end_to_end_fixture.h"

namespace bernoulli::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class EndToEndFitting : public EndToEnd {
 protected:
  /// On rows.jsonl, whose labels are r and g.
  ProgramResult train_two_labels(const std::string& threshold) const {
    return run(train_words(
        "run",
        {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels", "--set", "data.test=null",
         "--set", "task={kind: multi_label, labels: [r, g]}", "--set", "model.layers[3].linear=2", "--set",
         "training.epochs=3", "--set", "metrics.threshold=" + threshold}));
  }
};

TEST_F(EndToEndFitting, ALabelWithoutAValidationExampleKeepsTheThresholdHalfEverywhere) {
  std::string rows, held_out;
  for (int i = 0; i < 60; ++i) {
    rows += i % 3 == 0   ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n"
            : i % 3 == 1 ? "{\"text\": \"green red\", \"labels\": [\"g\", \"r\"]}\n"
                         : "{\"text\": \"x y\", \"labels\": []}\n";
    held_out +=
        i % 2 == 0 ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n" : "{\"text\": \"x\", \"labels\": []}\n";
  }
  folder_.write("rows.jsonl", rows);
  folder_.write("held.jsonl", held_out);
  const std::vector<std::string> more = {"--set", "data.train=rows.jsonl",
                                         "--set", "data.columns.label=labels",
                                         "--set", "data.validation=null",
                                         "--set", "data.validation=held.jsonl",
                                         "--set", "data.test=null",
                                         "--set", "data.test=rows.jsonl",
                                         "--set", "task={kind: multi_label, labels: [r, g]}",
                                         "--set", "model.layers[3].linear=2",
                                         "--set", "training.epochs=30",
                                         "--set", "metrics.threshold=max_f1"};
  const char* const warning =
      "warning: metrics.threshold cannot be fitted for 'g' and stays 0.5 there: the validation data have no "
      "example with the label, or none without it; add some (data.validation)";
  std::vector<std::string> dry = more;
  dry.emplace_back("--dry-run");
  const ProgramResult tried = run(train_words("dry", dry));
  EXPECT_EQ(tried.exit_code, 0) << tried.err;
  EXPECT_THAT(tried.err, HasSubstr(warning));
  const ProgramResult trained = run(train_words("run", more));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr(warning));
  EXPECT_THAT(trained.err, HasSubstr("'g' 0.5 (not fitted)"));
  const Json summary = read_json("run/summary.json");
  EXPECT_EQ(summary["threshold_not_fitted"], Json::array({"g"}));
  EXPECT_NE(summary["thresholds"].at(0), 0.5);
  EXPECT_EQ(summary["thresholds"].at(1), 0.5);
  EXPECT_EQ(summary["test"]["metrics"]["subset_accuracy"], 1.0);
  for (const std::string model : {"run", "run/model.pt"}) {
    EXPECT_EQ(Json::parse(run({"evaluate", (folder_ / model).string(), "--json"}).out), summary["test"])
        << model;
    const ProgramResult answer = run({"predict", (folder_ / model).string(), "--text", "green red"});
    EXPECT_EQ(Json::parse(answer.out)["labels"], (Json{"r", "g"})) << answer.out;
  }
  const std::string page = folder_.read("run/report.html");
  EXPECT_THAT(page, HasSubstr("the best F1; 0.5 for &#39;g&#39;, as these data have no example"));
  ASSERT_EQ(run({"report", (folder_ / "run").string()}).exit_code, 0);
  EXPECT_EQ(folder_.read("run/report.html"), page);
}

TEST_F(EndToEndFitting, OfClassesTheMostProbableOneIsTheAnswerEverywhere) {
  std::string rows;
  const std::vector<std::string> classes = {"red", "green", "blue"};
  for (int i = 0; i < 90; ++i)
    rows += fmt::format("{{\"text\": \"{0} x{1}\", \"labels\": [\"{2}\"]}}\n", classes[i % 3], i % 7,
                        i % 10 == 0 ? classes[(i + 1) % 3] : classes[i % 3]);
  folder_.write("rows.jsonl", rows);
  const ProgramResult trained = run(train_words(
      "run", {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels", "--set",
              "data.test=null", "--set", "data.test=rows.jsonl", "--set",
              "task={kind: multi_label, labels: [red, green, blue]}", "--set", "model.layers[3].linear=3",
              "--set", "training.epochs=2", "--set", "metrics.threshold=highest"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json summary = read_json("run/summary.json");
  EXPECT_EQ(summary["thresholds"], "highest");
  const Json& test = summary["test"];
  EXPECT_EQ(test["threshold"], "highest");
  EXPECT_EQ(test["metrics"]["subset_accuracy"], test["metrics"]["precision_at_1"]);
  EXPECT_EQ(test["metrics"]["micro_f1"], test["metrics"]["precision_at_1"]);
  const std::string page = folder_.read("run/report.html");
  EXPECT_THAT(page, HasSubstr("none: the label with the highest probability"));
  ASSERT_EQ(run({"report", (folder_ / "run").string()}).exit_code, 0);
  EXPECT_EQ(folder_.read("run/report.html"), page);
  for (const std::string name : {"run", "run/model.pt"}) {
    const std::string model = (folder_ / name).string();
    EXPECT_EQ(Json::parse(run({"evaluate", model, "--json"}).out), test) << name;
    for (const char* const engine : {"native", "torchscript"}) {
      for (const char* const text : {"red", "", "unknown", "blue green blue"}) {
        const Json answer = Json::parse(run({"predict", model, "--text", text, "--engine", engine}).out);
        ASSERT_EQ(answer["labels"].size(), 1u) << answer;
        for (const auto& [label, logit] : answer["logits"].items())
          EXPECT_LE(logit, answer["logits"][answer["labels"][0].get<std::string>()]) << label;
      }
    }
    const ProgramResult strict = run({"predict", model, "--text", "red", "--threshold", "0.999"});
    EXPECT_EQ(Json::parse(strict.out)["labels"].size(), 0u) << "an answer of --threshold's";
    const ProgramResult mixed = run({"predict", model, "--text", "red", "--threshold", "red=0.9"});
    EXPECT_EQ(mixed.exit_code, 2);
    EXPECT_THAT(mixed.err,
                HasSubstr("--threshold red=0.9: the label with the highest probability is chosen"));
  }
  const std::string run_folder = (folder_ / "run").string();
  const ProgramResult again =
      run({"train", "--resume", "--run-dir", run_folder, "--set", "metrics.threshold=0.999"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(read_json("run/summary.json")["test"]["threshold"], 0.999);
  EXPECT_EQ(Json::parse(run({"evaluate", run_folder, "--threshold", "highest", "--json"}).out), test);
}

TEST_F(EndToEndFitting, OfManyLabelsTheFirstTenAreToldOf) {
  std::string rows;
  for (int i = 0; i < 120; ++i) {
    std::string labels = i % 2 == 0 ? "\"r, g\"" : "";  // the only one that the text tells
    for (int label = 0; label < 12; ++label) {
      if ((i / 2 + label) % 2 == 0) labels += fmt::format("{}\"l{:02}\"", labels.empty() ? "" : ", ", label);
    }
    rows += fmt::format("{{\"text\": \"{} x\", \"labels\": [{}]}}\n", i % 2 == 0 ? "red" : "y", labels);
  }
  folder_.write("rows.jsonl", rows);
  const ProgramResult trained =
      run(train_words("run", {"--set", "data.train=rows.jsonl",
                              "--set", "data.columns.label=labels",
                              "--set", "data.validation=null",
                              "--set", "data.validation=rows.jsonl",
                              "--set", "data.test=null",
                              "--set", "task={kind: multi_label}",
                              "--set", "model.layers[3].linear=13",
                              "--set", "training.epochs=30",
                              "--set", "loss.pos_weight=auto",
                              "--set", "metrics.threshold={recall_at_precision: 0.99}"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, ContainsRegex("pos_weight auto: 1 for 'l00', .*, \\.\\.\\. and 3 more\n"));
  EXPECT_THAT(trained.err, HasSubstr("label 'l09': on the validation data no threshold reaches"));
  EXPECT_THAT(trained.err, Not(HasSubstr("label 'l10': on the validation data no threshold reaches")));
  EXPECT_THAT(trained.err,
              HasSubstr("warning: 2 more labels miss what metrics.threshold demands, and keep 0.5\n"));
  EXPECT_THAT(trained.err,
              ContainsRegex("threshold fitted on validation data: 'l00' 0.5 .not fitted., .* and 3 more\n"));
}

TEST_F(EndToEndFitting, ADemandIsHeldAgainstTheTestData) {
  write_noisy_data();  // 60 validation examples, 30 of each class
  std::string shifted = "text,label\n";
  for (int i = 0; i < 40; ++i)
    shifted += std::string(i % 2 == 0 ? "fine" : "dull") + " film," + (i % 8 == 0 ? "good" : "bad") + "\n";
  folder_.write("test.csv", shifted);
  const std::vector<std::string> more = {"--set", "metrics.threshold={recall_at_precision: 0.7}",
                                         "--set", "data.test=null",
                                         "--set", "data.test=test.csv"};
  const ProgramResult trained = run(train_words("run", more));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, Not(HasSubstr("fewer than 30")));
  EXPECT_THAT(
      trained.out,
      ContainsRegex("demand      precision of at least 0.7\n"
                    "            on validation data:  precision 0.[7-9]... .[0-9]+ of [0-9]+.  recall "
                    "0..... .[0-9]+ of 30.\n"
                    "            on test data:  precision 0.2500 .5 of 20.  recall 1.0000 .5 of "
                    "5.  .less than demanded.\n"));
  EXPECT_THAT(trained.err,
              ContainsRegex("threshold fitted on validation data: 0.[0-9]* .precision [0-9]+ of [0-9]+.\n"));
  EXPECT_EQ(read_json("run/summary.json")["threshold_demand"],
            Json({{"metric", "precision"}, {"at_least", 0.7}}));
  std::vector<std::string> smaller = more;
  for (const char* word : {"--set", "data.validation.fraction=0.1", "--dry-run"}) smaller.emplace_back(word);
  const ProgramResult few = run(train_words("few", smaller));
  EXPECT_EQ(few.exit_code, 0) << few.err;
  EXPECT_THAT(few.err,
              HasSubstr("warning: metrics.threshold is fitted on fewer than 30 validation examples of "
                        "'good' (15), 'bad' (15): it will vary"));
}

TEST_F(EndToEndFitting, AFigureOfNoneFoundComesWithTheLargestProbability) {
  const char* const hint =
      "no example is above the threshold 0.99: the largest probability is 0.[0-9]+; metrics.threshold sets";
  const ProgramResult trained =
      run(train_words("run", {"--set", "training.epochs=1", "--set", "metrics.threshold=0.99"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, ContainsRegex(std::string("warning: validation data: ") + hint));
  EXPECT_THAT(trained.err, ContainsRegex(std::string("warning: test data: ") + hint));
  EXPECT_THAT(run({"evaluate", (folder_ / "run").string()}).err,
              ContainsRegex(std::string("warning: ") + hint));
}

TEST_F(EndToEndFitting, ADemandIsCountedByLabel) {
  std::string rows, other;
  for (int i = 0; i < 60; ++i) {
    rows += i % 2 == 0 ? "{\"text\": \"red x\", \"labels\": [\"r\", \"g\"]}\n"
                       : "{\"text\": \"x y\", \"labels\": []}\n";
    other +=
        i % 2 == 0 ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n" : "{\"text\": \"x y\", \"labels\": []}\n";
  }
  folder_.write("rows.jsonl", rows);
  folder_.write("test.jsonl", other);
  const ProgramResult trained = run(train_words(
      "run", {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels", "--set",
              "data.test=null", "--set", "data.test=test.jsonl", "--set",
              "task={kind: multi_label, labels: [r, g]}", "--set", "model.layers[3].linear=2", "--set",
              "training.epochs=30", "--set", "metrics.threshold={recall_at_precision: 0.9}"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err,
              HasSubstr("validation examples of 'r' (6 with it), 'r' (6 without it), 'g' (6 with it), "
                        "'g' (6 without it): it will vary"));
  EXPECT_THAT(trained.out,
              HasSubstr("on validation data:  macro_precision 1.0000  macro_recall 1.0000  2 of 2 "
                        "labels as demanded\n"));
  EXPECT_THAT(trained.out,
              HasSubstr("on test data:  macro_precision 0.5000  macro_recall 1.0000  1 of 2 labels as "
                        "demanded; less: 'g' (0.0000, 0 of 30)\n"));
  EXPECT_THAT(trained.err, HasSubstr(" (precision 6 of 6), 'g' "));
  const auto refitted = [&](const std::string& threshold) {
    return run({"train", "--resume", "--run-dir", (folder_ / "run").string(), "--set",
                "metrics.threshold=" + threshold});
  };
  const ProgramResult surely = refitted("{recall_at_precision: {precision: 0.6, confidence: 0.95}}");
  ASSERT_EQ(surely.exit_code, 0) << surely.err;
  EXPECT_THAT(surely.out, HasSubstr("demand      precision of at least 0.6 with confidence 0.95\n"));
  EXPECT_EQ(read_json("run/summary.json")["threshold_demand"]["confidence"], 0.95);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("precision of 0.6 or more with confidence 0.95"));
  const ProgramResult too_few = refitted("{recall_at_precision: {precision: 0.7, confidence: 0.95}}");
  EXPECT_EQ(too_few.exit_code, 3);  // 6 of 6: .05^(1/6) = .607
  EXPECT_THAT(too_few.err,
              HasSubstr("no threshold reaches precision 0.7 with confidence 0.95: the best is 0.606"));
  const ProgramResult shared = refitted("{max_f1: {min_positives: 7}}");
  ASSERT_EQ(shared.exit_code, 0) << shared.err;
  EXPECT_THAT(shared.err, HasSubstr(" (precision 6 of 6, threshold shared by rare labels), 'g' "));
  EXPECT_THAT(shared.err, HasSubstr("'r' (12 with it), 'r' (12 without it), 'g' (12 with it)"));
  const Json thresholds = read_json("run/summary.json")["thresholds"];
  EXPECT_EQ(thresholds[0], thresholds[1]);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("one for all labels with fewer than 7 examples"));
}

TEST_F(EndToEndFitting, ALoneRareLabelTakesTheThresholdOfAllDecisions) {
  std::string rows;
  for (int i = 0; i < 60; ++i)
    rows += std::string("{\"text\": \"") + (i % 2 == 0 ? "red" : "blue") + (i % 10 == 0 ? " green" : "") +
            "\", \"labels\": [" + (i % 2 == 0 ? "\"r\"" : "") + (i % 10 == 0 ? ", \"g\"" : "") + "]}\n";
  folder_.write("rows.jsonl", rows);
  const ProgramResult trained = train_two_labels("{max_f1: {min_positives: 4}}");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("fewer than 4 validation examples with 'g', all taken together: the "
                                     "threshold there is that of the decisions about all labels\n"));
  EXPECT_THAT(trained.err,
              ContainsRegex("'g' 0.[0-9]* .precision [0-9]+ of [0-9]+, threshold of all labels together."));
}

TEST_F(EndToEndFitting, AThresholdThatGivesALabelToNearlyAllIsToldOf) {
  std::string rows;
  for (int i = 0; i < 200; ++i)
    rows += std::string("{\"text\": \"") + (i % 2 == 0 ? "red" : "blue") + "\", \"labels\": [" +
            (i % 2 == 0 ? "\"r\"" : "") + (i % 20 == 0 ? ", \"g\"" : "") + "]}\n";
  folder_.write("rows.jsonl", rows);
  const ProgramResult trained = train_two_labels("max_f1");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err,
              ContainsRegex("far more validation examples get a label than have it: 'g' .[0-9]+, [0-9]+ have "
                            "it.; a rare label"));
  EXPECT_THAT(trained.err, Not(ContainsRegex("than have it: 'r'")));

  std::string table = "text,label\n";
  for (int i = 0; i < 200; ++i) table += i % 20 == 0 ? "red,good\n" : "red,bad\n";
  folder_.write("rows.csv", table);
  const ProgramResult binary =
      run(train_words("binary", {"--set", "data.train=rows.csv", "--set", "data.test=null", "--set",
                                 "metrics.threshold=max_f1"}));
  ASSERT_EQ(binary.exit_code, 0) << binary.err;
  EXPECT_THAT(binary.err, Not(HasSubstr("than have it"))) << "there is no other label to share with";
}

TEST_F(EndToEndFitting, AFinishedRunTakesATemperatureThatEveryVerbDividesBy) {
  write_noisy_data();
  const std::string run_dir = (folder_ / "run").string();
  const std::vector<std::string> question = {"predict", run_dir, "--text", "fine film"};
  ASSERT_EQ(run(train_words("run")).exit_code, 0);
  EXPECT_EQ(read_json("run/summary.json")["temperatures"], Json::array());
  const float before = Json::parse(run(question).out)["logit"];

  const ProgramResult fitted =
      run(train_words("run", {"--resume", "--set", "metrics.temperature=min_log_loss"}));
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.err, HasSubstr("temperature fitted on validation data: "));
  const Json summary = read_json("run/summary.json");
  const float temperature = summary["temperatures"].at(0);
  EXPECT_NE(temperature, 1);
  EXPECT_LT(summary["calibration"]["validation"]["log_loss"]["after"],
            summary["calibration"]["validation"]["log_loss"]["before"]);
  EXPECT_EQ(summary["calibration"]["test"]["log_loss"]["after"], summary["test"]["metrics"]["log_loss"]);
  EXPECT_EQ(summary["artifact"]["max_difference"], 0.0);

  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    const Json answer = Json::parse(run({"predict", model, "--text", "fine film"}).out);
    EXPECT_EQ(answer["logit"].get<float>(), before / temperature) << model;
    EXPECT_EQ(Json::parse(run({"evaluate", model, "--json"}).out), summary["test"]) << model;
  }
  ASSERT_EQ(run({"export", run_dir, "--output", (folder_ / "copy.pt").string()}).exit_code, 0);
  EXPECT_EQ(folder_.read("copy.pt"), folder_.read("run/model.pt"));
}

TEST_F(EndToEndFitting, AShiftUndoesThePositiveWeightInEveryVerb) {
  write_noisy_data();
  const std::string run_dir = (folder_ / "run").string();
  const std::vector<std::string> question = {"predict", run_dir, "--text", "fine film"};
  const ProgramResult weighted = run(train_words("run", {"--set", "loss.pos_weight=8"}));
  ASSERT_EQ(weighted.exit_code, 0) << weighted.err;
  EXPECT_THAT(weighted.out, HasSubstr("validation  loss "));
  const Json trained = read_json("run/summary.json");
  EXPECT_EQ(trained["shifts"], Json::array());
  const float before = Json::parse(run(question).out)["logit"];

  const ProgramResult fitted =
      run({"train", "--resume", "--run-dir", run_dir, "--set", "metrics.temperature=min_log_loss", "--set",
           "metrics.shift=min_log_loss"});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.err, ::testing::AllOf(HasSubstr("temperature fitted on validation data: "),
                                           HasSubstr("shift fitted on validation data: -"),
                                           ::testing::Not(HasSubstr("cannot undo"))));
  EXPECT_THAT(fitted.out, HasSubstr("calibration on validation data:  log_loss "));
  const Json summary = read_json("run/summary.json");
  for (const char* split : {"validation", "test"}) {
    const Json& metrics = summary[split]["metrics"];
    EXPECT_THAT(fitted.out,
                HasSubstr(fmt::format("{:<10}  log_loss {:.4f}  accuracy {:.4f}", split,
                                      metrics["log_loss"].get<double>(), metrics["accuracy"].get<double>())));
    const Json& loss = summary["calibration"][split]["loss"];
    EXPECT_EQ(loss["before"], trained[split]["metrics"]["loss"]) << "what a sweep ranks by";
    EXPECT_EQ(loss["after"], metrics["loss"]);
    EXPECT_GT(loss["after"], loss["before"]) << "of a weight that was taken back";
  }
  EXPECT_THAT(fitted.out, Not(HasSubstr("  loss ")));
  const float temperature = summary["temperatures"].at(0), shift = summary["shifts"].at(0);
  EXPECT_LT(shift, 0);
  EXPECT_LT(summary["calibration"]["validation"]["log_loss"]["after"],
            summary["calibration"]["validation"]["log_loss"]["before"]);
  EXPECT_EQ(summary["artifact"]["max_difference"], 0.0);
  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    for (const char* engine : {"native", "torchscript"}) {
      const Json answer = Json::parse(run({"predict", model, "--text", "fine film", "--engine", engine}).out);
      EXPECT_NEAR(answer["logit"].get<float>(), before / temperature + shift, 1e-5) << model << engine;
    }
    EXPECT_EQ(Json::parse(run({"evaluate", model, "--json"}).out), summary["test"]) << model;
  }
  for (const char* format : {"torchscript", "onnx", "triton", "safetensors"})
    EXPECT_EQ(run({"export", run_dir, "--format", format, "--output", (folder_ / format).string()}).exit_code,
              0);
  EXPECT_EQ(folder_.read("torchscript"), folder_.read("run/model.pt"));
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("<td>shift</td><td class=\"l\">-"));

  const ProgramResult alone = run({"train", "--resume", "--run-dir", run_dir, "--set",
                                   "metrics.temperature=none", "--set", "metrics.shift=min_log_loss"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  EXPECT_THAT(alone.out, HasSubstr("shift       on validation data:  log_loss "));
  EXPECT_EQ(read_json("run/summary.json")["temperatures"], Json::array());
}

TEST_F(EndToEndFitting, ThresholdsOfOnesOwnByTheNamesOfLabels) {
  std::string rows;
  for (int i = 0; i < 60; ++i)
    rows += i % 3 == 0   ? "{\"text\": \"red x\", \"labels\": [\"r\"]}\n"
            : i % 3 == 1 ? "{\"text\": \"green red\", \"labels\": [\"g\", \"r\"]}\n"
                         : "{\"text\": \"x y\", \"labels\": []}\n";
  folder_.write("rows.jsonl", rows);
  const auto train_at = [&](const char* run_dir, const std::string& threshold) {
    return run(train_words(run_dir, {"--set", "data.train=rows.jsonl", "--set", "data.columns.label=labels",
                                     "--set", "data.validation.method=random", "--set",
                                     "data.test.method=random", "--set", "task={kind: multi_label}", "--set",
                                     "model.layers[3].linear=2", "--set", "metrics.threshold=" + threshold}));
  };
  const ProgramResult trained = train_at("run", "{fixed: {value: {g: 0.9}}}");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(read_json("run/summary.json")["thresholds"], Json({0.9, 0.5})) << "g, r";
  const std::string run_dir = (folder_ / "run").string();
  const auto evaluate = [&](const std::string& model, const std::vector<std::string>& thresholds) {
    std::vector<std::string> words = {"evaluate", model, "--json"};
    for (const std::string& threshold : thresholds) words.insert(words.end(), {"--threshold", threshold});
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out);
  };
  for (const std::string& model : {run_dir, run_dir + "/model.pt"}) {
    EXPECT_EQ(evaluate(model, {}), read_json("run/summary.json")["test"]) << model;
    EXPECT_EQ(evaluate(model, {"0.3"})["threshold"], 0.3) << model;
    EXPECT_EQ(evaluate(model, {"r=0.2"})["threshold"], Json({0.9, 0.2})) << model;
    EXPECT_EQ(evaluate(model, {"g=0.6", "0.4"})["threshold"], Json({0.6, 0.4})) << model;
    const auto labels = [&](const std::vector<std::string>& more) {
      std::vector<std::string> words = {"predict", model, "--text", "green red"};
      words.insert(words.end(), more.begin(), more.end());
      return Json::parse(run(words).out)["labels"];
    };
    EXPECT_EQ(labels({"--threshold", "1e-9"}), Json({"g", "r"})) << model;
    EXPECT_EQ(labels({"--threshold", "1e-9", "--threshold", "g=0.99999999"}), Json({"r"})) << model;
  }
  const ProgramResult unknown = run({"evaluate", run_dir, "--threshold", "b=0.3"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("--threshold b=0.3: the model has no such label (it has 'g', 'r')"));

  const std::string answers = (folder_ / "answers.jsonl").string();
  ASSERT_EQ(run({"evaluate", run_dir, "--threshold", "0.99999999", "--answers", answers}).exit_code, 0);
  EXPECT_THAT(folder_.read("answers.jsonl"), Not(HasSubstr("\"labels\":[\"")));

  const Json asked = evaluate(run_dir, {"r=0.2"});
  const ProgramResult resumed = run({"train", "--resume", "--run-dir", run_dir, "--set",
                                     "metrics.threshold={fixed: {value: {g: 0.9, r: 0.2}}}"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(read_json("run/summary.json")["test"], asked);
  EXPECT_THAT(folder_.read("run/report.html"), HasSubstr("each label its own, as configured"));

  const ProgramResult no_label = train_at("no_label", "{fixed: {value: {r: 0.3, b: 0.4}}}");
  EXPECT_EQ(no_label.exit_code, 2);
  EXPECT_THAT(no_label.err,
              HasSubstr("metrics.threshold.fixed.value.b: the data have no such label (they have g, r)"));
  const ProgramResult three = train_at("three", "[0.1, 0.2, 0.3]");
  EXPECT_EQ(three.exit_code, 2);
  EXPECT_THAT(three.err, HasSubstr("metrics.threshold: 3 numbers for 2 labels"));
  const ProgramResult fitted = train_at("fitted", "max_f_beta");
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.err, HasSubstr("threshold fitted on validation data: 'g' "));
}

}  // namespace
}  // namespace bernoulli::testing
