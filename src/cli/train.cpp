#include "cli/train.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/check_validation.h"
#include "cli/earlier_run.h"
#include "cli/environment.h"
#include "cli/finish.h"
#include "cli/load_arguments.h"
#include "cli/processes.h"
#include "cli/resume.h"
#include "cli/verb.h"
#include "config/loss_mode.h"
#include "core/device_word.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json_fault.h"
#include "core/log.h"
#include "core/shell_word.h"
#include "core/stop.h"
#include "core/usual_threads.h"
#include "infer/classifier.h"
#include "infer/run_files.h"
#include "store/event_lines.h"
#include "store/run_folder.h"
#include "tensor/checkpoint.h"
#include "tensor/device.h"
#include "tensor/operator_threads.h"
#include "train/epoch_order.h"
#include "train/leading_step.h"
#include "train/make_step.h"
#include "train/metrics_log.h"
#include "train/prepare.h"
#include "train/trainer.h"
#include "train/training_length.h"

namespace bernoulli::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::optional<Vocabulary> saved_vocabulary(const RunPaths& paths) {
  if (!path_exists(paths.vocabulary())) return std::nullopt;
  return Vocabulary::parse(read_file(paths.vocabulary()), paths.vocabulary().string());
}

Json fingerprints_of(const PreparedRun& run) {
  return {{"data", run.fingerprint}, {"vocabulary", run.vectorizer->ids_fingerprint()}};
}

/// What all processes of a training must have the same.
Json shared_fingerprints(const PreparedRun& run, const config::LoadedConfig& loaded) {
  Json fingerprints = {{"config", hash_hex(settings_text(loaded))}};
  fingerprints.update(fingerprints_of(run));
  return fingerprints;
}

/// The audit, and what later verbs must know of the training data.
Json data_json(const PreparedRun& run) {
  Json json = {{"labels", to_json(run.labels)}, {"pos_weight", run.pos_weight}};
  json.update(run.audit);
  return json;
}

/// What environment.json says after a process more: the latest one, and under "earlier" those before it, as
/// far as they can be read: the file decides nothing, and must not keep a training from going on.
Json with_earlier(Json latest, const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return latest;
  try {
    Json before = read_json(file);
    Json earlier = before.value("earlier", Json::array());
    before.erase("earlier");
    earlier.push_back(std::move(before));
    latest["earlier"] = std::move(earlier);
  } catch (const ArtifactError& error) {
    log_warning(fmt::format("{}; the processes before this one are forgotten", error.what()));
  } catch (const Json::exception& error) {
    log_warning(fmt::format("'{}' is damaged ({}); the processes before this one are forgotten",
                            file.string(), json_cause(error)));
  }
  return latest;
}

/// The engine of a run, with the plan that it was chosen for in the log. @param processes  that share it, or
/// null
EngineChoice choose_engine(const RunConfig& config, const PreparedRun& run, c10::Device device, int threads,
                           Communicator* processes) {
  log_info(layers::summary(run.plan));
  const EngineParts parts{config, run.plan, run.train, *run.loss, run.pos_weight};
  EngineChoice engine =
      processes != nullptr ? make_leading_step(parts, device, *processes) : make_step(parts, device);
  const std::string reason = engine.reason.empty() ? "" : fmt::format(" ({})", engine.reason);
  log_info(fmt::format("loss {}  engine {}{}  device {}  precision {}  threads {}",
                       to_string(config.loss.mode), engine.name, reason, device.str(),
                       config.training.precision, threads));
  if (engine.name == "reference" && device.is_cpu()) {
    if (const std::string warning = table_sweep_warning(run.plan, engine.reason); !warning.empty())
      log_warning(warning);
  }
  return engine;
}

/// The data, with those of the validation found fit for what the configuration asks of them.
PreparedRun prepare_checked(const RunConfig& config, std::optional<Vocabulary> vocabulary) {
  PreparedRun run = prepare_run(config, std::move(vocabulary));
  if (run.validation) check_validation(config, run.labels, run.pos_weight, *run.validation);
  return run;
}

/// What to open for --device of a training in one process.
std::string one_process_device(const std::string& device, const CheckedConfig& loaded) {
  if (parse_device(device).kind != DeviceWord::Kind::kAuto || !stays_on_cpu(loaded.run, loaded.plan))
    return device;
  std::string why_none;
  if (num_cuda_devices(&why_none) > 0)
    log_info(
        "this machine has a CUDA device, and the CPU is taken: its fused engine runs this model; the "
        "card's would be the reference engine, which is expected to take longer (--device cuda takes it)");
  return "cpu";
}

