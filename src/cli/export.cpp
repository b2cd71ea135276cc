#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/export_run.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "model/features.h"
#include "predict/run_classifier.h"
#include "tensor/device.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

/// The raw texts that the file must answer like the trainer: the run's test data, else validation, else
/// training data.
ReferenceTexts reference_texts(LoadedRun& run, DataSplits& splits, c10::Device device) {
  Dataset& dataset = splits.test ? *splits.test : splits.validation ? *splits.validation : splits.train;
  const FeatureShape shape{run.model.plan().ragged_input, run.info.config.text.sequence_length};
  const TokenView rows = run.vectorizer.transform_packed(dataset.texts, 1, std::make_shared<SpillSpace>());
  std::vector<float> logits = compute_logits(run.model, rows, shape, run.info.config.training.eval_batch_size,
                                             device, throw_if_stopped);
  return {StringRows(std::move(dataset.texts), dataset.store), std::move(logits),
          splits.test         ? "test"
          : splits.validation ? "validation"
                              : "training"};
}

}  // namespace

int run_export(const std::vector<std::string>& words) {
  po::options_description options("options");
  options.add_options()("format", po::value<std::string>()->default_value("torchscript")->value_name("F"),
                        "torchscript")("output", po::value<std::string>()->value_name("FILE"),
                                       "where to write; default: model.pt in the run folder")(
      "json", "print one JSON object");
  const Usage usage{
      "export RUN [options]",
      "Writes the TorchScript file of a run, which takes raw texts and gives probabilities, after checking "
      "it against the run's own\n"
      "model on the raw texts of the run's data. If it differs there is no file.",
      "  bernoulli export runs/quickstart-1\n  bernoulli export runs/quickstart-1 --output model.pt\n", "run",
      1};
  const auto values = parse_words(usage, options, words);
  if (!values) return 0;
  if (!values->contains("run"))
    throw UsageError(fmt::format("name a run folder; usage: bernoulli {}", usage.synopsis));
  if (const auto& format = (*values)["format"].as<std::string>(); format != "torchscript") {
    throw UsageError(fmt::format("--format is '{}'; this version writes torchscript", format));
  }
  const RunPaths paths{(*values)["run"].as<std::vector<std::string>>().front()};
  if (!is_run_folder(paths.folder))
    throw ArtifactError(
        fmt::format("'{}' is not a run folder: it has no config.yaml", paths.folder.string()));
  const fs::path output =
      values->contains("output") ? fs::path((*values)["output"].as<std::string>()) : paths.artifact();
  const c10::Device device = open_device("cpu");
  LoadedRun run = load_run(paths, device);
  DataSplits splits = load_data(run.info.config.data, run.info.config.task);
  const ReferenceTexts reference = reference_texts(run, splits, device);
  const nlohmann::ordered_json report =
      write_artifact({run.info.config, run.vectorizer, run.info.labels, run.info.thresholds,
                      run.info.pos_weight, run.model, device},
                     reference, output);
  print(
      values->contains("json")
          ? report.dump(2) + "\n"
          : fmt::format(
                "exported {} ({} bytes), verified on {} raw {} texts: largest difference in probability {}\n",
                output.string(), report["size_bytes"].get<int64_t>(), report["verified_texts"].get<int64_t>(),
                report["verified_split"].get<std::string>(), report["max_difference"].get<double>()));
  return 0;
}

}  // namespace bernoulli::cli
