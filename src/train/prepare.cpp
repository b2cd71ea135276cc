#include "train/prepare.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "data/audit.h"

namespace bernoulli {
namespace {

std::unique_ptr<Vectorizer> make_vectorizer(const RunConfig& config, const Dataset& train,
                                            std::optional<Vocabulary> vocabulary) {
  if (config.text.hash_buckets) return std::make_unique<Vectorizer>(config.text);
  if (!vocabulary && !config.text.vocabulary_file.empty()) {
    std::filesystem::path path = config.text.vocabulary_file;
    if (path.is_relative()) path = config.data.root / path;
    try {
      vocabulary = Vocabulary::parse(read_file(path), path.string());
    } catch (const IoError& error) {
      throw DataError(
          fmt::format("text.vocabulary.file: {} (relative paths start at data.root)", error.what()));
    }
  }
  if (!vocabulary) vocabulary = learn_vocabulary(config.text, train.texts, num_threads(config.training));
  return std::make_unique<Vectorizer>(config.text, std::move(*vocabulary));
}

std::vector<double> resolve_pos_weight(const LossConfig& loss, const PreparedRun& run) {
  if (!loss.pos_weight_auto) return loss.pos_weight;
  const std::vector<std::string>& names = run.splits.labels.names;
  const bool binary = run.splits.labels.kind == TaskConfig::Kind::kBinary;
  const std::vector<std::string> outputs = binary ? std::vector<std::string>{names.back()} : names;
  const std::vector<double> weights = balanced_pos_weight(run.train.targets, run.train.weights, outputs);
  for (size_t i = 0; i < outputs.size(); ++i)
    log_info(fmt::format("pos_weight auto: {} for '{}'", weights[i], outputs[i]));
  return weights;
}

void log_split(const char* name, const Dataset& dataset) {
  log_info(fmt::format("{:<10} {:>8} examples", name, dataset.size()));
}

}  // namespace

int num_threads(const TrainingConfig& training) {
  if (training.threads > 0) return static_cast<int>(training.threads);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

EncodedDataset encode(const Dataset& dataset, const Vectorizer& vectorizer, int threads) {
  return {vectorizer.transform(dataset.texts, threads), dataset.targets, dataset.weights, dataset.origins,
          dataset.num_labels};
}

PreparedRun prepare_run(const RunConfig& config, std::optional<Vocabulary> vocabulary) {
  PreparedRun run;
  const double started = monotonic_seconds();
  run.splits = load_data(config.data, config.task);
  throw_if_stopped();
  log_split("train", run.splits.train);
  if (run.splits.validation) log_split("validation", *run.splits.validation);
  if (run.splits.test) {
    log_split("test", *run.splits.test);
  } else if (!run.splits.test_absent_reason.empty()) {
    log_info(fmt::format("no test figure: {}", run.splits.test_absent_reason));
  }

  run.vectorizer = make_vectorizer(config, run.splits.train, std::move(vocabulary));
  throw_if_stopped();
  const int threads = num_threads(config.training);
  run.train = encode(run.splits.train, *run.vectorizer, threads);
  if (run.splits.validation) run.validation = encode(*run.splits.validation, *run.vectorizer, threads);
  if (run.splits.test) run.test = encode(*run.splits.test, *run.vectorizer, threads);
  throw_if_stopped();
  log_info(fmt::format("read and vectorised in {}; {} ids", format_duration(monotonic_seconds() - started),
                       run.vectorizer->num_ids()));

  run.audit = audit_data(run.splits, run.train.rows, run.validation ? &run.validation->rows : nullptr,
                         run.test ? &run.test->rows : nullptr);
  run.data_fingerprint = fmt::format("{}-{}", fingerprint(run.splits.train),
                                     run.splits.validation ? fingerprint(*run.splits.validation) : "none");
  for (const std::string& warning : audit_warnings(run.audit)) log_warning(warning);

  run.plan = layers::plan_model(config.model, config.text, config.loss.mode, run.vectorizer->num_ids(),
                                run.splits.labels.num_outputs());
  run.pos_weight = resolve_pos_weight(config.loss, run);
  run.loss = make_loss(config.loss, run.pos_weight, run.splits.labels.num_outputs());
  return run;
}

}  // namespace bernoulli