/// Everything a training does first, with one batch, on nothing but memory.
Json dry_run(const TrainArguments& arguments) {
  const CheckedConfig loaded = load_config_with_data(arguments.sources);
  RunConfig config = loaded.run;
  config.data.cache.folder = "off";
  const c10::Device device =
      open_training_device(one_process_device(arguments.device, loaded), config.training);
  check_engine(config, loaded.plan, device);
  PreparedRun run = prepare_checked(config, std::nullopt);
  start_from_earlier_run(config, run);
  const int threads = operator_threads(config, run);
  set_operator_threads(threads);
  const EngineChoice engine = choose_engine(config, run, device, threads, nullptr);
  const EpochOrder order(config.training, run.train.size());
  warn_of_length(config, training_length(config.training, order.steps_per_epoch()));
  Step& step = *engine.step;
  std::vector<int64_t> examples;
  for (int64_t i = 0; i < std::min(config.training.batch_size, run.train.size()); ++i) examples.push_back(i);
  const StepResult result = step.update(examples, 0, step.base_lr());
  return {{"examples", examples.size()},
          {"loss", result.loss_sum / result.weight},
          {"gradient_norm", result.gradient_norm}};
}

RunFolder open_folder(const TrainArguments& arguments, const RunConfig& config) {
  if (arguments.resume) return RunFolder::open_for_resume(*arguments.run_dir);
  return RunFolder::create(arguments.run_dir, config.name);
}

/// The configuration of the run that is gone on with; nothing where a new one begins.
/// @throws UsageError where `loaded` cannot continue it
std::optional<config::LoadedConfig> saved_config(const TrainArguments& arguments, const RunPaths& paths,
                                                 const config::LoadedConfig& loaded) {
  if (!arguments.resume) return std::nullopt;
  if (!is_run_folder(paths.folder)) {
    log_info(fmt::format("'{}' holds no run yet: beginning a new one", paths.folder.string()));
    return std::nullopt;
  }
  config::LoadedConfig saved = load_run_config(paths);
  check_continues(paths, saved, loaded);
  return saved;
}

std::string test_fingerprint(const Json& data) {
  const Json::json_pointer place("/test/fingerprint");
  return data.contains(place) && data[place].is_string() ? data[place].get<std::string>() : "";
}

/// Nothing was learned from test data, so that others than those of `before` stop no run that is gone on
/// with.
void warn_of_other_test_data(const fs::path& before, const Json& data) {
  if (!path_exists(before)) return;
  std::string then;
  try {
    then = test_fingerprint(read_json(before));
  } catch (const ArtifactError&) {  // the file is written anew, as one that is missing
    return;
  }
  const std::string now = test_fingerprint(data);
  if (!then.empty() && !now.empty() && then != now)
    log_warning(
        fmt::format("the test data are not those that this run began with (fingerprint {}, now {}): its test "
                    "figures will be those of the new ones",
                    then, now));
}

/// Everything in the folder that says what the run is.
void describe_run(const RunPaths& paths, const RunConfig& config, const PreparedRun& run, Json environment) {
  write_file_atomic(paths.config(), config.resolved_yaml);
  write_json(paths.environment(), with_earlier(std::move(environment), paths.environment()));
  const Json data = data_json(run);
  warn_of_other_test_data(paths.data(), data);
  write_json(paths.data(), data);
  if (run.vectorizer->vocabulary() != nullptr)
    write_file_atomic(paths.vocabulary(), run.vectorizer->vocabulary()->to_text());
}

/// The first step is where a run goes on that has saved nothing, not one that has lost what it saved. The
/// event of a checkpoint stands in the log before the file does, unless there is a later one.
void refuse_lost_checkpoints(const RunPaths& paths) {
  std::set<int64_t> steps;
  if (path_exists(paths.metrics()))
    for_each_event(read_file(paths.metrics()), [&](const Json& event, std::string_view /*line*/) {
      if (event.at("event") == "checkpoint") steps.insert(event.at("step").get<int64_t>());
    });
  if (path_exists(paths.summary()) || steps.size() > 1)
    throw ArtifactError(
        fmt::format("run '{}' has saved checkpoints, and '{}' holds none: restore it, or begin a new run "
                    "with its config.yaml",
                    paths.folder.string(), paths.checkpoints().string()));
}

/// @param before  the settings of the run so far
void go_on(Trainer& trainer, const std::optional<Checkpoint>& checkpoint, const TrainingConfig& before,
           const config::LoadedConfig& loaded) {
  if (!checkpoint) {
    log_info("no checkpoint was saved yet: starting from the first step");
    return;
  }
  check_belongs(*checkpoint, loaded);
  trainer.resume(*checkpoint);
  log_info(fmt::format("resuming after step {}", checkpoint->step));
  trainer.warn_of_other_length(before);
}

