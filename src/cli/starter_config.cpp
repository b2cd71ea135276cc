#include "cli/starter_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/starter_choices.h"
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

void write_standardize(const TextChoice& choice, const ExampleFacts& facts, Lines& lines) {
  const char* const unicode = choice.is_unicode ? "unicode_" : "";
  if (choice.steps != TextChoice::Steps::kWords) {
    const std::string steps =
        choice.steps == TextChoice::Steps::kNone ? "[]" : fmt::format("[{}lowercase]", unicode);
    return lines.decide(fmt::format("  standardize: {}", steps),
                        {"text.standardize", steps, "punctuation is told apart, as characters are"});
  }
  lines.add(fmt::format("  standardize: [{1}lowercase, {0}strip_{1}punctuation]",
                        choice.has_tags ? "strip_html, " : "", unicode),
            choice.has_tags ? fmt::format("{} texts have tags of HTML", facts.with_tags) : "");
  if (choice.is_unicode)
    lines.note({"text.standardize", "unicode_lowercase, strip_unicode_punctuation",
                fmt::format("{} of {} bytes are beyond ASCII", facts.beyond_ascii, facts.bytes)});
}

void write_vocabulary(const StarterChoices& choices, Lines& lines) {
  if (choices.is_large)
    return lines.add("  hashing: {buckets: 2000000}", "so much text would have a vocabulary of millions");
  const TextChoice& text = choices.text;
  const std::string line = fmt::format("  vocabulary: {{max_tokens: 200000, min_count: {}}}", text.min_count);
  if (text.min_count_why.empty()) return lines.add(line);
  lines.decide(line, {"text.vocabulary.min_count", fmt::format("{}", text.min_count), text.min_count_why});
}

void write_text(const StarterChoices& choices, const ExampleFacts& facts, Lines& lines) {
  const TextChoice& text = choices.text;
  lines.add("text:");
  write_standardize(text, facts, lines);
  if (text.characters) lines.decide("  split: character", {"text.split", "character", text.why});
  lines.add(fmt::format("  ngrams: {}", text.ngrams), !text.characters     ? "words and pairs of words"
                                                      : text.ngrams == "2" ? "characters and pairs of them"
                                                                           : "runs of so many characters");
  write_vocabulary(choices, lines);
}

/// What a model is called: the three are those of configs/, where their figures stand.
const char* name_of_model(const StarterChoices& choices) {
  if (choices.is_large) return "hashed words and pairs in one embedding bag, as configs/imdb_bigrams_nb.yaml";
  return choices.model.drops_out ? "embedding, dropout and pool, as configs/quickstart.yaml"
                                 : "one embedding bag, as configs/imdb_bigrams.yaml";
}

void write_model(const StarterChoices& choices, const ExampleFacts& facts, size_t units, Lines& lines) {
  const ModelChoice& model = choices.model;
  const bool sums = !model.sum_why.empty();
  lines.add("model:");
  lines.add("  layers:");
  if (model.drops_out) {
    lines.add(fmt::format("    - embedding: {{dim: {}}}", model.dim));
    lines.add("    - dropout: 0.5", "few texts are soon known by heart");
    lines.add(fmt::format("    - {}_pool: {{padding: exclude}}", sums ? "sum" : "mean"),
              sums ? model.sum_why : "mean over the text's own tokens");
  } else {
    lines.add(fmt::format("    - embedding_bag: {{dim: {}, mode: {}}}", model.dim, sums ? "sum" : "mean"),
              model.sum_why);
  }
  if (sums) lines.note({"pool", "sum", model.sum_why});
  lines.add(fmt::format("    - linear: {{units: {}, bias_initializer: prior}}", units),
            "logits: no activation here; they start at how often each label holds");
  lines.note({"model", name_of_model(choices),
              fmt::format("{} texts of {} words, {} bytes", facts.examples, facts.words, facts.bytes)});
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

void write_optimizer(const StarterChoices& choices, Lines& lines) {
  if (choices.is_large)
    lines.add("optimizer: {adagrad: {lr: 0.1}}", "touches only the rows that a batch reads");
  else if (choices.training.many_labels)
    lines.add("optimizer: {adam: {lr: 1.0e-2}}", "the loss is a mean over labels that hardly ever hold");
  else
    lines.add("optimizer: {adam: {lr: 3.0e-3}}");
}

/// What validations are compared by, with why; empty: the loss.
struct Monitor {
  std::string metric, why;
};

Monitor monitor_of(const TrainingChoice& choice) {
  if (choice.many_labels) return {"micro_average_precision", "it takes longer, and the loss hardly shows it"};
  if (choice.ranks_rare)
    return {"average_precision", "the loss is at its best long before the rare label is told apart"};
  return {};
}

void write_length(const TrainingChoice& choice, Lines& lines) {
  const Monitor monitor = monitor_of(choice);
  lines.add(fmt::format("training: {{epochs: {}, batch_size: {}, seed: 42, early_stopping: {}{}}}",
                        choice.epochs, choice.batch_size, choice.patience,
                        monitor.metric.empty() ? "" : ", monitor: " + monitor.metric),
            monitor.metric.empty() ? choice.length_why : monitor.why);
  if (choice.ranks_rare) lines.note({"training.monitor", monitor.metric, monitor.why});
  if (!choice.length_why.empty())
    lines.note({"training.epochs", fmt::format("{}", choice.epochs), choice.length_why});
}

void write_metrics(const TrainingChoice& choice, Lines& lines) {
  const bool scales = choice.many_labels || choice.ranks_rare;
  if (scales || choice.one_of_several) lines.add("metrics:");
  if (scales)
    lines.add("  temperature: min_log_loss",
              choice.many_labels ? "the best order of labels is learned later than the best probabilities"
                                 : "the best order of texts is learned later than the best probabilities");
  if (choice.one_of_several)
    lines.add("  threshold: highest", "each text has one label: the most probable one");
  else if (choice.many_labels)
    lines.add(fmt::format("  threshold: {}", kSharedThreshold),
              "half is too much to ask of a rare label; those with few examples share a threshold");
  else if (choice.ranks_rare)
    lines.decide("  threshold: max_f1",
                 {"metrics.threshold", "max_f1", "half is too much to ask of a rare label"});
}

void write_training(const StarterChoices& choices, const ExampleFacts& facts, bool binary, Lines& lines) {
  const TrainingChoice& choice = choices.training;
  lines.add("loss: {mode: bce_with_logits}");
  if (is_uneven(facts))
    write_advice(facts, binary, choice.many_labels || choice.one_of_several || choice.ranks_rare, lines);
  write_optimizer(choices, lines);
  write_length(choice, lines);
  write_metrics(choice, lines);
}

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
  const StarterChoices choices = choose(data.facts, task);
  const bool binary = task.kind == TaskConfig::Kind::kBinary;
  write_text(choices, data.facts, lines);
  write_model(choices, data.facts, binary ? 1 : task.labels.size(), lines);
  write_training(choices, data.facts, binary, lines);
  warn(data.facts, starter);
  starter.sweep = choices.sweep;
  starter.labels = nlohmann::ordered_json::object();
  for (const auto& [label, count] : data.facts.labels) starter.labels[label] = count;
  return starter;
}

}  // namespace bernoulli::cli
