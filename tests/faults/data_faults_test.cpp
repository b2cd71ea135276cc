// Data that must be refused: exit code 3, with file and line.

#include <fmt/format.h>

#include "faults/fault_case.h"

namespace bernoulli::testing {
namespace {

using DataFaults = Faults;
TEST_P(DataFaults, AreRefused) { check_fault(GetParam()); }

/// Trains on a file of this name and content.
FaultCase rows(const std::string& name, const std::string& file, const std::string& content,
               const std::string& message) {
  return {name, kTrain, 3, message, [file, content](FaultFolder& folder) { folder.train_on(file, content); }};
}

FaultCase prepared(const std::string& name, const std::string& message,
                   const std::function<void(FaultFolder&)>& prepare) {
  return {name, kTrain, 3, message, prepare};
}

const char* const kFolders = "{path: films}";

void use_folders(FaultFolder& folder, const std::vector<std::string>& files) {
  for (const std::string& file : files) folder.write(file, "a film");
  folder.configure("{path: reviews.csv}", kFolders);
}

std::string good_and_bad(const std::string& more) { return sound_rows() + more; }

INSTANTIATE_TEST_SUITE_P(
    Places, DataFaults,
    ::testing::Values(
        prepared("file_missing", "reviews\\.csv",
                 [](FaultFolder& f) { std::filesystem::remove(f / "reviews.csv"); }),
        prepared("folder_missing", "films", [](FaultFolder& f) { use_folders(f, {}); }),
        prepared("folder_empty", "films",
                 [](FaultFolder& f) {
                   use_folders(f, {});
                   create_folder(f / "films");
                 }),
        prepared("folder_without_classes", "films.*class",
                 [](FaultFolder& f) {
                   use_folders(f, {"films/1.txt", "films/2.txt"});
                 }),
        prepared("folder_with_three_classes",
                 "films/[a-z]+/1\\.txt: a binary task has two labels; besides 'good' .*'bad', 'fair'",
                 [](FaultFolder& f) {
                   use_folders(f, {"films/good/1.txt", "films/bad/1.txt", "films/fair/1.txt"});
                 }),
        prepared("positive_class_not_there", "'good'",
                 [](FaultFolder& f) {
                   use_folders(f, {"films/pos/1.txt", "films/neg/1.txt"});
                 }),
        prepared("table_is_a_folder", "reviews\\.csv.*folder",
                 [](FaultFolder& f) {
                   std::filesystem::remove(f / "reviews.csv");
                   create_folder(f / "reviews.csv");
                 }),
        prepared("link_to_itself", "reviews\\.csv",
                 [](FaultFolder& f) {
                   std::filesystem::remove(f / "reviews.csv");
                   std::filesystem::create_symlink("reviews.csv", f / "reviews.csv");
                 }),
        prepared("device_without_end", "/dev/zero",
                 [](FaultFolder& f) {
                   f.configure("{path: reviews.csv}", "{path: /dev/zero, format: csv}");
                 }),
        prepared("validation_missing", "held\\.csv",
                 [](FaultFolder& f) {
                   f.configure("{from: train, fraction: 0.25, method: stratified, seed: 1}", "held.csv");
                 }),
        prepared("test_missing", "test\\.csv' does not exist",
                 [](FaultFolder& f) { f.configure("task:", "  test: test.csv\ntask:"); }),
        prepared("vocabulary_missing", "words\\.txt",
                 [](FaultFolder& f) { f.configure("max_tokens: 100", "file: words.txt"); }),
        prepared("vocabulary_with_a_token_twice", "words\\.txt:3.*listed before, at .*words\\.txt:1",
                 [](FaultFolder& f) {
                   f.write("words.txt", "fine\ndull\nfine\n");
                   f.configure("max_tokens: 100", "file: words.txt");
                 }),
        prepared("vocabulary_with_an_empty_line", "words\\.txt:2.*empty token",
                 [](FaultFolder& f) {
                   f.write("words.txt", "fine\n\ndull\n");
                   f.configure("max_tokens: 100", "file: words.txt");
                 })),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Tables, DataFaults,
    ::testing::Values(
        rows("empty", "rows.csv", "", "rows\\.csv"),
        rows("header_only", "rows.csv", "text,label\n", "rows\\.csv"),
        rows("column_missing", "rows.csv", replaced(sound_rows(), "text,label", "review,label"),
             "rows\\.csv:1.*'text'.*review"),
        rows("column_twice", "rows.csv", replaced(sound_rows(), "text,label", "text,text"),
             "rows\\.csv:1.*'(text|label)'"),
        rows("text_column_twice", "rows.csv", "text,text,label\na,b,good\nc,d,bad\n",
             "rows\\.csv:1: the header has 'text' .data\\.columns\\.text. more than once"),
        rows("too_few_cells", "rows.csv", good_and_bad("lonely\n"), "rows\\.csv:22.*1.*2"),
        rows("too_many_cells", "rows.csv", good_and_bad("a,good,b\n"), "rows\\.csv:22.*3.*2"),
        rows("quote_never_closed", "rows.csv", good_and_bad("\"a film,good\nb,bad\n"),
             "rows\\.csv:22.*quote"),
        rows("text_after_a_quote", "rows.csv", good_and_bad("\"a\" film,good\n"), "rows\\.csv:22.*quote"),
        rows("third_label", "rows.csv", good_and_bad("a film,fair\n"), "fair"),
        rows("empty_label", "rows.csv", good_and_bad("a film,\n"), "rows\\.csv:22: the label is empty"),
        rows("label_in_another_encoding", "rows.csv",
             "text,label\na,good\nb,b\xe4"
             "d\nc,good\nd,b\xe4"
             "d\n",
             "rows\\.csv:3: the label 'b.d' is not UTF-8"),
        rows("misspelt_positive", "rows.csv", "text,label\na,god\nb,bad\nc,god\nd,bad\n",
             "'good'.*god|god.*'good'"),
        rows("gzip_cut_off", "rows.csv.gz",
             std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\x49", 12), "rows\\.csv\\.gz"),
        rows("unknown_ending", "rows.docx", sound_rows(), "rows\\.docx.*(csv|format)"),
        prepared("label_that_is_no_number", "rows\\.csv:3.*'?many",
                 [](FaultFolder& f) {
                   f.train_on("rows.csv", "text,label\na,1\nb,many\nc,5\nd,2\n");
                   f.configure("positive: good", "positive_above: 3");
                 }),
        prepared("labels_outside_the_declared_ones", "rows\\.csv:22.*'fair'",
                 [](FaultFolder& f) {
                   f.train_on("rows.csv", good_and_bad("a film,fair\n"));
                   f.configure("positive: good", "positive: good, labels: [bad, good]");
                 })),
    case_name);

/// Starts from a file of this content.
FaultCase vectors(const std::string& name, const std::string& content, const std::string& message) {
  return prepared("vectors_" + name, message, [content](FaultFolder& f) {
    if (!content.empty()) f.write("some.vec", content);
    f.configure("embedding: {dim: 4}", "embedding: {dim: 4, initializer: {pretrained: some.vec}}");
  });
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, DataFaults,
    ::testing::Values(
        vectors("missing", "", "some\\.vec' does not exist .expected a file with word vectors.*data\\.root"),
        vectors("of_another_dim", "film 1 2 3\n", "some\\.vec:1: has vectors of 3 numbers.*dim 4"),
        vectors("of_words", "film 1 2 three 4\n", "some\\.vec:1: 'three' is no finite number"),
        vectors("cut_off", "9 4\nfilm 1 2 3 4\n", "some\\.vec' holds 1 vectors.*says 9"),
        vectors("of_other_tokens", "Film 1 2 3 4\n", "some\\.vec' has none of the .* tokens")),
    case_name);

FaultCase weighted(const std::string& name, const std::string& weight) {
  return prepared(name, "rows\\.csv:3.*weight", [weight](FaultFolder& f) {
    f.train_on("rows.csv", "text,label,weight\na,good,1\nb,bad," + weight + "\nc,good,1\nd,bad,1\n");
    f.configure("task:", "  columns: {weight: weight}\ntask:");
  });
}

INSTANTIATE_TEST_SUITE_P(Weights, DataFaults,
                         ::testing::Values(weighted("weight_that_is_a_word", "heavy"),
                                           weighted("weight_negative", "-1"), weighted("weight_nan", "nan"),
                                           weighted("weight_infinite", "inf"),
                                           weighted("weight_beyond_double", "1e999"),
                                           weighted("weight_empty", ""),
                                           weighted("weight_with_a_tail", "1x")),
                         case_name);

FaultCase grouped(const std::string& name, const std::string& authors, const std::string& split,
                  const std::string& message) {
  return prepared("groups_" + name, message, [authors, split](FaultFolder& f) {
    std::string table = "text,label,author\n";
    for (size_t i = 0; i < authors.size(); ++i)
      table += fmt::format("film {},{},{}\n", i, i % 2 == 0 ? "good" : "bad",
                           authors[i] == ' ' ? "" : authors.substr(i, 1));
    f.train_on("rows.csv", table);
    f.configure("fraction: 0.25, method: stratified, seed: 1", split + ", seed: 1");
    f.configure("task:", "  columns: {group: author}\ntask:");
  });
}

INSTANTIATE_TEST_SUITE_P(
    Groups, DataFaults,
    ::testing::Values(grouped("empty", "abc abc", "fraction: 0.25", "rows\\.csv:5: 'author' is empty"),
                      grouped("fewer_than_folds", "abcabc", "folds: 4, fold: 1",
                              "folds is 4, but by data\\.columns\\.group there are 3 groups"),
                      grouped("one_only", "aaaaaa", "fraction: 0.25",
                              "leaves no validation example .more groups by data\\.columns\\.group")),
    case_name);

FaultCase jsonl(const std::string& name, const std::string& line, const std::string& message) {
  return rows(name, "rows.jsonl",
              "{\"text\": \"a\", \"label\": \"good\"}\n" + line + "\n{\"text\": \"b\", \"label\": \"bad\"}\n",
              "rows\\.jsonl:2.*" + message);
}

FaultCase multi_label(const std::string& name, const std::string& line, const std::string& message) {
  return prepared(name, "rows\\.jsonl:2.*" + message, [line](FaultFolder& f) {
    f.train_on("rows.jsonl",
               "{\"text\": \"a\", \"label\": [\"red\"]}\n" + line + "\n{\"text\": \"b\", \"label\": []}\n");
    f.configure("{kind: binary, positive: good}", "{kind: multi_label, labels: [red, blue]}");
    f.configure("units: 1", "units: 2");
    f.configure("method: stratified", "method: random");
  });
}

INSTANTIATE_TEST_SUITE_P(
    Lines, DataFaults,
    ::testing::Values(jsonl("json_broken", "{\"text\": \"a\", ", "JSON"),
                      jsonl("json_not_an_object", "[1, 2]", "object"),
                      jsonl("json_too_deep", std::string(200000, '['), ""),
                      jsonl("json_text_missing", "{\"label\": \"good\"}", "text"),
                      jsonl("json_text_a_number", "{\"text\": 3, \"label\": \"good\"}", "text"),
                      jsonl("json_label_missing", "{\"text\": \"a\"}", "label"),
                      jsonl("json_label_a_map", "{\"text\": \"a\", \"label\": {}}", "label"),
                      jsonl("json_not_utf8", "{\"text\": \"\xff\", \"label\": \"good\"}", ""),
                      multi_label("unknown_label_in_a_list",
                                  "{\"text\": \"x\", \"label\": [\"red\", \"blu\"]}", "'?blu'?"),
                      multi_label("label_no_list", "{\"text\": \"x\", \"label\": 7}", "label"),
                      rows("fasttext_without_label", "rows.txt",
                           "__label__good a\nno label here\n__label__bad b\n", "rows\\.txt:2: 0 labels")),
    case_name);

FaultCase evaluated(const std::string& name, const std::string& content, const std::string& message) {
  return {name, {"evaluate", "run", "--data", "more.csv"}, 3, message, [content](FaultFolder& folder) {
            folder.write("more.csv", content);
            copy_trained_run(folder);
          }};
}

/// A validation set of one row, and a configuration that asks more of it.
std::function<void(FaultFolder&)> validated_by(const std::string& row, const std::string& old,
                                               const std::string& by) {
  return [row, old, by](FaultFolder& folder) {
    folder.write("v.csv", "text,label\n" + row + "\n");
    folder.configure("{from: train, fraction: 0.25, method: stratified, seed: 1}", "v.csv");
    folder.configure(old, by);
  };
}

FaultCase predicted(const std::string& name, const std::string& file, const std::string& content,
                    const std::string& message, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"predict", "run", file};
  words.insert(words.end(), more.begin(), more.end());
  return {"predicted_" + name, words, 3, message, [file, content](FaultFolder& folder) {
            evaluated("", "", "").prepare(folder);
            folder.write(file, content);
          }};
}

INSTANTIATE_TEST_SUITE_P(
    OfATrainedModel, DataFaults,
    ::testing::Values(
        evaluated("unknown_label", "text,label\na film,good\na film,fair\n", "more\\.csv:3.*'fair'"),
        evaluated("nothing_to_evaluate", "text,label\n", "more\\.csv"),
        FaultCase{"evaluated_file_missing",
                  {"evaluate", "run", "--data", "nothere.csv"},
                  3,
                  "nothere\\.csv",
                  evaluated("", "", "").prepare},
        evaluated("escapes_in_a_header", "\x1b[31mred,label\na film,good\n", "\\\\x1b.31mred"),
        FaultCase{"resumed_below_what_is_done",
                  {"train", "--resume", "--run-dir", "run", "--set", "training.epochs=1"},
                  2,
                  "has made 8 steps, and .* now allow 4: raise them",
                  evaluated("", "", "").prepare},
        FaultCase{"resumed_with_another_batch",
                  {"train", "--resume", "--run-dir", "run", "--set", "training.batch_size=5"},
                  2,
                  "training\\.batch_size: 4 in the run, 5 now",
                  evaluated("", "", "").prepare},
        FaultCase{"threshold_without_an_example",
                  {"train", "config.yaml", "--run-dir", "other"},
                  3,
                  "no validation example is 'good': add some",
                  validated_by("a dull film,bad", "{threshold: 0.5}", "{threshold: max_f1}")},
        FaultCase{"threshold_without_a_counterexample",
                  {"train", "config.yaml", "--dry-run"},
                  3,
                  "no validation example is 'bad': add some",
                  validated_by("a fine film,good", "{threshold: 0.5}", "{threshold: max_f1}")},
        FaultCase{"monitor_of_one_class",
                  {"train", "config.yaml", "--dry-run"},
                  3,
                  "monitor.metric is roc_auc, .* they have no positive example; add some .*as loss",
                  validated_by("a dull film,bad", "seed: 5", "seed: 5, monitor: roc_auc")},
        FaultCase{"monitor_of_the_other_class", kTrain, 3,
                  "monitor.metric is specificity, .* they have no negative example",
                  validated_by("a fine film,good", "seed: 5", "seed: 5, monitor: specificity")},
        FaultCase{"threshold_of_labels_without_an_example",
                  {"train", "config.yaml", "--dry-run"},
                  3,
                  "no label has validation examples both with it and without it: add some",
                  [](FaultFolder& folder) {
                    folder.train_on("rows.jsonl",
                                    "{\"text\": \"a\", \"label\": [\"red\"]}\n"
                                    "{\"text\": \"b\", \"label\": [\"blue\"]}\n");
                    folder.write("v.jsonl", "{\"text\": \"a\", \"label\": [\"red\"]}\n");
                    folder.configure("{kind: binary, positive: good}",
                                     "{kind: multi_label, labels: [red, blue]}");
                    folder.configure("units: 1", "units: 2");
                    folder.configure("{from: train, fraction: 0.25, method: stratified, seed: 1}", "v.jsonl");
                    folder.configure("{threshold: 0.5}", "{threshold: max_f1}");
                  }},
        FaultCase{"validation_drawn_anew_from_other_rows",
                  {"evaluate", "run"},
                  3,
                  "may have been trained on some of them: restore",
                  [](FaultFolder& folder) {
                    evaluated("", "", "").prepare(folder);
                    folder.write("reviews.csv", sound_rows() + "one more film,good\n");
                  }},
        predicted("line_not_json", "lines.jsonl", "a fine film\n", "lines\\.jsonl:1: not JSON at byte 1"),
        predicted("line_without_text", "lines.jsonl", "{\"body\": \"a fine film\"}\n",
                  "lines\\.jsonl:1: no string under 'text' \\(data\\.columns\\.text of the model\\); the "
                  "object has: body; --text-column NAME"),
        predicted("line_without_the_column_asked_for", "lines.jsonl", "{\"text\": \"a fine film\"}\n",
                  "lines\\.jsonl:1: no string under 'body' \\(--text-column\\); the object has: text;",
                  {"--text-column", "body"}),
        predicted("line_without_a_kept_key", "lines.jsonl", "{\"text\": \"a fine film\"}\n",
                  "lines\\.jsonl:1: no 'id' for --keep, which every line must have; the object has: text",
                  {"--keep", "id"}),
        predicted("table_without_text", "rows.csv", "id,body\n1,a fine film\n",
                  "rows\\.csv:1: no column 'text' for data\\.columns\\.text of the model \\(the header has: "
                  "id, body\\); --text-column NAME"),
        predicted("table_without_a_kept_column", "rows.csv", "id,text\n1,a fine film\n",
                  "rows\\.csv:1: no column 'key' for --keep \\(the header has: id, text\\)",
                  {"--keep", "key"}),
        predicted("table_with_a_short_row", "rows.tsv", "id\ttext\n1\n",
                  "rows\\.tsv:2: 1 fields \\(expected 2\\); quote fields"),
        predicted("table_with_an_open_quote", "rows.csv", "id,text\n1,\"a fine film\n",
                  "rows\\.csv:2: a quote opens in this row and never closes"),
        predicted("table_with_text_after_a_quote", "rows.csv", "id,text\n1,\"a\" film\n",
                  "rows\\.csv:2: text after a closing quote"),
        predicted("table_without_a_header", "rows.csv", "",
                  "rows\\.csv' is empty \\(expected a header row\\)"),
        predicted("table_of_cut_off_gzip_data", "rows.csv", "\x1f\x8b\x08",
                  "rows\\.csv' is damaged or cut off gzip data: it ends too early")),
    case_name);

}  // namespace
}  // namespace bernoulli::testing
