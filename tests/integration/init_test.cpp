// `bernoulli init` from the outside: what it writes must pass `config check` and train as it is.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace bernoulli::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// In the folder that it runs in.
class Init : public ::testing::Test {
 protected:
  static std::string text(int i) {
    return std::string(i % 2 == 0 ? "a fine, warm film that i loved "
                                  : "dull and cold; i slept through it ") +
           std::to_string(i);
  }
  static std::string label(int i) { return i % 2 == 0 ? "pos" : "neg"; }
  template <class Row>
  static std::string rows(const Row& row, int count = 60) {
    std::string content;
    for (int i = 0; i < count; ++i) content += row(i) + "\n";
    return content;
  }
  static std::string csv() {
    return "review,sentiment\n" + rows([](int i) { return "\"" + text(i) + "\"," + label(i); });
  }

  ProgramResult run(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder_.path().string(),
                                    BERNOULLI_PROGRAM};
    all.insert(all.end(), words.begin(), words.end());
    return run_program(all);
  }
  /// What init finds in `data`, once a batch has trained by the file that it wrote: all of it has then been
  /// checked, and all of the data read.
  Json trained(const std::string& data, std::vector<std::string> more = {}) const {
    fs::remove(folder_ / "mine.yaml");
    more.insert(more.begin(), {"init", data, "--output", "mine.yaml", "--json"});
    const ProgramResult made = run(more);
    EXPECT_EQ(made.exit_code, 0) << made.err;
    if (made.exit_code != 0) return {};
    const ProgramResult done = run({"train", "mine.yaml", "--dry-run"});
    EXPECT_EQ(done.exit_code, 0) << done.err << folder_.read("mine.yaml");
    return Json::parse(made.out);
  }
  /// For an epoch, into the folder "run".
  void train_an_epoch() const {
    fs::remove_all(folder_ / "run");
    const ProgramResult done = run({"train", "mine.yaml", "--run-dir", "run", "--set", "training.epochs=1"});
    EXPECT_EQ(done.exit_code, 0) << done.err << folder_.read("mine.yaml");
  }
  /// To its end, with nothing set.
  void expect_trains_as_it_is() const {
    const ProgramResult done = run({"train", "mine.yaml", "--run-dir", "whole"});
    EXPECT_EQ(done.exit_code, 0) << done.err << folder_.read("mine.yaml");
    fs::remove_all(folder_ / "whole");
  }
  static std::string found(const Json& findings, const std::string& setting) {
    for (const Json& one : findings["findings"])
      if (one["setting"] == setting) return one["value"];
    return "";
  }
  void expect_fault(const std::string& content, int code, const std::string& message,
                    const std::string& name = "data.csv", std::vector<std::string> more = {}) const {
    folder_.write(name, content);
    more.insert(more.begin(), {"init", name, "--output", "none.yaml"});
    const ProgramResult refused = run(more);
    EXPECT_EQ(refused.exit_code, code) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(folder_ / "none.yaml"));
  }

  /// What init warns of, where it writes a configuration all the same.
  std::string warnings_of(const std::string& name, const std::string& content) const {
    folder_.write(name, content);
    fs::remove(folder_ / "warned.yaml");
    const ProgramResult made = run({"init", name, "--output", "warned.yaml", "--json"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return made.exit_code == 0 ? Json::parse(made.out)["warnings"].dump() : "";
  }
  /// A table of the texts and of what `label` makes of their numbers.
  template <class Label>
  static std::string labelled(const Label& label) {
    return "text,label\n" +
           rows([&](int i) { return "\"" + text(i) + "\",\"" + std::string(label(i)) + "\""; });
  }

  TemporaryFolder folder_{TemporaryFolder::in_memory()};
};

TEST_F(Init, TablesTrainAsTheyAreFound) {
  folder_.write("a.csv", csv());
  Json findings = trained("a.csv");
  EXPECT_EQ(found(findings, "data.columns.text"), "review");
  EXPECT_EQ(found(findings, "data.columns.label"), "sentiment");
  EXPECT_EQ(found(findings, "task.positive"), "pos");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"neg": 30, "pos": 30})"));
  expect_trains_as_it_is();
  folder_.write("b.csv", rows([](int i) { return label(i) + "|" + text(i) + " \xe9"; }));
  findings = trained("b.csv", {"--positive", "neg"});
  EXPECT_EQ(found(findings, "data.columns.header"), "false");
  EXPECT_EQ(found(findings, "task.positive"), "neg");
  EXPECT_THAT(
      findings["warnings"].dump(),
      HasSubstr("60 of 60 texts are not UTF-8: their odd bytes are read as they are; where they are of "
                "Windows or Latin-1, convert the file: iconv -f WINDOWS-1252 -t UTF-8"));
  folder_.write("c.tsv", "id\ttext\tscore\n" + rows([](int i) {
                           return std::to_string(i) + "\t" + (i % 5 == 0 ? "\"" : "") + text(i) + "\t" +
                                  (i % 2 == 0   ? "1.5"
                                   : i % 3 == 0 ? "-2.25"
                                                : "-1");
                         }));
  findings = trained("c.tsv");
  EXPECT_EQ(found(findings, "data.columns.quote"), "\"\"");
  EXPECT_EQ(found(findings, "task.positive_above"), "0");
}

