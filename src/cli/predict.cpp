#include "cli/predict.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/arguments.h"
#include "cli/given_thresholds.h"
#include "cli/load_arguments.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/shared_blocks.h"
#include "core/stop.h"
#include "core/usual_threads.h"
#include "data/label_lines.h"
#include "infer/classifier.h"
#include "infer/native_model.h"
#include "infer/record.h"
#include "infer/text_source.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

constexpr size_t kBatch = 512;            ///< texts a thread
constexpr size_t kMostAnswers = 1 << 20;  ///< of a batch: texts times labels, unless kBatch has more

using Words = std::vector<std::string>;

TextFormat input_format(const po::variables_map& values, const std::string& file) {
  if (!values.contains("input")) return text_format_of(file);
  return choice<TextFormat>(values, "input",
                            {{"lines", TextFormat::kLines},
                             {"jsonl", TextFormat::kJsonl},
                             {"csv", TextFormat::kCsv},
                             {"tsv", TextFormat::kTsv},
                             {"fasttext", TextFormat::kFasttext}});
}

/// Of data.columns, what predict reads of such a file. @throws UsageError
void check_column_overrides(const Words& overrides, TextFormat format) {
  const bool is_table = format == TextFormat::kCsv || format == TextFormat::kTsv;
  const Words keys = is_table ? Words{"text", "text_separator", "header", "quote", "delimiter"}
                              : Words{"text", "text_separator"};
  for (const std::string& word : overrides) {
    if (std::ranges::none_of(
            keys, [&](const std::string& key) { return word.starts_with("data.columns." + key + "="); }))
      throw UsageError(fmt::format("--set {}: expected data.columns.KEY=VALUE, where KEY may be {}", word,
                                   fmt::join(keys, ", ")));
  }
}

/// How FILE is read, as far as the words say. @throws UsageError
TextInput text_input(const po::variables_map& values, const std::string& file) {
  if (values.contains("text")) {
    for (const char* option : {"input", "text-column", "keep", "set"}) {
      if (values.contains(option))
        throw UsageError(fmt::format("--{} says how a FILE is read, and the texts come from --text", option));
    }
    return {};
  }
  TextInput input;
  input.format = input_format(values, file);
  input.keep = repeated_words(values, "keep");
  if (input.format == TextFormat::kLines || input.format == TextFormat::kFasttext) {
    constexpr const char* kRemedy = "say --input csv, tsv or jsonl where they are not";
    if (values.contains("text-column"))
      throw UsageError(
          fmt::format("--text-column names a column, and the texts are plain lines; {}", kRemedy));
    if (!input.keep.empty())
      throw UsageError(
          fmt::format("--keep copies columns, and the texts are plain lines, which have none; {}", kRemedy));
    if (values.contains("set"))
      throw UsageError(
          fmt::format("--set says how columns are written, and the texts are plain lines; {}", kRemedy));
  }
  check_column_overrides(repeated_words(values, "set"), input.format);
  refuse_repeated("keep", input.keep);
  if (values.contains("text-column")) refuse_repeated("text-column", values["text-column"].as<Words>());
  return input;
}

/// What the words leave to the model.
TextInput completed(TextInput input, const po::variables_map& values, const Classifier& classifier) {
  const Words overrides = repeated_words(values, "set");
  input.columns = columns_of_run(classifier.config(), overrides);
  input.text_named_by = "data.columns.text of the model";
  if (std::ranges::any_of(overrides, [](const auto& word) { return word.starts_with("data.columns.text="); }))
    input.text_named_by = "--set data.columns.text";
  if (values.contains("text-column")) {
    input.columns.text = values["text-column"].as<Words>();
    input.text_named_by = "--text-column";
  }
  return input;
}

/// @throws UsageError for places without a label
RecordOptions record_options(const po::variables_map& values) {
  RecordOptions options;
  if (values.contains("top")) {
    const auto top = values["top"].as<int64_t>();
    if (top < 1) throw UsageError(fmt::format("--top is {}; expected 1 or more labels", top));
    if (values.contains("explain"))
      throw UsageError("--explain gives the shares of every label, in their order: leave out --top");
    options.top = static_cast<size_t>(top);
  }
  return options;
}

/// @throws UsageError where the model has not so many labels
void check_top(const RecordOptions& options, const Labels& labels) {
  if (!options.top) return;
  if (labels.kind == TaskConfig::Kind::kBinary)
    throw UsageError("--top is for models of several labels, and this one gives one probability");
  if (*options.top > labels.names.size())
    throw UsageError(
        fmt::format("--top is {}, and the model has {} labels", *options.top, labels.names.size()));
}

