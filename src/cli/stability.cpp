#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/environment.h"
#include "cli/load_arguments.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/stop.h"
#include "run/run_folder.h"
#include "stability/comparison.h"
#include "stability/page.h"
#include "train/prepare.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

/// The folder to write to; an earlier comparison in it is never overwritten.
fs::path output_folder(const po::variables_map& values, const std::string& name) {
  if (values.contains("output")) {
    fs::path folder = values["output"].as<std::string>();
    if (fs::exists(folder / "stability.json")) {
      throw RunFolderError(
          fmt::format("'{}' holds a comparison already; name another folder with --output", folder.string()));
    }
    return folder;
  }
  for (int i = 1;; ++i) {
    fs::path folder = fs::path("runs") / fmt::format("{}-stability-{}", name, i);
    if (!fs::exists(folder)) return folder;
  }
}

}  // namespace

int run_stability(const std::vector<std::string>& words) {
  po::options_description options("options");
  add_config_options(options);
  options.add_options()("output", po::value<std::string>()->value_name("DIR"),
                        "folder for the three files; default runs/<config name>-stability-<n>")(
      "seeds", po::value<int64_t>()->value_name("K"), "the same as --set stability.seeds=K")(
      "device", po::value<std::string>()->default_value("auto")->value_name("D"),
      "auto, cpu, cuda or cuda:N")("json", "print stability.json instead of the table");
  const Usage usage{
      "stability CONFIG... [options]",
      "Does it matter for this configuration whether the loss sees logits or probabilities, from where on, "
      "and "
      "why? Measures the losses themselves, trains all modes in lock-step, ordinarily and under stress, and "
      "writes stability.html, stability.json and curves.csv.",
      "  bernoulli stability configs/quickstart.yaml\n"
      "  bernoulli stability configs/quickstart.yaml --seeds 5 --set stability.epochs=3\n"
      "  bernoulli stability configs/imdb_tutorial.yaml --set 'stability.stress=[{output_bias: 30}]' --set "
      "stability.epochs=5 --output bias30\n",
      "config"};
  const auto values = parse_words(usage, options, words);
  if (!values) return 0;
  config::ConfigSources sources = config_sources(*values);
  if (values->contains("seeds"))
    sources.overrides.push_back(fmt::format("stability.seeds={}", (*values)["seeds"].as<int64_t>()));
  const RunConfig config = config::load_config(sources, layers::layer_schemas()).run;
  if (config.training.precision != "float32") {
    throw UsageError(
        fmt::format("training.precision is {}, and stability trains under losses on probabilities too, which "
                    "are compared in "
                    "float32: add --set training.precision=float32 (the stress half_precision rounds logits)",
                    config.training.precision));
  }
  check_shapes_early(config);
  const c10::Device device = open_training_device((*values)["device"].as<std::string>(), config.training);
  const fs::path folder = output_folder(*values, config.name);
  const PreparedRun prepared = prepare_run(config);
  set_threads(operator_threads(config, prepared));
  if (config.loss.mode == LossConfig::Mode::kFocalWithLogits)
    log_warning(
        "the configured loss is focal; compared are bce_with_logits, sigmoid_bce and sigmoid_bce_clipped");

  create_folder(folder);  // now: a place that cannot be written to must not cost the whole comparison

  ProgressLine line;
  const stability::Comparison comparison =
      stability::compare_losses(config, prepared, device, [&](const std::string& what) {
        throw_if_stopped();
        if (line.due()) line.update(what);
      });
  line.clear();
  const nlohmann::ordered_json json = to_json(comparison);
  write_file_atomic(folder / "curves.csv", stability::curves_csv(comparison.curves));
  write_file_atomic(folder / "stability.html", stability::page(comparison));
  write_json(folder / "stability.json", json);
  for (const stability::ModeComparison& pair : comparison.plain.comparisons) {
    if (pair.within_seed_noise && pair.test.mean_difference != 0)
      log_warning(fmt::format("{} against {}: a difference of {:+.4f} in accuracy is within seed noise",
                              pair.mode, pair.baseline, pair.test.mean_difference));
  }
  for (const stability::DeviceComparison& other : comparison.devices) log_info(stability::statement(other));
  log_info(fmt::format("{} updates a run ({} an epoch), {} seeds, {}", comparison.steps,
                       comparison.steps_per_epoch, config.stability.seeds,
                       format_duration(comparison.seconds)));
  print(values->contains("json")
            ? json.dump(2) + "\n"
            : fmt::format("{}\n{}\n\npage        {}\n", stability::summary_table(comparison),
                          verdict(comparison), (folder / "stability.html").string()));
  return 0;
}

}  // namespace bernoulli::cli
