#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/export_run.h"
#include "cli/held_out.h"
#include "cli/load_arguments.h"
#include "cli/own_files.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "config/load.h"
#include "core/error.h"
#include "core/log.h"
#include "core/printable.h"
#include "core/stop.h"
#include "data/dataset.h"
#include "layers/layer_kind.h"
#include "metrics/logit_scaling.h"
#include "model/features.h"
#include "predict/run_classifier.h"
#include "store/run_folder.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"

namespace bernoulli::cli {
namespace {

/// The data whose raw texts the file must answer like the trainer: the run's test data, else validation, else
/// training data. Warns where they are not what they were in the training.
HeldOutData reference_data(DataSplits& splits, const RunPaths& paths) {
  HeldOutData reference = splits.test         ? HeldOutData{"test", std::move(*splits.test)}
                          : splits.validation ? HeldOutData{"validation", std::move(*splits.validation)}
                                              : HeldOutData{"train", std::move(splits.train)};
  const std::string changed = change_since_training(paths, reference.split, reference.dataset);
  if (!changed.empty()) log_warning(fmt::format("{}; the file is verified on those of now", changed));
  if (reference.split == "train") reference.split = "training";
  return reference;
}

/// @param reference  its texts move; targets and weights stay
ReferenceTexts reference_texts(LoadedRun& run, HeldOutData& reference, c10::Device device) {
  Dataset& dataset = reference.dataset;
  const FeatureShape shape{run.model.plan().ragged_input, run.info.config.text.sequence_length};
  const TokenView rows = run.vectorizer.transform_packed(dataset.texts, 1, std::make_shared<SpillSpace>());
  const int64_t batch_size = run.info.config.training.eval_batch_size;
  std::vector<float> logits = compute_logits(run.model, rows, shape, batch_size, device, throw_if_stopped);
  scale_logits(logits, run.info.scaling);
  return {{StringRows(std::move(dataset.texts), dataset.store), std::move(logits),
           batch_begins(rows, shape, batch_size)},
          reference.split,
          dataset.targets,
          dataset.weights};
}

/// The run's configuration with what the command line says of `export`.
void set_form(RunConfig& config, const std::vector<config::Override>& overrides) {
  if (overrides.empty()) return;
  config = config::load_config_text(config.resolved_yaml, "the configuration of the run",
                                    layers::layer_schemas(), overrides, config::Contradictions::kRefusedIfNew)
               .run;
}

/// @throws DataError where the training texts are others by now
std::vector<bool> used_rows(const LoadedRun& run, const DataSplits& splits, const RunPaths& paths) {
  if (const std::string changed = change_since_training(paths, "train", splits.train); !changed.empty())
    throw DataError(fmt::format(
        "{}, so nobody knows which buckets were used: restore them, or export all buckets", changed));
  return rows_in(run.vectorizer.transform_packed(splits.train.texts, 1, std::make_shared<SpillSpace>()),
                 run.vectorizer.num_ids());
}

}  // namespace

int run_export(const std::vector<std::string>& words) {
  const auto arguments = export_arguments(words);
  if (!arguments) return 0;
  const auto lock = lock_for_output(arguments->run, arguments->output);
  try_operator_threads();
  const c10::Device device = open_device("cpu");
  LoadedRun run = load_run(arguments->run, device);
  set_form(run.info.config, arguments->form);
  const DataConfig data = data_of_run(run.info.config, arguments->run, arguments->overrides);
  refuse_data("--output", arguments->output, data);
  DataSplits splits = load_data(data, run.info.config.task);
  std::vector<bool> used;
  if (run.info.config.exported.buckets == "used") used = used_rows(run, splits, arguments->run);
  HeldOutData held_out = reference_data(splits, arguments->run);
  ReferenceTexts reference = reference_texts(run, held_out, device);
  nlohmann::ordered_json report =
      write_artifact({run.info.config, run.vectorizer, run.info.labels, run.info.rule, run.info.pos_weight,
                      run.info.scaling, run.model, [&] { return used; },
                      [&] {
                        if (lock) lock->check_is_there();
                      }},
                     std::move(reference), arguments->output, arguments->format);
  report["path"] = arguments->output.string();
  print(arguments->json ? json_text(report) : printable(export_text(report, arguments->output)));
  return 0;
}

}  // namespace bernoulli::cli
