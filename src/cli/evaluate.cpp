#include "train/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/load_arguments.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "loss/loss.h"
#include "metrics/metrics.h"
#include "predict/open_classifier.h"
#include "store/run_paths.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"

namespace bernoulli::cli {
namespace {

constexpr size_t kTextsAtOnce = 16384;

/// Held-out data that are drawn from the training data are others as soon as these change: they may then hold
/// what the model was trained on. @param model  a run folder, or a file that still lies in one
void check_unchanged(const std::filesystem::path& model, const char* split, const HeldOutConfig& held_out,
                     const Dataset& dataset) {
  const RunPaths paths{std::filesystem::is_directory(model) ? model : model.parent_path()};
  if (!is_run_folder(paths.folder) || !std::filesystem::exists(paths.data())) return;
  const nlohmann::ordered_json audit = read_json(paths.data());
  const auto recorded = audit.find(split);
  if (recorded == audit.end() || !recorded->is_object()) return;
  const std::string then = recorded->value("fingerprint", ""), now = fingerprint(dataset);
  if (then.empty() || then == now) return;
  const std::string what =
      fmt::format("the {} data are not those of the training ({} has fingerprint {}, now {})", split,
                  paths.data().string(), then, now);
  if (!held_out.split) return log_warning(what);
  throw DataError(
      fmt::format("{}. They are drawn from the training data, so the model may have been trained on some of "
                  "them: restore "
                  "these, or name other data with --data PATH",
                  what));
}

/// The held-out data that the model's own configuration names: test, else validation.
Dataset own_held_out_data(const Classifier& classifier, const DataConfig& data,
                          const std::filesystem::path& model) {
  DataSplits splits = load_data(data, classifier.config().task);
  if (!splits.test && !splits.validation)
    throw UsageError(
        "the configuration of this model has no test or validation data; name some with --data PATH");
  Dataset& dataset = splits.test ? *splits.test : *splits.validation;
  check_unchanged(model, splits.test ? "test" : "validation", splits.test ? data.test : data.validation,
                  dataset);
  return std::move(dataset);
}

/// The logits of a data set, in blocks: whole batches of the classifier's, so that they are the same as in
/// one call, and few enough that their texts do not fill the memory.
std::vector<float> logits_of(Classifier& classifier, const Dataset& dataset) {
  const auto batch = static_cast<size_t>(classifier.config().training.eval_batch_size);
  const size_t block = std::max<size_t>(1, kTextsAtOnce / batch) * batch;
  std::vector<float> logits;
  logits.reserve(dataset.targets.size());
  for (size_t begin = 0; begin < dataset.texts.size(); begin += block) {
    throw_if_stopped();
    const auto first = dataset.texts.begin() + static_cast<std::ptrdiff_t>(begin);
    const size_t count = std::min(block, dataset.texts.size() - begin);
    const std::vector<float> part = classifier.logits({first, first + static_cast<std::ptrdiff_t>(count)});
    logits.insert(logits.end(), part.begin(), part.end());
  }
  return logits;
}

}  // namespace

int run_evaluate(const std::vector<std::string>& words) {
  const auto arguments = evaluate_arguments(words);
  if (!arguments) return 0;
  try_operator_threads();
  const c10::Device device = open_device(arguments->device);
  const auto classifier = open_classifier(arguments->model, device);
  const RunConfig& config = classifier->config();
  const DataConfig data = data_of_run(config, arguments->overrides);
  if (arguments->data && !std::filesystem::exists(*arguments->data))
    throw DataError(fmt::format("--data: '{}' does not exist", *arguments->data));
  const Dataset dataset = arguments->data ? load_dataset(*arguments->data, arguments->format, data.columns,
                                                         config.task, classifier->labels())
                                          : own_held_out_data(*classifier, data, arguments->model);
  throw_if_stopped();
  const std::vector<float> logits = logits_of(*classifier, dataset);
  const auto loss = make_loss(config.loss, classifier->pos_weight(), dataset.num_labels);
  const MetricReport report =
      evaluate_logits({logits, dataset.targets, dataset.weights, dataset.num_labels}, *loss, config,
                      classifier->labels().names, classifier->thresholds());
  print(arguments->json ? to_json(report).dump(2) + "\n" : to_table(report));
  return 0;
}

}  // namespace bernoulli::cli
