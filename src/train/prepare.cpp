#include "train/prepare.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "core/name_list.h"
#include "core/stop.h"
#include "core/text_distance.h"
#include "core/usual_threads.h"
#include "data/audit.h"
#include "data/log_count_ratios.h"
#include "data/word_vectors.h"
#include "metrics/thresholds.h"
#include "train/batch_memory.h"

namespace bernoulli {
namespace {

/// Why a label that was named has no output. @param audit  of the data
std::string why_no_output(const std::string& label, const std::vector<std::string>& outputs,
                          const nlohmann::ordered_json& audit) {
  const nlohmann::ordered_json left_out = audit.value("left_out_labels", nlohmann::ordered_json::object());
  if (left_out.contains(label))
    return fmt::format(
        "task.min_count leaves that label out, which {} training examples have (take it out here, "
        "or lower task.min_count)",
        left_out.at(label).get<int64_t>());
  return fmt::format("the data have no such label (they have {}){}", item_list(outputs),
                     did_you_mean(label, outputs));
}

/// @throws UsageError for a name that no label has, where the labels were found in the data
void check_names(const std::vector<LabelNumber>& given, const char* key, const PreparedRun& run) {
  const std::vector<std::string>& names = run.labels.names;
  for (const LabelNumber& one : given) {
    if (std::ranges::find(names, one.label) == names.end())
      throw UsageError(fmt::format("{}: {}.{}: {}", one.where, key, one.label,
                                   why_no_output(one.label, names, run.audit)));
  }
}

/// Told before the training, at whose end the thresholds are wanted.
void check_rule(const ThresholdConfig& threshold, const PreparedRun& run) {
  check_names(threshold.value_of, "metrics.threshold.fixed.value", run);
  configured_rule(threshold, run.labels.num_outputs(), run.labels.names);
}

std::vector<double> resolve_pos_weight(const LossConfig& loss, const PreparedRun& run) {
  if (!loss.pos_weight_of.empty()) {
    check_names(loss.pos_weight_of, "loss.pos_weight", run);
    return numbers_of_labels(loss.pos_weight_of, run.labels.names, 1);
  }
  if (!loss.pos_weight_auto) return one_a_label(loss.pos_weight, run.labels.num_outputs());
  const std::vector<std::string> outputs = run.labels.output_names();
  const std::vector<double> weights = balanced_pos_weight(run.train.targets, run.train.weights, outputs);
  std::vector<std::string> items;
  for (size_t i = 0; i < outputs.size(); ++i)
    items.push_back(fmt::format("{} for '{}'", weights[i], outputs[i]));
  log_info("pos_weight auto: " + item_list(items));
  return weights;
}

/// pos_weight, and alpha of the focal loss, move the odds that a model learns by itself, and so those that it
/// starts from. What gamma does to them is left to the training: it moves them all towards even ones.
void weigh_odds(const LossConfig& loss, const std::vector<double>& pos_weight, std::vector<float>& log_odds) {
  const double of_alpha = loss.alpha ? std::log(*loss.alpha / (1 - *loss.alpha)) : 0;
  for (size_t label = 0; label < log_odds.size(); ++label) {
    const double weight = pos_weight.empty() ? 1 : pos_weight[label];
    log_odds[label] += static_cast<float>(std::log(weight) + of_alpha);
  }
}

void start_from_labels(const RunConfig& config, PreparedRun& run) {
  std::vector<float> log_odds = label_log_odds(run.train, 1);
  weigh_odds(config.loss, run.pos_weight, log_odds);
  layers::start_from_prior(run.plan, log_odds);
}

void start_from_ratios(const RunConfig& config, PreparedRun& run) {
  LogCountRatios start = log_count_ratios(run.train, run.vectorizer->num_ids(), run.plan.naive_bayes->alpha);
  weigh_odds(config.loss, run.pos_weight, start.log_odds);
  layers::start_as_naive_bayes(run.plan, start.ratios, start.log_odds);
}

void start_from_vectors(const RunConfig& config, PreparedRun& run) {
  const std::filesystem::path file = path_of(config.data, run.plan.pretrained->path);
  WordVectors vectors = read_word_vectors(file, *run.vectorizer->vocabulary(), run.plan.pretrained->dim);
  const size_t tokens = run.vectorizer->vocabulary()->tokens().size();
  log_info(fmt::format("{} of {} tokens start from the {} vectors of {}", vectors.ids.size(), tokens,
                       vectors.num_vectors, file.string()));
  run.audit["pretrained"] = {{"path", file.string()},
                             {"fingerprint", vectors.fingerprint},
                             {"vectors", vectors.num_vectors},
                             {"tokens", tokens},
                             {"tokens_found", vectors.ids.size()}};
  layers::start_from_vectors(run.plan, std::move(vectors.ids), std::move(vectors.values));
}

double mean_length(const TokenView& rows) {
  int64_t tokens = 0;
  for (int64_t i = 0; i < rows.size(); ++i) tokens += rows.row_size(i);
  return static_cast<double>(tokens) / static_cast<double>(rows.size());
}

/// Numbers that a layer multiplies the features of each token by.
int64_t weights_a_position(const layers::NamedLayer& layer) {
  if (layer.input.layout != layers::Layout::kSequence) return 0;
  int64_t weights = 0;
  for (const layers::ParameterSpec& spec : layer.plan.parameters) weights += layers::num_numbers(spec);
  return weights;
}

void log_split(const char* name, int64_t size) { log_info(fmt::format("{:<10} {:>8} examples", name, size)); }

void log_files(const nlohmann::ordered_json& audit) {
  if (!audit.contains("files")) return;
  for (const auto& [source, files] : audit["files"].items()) {
    std::vector<std::string> items;
    for (const auto& file : files)
      items.push_back(
          fmt::format("{} ({})", file.at("path").get<std::string>(), file.at("examples").get<int64_t>()));
    log_info(fmt::format("data.{}: {} files: {}", source, items.size(), item_list(items)));
  }
}

void log_left_out(const TaskConfig& task, const nlohmann::ordered_json& audit) {
  if (!audit.contains("left_out_labels")) return;
  std::vector<std::string> items;
  for (const auto& [label, count] : audit["left_out_labels"].items())
    items.push_back(fmt::format("'{}' ({})", label, count.get<int64_t>()));
  log_info(fmt::format("task.min_count {} leaves out {} label{} with fewer training examples: {}",
                       task.min_count, items.size(), items.size() == 1 ? "" : "s", item_list(items)));
}

Vectorizer vectorizer_of(const TextConfig& text, std::string_view vocabulary) {
  if (text.hash_buckets) return Vectorizer(text);
  return Vectorizer(text, Vocabulary::parse(vocabulary, "the token cache's vocabulary"));
}

}  // namespace

int num_threads(const TrainingConfig& training) {
  if (training.threads > 0) return static_cast<int>(training.threads);
  return usual_threads();
}

int operator_threads(const RunConfig& config, const PreparedRun& run) {
  constexpr double kWorthThreads = 1 << 22;
  constexpr int64_t kProductsANumber = 8;  // that a matrix product takes in the time of one number elsewhere
  if (config.training.threads > 0) return num_threads(config.training);
  int64_t widest = 1;
  for (const layers::NamedLayer* layer : run.plan.all_layers())
    widest = std::max({widest, layer->plan.output.features, weights_a_position(*layer) / kProductsANumber});
  const double length = config.text.sequence_length ? static_cast<double>(*config.text.sequence_length)
                                                    : mean_length(run.train.rows);
  const double numbers =
      static_cast<double>(config.training.batch_size) * length * static_cast<double>(widest);
  return numbers < kWorthThreads ? 1 : num_threads(config.training);
}

PreparedRun prepare_run(const RunConfig& config, std::optional<Vocabulary> vocabulary) {
  const double started = monotonic_seconds();
  PreparedRun run{tokenized_data(config, std::move(vocabulary), num_threads(config.training))};
  throw_if_stopped();
  log_files(run.audit);
  log_left_out(config.task, run.audit);
  log_split("train", run.train.size());
  if (run.validation) log_split("validation", run.validation->size());
  if (run.test) {
    log_split("test", run.test->size());
  } else if (!run.test_absent_reason.empty()) {
    log_info(fmt::format("no test figure: {}", run.test_absent_reason));
  }
  run.vectorizer =
      std::make_unique<Vectorizer>(vectorizer_of(config.text, std::exchange(run.vocabulary_text, {})));
  log_info(fmt::format("read and vectorised in {}; {} ids", format_duration(monotonic_seconds() - started),
                       run.vectorizer->num_ids()));
  run.plan = layers::plan_model(config.model, config.text, config.loss.mode, run.vectorizer->num_ids(),
                                run.labels.num_outputs());
  for (const std::string& warning : audit_warnings(run.audit)) log_warning(warning);
  if (const std::string warning = long_text_warning(config, run.plan, run.train); !warning.empty())
    log_warning(warning);
  check_rule(config.metrics.threshold, run);
  run.pos_weight = resolve_pos_weight(config.loss, run);
  if (run.plan.naive_bayes) start_from_ratios(config, run);
  if (run.plan.prior) start_from_labels(config, run);
  if (run.plan.pretrained) start_from_vectors(config, run);
  run.loss = make_loss(config.loss, run.pos_weight, run.labels.num_outputs());
  return run;
}

}  // namespace bernoulli