TEST_F(Init, SeveralLabelsTrainAsTheyAreFound) {
  folder_.write("topics.csv", "text,topic\n" + rows([](int i) {
                                return "\"" + text(i) + "\",\"" + (i % 3 == 0 ? "arts, music" : label(i)) +
                                       "\"";
                              }));
  Json findings = trained("topics.csv");
  EXPECT_EQ(found(findings, "task.kind"), "multi_label");
  EXPECT_EQ(findings["labels"].size(), 3u) << "a comma that joins nothing is a part of a label: " << findings;
  expect_trains_as_it_is();
  folder_.write("tags.csv", "text,tags\n" + rows([](int i) {
                              const char* tags[] = {"a|b", "b", "a", "c", "b|c", ""};
                              return "\"" + text(i) + "\"," + tags[i % 6];
                            }));
  findings = trained("tags.csv");
  EXPECT_EQ(found(findings, "data.columns.label_separator"), "|");
  EXPECT_THAT(findings.dump(), HasSubstr("3 labels; 20 of 60 examples have several, 10 none"));
  folder_.write("flags.csv", "comment,rude,loud\n" + rows([](int i) {
                               return "\"" + text(i) + "\"," + std::to_string(i % 2) + "," +
                                      std::to_string(i % 3 / 2);
                             }));
  EXPECT_EQ(found(trained("flags.csv"), "data.columns.label_columns"), "rude, loud");
  findings = trained("flags.csv", {"--label-column", "loud"});
  EXPECT_EQ(found(findings, "task.kind"), "binary");
  folder_.write("grades.csv", "text,rating\n" + rows([](int i) {
                                return "\"" + text(i) + "\"," + std::to_string(i % 5 + 1);
                              }));
  EXPECT_EQ(trained("grades.csv")["labels"].size(), 5u);
  EXPECT_EQ(found(trained("grades.csv", {"--positive-above", "3"}), "task.positive_above"), "3");
}

TEST_F(Init, WhiteSpaceAroundLabelsIsNotPartOfThem) {
  const auto spaced = [](int i, const std::string& name) {
    return (i % 3 == 0 ? " " : "") + name + (i % 4 == 0 ? "  " : "");
  };
  folder_.write("two.csv",
                "text, label\n" + rows([&](int i) { return "\"" + text(i) + "\"," + spaced(i, label(i)); }));
  Json findings = trained("two.csv");
  EXPECT_EQ(found(findings, "data.columns.label"), " label");
  EXPECT_EQ(found(findings, "task.kind"), "binary");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"neg": 30, "pos": 30})"));
  folder_.write("three.csv", "text, label\n" + rows([](int i) {
                               const char* names[] = {"neg", "pos", "neutral"};
                               return "\"" + text(i) + "\", " + names[i % 3];
                             }));
  findings = trained("three.csv");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"neg": 20, "neutral": 20, "pos": 20})"));
  folder_.write("two.jsonl", rows([&](int i) {
                  return Json({{"text", text(i)}, {"label", spaced(i, label(i))}}).dump();
                }));
  EXPECT_EQ(found(trained("two.jsonl", {"--positive", " neg"}), "task.positive"), "neg");
  folder_.write("flags.csv", "comment, rude, loud\n" + rows([](int i) {
                               return "\"" + text(i) + "\", " + std::to_string(i % 2) + ", " +
                                      std::to_string(i % 3 / 2);
                             }));
  EXPECT_EQ(trained("flags.csv")["labels"], Json::parse(R"({"loud": 20, "rude": 30})"));
  expect_fault(
      "text,label\n" + rows([](int i) { return "\"" + text(i) + "\"," + (i == 7 ? " " : label(i)); }), 3,
      "data.csv:9: the label is empty, as in 1 of 60");
}

TEST_F(Init, ALabelThatIsRepeatedInAnExampleIsCountedOnce) {
  folder_.write("a.txt", rows([](int i) {
                  return (i % 3 == 0 ? "__label__" + label(i) + " " : "") + "__label__" + label(i) + " " +
                         text(i);
                }));
  Json findings = trained("a.txt");
  EXPECT_EQ(found(findings, "task.kind"), "binary");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"neg": 30, "pos": 30})"));
  folder_.write("a.csv", "text,tags\n" + rows([](int i) {
                           const char* tags[] = {"a|a", "b", "a", "c|c|b", "b|c", "c"};
                           return "\"" + text(i) + "\"," + tags[i % 6];
                         }));
  findings = trained("a.csv");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"a": 20, "b": 30, "c": 30})"));
  EXPECT_THAT(findings.dump(), HasSubstr("3 labels; 20 of 60 examples have several, 0 none"));
}

TEST_F(Init, OneNumberALabelInAListIsRefused) {
  const auto numbers = [](int i) {
    return Json({{"text", text(i)}, {"labels", {i % 2, int(i % 3 == 0), int(i % 5 == 0)}}}).dump();
  };
  expect_fault(rows(numbers), 3,
               "data.jsonl:1: the labels are [0, 1, 1], and those of all examples are as many", "data.jsonl");
  const auto names = [](int i) {
    return Json({{"text", text(i)}, {"labels", {std::to_string(i % 2), std::to_string(1 - i % 2)}}}).dump();
  };
  folder_.write("names.jsonl", rows(names));
  EXPECT_EQ(run({"init", "names.jsonl", "--output", "-"}).exit_code, 0);
}

TEST_F(Init, AFlagThatNeverHoldsIsALabelWithAWarning) {
  folder_.write("flags.csv", "comment,rude,never,loud\n" + rows([](int i) {
                               return "\"" + text(i) + "\"," + std::to_string(i % 2) + ",0," +
                                      std::to_string(i % 3 / 2);
                             }));
  const Json findings = trained("flags.csv");
  EXPECT_EQ(found(findings, "data.columns.label_columns"), "rude, never, loud");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"loud": 20, "never": 0, "rude": 30})"));
  EXPECT_THAT(
      findings["warnings"].dump(),
      HasSubstr("the column 'never' holds 0 in all rows: the label 'never' never holds, and nothing can "
                "be learned of it; --label-column, once for each of the others, leaves it out"));
}

