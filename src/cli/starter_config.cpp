#include "cli/starter_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/starter_task.h"
#include "config/yaml_writer.h"
#include "core/error.h"
#include "core/name_list.h"
#include "core/shell_word.h"
#include "core/spill.h"
#include "core/utf8.h"
#include "data/encoding_advice.h"
#include "text/token_escape.h"

namespace bernoulli::cli {
namespace {

using config::Json;

constexpr int64_t kFewExamples = 10;   ///< below them nothing is trained
constexpr int64_t kListedLabels = 50;  ///< so many labels stand in the file
constexpr size_t kManyLabels = 50;
constexpr int64_t kSmallData = 20'000;  ///< examples; below them a training takes seconds
constexpr int64_t kLargeBytes = 200'000'000;

std::string yaml(const Json& value) { return config::write_yaml_inline(value); }

/// Lines of a configuration, each with why it is so, and what was found out for them.
class Lines {
 public:
  explicit Lines(StarterConfig& starter) : starter_(starter) {}

  void add(const std::string& line, const std::string& why = "") {
    starter_.yaml += line;
    if (!why.empty())
      starter_.yaml += std::string(line.size() < 58 ? 58 - line.size() : 2, ' ') + "# " + escape_token(why);
    starter_.yaml += '\n';
  }
  void comment(const std::string& line) { starter_.yaml += "# " + escape_token(line) + "\n"; }
  void note(Finding finding) { starter_.findings.push_back(std::move(finding)); }
  void decide(const std::string& line, const Finding& finding) {
    add(line, finding.why);
    note(finding);
  }
  /// Of a setting that was found out before; else nothing.
  std::string why(const std::string& setting) const {
    const auto found = std::ranges::find(starter_.findings, setting, &Finding::setting);
    return found == starter_.findings.end() ? "" : found->why;
  }