void tell_nothing_is_left(const std::string& reason) {
  log_info(fmt::format("nothing is left to train: the run ended by {}; --set training.{} to go on", reason,
                       reason == "early_stopping" ? "early_stopping=N with more patience" : reason + "=N"));
}

/// @param what  happened to the run, "stopped"
void tell_how_to_go_on(const std::string& what, const TrainArguments& arguments, const RunPaths& paths) {
  std::string command = "bernoulli train --resume --run-dir " + shell_word(paths.folder.string());
  if (arguments.device != "auto") command += " --device " + arguments.device;
  if (arguments.processes) command += fmt::format(" --processes {}", *arguments.processes);
  log_info(fmt::format("{}; go on with: {}", what, command));
}

/// What a run starts with, but for its folder.
struct Start {
  CheckedConfig loaded;
  c10::Device device;
};

Start start_of(const TrainArguments& arguments, const std::optional<Place>& place) {
  const std::optional<RunPaths> resumed =
      arguments.resume ? std::optional(RunPaths{*arguments.run_dir}) : std::nullopt;
  CheckedConfig loaded = load_config_with_data(arguments.sources, resumed);
  const TrainingConfig& training = loaded.run.training;
  const c10::Device device = open_training_device(
      place ? device_of(arguments.device, *place) : one_process_device(arguments.device, loaded), training);
  check_engine(loaded.run, loaded.plan, device, place ? place->size : 1);
  return {std::move(loaded), device};
}

/// What every process but 0 does: it reads the same data and computes, and writes nothing.
void follow_run(const TrainArguments& arguments, const Place& place) {
  set_log_level(LogLevel::kSilent);  // process 0 says it
  const auto [loaded, device] = start_of(arguments, place);
  OtherProcesses others(arguments, place);
  others.leaving_after([&] {
    const PreparedRun run = prepare_checked(loaded.run, std::nullopt);
    others.check_same(shared_fingerprints(run, loaded));
    set_operator_threads(operator_threads(loaded.run, run));
    ReferenceStep step({loaded.run, run.plan, run.train, *run.loss, run.pos_weight}, device, nullptr,
                       &others.all());
    follow(step, others.all());
    return true;
  });
}

/// What a process trains that stands alone, or before others.
struct Lead {
  const TrainArguments& arguments;
  const Start& start;
  const RunFolder& folder;
  OtherProcesses* others;                     ///< or null
  std::optional<config::LoadedConfig> saved;  ///< of the run that is gone on with
  PreparedRun run;
  CheckpointFolder checkpoints;
  std::optional<Checkpoint> checkpoint;  ///< to go on from
  RunConfig of_engine;                   ///< the configuration with the engine of that checkpoint
  int threads;

  const RunConfig& run_config() const { return start.loaded.run; }
  const RunPaths& paths() const { return folder.paths(); }
  Communicator* all() const { return others != nullptr ? &others->all() : nullptr; }
};

Lead prepare_lead(const TrainArguments& arguments, const Start& start, const RunFolder& folder,
                  OtherProcesses* others) {
  const CheckedConfig& loaded = start.loaded;
  const RunPaths& paths = folder.paths();
  std::optional<config::LoadedConfig> saved = saved_config(arguments, paths, loaded);
  log_info(fmt::format("run folder {}", paths.folder.string()));
  PreparedRun run = prepare_checked(loaded.run, saved ? saved_vocabulary(paths) : std::nullopt);
  if (others != nullptr) others->check_same(shared_fingerprints(run, loaded));
  const CheckpointFolder checkpoints(paths.checkpoints());
  if (saved && checkpoints.steps().empty()) refuse_lost_checkpoints(paths);
  if (saved && !checkpoints.steps().empty()) {
    keep_start(paths, run);
  } else {
    start_from_earlier_run(loaded.run, run);
  }
  const int threads = operator_threads(loaded.run, run);
  set_operator_threads(threads);
  std::optional<Checkpoint> checkpoint = saved ? checkpoints.load_newest() : std::nullopt;
  RunConfig of_engine = with_engine_of(loaded.run, checkpoint);
  return {arguments,
          start,
          folder,
          others,
          std::move(saved),
          std::move(run),
          checkpoints,
          std::move(checkpoint),
          std::move(of_engine),
          threads};
}

void write_description(const Lead& lead) {
  Json environment =
      environment_json(lead.start.device, lead.run_config().training, lead.threads, lead.arguments.words);
  environment["processes"] = lead.others != nullptr ? lead.others->all().size() : 1;
  describe_run(lead.paths(), lead.run_config(), lead.run, std::move(environment));
}

