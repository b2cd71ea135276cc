#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/earlier_run.h"
#include "cli/environment.h"
#include "cli/load_arguments.h"
#include "cli/verb.h"
#include "cli/verb_arguments.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/printable.h"
#include "core/stop.h"
#include "stability/comparison.h"
#include "stability/page.h"
#include "store/run_folder.h"
#include "tensor/operator_threads.h"
#include "train/prepare.h"

namespace bernoulli::cli {

int run_stability(const std::vector<std::string>& words) {
  const auto arguments = stability_arguments(words);
  if (!arguments) return 0;
  const RunConfig config = load_config_with_data(arguments->sources).run;
  if (config.training.precision != "float32") {
    throw UsageError(
        fmt::format("training.precision is {}, and stability trains under losses on probabilities too, which "
                    "are compared in float32: add --set training.precision=float32 (the stress "
                    "half_precision rounds logits)",
                    config.training.precision));
  }
  const c10::Device device = open_training_device(arguments->device, config.training);
  // Now: a place that cannot be written to must not cost the whole comparison.
  const RunFolder owned = RunFolder::create(arguments->output, config.name + "-stability", kComparisonKind);
  const std::filesystem::path& folder = owned.paths().folder;
  PreparedRun prepared = prepare_run(config);
  start_from_earlier_run(config, prepared);
  set_operator_threads(operator_threads(config, prepared));
  if (config.loss.mode == LossConfig::Mode::kFocalWithLogits)
    log_warning(
        "the configured loss is focal; compared are bce_with_logits, sigmoid_bce and sigmoid_bce_clipped");

  ProgressLine line;
  const stability::Comparison comparison =
      stability::compare_losses(config, prepared, device, [&](const std::string& what) {
        throw_if_stopped();
        if (line.due()) line.update(what);
      });
  line.clear();
  const nlohmann::ordered_json json = to_json(comparison);
  owned.check_is_there();
  write_file_atomic(folder / "curves.csv", stability::curves_csv(comparison.curves));
  write_file_atomic(folder / "stability.html", stability::page(comparison));
  write_json(folder / kComparisonKind.marker, json);
  for (const stability::ModeComparison& pair : comparison.plain.comparisons) {
    if ((pair.within_seed_noise || pair.undecided) && pair.test.mean_difference != 0)
      log_warning(fmt::format("{} against {}: a difference of {:+.4f} in accuracy is {}", pair.mode,
                              pair.baseline, pair.test.mean_difference, pair.judgement()));
  }
  for (const stability::DeviceComparison& other : comparison.devices) log_info(stability::statement(other));
  log_info(fmt::format("{} updates a run ({} an epoch), {} seeds, {}", comparison.steps,
                       comparison.steps_per_epoch, config.stability.seeds,
                       format_duration(comparison.seconds)));
  print(arguments->json
            ? json_text(json)
            : printable(fmt::format("{}\n{}\n\npage        {}\n", stability::summary_table(comparison),
                                    verdict(comparison), (folder / "stability.html").string())));
  return 0;
}

}  // namespace bernoulli::cli