/// The members "base": ..., "tokens": [[token, share], ...]; a share is a number for binary, a list in label
/// order for multi-label.
std::string explanation_members(Classifier& classifier, const std::string& text) {
  const Explanation explanation = classifier.explain(text);
  const size_t width = explanation.base.size();
  const auto numbers = [&](const double* begin) {
    return width == 1 ? nlohmann::ordered_json(*begin)
                      : nlohmann::ordered_json(std::vector<double>(begin, begin + width));
  };
  nlohmann::ordered_json tokens = nlohmann::ordered_json::array();
  for (size_t i = 0; i < explanation.tokens.size(); ++i) {
    tokens.push_back(nlohmann::ordered_json::array(
        {explanation.tokens[i], numbers(explanation.shares.data() + i * width)}));
  }
  return fmt::format("\"base\":{},\"tokens\":{}", compact_json(numbers(explanation.base.data())),
                     compact_json(tokens));
}

/// @param lines  the first ones
void hint_at_labels(const std::vector<std::string>& lines) {
  const auto found =
      std::ranges::find_if(lines, [](const std::string& line) { return line.starts_with(kLabelPrefix); });
  if (found == lines.end()) return;
  log_warning(fmt::format(
      "{} begins with {}, and labels are read as words of the text: --input fasttext takes them out",
      found == lines.begin() ? "the first line" : fmt::format("line {}", found - lines.begin() + 1),
      kLabelPrefix));
}

/// How answers are written.
struct Output {
  RecordFormat format = RecordFormat::kJsonl;
  bool explain = false;
  bool hint = false;  ///< at --input fasttext, where lines look like it
};

/// The records of a batch, those of some texts a string.
std::vector<std::string> written(Classifier& classifier, const RecordWriter& writer, const TextBatch& batch,
                                 const TextInput& input, const Output& output) {
  constexpr size_t kRecordsWorthAThread = 64;
  const std::vector<float> logits = classifier.logits(batch.texts);
  const auto width = static_cast<size_t>(classifier.labels().num_outputs());
  std::vector<std::string> records((batch.texts.size() + kRecordsWorthAThread - 1) / kRecordsWorthAThread);
  // An explanation takes the one classifier's own memory.
  const size_t threads = output.explain ? 1 : static_cast<size_t>(classifier.threads());
  share_blocks(batch.texts.size(), kRecordsWorthAThread, threads, [&](size_t, size_t begin, size_t end) {
    std::string& out = records[begin / kRecordsWorthAThread];
    for (size_t i = begin; i < end; ++i) {
      const std::span<const float> row(logits.data() + i * width, width);
      writer.append_line(out, row, output.format, input.keep, batch.kept[i],
                         output.explain ? explanation_members(classifier, batch.texts[i]) : "");
    }
  });
  return records;
}

/// One record a text, in order. A source that waits (a terminal, a pipe) gets its answers as soon as a batch
/// or a pause allows.
void predict_all(Classifier& classifier, const RecordWriter& writer, TextSource& source,
                 const TextInput& input, const Output& output) {
  const auto labels = static_cast<size_t>(classifier.labels().num_outputs());
  const size_t limit = std::clamp(kBatch * static_cast<size_t>(classifier.threads()), kBatch,
                                  std::max(kBatch, kMostAnswers / std::max<size_t>(labels, 1)));
  TextBatch batch;
  for (bool first = true; source.next_batch(batch, limit); first = false) {
    throw_if_stopped();
    if (first && output.hint) hint_at_labels(batch.texts);
    for (const std::string& records : written(classifier, writer, batch, input, output)) print(records);
  }
}

/// The native path where it takes the model and nothing else was asked for; else LibTorch. Says which.
std::unique_ptr<Classifier> open_model(const std::vector<std::string>& words, const std::string& path,
                                       const std::string& engine, const std::string& device, int threads) {
  place_among({"auto", "native", "torchscript"}, "engine", engine);
  if (engine == "native" && device != "cpu")
    throw UsageError(fmt::format("--engine native runs on the CPU; --device is '{}'", device));
  if (engine == "torchscript") return open_with_libtorch(words, path, device, "as asked for", threads);
  if (device != "cpu")
    return open_with_libtorch(words, path, device, fmt::format("--device {}", device), threads);
  try {
    auto classifier = open_native_classifier(path, threads == 0 ? usual_threads() : threads);
    log_info("engine: native");
    return classifier;
  } catch (const NotNative& other) {
    if (engine == "native")
      throw ArtifactError(fmt::format("'{}' does not run natively: {}", path, other.reason));
    return open_with_libtorch(words, path, device, other.reason, threads);
  }
}

/// Whoever named no FILE may not know that the program waits for them.
void tell_of_terminal() {
  if (::isatty(STDIN_FILENO) == 1)
    log_info("reading the texts from the terminal; Ctrl-D at the start of a line ends them");
}

