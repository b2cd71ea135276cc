#include "train/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/error.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "loss/loss.h"
#include "metrics/metrics.h"
#include "predict/open_classifier.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"

namespace bernoulli::cli {
namespace {

constexpr size_t kTextsAtOnce = 16384;

/// The held-out data that the model's own configuration names: test, else validation.
Dataset own_held_out_data(const Classifier& classifier) {
  DataSplits splits = load_data(classifier.config().data, classifier.config().task);
  if (splits.test) return std::move(*splits.test);
  if (splits.validation) return std::move(*splits.validation);
  throw UsageError(
      "the configuration of this model has no test or validation data; name some with --data PATH");
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
  const Dataset dataset = arguments->data ? load_dataset(*arguments->data, "auto", config.data.columns,
                                                         config.task, classifier->labels())
                                          : own_held_out_data(*classifier);
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