 private:
  StarterConfig& starter_;
};

/// How validation and test parts are cut off.
struct Parts {
  std::string method = "stratified", why = "each part has the same share of each label";
  double fraction = 0.1;
  bool test = true;
};

Parts choose_parts(const ExampleFacts& facts) {
  Parts parts;
  if (facts.examples < 200) parts.fraction = 0.2;
  parts.test = facts.examples >= 50;
  if (facts.examples >= 1000 && facts.repeated * 100 >= facts.examples) {
    parts.method = "hash";
    parts.why = fmt::format("{} texts equal an earlier one: equal ones stay on one side", facts.repeated);
  }
  return parts;
}

std::string source_line(const char* key, const SourceConfig& source) {
  Json value = {{"path", source.paths.front()}};
  if (source.format != "auto") value["format"] = source.format;
  return fmt::format("  {}: {}", key, yaml(value));
}

void write_columns(const StarterData& data, bool is_multi_label, Lines& lines) {
  if (!data.has_columns) return;
  const ColumnsConfig& columns = data.columns;
  const auto add = [&](const char* key, const Json& value) {
    lines.add(fmt::format("    {}: {}", key, yaml(value)), lines.why(fmt::format("data.columns.{}", key)));
  };
  lines.add("  columns:");
  if (data.is_table) {
    add("header", columns.header);
    if (columns.quote.empty()) add("quote", "");
    if (!columns.delimiter.empty()) add("delimiter", columns.delimiter);
  }
  add("text", columns.text.front());
  if (!columns.label_columns.empty()) return add("label_columns", columns.label_columns);
  add("label", columns.label);
  if (is_multi_label && data.label_column->lists == 0) add("label_separator", columns.label_separator);
}

void write_data(const StarterData& data, const TaskConfig& task, Lines& lines) {
  const Parts parts = choose_parts(data.facts);
  // A folder's own validation data without test data are meant so, unless its test data have no labels.
  const bool has_parts = (data.validation && data.without_labels.empty()) || data.test;
  lines.add("data:");
  lines.add("  root: .", "where relative paths start: from the folder in which bernoulli is started");
  lines.add(source_line("train", data.train), fmt::format("{} examples", data.facts.examples));
  const auto have = [&](const char* key, const SourceConfig& source) {
    lines.decide(source_line(key, source),
                 {fmt::format("data.{}", key), source.paths.front(), "the folder has it"});
  };
  const auto split = [&](const char* key, const std::string& reason) {
    lines.add(fmt::format("  {}: {{from: train, fraction: {}, method: {}, seed: 42}}", key, parts.fraction,
                          parts.method),
              reason);
    lines.note(
        {fmt::format("data.{}", key), fmt::format("{} of the training data", parts.fraction), parts.why});
  };
  if (data.validation) {
    have("validation", *data.validation);
  } else {
    split("validation", parts.why);
  }
  if (data.test) {
    have("test", *data.test);
  } else if (parts.test && !has_parts) {
    split("test",
          data.without_labels.empty() ? "" : fmt::format("{} has no labels", item_list(data.without_labels)));
  }
  write_columns(data, task.kind == TaskConfig::Kind::kMultiLabel, lines);
}

void write_task(const StarterData& data, const TaskConfig& task, Lines& lines) {
  const bool binary = task.kind == TaskConfig::Kind::kBinary;
  lines.add("task:");
  lines.add(fmt::format("  kind: {}", binary ? "binary" : "multi_label"), lines.why("task.kind"));
  if (task.positive_above)
    lines.add(fmt::format("  positive_above: {}", yaml(*task.positive_above)),
              lines.why("task.positive_above"));
  if (!task.positive.empty())
    lines.add(fmt::format("  positive: {}", yaml(task.positive)), lines.why("task.positive"));
  if (task.labels.size() > kListedLabels) return;
  std::string counts;
  for (const std::string& label : task.labels) {
    const auto count = data.facts.labels.find(label);
    if (task.labels.size() <= 10 && count != data.facts.labels.end())
      counts += fmt::format("{}{}", counts.empty() ? "examples: " : ", ", count->second);
  }
  lines.add(fmt::format("  labels: {}", yaml(task.labels)), counts);
}

void write_text(const ExampleFacts& facts, Lines& lines) {
  const bool has_tags = facts.with_tags * 100 >= facts.examples;
  const bool is_character = facts.beyond_ascii * 2 > facts.bytes && facts.bytes > 30 * facts.words;
  const bool is_large = facts.bytes >= kLargeBytes;
  const bool is_wide = facts.beyond_ascii * 200 >= facts.bytes;
  lines.add("text:");
  lines.add(fmt::format("  standardize: [{1}lowercase, {0}strip_{1}punctuation]",
                        has_tags ? "strip_html, " : "", is_wide ? "unicode_" : ""),
            has_tags ? fmt::format("{} texts have tags of HTML", facts.with_tags) : "");
  if (is_wide)
    lines.note({"text.standardize", "unicode_lowercase, strip_unicode_punctuation",
                fmt::format("{} of {} bytes are beyond ASCII", facts.beyond_ascii, facts.bytes)});
  if (is_character)
    lines.decide("  split: character",
                 {"text.split", "character", "few spaces, and most bytes are beyond ASCII"});
  lines.add("  ngrams: 2", is_character ? "characters and pairs of them" : "words and pairs of words");
  if (is_large) {
    lines.add("  hashing: {buckets: 2000000}", "so much text would have a vocabulary of millions");
  } else {
    lines.add(
        fmt::format("  vocabulary: {{max_tokens: 200000, min_count: {}}}", facts.examples < 2000 ? 1 : 2));
  }
}

/// Embedding bag or mean, by size; the three are those of configs/, where their figures stand.
void write_model(const ExampleFacts& facts, size_t num_labels, Lines& lines) {
  const bool is_small = facts.examples < kSmallData, is_large = facts.bytes >= kLargeBytes;
  const size_t units = num_labels;
  const int dim = is_small || units > 2 ? (units > 50 ? 64 : 32) : 16;
  lines.add("model:");
  lines.add("  layers:");
  if (is_small) {
    lines.add(fmt::format("    - embedding: {{dim: {}}}", dim));
    lines.add("    - dropout: 0.5", "few texts are soon known by heart");
    lines.add("    - mean_pool: {padding: exclude}", "mean over the text's own tokens");
  } else {
    lines.add(fmt::format("    - embedding_bag: {{dim: {}, mode: mean}}", dim));
  }
  lines.add(fmt::format("    - linear: {{units: {}, bias_initializer: prior}}", units),
            "logits: no activation here; they start at how often each label holds");
  const char* which = is_large
                          ? "hashed words and pairs in one embedding bag, as configs/imdb_bigrams_nb.yaml"
                      : is_small ? "embedding, dropout and mean, as configs/quickstart.yaml"
                                 : "words and pairs in one embedding bag, as configs/imdb_bigrams.yaml";
  lines.note({"model", which,
              fmt::format("{} texts of {} words, {} bytes", facts.examples, facts.words, facts.bytes)});
}

/// Where a classifier may do well without ever finding the rarest label.
bool is_uneven(const ExampleFacts& facts) {
  return !facts.labels.empty() && facts.commonest() >= 9 * facts.rarest();
}

/// Of a decision that rare labels share, for which a fit of their own has too few examples.
constexpr const char* kSharedThreshold = "{max_f1: {min_positives: 10}}";

/// What can be done about labels that are missed. @param has_rule  the file says what decides
void write_advice(const ExampleFacts& facts, bool binary, bool has_rule, Lines& lines) {
  lines.comment(
      fmt::format("The most frequent label has {} examples, the rarest {}. Where the rare ones are missed:",
                  facts.commonest(), facts.rarest()));
  lines.comment(fmt::format(
      "loss: {{mode: bce_with_logits, pos_weight: auto}} weighs them more, and probabilities come out too "
      "high{}",
      has_rule ? "." : ";"));
  if (has_rule) return;
  lines.comment(
      fmt::format("metrics: {{threshold: {}}} decides at {}, and probabilities stay as they are.",
                  binary ? "max_f1" : kSharedThreshold,
                  binary ? "a fitted threshold" : "fitted thresholds, one for all labels with few examples"));
}

void write_training(const ExampleFacts& facts, bool binary, Lines& lines) {
  const bool many_labels = facts.labels.size() >= kManyLabels;
  const bool one_of_several = !binary && facts.labels.size() > 1 && facts.has_one_label_each();
  lines.add("loss: {mode: bce_with_logits}");
  if (is_uneven(facts)) write_advice(facts, binary, many_labels || one_of_several, lines);
  struct Length {
    int epochs, batch_size, patience;
  };
  const bool is_large = facts.bytes >= kLargeBytes;
  const Length length = is_large                       ? Length{5, 32, 2}
                        : facts.examples >= kSmallData ? Length{10, 64, 3}
                        : facts.examples >= 2000       ? Length{20, 32, 4}
                                                       : Length{60, 8, 6};
  if (is_large)
    lines.add("optimizer: {adagrad: {lr: 0.1}}", "touches only the rows that a batch reads");
  else if (many_labels)
    lines.add("optimizer: {adam: {lr: 1.0e-2}}", "the loss is a mean over labels that hardly ever hold");
  else
    lines.add("optimizer: {adam: {lr: 3.0e-3}}");
  if (many_labels)
    lines.add(fmt::format("training: {{epochs: {}, batch_size: {}, seed: 42, early_stopping: {}, monitor: "
                          "micro_average_precision}}",
                          2 * length.epochs, length.batch_size, length.patience),
              "it takes longer, and the loss hardly shows it");
  else
    lines.add(fmt::format("training: {{epochs: {}, batch_size: {}, seed: 42, early_stopping: {}}}",
                          length.epochs, length.batch_size, length.patience));
  if (many_labels || one_of_several) lines.add("metrics:");
  if (many_labels)
    lines.add("  temperature: min_log_loss",
              "the best order of labels is learned later than the best probabilities");
  if (one_of_several)
    lines.add("  threshold: highest", "each text has one label: the most probable one");
  else if (many_labels)
    lines.add(fmt::format("  threshold: {}", kSharedThreshold),
              "half is too much to ask of a rare label; those with few examples share a threshold");
}

/// What decides most of how well several labels are found, and what no figure of the data foretells. The pool
/// is the layer of write_model.
constexpr const char* kSweep =
    "text.ngrams=1,2 'model.layers[2]={mean_pool: {padding: exclude}},sum_pool' optimizer.adam.lr=1e-3,3e-3 "
    "--rank-by macro_average_precision";

void warn(const ExampleFacts& facts, StarterConfig& starter) {
  const auto add = [&](int64_t count, const std::string& what) {
    if (count > 0) starter.warnings.push_back(fmt::format("{} of {} texts {}", count, facts.examples, what));
  };
  add(facts.empty, "are empty");
  add(facts.not_utf8,
      fmt::format("are not UTF-8: their odd bytes are read as they are; {}", kEncodingAdvice));
  std::vector<std::string> rare;
  for (const auto& [label, count] : facts.labels) {
    if (count < kFewExamples) rare.push_back(label);
  }
  if (!rare.empty())
    starter.warnings.push_back(
        fmt::format("{} of {} labels have fewer than {} examples, '{}' {}: little can be learned of them, "
                    "and less be judged",
                    rare.size(), facts.labels.size(), kFewExamples, rare.front(),
                    facts.labels.find(rare.front())->second));
  if (!is_uneven(facts)) return;
  starter.findings.push_back(
      {"imbalance", fmt::format("{} to {}", facts.commonest(), facts.rarest()),
       "examples of the most frequent label and of the rarest; the file says what can be done about it"});
}

/// A file of the data that cannot be read is a fault of the data, as for training.
StarterData readable_data(const InitRequest& request, StarterConfig& starter) {
  try {
    return find_data(request, starter);
  } catch (const SpillError&) {
    throw;
  } catch (const IoError& error) {
    throw DataError(error.what());
  }
}

void require_yaml_names(const StarterData& data) {
  for (const std::string& path :
       {data.train.paths.front(), data.validation ? data.validation->paths.front() : "",
        data.test ? data.test->paths.front() : ""})
    if (!is_utf8(path))
      throw UsageError(fmt::format(
          "'{}': the path is not UTF-8, and a configuration has no other bytes; rename it", path));
  std::vector<std::string> names = data.columns.label_columns;
  names.insert(names.end(), {data.columns.text.front(), data.columns.label});
  for (const std::string& name : names)
    if (!is_utf8(name))
      throw DataError(fmt::format("'{}': the column name '{}' is not UTF-8; save the file in that encoding",
                                  data.train.paths.front(), escape_token(name)));
}

}  // namespace

StarterConfig make_starter_config(const InitRequest& request) {
  StarterConfig starter;
  StarterData data = readable_data(request, starter);
  if (data.facts.examples < kFewExamples)
    throw DataError(
        fmt::format("'{}' holds {} examples; a classifier needs {} at the very least, and is worth "
                    "something from hundreds on",
                    data.train.paths.front(), data.facts.examples, kFewExamples));
  const TaskConfig task = find_task(request, data, starter);
  require_yaml_names(data);
  if (!data.columns.label_columns.empty()) {
    for (const std::string& label : task.labels) data.facts.labels.try_emplace(label, 0);  // that never hold
  }
  Lines lines(starter);
  lines.comment(fmt::format("Written by `{}`; why a value was chosen stands beside it.", request.command));
  lines.comment(fmt::format("Train:   bernoulli train {}", shell_word(request.config)));
  write_data(data, task, lines);
  write_task(data, task, lines);
  write_text(data.facts, lines);
  const bool binary = task.kind == TaskConfig::Kind::kBinary;
  write_model(data.facts, binary ? 1 : task.labels.size(), lines);
  write_training(data.facts, binary, lines);
  warn(data.facts, starter);
  if (!binary && data.facts.examples < kSmallData) starter.sweep = kSweep;
  starter.labels = nlohmann::ordered_json::object();
  for (const auto& [label, count] : data.facts.labels) starter.labels[label] = count;
  return starter;
}

}  // namespace bernoulli::cli