po::options_description predict_options() {
  po::options_description options("options");
  options.add_options()("text", words("S"), "classify this text; repeats")(
      "format", word("F")->default_value("jsonl"), "of the answers: jsonl or tsv")(
      "json", "--format jsonl, which is the default")(
      "top", whole("K"),
      "of several labels the K most probable ones, the first first, with probability and logit");
  add_threshold_option(options);
  options.add_options()(
      "input", word("F"),
      "of the texts: lines, jsonl, csv, tsv or fasttext (lines without their __label__ words); default: what "
      "FILE ends in (.csv, .tsv, .jsonl, .ndjson, .ft, .train, .test, .valid), else lines")(
      "text-column", words("NAME"),
      "of the text in a table or in JSONL; repeats: columns that are joined; default: data.columns.text of "
      "the "
      "model")("set", words("KEY=VALUE"),
               "data.columns.text, text_separator, header, quote or delimiter, where FILE is not written as "
               "the training data (JSONL has the first two); repeats")(
      "keep", words("COLUMN"), "copy this column of a table or of JSONL to the answer; repeats")(
      "explain", "add each token's share of the logit, where the model is linear in its tokens")(
      "engine", word("E")->default_value("auto"), "auto, native (without LibTorch) or torchscript")(
      "threads", whole("N")->default_value(0),
      "that share the texts, with the same answers; 0: BERNOULLI_THREADS, else one a core. With torchscript "
      "those of LibTorch; 0: as it likes")("device", word("D")->default_value("cpu"), kDevices);
  return options;
}

const Usage kPredictUsage = {
    "predict RUN|FILE.pt [FILE|-] [options]",
    "One text a line in, or a row of a table (csv, tsv) or of JSONL; one record a line out, in order.\n"
    "An empty line is an empty text and gets its answer; blank lines of JSONL and of fastText's\n"
    "files are skipped, and those of tables with several columns.\n"
    "Tables are read as for training: data.columns of the model says delimiter, quote and header, unless\n"
    "--set says otherwise.",
    "  bernoulli predict runs/quickstart-1 --text 'a wonderful little film'\n"
    "  cat reviews.txt | bernoulli predict runs/quickstart-1/model.pt - > answers.jsonl\n"
    "  bernoulli predict runs/quickstart-1 snippets.tsv --keep 1 --format tsv\n"
    "  bernoulli predict runs/topics-1 articles.ft --top 3\n"
    "  bernoulli predict runs/topics-1 articles.ft --threshold 0.4 --threshold sports=0.7\n"
    "  bernoulli predict runs/quickstart-1 reviews.csv.gz --text-column review --keep id \\\n"
    "    --set data.columns.header=true --set 'data.columns.quote=\"\\\"\"'\n",
    "model", 2};

/// "--text=" is an empty text, which Boost would take for a missing one.
Words with_empty_texts(const Words& words) {
  Words split;
  for (const std::string& word : words) {
    split.push_back(word == "--text=" ? "--text" : word);
    if (word == "--text=") split.emplace_back();
  }
  return split;
}

}  // namespace

int run_predict(const Words& words) {
  const auto parsed = parse_words(kPredictUsage, predict_options(), with_empty_texts(words));
  if (!parsed) return 0;
  const po::variables_map& values = *parsed;
  const Words& positional = positional_words(values, kPredictUsage, "a run folder or an exported file");
  const std::string file = positional.size() > 1 ? positional[1] : "-";
  const auto format =
      choice<RecordFormat>(values, "format", {{"jsonl", RecordFormat::kJsonl}, {"tsv", RecordFormat::kTsv}});
  if (values.contains("json") && format != RecordFormat::kJsonl)
    throw UsageError("--json and --format tsv are two forms of one answer: give one of them");
  Output output{format, values.contains("explain")};
  const RecordOptions options = record_options(values);
  const GivenThresholds thresholds = given_thresholds(values);
  const auto threads = static_cast<int>(number_within(values, "threads", 0, kMostThreads));
  const bool has_texts = values.contains("text");
  if (output.explain && output.format == RecordFormat::kTsv)
    throw UsageError("--explain needs --format jsonl: its answer has no fixed columns");
  if (has_texts && positional.size() > 1) throw UsageError("give texts with --text or a FILE, not both");
  TextInput input = text_input(values, file);
  output.hint = !has_texts && input.format == TextFormat::kLines;
  const auto classifier =
      open_model(words, positional.front(), values["engine"].as<std::string>(), device_word(values), threads);
  check_top(options, classifier->labels());
  decide_at(thresholds, *classifier);
  input = completed(std::move(input), values, *classifier);
  if (!has_texts && positional.size() == 1) tell_of_terminal();
  const auto source = has_texts ? texts_from_list(values["text"].as<Words>()) : texts_from_file(file, input);
  const RecordWriter writer(classifier->info(), options);
  if (output.format == RecordFormat::kTsv) print(writer.header(input.keep));
  predict_all(*classifier, writer, *source, input, output);
  return 0;
}

}  // namespace bernoulli::cli