TEST_F(Init, APartOfAFolderWithoutLabelsIsLeftToPredict) {
  folder_.write("parts/train.csv", "id,comment_text,rude,loud\n" + rows([](int i) {
                                     return std::to_string(i) + ",\"" + text(i) + "\"," +
                                            std::to_string(i % 2) + "," + std::to_string(i % 3 / 2);
                                   }));
  folder_.write("parts/test.csv", "id,comment_text\n1,a film\n");
  Json findings = trained("parts");
  EXPECT_THAT(
      findings.dump(),
      HasSubstr(
          "it has none of the columns 'rude', 'loud' (it has: id, comment_text): it has no labels, so it is "
          "for predict"));
  EXPECT_EQ(found(findings, "parts/test.csv"), "left out");
  EXPECT_EQ(findings["examples"], Json::parse(R"({"train": 36, "validation": 12, "test": 12})"));
  folder_.write("lines/train.jsonl", rows([](int i) {
                  return Json({{"text", text(i)}, {"label", label(i)}}).dump();
                }));
  folder_.write("lines/dev.jsonl", Json({{"text", text(0)}, {"label", label(0)}}).dump() + "\n");
  folder_.write("lines/test.jsonl", Json({{"text", text(1)}}).dump() + "\n");
  findings = trained("lines");
  EXPECT_EQ(found(findings, "lines/test.jsonl"), "left out");
  EXPECT_EQ(findings["examples"]["validation"], 1);
  EXPECT_EQ(findings["examples"]["test"], 12) << "of the training data, as for a single file";
  folder_.write("lines/test.jsonl", Json({{"body", text(1)}}).dump() + "\n");
  const ProgramResult neither = run({"init", "lines", "--output", "none.yaml"});
  EXPECT_EQ(neither.exit_code, 3) << "neither text nor label: it is written in another way";
  EXPECT_THAT(neither.err, HasSubstr("no 'text' (data.columns.text)"));
}

TEST_F(Init, JsonLinesTrainAsTheyAreFound) {
  folder_.write(
      "a.jsonl", rows([](int i) {
        return Json({{"body", text(i)}, {"tags", i % 3 == 0 ? Json::array() : Json({label(i), "film"})}})
            .dump();
      }));
  EXPECT_EQ(found(trained("a.jsonl"), "task.kind"), "multi_label");
  folder_.write("b.txt", rows([](int i) { return Json({{"body", text(i)}, {"spam", i % 4 == 0}}).dump(); }));
  const Json findings = trained("b.txt");
  EXPECT_EQ(found(findings, "format"), "jsonl") << "by its first line";
  EXPECT_EQ(found(findings, "task.positive"), "true");
}

TEST_F(Init, LabelledLinesAndFoldersTrainAsTheyAreFound) {
  folder_.write("a.txt", rows([](int i) { return "__label__" + label(i) + " " + text(i); }));
  EXPECT_EQ(found(trained("a.txt"), "task.kind"), "binary");
  folder_.write("b.ft", rows([](int i) {
                  return "__label__" + label(i) + (i % 4 == 0 ? " __label__x " : " ") + text(i);
                }));
  EXPECT_EQ(found(trained("b.ft"), "task.kind"), "multi_label");
  folder_.write("c.ft",
                rows([](int i) { return (i % 3 == 1 ? "" : "__label__" + label(i) + " ") + text(i); }));
  EXPECT_EQ(found(trained("c.ft"), "task.kind"), "multi_label") << "of two labels, where some have none";
  for (int i = 0; i < 60; ++i) {
    folder_.write("classes/" + label(i) + "/" + std::to_string(i) + ".txt", text(i));
    folder_.write(
        std::string("parts/") + (i < 40 ? "train/" : "test/") + label(i) + "/" + std::to_string(i) + ".txt",
        text(i));
  }
  EXPECT_EQ(found(trained("classes"), "task.positive"), "pos");
  EXPECT_EQ(trained("parts")["examples"]["test"], 20);
  folder_.write("files/train.csv", csv());
  folder_.write("files/valid.csv", csv());
  const Json findings = trained("files");
  EXPECT_EQ(findings["examples"], Json::parse(R"({"train": 60, "validation": 60, "test": 0})"));
  folder_.write("files/train.tsv", csv());
  const ProgramResult two = run({"init", "files"});
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_THAT(two.err, HasSubstr("'files' holds 'files/train.csv', 'files/train.tsv': name the file or"));
}

TEST_F(Init, CompressedTablesTrainAsTheyAreFound) {
  const std::string file = folder_.write("a.csv", csv()).string();
  if (run_program({"/bin/sh", "-c", "gzip \"$0\"", file}).exit_code != 0) GTEST_SKIP() << "no gzip here";
  EXPECT_EQ(found(trained("a.csv.gz"), "format"), "csv");
  fs::create_directory(folder_ / "parts");
  fs::rename(file + ".gz", folder_ / "parts/train.csv.gz");
  EXPECT_EQ(found(trained("parts"), "data.train"), "parts/train.csv.gz");
}