/// The engine, with the folder of a new run described: one that does not fit into memory leaves none.
EngineChoice open_engine(const Lead& lead) {
  EngineChoice engine = choose_engine(lead.of_engine, lead.run, lead.start.device, lead.threads, lead.all());
  warn_of_other_engine(lead.checkpoint, engine);
  lead.folder.check_is_there();  // it may have taken long until here
  if (!lead.saved) write_description(lead);
  return engine;
}

/// A trainer that stands where the run does, with what it works on.
struct OpenTraining {
  explicit OpenTraining(const Lead& lead);

  EngineChoice engine;
  MetricsLog log;
  Trainer trainer;
};

OpenTraining::OpenTraining(const Lead& lead)
    : engine(open_engine(lead)),
      log(lead.paths().metrics(), &lead.folder),
      trainer({lead.run_config(), lead.run.labels.names, lead.run.train,
               lead.run.validation ? &*lead.run.validation : nullptr, *lead.run.loss, *engine.step,
               lead.checkpoints, log, fingerprints_of(lead.run), engine.family(),
               settings_text(lead.start.loaded), lead.arguments.pause_after_epoch}) {
  const std::optional<Checkpoint>& checkpoint = lead.checkpoint;
  if (lead.saved) {
    go_on(trainer, checkpoint, lead.saved->run.training, lead.start.loaded);
    // A refused continuation has left all as it was. From here on the run is not finished, unless it ends
    // anew as it did before: then the old summary holds until the new one takes its place.
    lead.folder.check_is_there();
    if (!trainer.limit_reached() || lead.saved->resolved != lead.start.loaded.resolved)
      fs::remove(lead.paths().summary());
    write_description(lead);
  }
  log.begin(checkpoint ? checkpoint->step : 0, checkpoint && is_validated(*checkpoint));
  if (const auto limit = trainer.limit_reached(); checkpoint && limit) tell_nothing_is_left(*limit);
}

/// @return nothing where it is paused
std::optional<TrainedRun> train_to_end(const Lead& lead, OpenTraining& training) {
  const RunPaths& paths = lead.paths();
  try {
    const TrainingOutcome outcome = training.trainer.run();
    if (lead.others != nullptr) lead.others->let_go();
    if (outcome.is_paused()) {
      tell_how_to_go_on(fmt::format("paused after epoch {}", outcome.epochs), lead.arguments, paths);
      return std::nullopt;
    }
    training.engine.step.reset();  // its tables; what is exported comes from the checkpoint
    return TrainedRun{finish_run({lead.run_config(), lead.run, paths, lead.checkpoints, outcome,
                                  lead.start.device, training.engine.name, lead.folder},
                                 training.log),
                      paths.folder};
  } catch (const StopRequested&) {
    tell_how_to_go_on("stopped", lead.arguments, paths);
    throw;
  } catch (const IoError&) {
    if (std::error_code ignored; fs::exists(paths.config(), ignored))
      tell_how_to_go_on("ended", lead.arguments, paths);
    throw;
  }
}

std::optional<TrainedRun> lead_run(const TrainArguments& arguments, const Start& start,
                                   const RunFolder& folder, OtherProcesses* others) {
  const Lead lead = prepare_lead(arguments, start, folder, others);
  OpenTraining training(lead);
  return train_to_end(lead, training);
}

}  // namespace

std::optional<TrainedRun> train_run(const TrainArguments& arguments, const std::optional<Place>& place) {
  const Start start = start_of(arguments, place);
  const RunFolder folder = open_folder(arguments, start.loaded.run);
  if (!place) return lead_run(arguments, start, folder, nullptr);
  OtherProcesses others(arguments, *place);
  return others.leaving_after([&] { return lead_run(arguments, start, folder, &others); });
}

int run_train(const std::vector<std::string>& words) {
  const auto arguments = train_arguments(words);
  if (!arguments) return 0;
  const std::optional<Place> place = place_of(*arguments);
  if (place) share_cores(place->local_size);
  if (place && place->rank > 0) {
    follow_run(*arguments, *place);
    return 0;
  }
  if (arguments->dry_run) {
    const Json batch = dry_run(*arguments);
    print(arguments->json
              ? json_text(batch)
              : fmt::format("dry run: one batch of {} examples, loss {:.6f}, gradient norm {:.6f}; nothing "
                            "was written\n",
                            batch["examples"].get<int64_t>(), batch["loss"].get<double>(),
                            batch["gradient_norm"].get<double>()));
    return 0;
  }
  if (const std::optional<TrainedRun> trained = train_run(*arguments, place))
    print(arguments->json ? json_text(trained->summary)
                          : summary_text(trained->summary, RunPaths{trained->folder}));
  return 0;
}

}  // namespace bernoulli::cli
