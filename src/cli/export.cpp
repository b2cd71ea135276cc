#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/export_run.h"
#include "cli/load_arguments.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/error.h"
#include "core/printable.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "metrics/temperature.h"
#include "model/features.h"
#include "predict/run_classifier.h"
#include "store/run_folder.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"

namespace bernoulli::cli {
namespace {

/// The raw texts that the file must answer like the trainer: the run's test data, else validation, else
/// training data.
ReferenceTexts reference_texts(LoadedRun& run, DataSplits& splits, c10::Device device) {
  Dataset& dataset = splits.test ? *splits.test : splits.validation ? *splits.validation : splits.train;
  const FeatureShape shape{run.model.plan().ragged_input, run.info.config.text.sequence_length};
  const TokenView rows = run.vectorizer.transform_packed(dataset.texts, 1, std::make_shared<SpillSpace>());
  const int64_t batch_size = run.info.config.training.eval_batch_size;
  std::vector<float> logits = compute_logits(run.model, rows, shape, batch_size, device, throw_if_stopped);
  divide_by_temperature(logits, run.info.temperatures);
  return {StringRows(std::move(dataset.texts), dataset.store), std::move(logits),
          batch_begins(rows, shape, batch_size),
          splits.test         ? "test"
          : splits.validation ? "validation"
                              : "training"};
}

}  // namespace

int run_export(const std::vector<std::string>& words) {
  const auto arguments = export_arguments(words);
  if (!arguments) return 0;
  const auto lock = lock_for_output(arguments->run, arguments->output);
  try_operator_threads();
  const c10::Device device = open_device("cpu");
  LoadedRun run = load_run(arguments->run, device);
  DataSplits splits =
      load_data(data_of_run(run.info.config, arguments->run, arguments->overrides), run.info.config.task);
  const ReferenceTexts reference = reference_texts(run, splits, device);
  const nlohmann::ordered_json report =
      write_artifact({run.info.config, run.vectorizer, run.info.labels, run.info.thresholds,
                      run.info.pos_weight, run.info.temperatures, run.model, device},
                     reference, arguments->output, arguments->format);
  print(
      arguments->json
          ? json_text(report)
          : printable(fmt::format(
                "exported {} ({} bytes), verified on {} raw {} texts: largest difference in probability {}\n",
                arguments->output.string(), report["size_bytes"].get<int64_t>(),
                report["verified_texts"].get<int64_t>(), report["verified_split"].get<std::string>(),
                report["max_difference"].get<double>())));
  return 0;
}

}  // namespace bernoulli::cli
