#include "report/run_page.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "report/report_fixture.h"
#include "support/temporary_folder.h"

namespace bernoulli::report {
namespace {

using bernoulli::testing::MadeUpRun;
using bernoulli::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;

const Json kFigures = {{"num_examples", 4},
                       {"threshold", 0.5},
                       {"metrics",
                        {{"loss", 0.25},
                         {"accuracy", 0.5},
                         {"roc_auc", nullptr},
                         {"average_precision", 0.625},
                         {"expected_calibration_error", 0.125},
                         {"true_positives", 1}}},
                       {"undefined", {{"roc_auc", "only one class"}}}};

/// Logits 3, 2, -1, -2 of targets 1, 0, 1, 0: one answer of each kind.
MadeUpRun& answer_all_kinds(MadeUpRun& run) {
  return run.answer({1, 0, 1, 0}, {3, 2, -1, -2}, {"right yes", "wrong yes", "wrong no", "right no"});
}

/// The text between two others.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const size_t begin = text.find(from);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find(to, begin) - begin);
}

TEST(RunPage, SaysWhatTheRunIs) {
  MadeUpRun run;
  run.finish({{"test", kFigures}});
  const std::string page = run_page(run.report());
  EXPECT_THAT(page, HasSubstr("On 4 test examples, at threshold 0.5:"));
  EXPECT_THAT(page, HasSubstr("<b>0.5000</b><span>accuracy</span>"));
  EXPECT_THAT(page, HasSubstr("binary, ‘good’ (positive) or ‘bad’"));
  EXPECT_THAT(page, HasSubstr("embedding 16 → linear 1; 1,234 parameters"));
  EXPECT_THAT(page, HasSubstr("<code>bce_with_logits</code>"));
  EXPECT_THAT(page, HasSubstr("adam at 0.01, batches of 32, seed 42; 2 epochs, 20 steps, ended by epochs"));
  EXPECT_THAT(page, HasSubstr("the best validation loss (0.2500)"));
  EXPECT_THAT(page, HasSubstr("<pre>training: {epochs: 2}\n</pre>"));
}

TEST(RunPage, LeadsWithPrecisionAt1WhereEachExampleHasOneLabel) {
  Json figures = kFigures;
  figures["metrics"]["precision_at_1"] = 0.875;
  figures["per_label"] = Json::object();
  const Json baseline = {{"accuracy", 0.75}, {"log_loss", 0.5}, {"precision_at_1", 0.375}, {"split", "test"}};
  MadeUpRun run({"a", "b", "c"}, TaskConfig::Kind::kMultiLabel);
  run.log("validation", 1, {{"loss", 0.5}, {"accuracy", 0.75}, {"precision_at_1", 0.5}});
  run.finish({{"test", figures}});
  EXPECT_THAT(run_page(run.report()),
              ::testing::AllOf(HasSubstr("<div class=\"tiles\"><div><b>0.5000</b><span>accuracy</span>"),
                               HasSubstr(">validation accuracy</text>")));
  figures["one_label_each"] = true;
  run.finish({{"test", figures}, {"baseline", baseline}});
  const std::string page = run_page(run.report());
  EXPECT_THAT(page, HasSubstr("<div class=\"tiles\"><div><b>0.8750</b><span>precision_at_1</span>"));
  EXPECT_THAT(page, Not(HasSubstr("<span>accuracy</span>")));
  EXPECT_THAT(page, ::testing::AllOf(HasSubstr(">validation precision_at_1</text>"),
                                     Not(HasSubstr(">validation accuracy</text>"))));
  EXPECT_THAT(page, HasSubstr("training data alone: precision_at_1 0.3750, log_loss 0.5000."));
}

TEST(RunPage, SaysHowTheLogitsWereScaled) {
  MadeUpRun run;
  EXPECT_THAT(run_page(run.report()), HasSubstr("<td>temperature</td><td class=\"l\">none</td>"));
  run.record().config.metrics.fits_temperature = true;
  EXPECT_THAT(run_page(run.report()), HasSubstr(">to be fitted on the validation data<"));
  run.finish({{"temperatures", {1.25}}});
  EXPECT_THAT(run_page(run.report()), HasSubstr(">1.25, fitted on the validation data<"));
  run.finish({{"temperatures", {1.25, 0.5, 2}}});
  EXPECT_THAT(run_page(run.report()), HasSubstr(">0.5 to 2, fitted for each label on the validation data<"));
  EXPECT_THAT(run_page(run.report()), HasSubstr("<td>shift</td><td class=\"l\">none</td>"));
  run.record().config.metrics.fits_shift = true;
  run.finish({{"temperatures", {1.25}}, {"shifts", {-1.5}}});
  EXPECT_THAT(run_page(run.report()), HasSubstr(">-1.5, fitted on the validation data<"));
  run.finish({{"temperatures", {1.25}}, {"shifts", Json::array()}});
  EXPECT_THROW(run_page(run.report()), ArtifactError);
}

TEST(RunPage, ShowsTheFiguresOfShortAndLongTexts) {
  MadeUpRun run;
  run.answer({1, 0, 1, 0}, {3, 2, -1, -2}, {"one", "two", "many more words", "a few words"});
  const std::string section =
      between(run_page(run.report()), "<h2>Short and long texts</h2>", "<h2>Worst errors");
  EXPECT_THAT(section, HasSubstr(">1</td><td>2</td><td>0.5000</td><td>0.5000</td><td>1.0000</td>"));
  EXPECT_THAT(section, HasSubstr(">3</td><td>2</td><td>0.5000</td><td>–</td><td>0.0000</td>"));

  MadeUpRun alike;
  EXPECT_THAT(run_page(answer_all_kinds(alike).report()), Not(HasSubstr("Short and long texts")));
}

TEST(RunPage, NamesLabelsWithoutAThresholdOfTheirOwn) {
  MadeUpRun run;
  run.record().config.metrics.threshold.method = ThresholdConfig::Method::kMaxF1;
  run.finish({{"test", kFigures}});
  EXPECT_THAT(run_page(run.report()), HasSubstr(">fitted on validation data: the best F1<"));
  run.finish({{"threshold_not_fitted", {"<rare>"}}});
  EXPECT_THAT(run_page(run.report()),
              HasSubstr("; 0.5 for &#39;&lt;rare&gt;&#39;, as these data have no example with the label"));
}

TEST(RunPage, MarksTheBestEpoch) {
  MadeUpRun run;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    run.log("train", epoch, {{"loss", 1.0 / epoch}})
        .log("validation", epoch, {{"loss", 0.5}, {"accuracy", 0.75}});
    run.log("checkpoint", epoch, {{"best", epoch == 2}});
  }
  const std::string page = run_page(run.report());
  // Epochs 1 to 3 from x = 58 to 406: the best is in the middle.
  EXPECT_THAT(between(page, ">loss</text>", "</svg>"), HasSubstr("<path class=\"mark\" d=\"M232.0 "));
  EXPECT_THAT(page, HasSubstr("<title>epoch 2: 0.5</title>"));
  EXPECT_THAT(page, HasSubstr(">validation accuracy</text>"));
}