TEST_F(Init, TwoHundredMegabytesOfTextAreHashed) {
  for (int i = 0; i < 2; ++i) {
    std::string row;
    while (row.size() < 1'000'000) row += text(i) + " ";
    folder_.write(label(i), row + "\"," + label(i) + "\n");
  }
  const std::string write =
      "cd \"$0\" && { echo text,label; i=0; while [ $i -lt 100 ]; do for label in pos neg; do printf '\"%s ' "
      "$i$label; cat $label; done; i=$((i+1)); done; } | gzip -1 > big.csv.gz";
  if (run_program({"/bin/sh", "-c", write, folder_.path().string()}).exit_code != 0)
    GTEST_SKIP() << "no gzip here";
  const ProgramResult made = run({"init", "big.csv.gz", "--output", "big.yaml"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(
      folder_.read("big.yaml"),
      AllOf(HasSubstr("\n  hashing: {buckets: 2000000} "), HasSubstr("\noptimizer: {adagrad: {lr: 0.1}} "),
            HasSubstr("{epochs: 5, batch_size: 32, seed: 42, early_stopping: 2}")));
  EXPECT_EQ(run({"config", "check", "big.yaml"}).exit_code, 0);
}

TEST_F(Init, NothingIsOverwritten) {
  folder_.write("a.csv", csv());
  const ProgramResult made = run({"init", "a.csv"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("wrote a.yaml"));
  EXPECT_THAT(made.out, HasSubstr("bernoulli train a.yaml --run-dir runs/a"));
  const std::string before = folder_.read("a.yaml");
  EXPECT_EQ(run({"train", "a.yaml", "--dry-run"}).exit_code, 0);
  const ProgramResult again = run({"init", "a.csv"});
  EXPECT_EQ(again.exit_code, 7);
  EXPECT_THAT(again.err, HasSubstr("'a.yaml' is there already"));
  EXPECT_EQ(folder_.read("a.yaml"), before);
  const ProgramResult printed = run({"init", "a.csv", "--output", "-"});
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_THAT(printed.out, HasSubstr("train: {path: a.csv}"));
  EXPECT_THAT(printed.out, HasSubstr("standardize: [lowercase, strip_punctuation]"));
  EXPECT_THAT(printed.err, HasSubstr("data.columns.text: review"));
  EXPECT_EQ(run({"init", "a.csv", "--output", "-", "--json"}).exit_code, 2);
  EXPECT_EQ(run({"init", "a.csv", "--output", "no/such/folder.yaml"}).exit_code, 5);
}

TEST_F(Init, WhatStaysOpenIsAskedFor) {
  const std::string open =
      "a,b,mood,stage\n" + rows([](int i) {
        return "\"" + text(i) + "\",\"" + text(i + 1) + "\"," + label(i) + "," + std::to_string(i % 3);
      });
  expect_fault(open, 2, "several columns may be the text: 'a' (60 different values");
  expect_fault(open, 2, "several columns may be the label: 'mood'", "data.csv", {"--text-column", "a"});
  folder_.write("data.csv", open);
  EXPECT_EQ(found(trained("data.csv", {"--text-column", "a", "--label-column", "mood"}), "data.columns.text"),
            "a");
  expect_fault(open, 2, "has no such column; did you mean 'mood'?", "data.csv",
               {"--text-column", "a", "--label-column", "moods"});
  expect_fault(csv(), 2, "--positive 'good': the labels are", "data.csv", {"--positive", "good"});
  expect_fault(csv(), 2, "--positive-above compares", "data.csv", {"--positive-above", "1"});
  expect_fault(csv(), 2, "cannot be the text and the label", "data.csv",
               {"--text-column", "a", "--label-column", "a"});
  expect_fault(csv(), 2, "--header is 'maybe'", "data.csv", {"--header", "maybe"});
  expect_fault("__label__a b\n", 2, "has no columns", "lines.txt", {"--text-column", "a"});
}

TEST_F(Init, ManyLabelsAreJudgedByWhatShowsThem) {
  const auto written = [&](int labels, bool several) {
    std::string lines;
    for (int i = 0; i < 12 * labels; ++i)
      lines += fmt::format("__label__topic{} {}{}\n", i % labels,
                           several && i % 3 == 0 ? "__label__more " : "", text(i));
    folder_.write("many.txt", lines);
    fs::remove(folder_ / "many.yaml");
    const ProgramResult made = run({"init", "many.txt", "--output", "many.yaml"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const ProgramResult checked = run({"config", "check", "many.yaml"});
    EXPECT_EQ(checked.exit_code, 0) << checked.err;
    return folder_.read("many.yaml");
  };
  for (const bool several : {false, true})
    EXPECT_THAT(written(60, several),
                AllOf(HasSubstr("{epochs: 120, batch_size: 8, seed: 42, early_stopping: 6, "
                                "monitor: micro_average_precision}"),
                      HasSubstr("\nmetrics:\n  temperature: min_log_loss "),
                      HasSubstr(several ? "\n  threshold: {max_f1: {min_positives: 10}}"
                                        : "\n  threshold: highest ")));
  EXPECT_THAT(written(20, false),
              AllOf(HasSubstr("{epochs: 60, batch_size: 8, seed: 42, early_stopping: 6}"),
                    HasSubstr("\nmetrics:\n  threshold: highest "), Not(HasSubstr("\n  temperature:"))));
  EXPECT_THAT(written(20, true), Not(HasSubstr("\nmetrics:")));
}

TEST_F(Init, AsManyCombinationsOfLabelsAsThereAreMayStandInCells) {
  for (const int combinations : {1500, 6000}) {
    std::string table = "text,tags\n";
    for (int i = 0; i < combinations; ++i) {
      std::string cell;
      for (int bit = 0; bit < 13; ++bit)
        if ((i + 1) >> bit & 1) cell += fmt::format("{}t{}", cell.empty() ? "" : "|", bit);
      table += "\"" + text(i) + "\"," + cell + "\n";
    }
    folder_.write("tags.csv", table);
    const ProgramResult made =
        run({"init", "tags.csv", "--output", fmt::format("{}.yaml", combinations), "--json"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const Json findings = Json::parse(made.out);
    EXPECT_EQ(found(findings, "data.columns.label_separator"), "|");
    EXPECT_EQ(findings["labels"].size(), combinations == 1500 ? 11u : 13u);
    EXPECT_EQ(findings["labels"]["t0"], combinations / 2) << "of all cells, however many differ";
  }
  expect_fault("text,tags\n" +
                   rows([](int i) { return fmt::format("\"{}\",a{}|b{}", text(i), i % 1200, i % 7); }, 3000),
               3, "holds 1207 different labels");
}

TEST_F(Init, WhatACommentProposesForRareLabelsCanBeTakenUp) {
  const auto taken_up = [&](const std::string& content, const std::string& threshold) {
    folder_.write("uneven.txt", content);
    fs::remove(folder_ / "uneven.yaml");
    const ProgramResult made = run({"init", "uneven.txt", "--output", "uneven.yaml"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    std::string yaml = folder_.read("uneven.yaml");
    const std::string proposal = "\n# metrics: {threshold: " + threshold + "} decides";
    const size_t comment = yaml.find("\n# metrics:");
    EXPECT_EQ(comment, threshold.empty() ? std::string::npos : yaml.find(proposal)) << yaml;
    if (comment != std::string::npos) {
      yaml.erase(comment + 1, 2);
      yaml.insert(yaml.find(" decides", comment), " #");
    }
    folder_.write("uneven.yaml", yaml);
    const ProgramResult checked = run({"config", "check", "uneven.yaml"});
    EXPECT_EQ(checked.exit_code, 0) << checked.err << yaml;
    EXPECT_THAT(yaml, HasSubstr("pos_weight: auto} weighs them more"));
  };
  const auto two = [](int i) { return "__label__" + std::string(i % 20 == 0 ? "spam " : "ham ") + text(i); };
  taken_up(rows(two, 200), "max_f1");
  const auto three = [](int i) {
    return "__label__" + std::string(i % 20 == 0 ? "spam " : i % 2 == 0 ? "ham " : "news ") + text(i);
  };
  taken_up(rows(three, 200), "");  // one label each: the most probable one is the answer
  const auto several = [&](int i) { return (i % 3 == 0 ? "__label__long " : "") + three(i); };
  taken_up(rows(several, 200), "{max_f1: {min_positives: 10}}");
  const auto many = [](int i) {
    return fmt::format("__label__{} {}", i % 2 == 0 ? "common" : fmt::format("topic{}", i / 2 % 60), text(i));
  };
  taken_up(rows(many, 1200), "");
}

TEST_F(Init, AnEmptyTextIsNotGivenARareLabel) {
  const auto answer = [&](const std::string& content) {
    folder_.write("rare.txt", content);
    trained("rare.txt");
    train_an_epoch();
    const ProgramResult given = run({"predict", "run", "--text", ""});
    EXPECT_EQ(given.exit_code, 0) << given.err;
    return Json::parse(given.out);
  };
  const auto spam = [](int i) { return "__label__" + std::string(i % 20 == 0 ? "spam " : "ham ") + text(i); };
  EXPECT_LT(answer(rows(spam, 200))["probability"], 0.2);
  const auto tags = [](int i) {
    return "__label__" + std::string(i % 20 == 0 ? "rude " : i % 2 == 0 ? "film " : "book ") + text(i);
  };
  EXPECT_LT(answer(rows(tags, 200))["probabilities"]["rude"], 0.2);
}

TEST_F(Init, TheSweepThatItProposesCanBePasted) {
  const auto proposed = [&](const std::string& name, const std::string& content) {
    folder_.write(name, content);
    const ProgramResult made = run({"init", name});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const std::string begin = "\n  bernoulli sweep ";
    const size_t line = made.out.find(begin);
    EXPECT_NE(line, std::string::npos) << made.out;
    const std::string words = made.out.substr(line + begin.size());
    return words.substr(0, words.find('\n'));
  };
  const auto swept = [&](const std::string& words) {
    return run_program(
        {"/bin/sh", "-c", "cd \"$0\" && \"$1\" sweep " + words, folder_.path().string(), BERNOULLI_PROGRAM});
  };
  const std::string several = proposed(
      "tags.ft",
      rows([](int i) { return "__label__" + label(i) + (i % 4 < 2 ? " __label__x " : " ") + text(i); }));
  const ProgramResult done = swept("--set training.epochs=1 --random 2 " + several);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("macro_average_precision"));
  const auto spam = [](int i) { return "__label__" + std::string(i % 20 == 0 ? "spam " : "ham ") + text(i); };
  const auto topics = [](int i) { return fmt::format("__label__topic{} {}", i % 3, text(i)); };
  const std::string two = proposed("two.csv", csv()), rare = proposed("rare.ft", rows(spam, 200)),
                    classes = proposed("classes.ft", rows(topics)),
                    large = proposed("large.ft", rows(topics, 20'000));
  EXPECT_THAT(two, HasSubstr("--rank-by roc_auc"));
  EXPECT_THAT(rare, HasSubstr("--rank-by average_precision"));
  EXPECT_THAT(classes, HasSubstr("--rank-by precision_at_1"));
  EXPECT_THAT(large, HasSubstr("model.layers[0].embedding_bag.mode=mean,sum"));
  for (const std::string& words : {two, rare, classes, large}) {
    EXPECT_THAT(words, HasSubstr("{split: character, ngrams: [1, 2, 3, 4]}"));
    const ProgramResult sound = swept("--dry-run " + words);
    EXPECT_EQ(sound.exit_code, 0) << sound.err << words;
  }
}

/// What init writes for examples of `row`, and that it is sound.
class InitChoice : public Init {
 protected:
  template <class Row>
  std::string written(const Row& row, int count) const {
    folder_.write("data.ft", rows(row, count));
    fs::remove(folder_ / "data.yaml");
    const ProgramResult made = run({"init", "data.ft"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const ProgramResult checked = run({"config", "check", "data.yaml"});
    EXPECT_EQ(checked.exit_code, 0) << checked.err;
    return made.exit_code == 0 ? made.out + folder_.read("data.yaml") : "";
  }
  static constexpr const char* kCharacters = "\n  split: character ";
};

TEST_F(InitChoice, WordsThatNoOtherTextHasAreReadAsCharacters) {
  const auto name = [](int i) { return fmt::format("__label__{} lib{}-Tool", label(i), i); };
  EXPECT_THAT(written(name, 1000),
              AllOf(HasSubstr("100 % of the words of a held-out tenth stand in no other text"),
                    HasSubstr("text.split: character ("), HasSubstr("\n  standardize: [] "),
                    HasSubstr(kCharacters), HasSubstr("\n  ngrams: [1, 2, 3, 4] ")));
  const auto known = [](int i) { return fmt::format("__label__{} word{}", label(i), i % 40); };
  EXPECT_THAT(written(known, 4000), AllOf(HasSubstr("standardize: [lowercase, strip_punctuation]"),
                                          HasSubstr("\n  ngrams: 2 "), Not(HasSubstr(kCharacters))));
}

TEST_F(InitChoice, PunctuationOfCodeIsKeptAndThatOfHtmlIsNot) {
  const auto code = [](int i) {
    return fmt::format("__label__{} for (i = {}; i < n; ++i) a[i] += b;", label(i), i);
  };
  EXPECT_THAT(written(code, 200), AllOf(HasSubstr("are punctuation, as in code"), HasSubstr(kCharacters),
                                        HasSubstr("\n  standardize: [] ")));
  const auto html = [](int i) { return fmt::format("__label__{} <p>{}</p><br /><br />", label(i), text(i)); };
  EXPECT_THAT(written(html, 200), AllOf(HasSubstr("standardize: [lowercase, strip_html, strip_punctuation]"),
                                        Not(HasSubstr(kCharacters))));
}

TEST_F(InitChoice, ManyClassesOfShortTextsAreToldApartByCharacters) {
  const auto strings = [](int i) {
    return fmt::format("__label__l{} some words {} of {}", i % 60, i * 7, i % 9);
  };
  EXPECT_THAT(written(strings, 2400),
              AllOf(HasSubstr("60 classes of texts of "), HasSubstr(kCharacters),
                    HasSubstr("\n  standardize: [lowercase] "), HasSubstr("\n  ngrams: [1, 2, 3] ")));
  EXPECT_THAT(written([&](int i) { return "__label__more " + strings(i); }, 2400),
              Not(HasSubstr(kCharacters)))
      << "several labels each";
}

TEST_F(InitChoice, RarePositivesAreJudgedByTheirRanking) {
  const auto spam = [](const char* tail) {
    return [tail](int i) {
      return fmt::format("__label__{} a text {}{}", i % 20 == 0 ? "spam" : "ham", i % 97, tail);
    };
  };
  const auto ranked =
      AllOf(HasSubstr("monitor: average_precision}"), HasSubstr("\nmetrics:\n  temperature: min_log_loss "),
            HasSubstr("\n  threshold: max_f1 "), HasSubstr("training.monitor: average_precision"));
  EXPECT_THAT(written(spam(""), 2000), AllOf(ranked, HasSubstr("sum_pool"), HasSubstr("few words decide")));
  EXPECT_THAT(written(spam(" with more words than seven or eight or nine of them"), 2000),
              AllOf(ranked, HasSubstr("- mean_pool")));
  EXPECT_THAT(written(spam(""), 1980), AllOf(Not(HasSubstr("monitor:")), HasSubstr("- mean_pool")))
      << "99 positives, too few to fit by";
  const auto common = [](int i) {
    return fmt::format("__label__{} a text {}", i % 20 == 0 ? "no" : "yes", i % 97);
  };
  EXPECT_THAT(written(common, 2000), Not(HasSubstr("monitor:")))
      << "whose positive label is not the rare one";
}

TEST_F(InitChoice, ManyLabelsOfShortTextsAreSummed) {
  const auto tags = [](int i) {
    return fmt::format("__label__t{} __label__s{} a text {}", i % 60, i % 7, i % 97);
  };
  EXPECT_THAT(written(tags, 1200), HasSubstr("- sum_pool: {padding: exclude} "));
  const auto classes = [](int i) { return fmt::format("__label__t{} a text {}", i % 60, i % 97); };
  EXPECT_THAT(written(classes, 1200), HasSubstr("- mean_pool: {padding: exclude} "));
}

TEST_F(InitChoice, FewLongTextsHaveFewerPairsAndEpochs) {
  const auto of_words = [](int words) {
    return [words](int i) {
      std::string line = "__label__" + label(i) + " " + std::to_string(i);
      for (int word = 1; word < words; ++word) line += " longer";
      return line;
    };
  };
  EXPECT_THAT(written(of_words(90), 60), HasSubstr("min_count: 1}"));
  EXPECT_THAT(written(of_words(110), 60), AllOf(HasSubstr("min_count: 2} "),
                                                HasSubstr("text.vocabulary.min_count: 2 (texts of 110 words"),
                                                HasSubstr("{epochs: 60, batch_size: 8,")));
  EXPECT_THAT(written(of_words(50'000), 100),
              AllOf(HasSubstr("embedding_bag: {dim: 16, mode: mean}"),
                    HasSubstr("{epochs: 20, batch_size: 16,"), HasSubstr("few texts, but 50000 words each")));
}

TEST_F(Init, MoreThanTwoClassFoldersAreLabels) {
  for (const char* name : {"a", "b", "c"}) {
    for (int i = 0; i < 20; ++i) folder_.write(fmt::format("three/{}/{}.txt", name, i), text(i));
  }
  const Json made = trained("three");
  EXPECT_EQ(found(made, "task.kind"), "multi_label");
  EXPECT_EQ(made["labels"], Json({{"a", 20}, {"b", 20}, {"c", 20}}));
  train_an_epoch();
  const Json audit = Json::parse(folder_.read("run/data.json"));
  EXPECT_EQ(audit["labels"]["names"], Json({"a", "b", "c"}));
}

TEST_F(Init, HostileDataAreFaultsOfTheData) {
  expect_fault("", 3, "'data.csv' is empty");
  expect_fault("text,label\n", 3, "holds no row of data");
  expect_fault("text,label\n" + rows([](int i) { return "\"" + text(i) + "\",pos"; }), 3,
               "holds one label only, 'pos', in all 60 examples");
  expect_fault(std::string("\x7f\x45\x4c\x46\x00\x01", 6), 3, "zero byte at 4");
  expect_fault("text,label\n\"a, b\" c,pos\n\"d\n", 3, "data.csv:2");
  expect_fault(
      "text,label\n" + rows([](int i) { return "\"" + text(i) + "\",l" + std::to_string(i); }, 20000), 3,
      "holds more than 5000 different labels");
  expect_fault(rows([](int i) { return "__label__l" + std::to_string(i) + " " + text(i); }, 1500), 3,
               "holds 1500 different labels", "many.txt");
  expect_fault("text,label\n" + rows([](int i) { return "\"" + text(i) + "\"," + label(i) + "\xe9"; }), 3,
               "a label is not UTF-8");
  expect_fault("te\xe9xt,label\n" + rows([](int i) { return "\"" + text(i) + "\"," + label(i); }), 3,
               "the column name 'te\\xe9xt' is not UTF-8");
  expect_fault("text,label\n" + rows([](int i) { return "\"" + text(i) + "\"," + (i == 7 ? "" : label(i)); }),
               3, "data.csv:9: the label is empty, as in 1 of 60");
  const auto separated = [](int i) {
    const char* labels[] = {"arts, music", "a; b", "c | d", "e\tf"};
    return "\"" + text(i) + "\",\"" + labels[i % 4] + "\"";
  };
  expect_fault("text,label\n" + rows(separated), 3, "the labels hold commas, semicolons, | and tabs");
  expect_fault("text,label\na text,x\nanother,y\n", 3, "holds 2 examples; a classifier needs 10");
  expect_fault("some words\nand more, of them\n", 3, "neither its name nor its first lines", "data.bin");
  expect_fault("{\"text\": \"a\"}\n{\"text\"\n", 3, "data.jsonl:2", "data.jsonl");
  EXPECT_EQ(run({"init", "nothere.csv"}).exit_code, 3);
  EXPECT_EQ(run({"init"}).exit_code, 2);
  EXPECT_EQ(run({"init", "."}).exit_code, 2) << "which has no name";
}

TEST_F(Init, DecimalCommasAreNoLabels) {
  const auto number = [](int i) {
    return (i % 2 == 0 ? "" : "-") + std::to_string(i % 4) + ",5" + std::to_string(i % 10);
  };
  expect_fault(
      "text;bewertung\n" + rows([&](int i) { return "\"" + text(i) + "\";" + number(i); }), 3,
      "column 'bewertung' holds numbers with a decimal comma, such as '-1,51', and training compares "
      "numbers with a point: write '-1.51'");
  const auto half_stars = [](int i) {
    const char* stars[] = {"3,4", "4,5", "5", "3"};
    return stars[i % 4];
  };
  EXPECT_THAT(warnings_of("data.csv", labelled(half_stars)),
              HasSubstr("holds '3,4' and the like, which are taken for labels that a comma joins"));
  expect_fault(labelled(half_stars), 3, "holds numbers with a decimal comma, such as '3,4'", "data.csv",
               {"--positive-above", "4"});
}

TEST_F(Init, LabelsWrittenInSeveralWaysAreTold) {
  expect_fault(
      labelled([](int i) {
        const char* names[] = {"pos", "NEG", "Pos", "neg"};
        return names[i % 4];
      }),
      3,
      "column 'label' holds labels that differ only in how they are written, and each would be a class, "
      "4 instead of 2: 'NEG', 'neg'; 'Pos', 'pos'; write each in one way");
  expect_fault(labelled([](int i) { return i == 6       ? "Pos"
                                           : i % 2 == 0 ? "pos"
                                                        : "neg"; }), 3,
               "3 instead of 2: 'Pos', 'pos'; write");
  expect_fault(labelled([](int i) {
                 const char* names[] = {"1", "0", "true", "False"};
                 return names[i % 4];
               }),
               3, "4 instead of 2: '0', 'False'; '1', 'true'; write each in one way, such as 0 and 1");
  expect_fault(
      rows([](int i) {
        return Json({{"text", text(i)}, {"label", i % 3 == 0 ? Json(i % 2) : Json(i % 2 == 1)}}).dump();
      }),
      3, "4 instead of 2: '0', 'false'; '1', 'true'", "data.jsonl");
  expect_fault(rows([](int i) {
                 const char* names[] = {"pos", "NEG", "neg"};
                 return std::string("__label__") + names[i % 3] + " " + text(i);
               }),
               3, "'data.ft' holds labels that differ only in how they are written", "data.ft");
  EXPECT_THAT(warnings_of("data.csv", labelled([](int i) {
                            const char* names[] = {"art", "news", "film", "News"};
                            return names[i % 4];
                          })),
              HasSubstr("4 instead of 3: 'News', 'news'; write each in one way"));
}

TEST_F(Init, ListsAndMissingValuesInCellsAreTold) {
  const auto python = [](int i) {
    const char* lists[] = {"[]", "['acting', 'humor']", "['acting']"};
    return lists[i % 3];
  };
  expect_fault(labelled(python), 3,
               "column 'label': 60 of 60 labels are lists as Python or JSON writes them, such as ['acting', "
               "'humor'], and each would be one label; write JSON lines");
  expect_fault(labelled([](int i) { return i % 2 == 0 ? "[\"\"a\"\", \"\"b\"\"]" : "[1, 2]"; }), 3,
               "60 of 60 labels are lists");
  EXPECT_THAT(warnings_of("data.csv", labelled([](int i) {
                            return i == 0 ? std::string("['pos']") : i == 1 ? "[spam]" : label(i);
                          })),
              HasSubstr("1 of 60 labels are lists as Python or JSON writes them, such as ['pos']"))
      << "'[spam]' is a name";
  expect_fault(labelled([](int i) { return i == 5       ? "nan"
                                           : i % 2 == 0 ? "pos"
                                                        : "neg"; }), 3,
               "column 'label': 'nan' is the label of 1 of 60 examples, a word for a missing value");
  expect_fault(labelled([](int i) { return i == 5       ? "None"
                                           : i % 2 == 0 ? "1"
                                                        : "0"; }), 3,
               "'None' is the label of 1 of 60 examples, a word for a missing value");
  EXPECT_THAT(
      warnings_of("data.csv", labelled([](int i) {
                    return i % 10 == 0 ? "null" : i % 2 == 0 ? "pos" : "neg";
                  })),
      HasSubstr("'null' is the label of 6 of 60 examples, and is taken for a class; where it stands"));
}

TEST_F(Init, WhatIsNoTableIsNamed) {
  const std::string object = "{\"text\": \"a\", \"label\": 1}";
  std::string array = "[" + object, indented = "[\n  " + object;
  for (int i = 0; i < 300; ++i) {
    array += ", " + object;
    indented += ",\n  " + object;
  }
  expect_fault(array + "]", 3,
               "'data.json' is a JSON array (expected one object a line): jq -c '.[]' data.json",
               "data.json");
  expect_fault(indented + "\n]\n", 3, "'data.json' is a JSON array", "data.json");
  expect_fault(array + "]", 3, "jq -c '.[]' data.jsonl > data.lines.jsonl", "data.jsonl");
  expect_fault("sep=;\ntext;label\n" + rows([](int i) { return "\"" + text(i) + "\";" + label(i); }), 3,
               "data.csv:1: 'sep=;' is a line for Excel");
  folder_.write("shards/a.csv", csv());
  folder_.write("shards/b.csv", csv());
  const ProgramResult shards = run({"init", "shards"});
  EXPECT_EQ(shards.exit_code, 3) << shards.err;
  EXPECT_THAT(shards.err,
              HasSubstr("its 2 .csv files make a source by a pattern, 'shards/*.csv', in data.train"));
  const ProgramResult pattern = run({"init", "shards/*.csv"});
  EXPECT_EQ(pattern.exit_code, 3) << pattern.err;
  EXPECT_THAT(pattern.err,
              HasSubstr("'shards/*.csv' is a pattern, of 2 files, and init looks at one: bernoulli "
                        "init shards/a.csv; then write data.train: 'shards/*.csv'"));
}

TEST_F(Init, TextsBeyondAsciiGetTheStepsOfUnicode) {
  folder_.write("a.csv", "text,label\n" + rows([](int i) {
                           return (i % 2 == 0 ? "\"Отличный фильм… " : "\"Скучно, и холодно: ") +
                                  std::to_string(i) + "\"," + label(i);
                         }));
  const Json findings = trained("a.csv");
  EXPECT_EQ(found(findings, "text.standardize"), "unicode_lowercase, strip_unicode_punctuation");
  EXPECT_EQ(found(findings, "text.split"), "") << "words, as there are spaces";
  EXPECT_THAT(folder_.read("mine.yaml"),
              HasSubstr("standardize: [unicode_lowercase, strip_unicode_punctuation]"));
}

TEST_F(Init, TextsWithoutSpacesAreSplitIntoCharacters) {
  folder_.write("a.csv", "text,label\n" + rows([](int i) {
                           return (i % 2 == 0 ? "这部电影很好看我非常喜欢" : "故事沉闷冗长我差点睡着了") +
                                  std::to_string(i) + "," + label(i);
                         }));
  EXPECT_EQ(found(trained("a.csv"), "text.split"), "character");
}

TEST_F(Init, TheGreaterOfTwoNumbersIsPositive) {
  folder_.write("a.csv", "text,stars\n" +
                             rows([](int i) { return "\"" + text(i) + "\"," + (i % 3 == 0 ? "1" : "2"); }));
  EXPECT_EQ(found(trained("a.csv"), "task.positive"), "2") << "though 1 is rarer";
}

TEST_F(Init, FewExamplesAreNotSpentOnATest) {
  for (const int count : {49, 50}) {
    folder_.write("a.csv",
                  "text,label\n" + rows([](int i) { return "\"" + text(i) + "\"," + label(i); }, count));
    const ProgramResult printed = run({"init", "a.csv", "--output", "-"});
    EXPECT_THAT(printed.out, HasSubstr("  validation: {from: train, fraction: 0.2"));
    EXPECT_EQ(printed.out.find("  test: {from: train") != std::string::npos, count == 50) << printed.out;
  }
}

TEST_F(Init, RepeatedTextsStayOnOneSide) {
  for (const int repeated : {9, 10}) {
    folder_.write(
        "a.csv",
        "text,label\n" +
            rows([&](int i) { return "\"" + text(i < 1000 - repeated ? i : i - 500) + "\"," + label(i); },
                 1000));
    const ProgramResult printed = run({"init", "a.csv", "--output", "-"});
    ASSERT_EQ(printed.exit_code, 0) << printed.err;
    EXPECT_THAT(printed.out, HasSubstr(repeated == 10 ? "method: hash" : "method: stratified"));
  }
}

TEST_F(Init, WarnsOfAColumnOfPartsThatItDoesNotTake) {
  folder_.write("a.csv", "text,label,part\n" + rows([](int i) {
                           return "\"" + text(i) + "\"," + label(i) + (i % 5 == 0 ? ",test" : ",train");
                         }));
  EXPECT_THAT(trained("a.csv")["warnings"].dump(),
              HasSubstr("the column 'part' names parts, and is not used"));
}

TEST_F(Init, NamesAColumnThatMaySayWhichTextsBelongTogether) {
  folder_.write("a.csv", "id,customer,lang,text,label\n" + rows([](int i) {
                           return fmt::format("{},c{},{},\"{}\",{}", i, i % 15, i % 3 ? "en" : "de", text(i),
                                              label(i));
                         }));
  const Json findings = trained("a.csv");
  EXPECT_EQ(found(findings, "data.columns.group"), "not set");
  EXPECT_THAT(findings["findings"].dump(),
              AllOf(HasSubstr("'customer' is not used, and values come again in other rows"),
                    Not(HasSubstr("'id'")), Not(HasSubstr("'lang'"))));
  const ProgramResult grouped =
      run({"train", "mine.yaml", "--set", "data.columns.group=customer", "--dry-run"});
  EXPECT_EQ(grouped.exit_code, 0) << grouped.err;
  folder_.write("b.csv", csv());
  EXPECT_EQ(found(trained("b.csv"), "data.columns.group"), "");
}

/// The first one's label is a word that also names columns.
TEST_F(Init, AFirstExampleIsNoHeaderWhereItsLabelComesAgain) {
  folder_.write("a.csv", rows([](int i) { return (i % 2 == 0 ? "y,\"" : "n,\"") + text(i) + "\""; }));
  const Json findings = trained("a.csv");
  EXPECT_EQ(found(findings, "data.columns.header"), "false");
  EXPECT_EQ(findings["labels"], Json::parse(R"({"n": 30, "y": 30})"));
}

TEST_F(Init, NamesOfAnyKindStayWhatTheyAre) {
  folder_.write("my data #1: 'x'.csv", "\"the: text #1\",\"{mood}\"\n" + rows([](int i) {
                                         return "\"" + text(i) + "\",\"" + (i % 2 == 0 ? "yes: #1" : "- no") +
                                                "\"";
                                       }));
  const Json findings = trained("my data #1: 'x'.csv");
  EXPECT_EQ(found(findings, "data.columns.label"), "{mood}");
  EXPECT_EQ(findings["labels"].size(), 2u);
}

}  // namespace
}  // namespace bernoulli::testing
