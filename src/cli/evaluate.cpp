#include "train/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/verb.h"
#include "core/error.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "loss/loss.h"
#include "metrics/metrics.h"
#include "predict/open_classifier.h"
#include "tensor/device.h"

namespace bernoulli::cli {
namespace {

namespace po = boost::program_options;

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
  po::options_description options("options");
  options.add_options()("data", po::value<std::string>()->value_name("PATH"),
                        "class folders, csv, tsv, jsonl or __label__ lines; default: the test data of the "
                        "run, else its validation data")(
      "device", po::value<std::string>()->default_value("cpu")->value_name("D"), "auto, cpu, cuda or cuda:N")(
      "json", "print one JSON object");
  const Usage usage{"evaluate RUN|FILE.pt [options]",
                    "All metrics of a run folder (native text path) or an exported file (TorchScript path, "
                    "raw text in) on a data set.",
                    "  bernoulli evaluate runs/quickstart-1\n"
                    "  bernoulli evaluate runs/quickstart-1/model.pt --data reviews.jsonl --json\n",
                    "model", 1};
  const auto values = parse_words(usage, options, words);
  if (!values) return 0;
  if (!values->contains("model"))
    throw UsageError(
        fmt::format("name a run folder or an exported file; usage: bernoulli {}", usage.synopsis));
  const c10::Device device = open_device((*values)["device"].as<std::string>());
  const auto classifier = open_classifier((*values)["model"].as<std::vector<std::string>>().front(), device);
  const RunConfig& config = classifier->config();
  const Dataset dataset = values->contains("data")
                              ? load_dataset((*values)["data"].as<std::string>(), "auto", config.data.columns,
                                             config.task, classifier->labels())
                              : own_held_out_data(*classifier);
  throw_if_stopped();
  const std::vector<float> logits = logits_of(*classifier, dataset);
  const auto loss = make_loss(config.loss, classifier->pos_weight(), dataset.num_labels);
  const MetricReport report =
      evaluate_logits({logits, dataset.targets, dataset.weights, dataset.num_labels}, *loss, config,
                      classifier->labels().names, classifier->thresholds());
  print(values->contains("json") ? to_json(report).dump(2) + "\n" : to_table(report));
  return 0;
}

}  // namespace bernoulli::cli