TEST(RunPage, IsDrawnByStepWhereAnEpochHasSeveralValidations) {
  MadeUpRun run;
  run.log("train", 1, {{"loss", 1}, {"step", 5}}).log("train", 1, {{"loss", 0.5}, {"step", 10}});
  EXPECT_THAT(run_page(run.report()), HasSubstr("<title>step 5: 1</title>"));
}

TEST(RunPage, CountsRightAndWrongAnswers) {
  MadeUpRun run;
  const std::string page = run_page(answer_all_kinds(run).finish({{"test", kFigures}}).report());
  EXPECT_THAT(page,
              HasSubstr("<td class=\"l\">is good</td><td><b>1</b> <span class=\"soft\">25.0 %</span></td>"));
  EXPECT_THAT(page, HasSubstr("ROC curve, area undefined"));  // what the tables have
  EXPECT_THAT(page, HasSubstr("average precision 0.6250"));
  EXPECT_THAT(page, HasSubstr("expected calibration error 0.1250"));
  EXPECT_THAT(page, HasSubstr("<title>false positive rate 0.5: 0.5</title>"));  // the point of the threshold
  EXPECT_THAT(page, HasSubstr("<title>good, 0.95 to 1.00: 1</title>"));
}

TEST(RunPage, ShowsTheMostConfidentErrorsFirst) {
  MadeUpRun run;
  std::vector<float> targets, logits;
  std::vector<std::string> texts;
  for (int i = 0; i < 12; ++i) {
    targets.push_back(0);
    logits.push_back(static_cast<float>(i + 1));
    texts.push_back("error " + std::to_string(i));
  }
  run.answer(targets, logits, texts).finish({{"test", kFigures}});
  const std::string errors =
      between(run_page(run.report()), "Negative, and answered positive", "<h3>Positive");
  EXPECT_THAT(errors, HasSubstr("12 in all"));
  EXPECT_LT(errors.find("error 11"), errors.find("error 10"));
  EXPECT_THAT(errors, HasSubstr("error 2<"));
  EXPECT_THAT(errors, Not(HasSubstr("error 1<")));  // ten are shown
  EXPECT_THAT(errors, HasSubstr("data.csv:13"));
  EXPECT_THAT(errors, HasSubstr("<td>0.999994</td><td>12.0000</td>"));
  EXPECT_THAT(run_page(run.report()), HasSubstr("<h3>Positive, and answered negative</h3><p>None.</p>"));
}

TEST(RunPage, ShowsEquallyConfidentErrorsInTheOrderOfTheExamples) {
  MadeUpRun run;
  run.answer({0, 0, 0}, {2, 2, 2}, {"error 0", "error 1", "error 2"}).finish({{"test", kFigures}});
  const std::string page = run_page(run.report());
  ASSERT_THAT(page, HasSubstr("error 2"));
  EXPECT_LT(page.find("error 0"), page.find("error 1"));
  EXPECT_LT(page.find("error 1"), page.find("error 2"));
}

TEST(RunPage, IsSafeFromWhatStandsInData) {
  MadeUpRun run({"<b>bad", "\"good\xff"});
  const std::string text = "<script>alert(1)</script>\x01\xfe" + std::string(100'000, 'x');
  run.answer({0, 1}, {4, -4}, {text, "&amp;"}).finish({{"test", kFigures}});
  run.record().config.resolved_yaml = "</pre><script>";
  run.record().config.data.train.paths = {"<i>.csv"};
  run.record().environment = {{"command", {"bernoulli", "<u>"}}};
  const std::string page = run_page(run.report());
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;\\x01\\xfexxx"));
  EXPECT_THAT(page, HasSubstr("&amp;amp;"));
  EXPECT_THAT(page, HasSubstr("&quot;good\\xff"));
  for (const char* raw : {"<script", "<b>bad", "<i>.csv", "<u>", "\xff", "\x01"})
    EXPECT_THAT(page, Not(HasSubstr(raw)));
  EXPECT_LT(page.size(), 60'000u);  // the long text is cut
}

TEST(RunPage, SaysWhyAMetricIsUndefined) {
  MadeUpRun run;
  const std::string page = run_page(run.finish({{"validation", kFigures}, {"test", kFigures}}).report());
  EXPECT_THAT(page, HasSubstr("<code>roc_auc</code></td><td>–</td><td>–</td>"
                              "<td>validation: only one class. test: only one class. </td>"));
}

TEST(RunPage, GoesWithoutAnswersAndSaysWhy) {
  MadeUpRun run;
  run.finish({{"test", kFigures}});
  run.report().no_answers_because = "'<data>.csv' does not exist";
  const std::string page = run_page(run.report());
  EXPECT_THAT(
      page, HasSubstr("No confusion counts, curves and errors: &#39;&lt;data&gt;.csv&#39; does not exist."));
  EXPECT_THAT(page, Not(HasSubstr("Worst errors")));
  EXPECT_THAT(page, Not(HasSubstr("not finished")));
  EXPECT_FALSE(shows_answers(page));
  run.answer({1, 0}, {-1, 1}, {"<p>No confusion counts, curves and errors: ", "b"});
  EXPECT_TRUE(shows_answers(run_page(run.report())));
}

TEST(RunPage, OfAnUnfinishedRunHasWhatIsThere) {
  MadeUpRun run;
  const std::string bare = run_page(run.report());
  EXPECT_THAT(bare, HasSubstr("This training is not finished"));
  EXPECT_THAT(bare, HasSubstr("No epoch has ended yet"));
  EXPECT_THAT(bare, HasSubstr("There are no final figures: nobody asked."));
  EXPECT_THAT(bare, HasSubstr("The audit of the data was not written yet."));

  const std::string answered = run_page(answer_all_kinds(run).log("train", 1, {{"loss", 1}}).report());
  EXPECT_THAT(answered, HasSubstr("This training is not finished"));
  EXPECT_THAT(answered, HasSubstr("<b>0.5000</b><span>accuracy</span>"));  // from the answers
  EXPECT_THAT(answered, HasSubstr("<code>roc_auc</code></td><td>0.7500</td>"));
  EXPECT_THAT(answered, HasSubstr("ROC curve, area 0.7500"));
  EXPECT_THAT(answered, HasSubstr("average precision 0.8333"));  // (1 + 2/3) / 2
  EXPECT_THAT(answered, Not(HasSubstr("<code>loss</code></td>")));
}

TEST(RunPage, OfManyLabelsDrawsTheMostFrequentOnes) {
  std::vector<std::string> tags;
  std::vector<float> targets, logits;
  Json per_label = Json::object();
  for (int label = 0; label < 8; ++label) {
    tags.push_back("tag" + std::to_string(label));
    per_label[tags.back()] = {
        {"precision", 1},      {"recall", 0.5},          {"f1", nullptr},
        {"roc_auc", 1},        {"average_precision", 1}, {"expected_calibration_error", 0},
        {"true_positives", 1}, {"false_positives", 2},   {"false_negatives", 3}};
  }
  for (int example = 0; example < 8; ++example) {
    for (int label = 0; label < 8; ++label) {
      targets.push_back(label >= example ? 1 : 0);  // of label 7 all, of label 0 one
      logits.push_back(label % 2 == 0 ? 1.0f : -1.0f);
    }
  }
  Json figures = kFigures;
  figures["metrics"].update({{"micro_roc_auc", 0.5}, {"micro_average_precision", 0.5}});
  figures["per_label"] = per_label;
  MadeUpRun run(tags, TaskConfig::Kind::kMultiLabel);
  const std::string page = run_page(run.answer(targets, logits, {}, 8).finish({{"test", figures}}).report());
  EXPECT_THAT(page, HasSubstr("multi-label, 8 labels"));
  EXPECT_THAT(page, HasSubstr("<td class=\"l\">tag3</td><td>0.5</td><td>4</td><td>3</td>"));
  EXPECT_THAT(page, HasSubstr("Curves of the 6 labels with the most positive examples:"));
  const std::string curves = between(page, "Curves of the 6 labels", "<h2>");
  EXPECT_THAT(curves, HasSubstr(">tag7</text>"));
  EXPECT_THAT(curves, HasSubstr(">tag2</text>"));
  EXPECT_THAT(curves, Not(HasSubstr(">tag1</text>")));
}

TEST(RunPage, SaysWhereLogitsAreNoNumbers) {
  MadeUpRun run;
  run.answer({1, 0}, {std::numeric_limits<float>::quiet_NaN(), 1}).finish({{"test", kFigures}});
  EXPECT_THAT(run_page(run.report()), HasSubstr("1 of 2 logits are not a number"));
}

TEST(RunPage, FoldsTheTableOfManyLabels) {
  for (const size_t num_labels : {100, 101}) {
    Json per_label = Json::object();
    for (size_t label = 0; label < num_labels; ++label) {
      per_label["tag" + std::to_string(label)] = {
          {"precision", 1},      {"recall", 0.5},          {"f1", nullptr},
          {"roc_auc", 1},        {"average_precision", 1}, {"expected_calibration_error", 0},
          {"true_positives", 1}, {"false_positives", 2},   {"false_negatives", 3}};
    }
    Json figures = kFigures;
    figures["per_label"] = per_label;
    MadeUpRun run({"tag0"}, TaskConfig::Kind::kMultiLabel);
    const std::string page = run_page(run.finish({{"test", figures}}).report());
    const bool folded =
        page.find("<summary>Figures of each of the 101 labels</summary>") != std::string::npos;
    EXPECT_EQ(folded, num_labels == 101);
  }
}

TEST(RunPage, SumsUpTheSecondsOfTheEpochs) {
  MadeUpRun run;
  run.finish({{"test", kFigures}});
  run.record().summary["timings"]["epoch_seconds"] = {2, 1.5, 4};
  EXPECT_THAT(between(run_page(run.report()), "<section id=\"environment\">", "</section>"),
              HasSubstr("3 epochs: mean 2.5, least 1.5, most 4<"));
}

TEST(RunPage, KeepsTheClockInOneSection) {
  MadeUpRun run;
  run.finish({{"test", kFigures}});
  run.record().environment = {{"started", 86399}, {"threads", 2}};
  const std::string page = run_page(run.report());
  EXPECT_THAT(between(page, "<section id=\"environment\">", "</section>"),
              HasSubstr("1970-01-01 23:59:59 UTC"));
  run.record().environment["started"] = 5;
  run.record().summary["timings"]["total_seconds"] = 7;
  const auto rest = [](std::string text) {
    const size_t begin = text.find("<section id=\"environment\">");
    return text.erase(begin, text.find("</section>") - begin);
  };
  EXPECT_EQ(rest(run_page(run.report())), rest(page));
}

TEST(RunRecord, ReadsWhatAFolderHas) {
  const TemporaryFolder folder;
  RunConfig config;
  config.task.labels = {"a", "b"};
  const RunRecord empty = read_run_record({folder.path()}, config);
  EXPECT_EQ(empty.name, folder.path().filename().string());
  EXPECT_TRUE(empty.data.is_null() && empty.environment.is_null() && empty.events.empty());
  EXPECT_FALSE(empty.finished());
  EXPECT_EQ(empty.label_names(), config.task.labels);

  folder.write("data.json", R"({"labels": {"names": ["x", "y"]}})");
  folder.write("metrics.jsonl",
               "{\"event\": \"train\", \"epoch\": 1, \"step\": 5, \"loss\": 0.5, \"epoch_seconds\": "
               "[1]}\nnot json\n{\"event\": "
               "3}\n{\"event\": \"tr");
  const RunRecord record = read_run_record({folder.path() / "."}, config);
  EXPECT_EQ(record.name, empty.name);
  EXPECT_EQ(record.label_names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_FALSE(record.events.at(0).contains("epoch_seconds"));
  EXPECT_EQ(record.unreadable_events, 2);  // what a kill cut off is no line
  EXPECT_EQ(series_of(record, "train", "loss", Clock::kStep), (Series{{5, 0.5}}));
  EXPECT_TRUE(series_of(record, "train", "nothing", Clock::kEpoch).empty());
  EXPECT_TRUE(read_summary({folder.path()}).is_null());

  folder.write("summary.json", "{");
  EXPECT_THROW(read_summary({folder.path()}), ArtifactError);
}

}  // namespace
}  // namespace bernoulli::report
