#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "config/metric_facts.h"
#include "config/setting_checks.h"
#include "core/text_distance.h"

namespace bernoulli::config {
namespace {

void check_sgd(const CheckedSettings& settings, const Json& args) {
  if (args["momentum"] == 0.0 && args["dampening"] != 0.0)
    settings.fault(
        "optimizer.sgd.dampening",
        fmt::format("is {} with momentum 0, where there is nothing to damp (expected momentum above 0)",
                    args["dampening"].dump()));
  if (!args["nesterov"].get<bool>()) return;
  if (args["momentum"] == 0.0 || args["dampening"] != 0.0) {
    settings.fault(
        "optimizer.sgd.nesterov",
        fmt::format("is true with momentum {} and dampening {} (expected momentum above 0 and dampening 0)",
                    args["momentum"].dump(), args["dampening"].dump()));
  }
}

void check_milestones(const CheckedSettings& settings, const KindConfig& schedule) {
  const auto milestones = schedule.args["milestones"].get<std::vector<int64_t>>();
  if (std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>()) != milestones.end())
    settings.fault("training.schedule.multi_step.milestones",
                   "do not ascend (expected each later than the one before)");
}

}  // namespace

void check_precision(const CheckedSettings& settings) {
  if (settings.run.training.precision == "bfloat16" && !trains_on_logits(settings.run.loss.mode)) {
    settings.fault(
        "training.precision",
        "is bfloat16, but loss.mode is a loss on probabilities: a logit of 8 bits near the place where its "
        "sigmoid rounds to 1 has neighbours on both sides of it (expected float32, or loss.mode: "
        "bce_with_logits, which keeps the gradient at every logit)");
  }
}

void check_engine(const CheckedSettings& settings) {
  const TrainingConfig& training = settings.run.training;
  if (training.engine != "fused") return;
  const auto must_be = [&](const char* key, const std::string& value, const char* usual) {
    if (value == usual) return;
    settings.fault(
        fmt::format("training.{}", key),
        fmt::format("is {}, but training.engine is fused, which computes in float32 throughout (expected "
                    "{}, or training.engine: auto)",
                    value, usual));
  };
  must_be("precision", training.precision, "float32");
  must_be("float32_matmul_precision", training.float32_matmul_precision, "highest");
}

void check_optimizer(const CheckedSettings& settings) {
  const OptimizerConfig& optimizer = settings.run.optimizer;
  const KindConfig& kind = optimizer.kind;
  if (!settings.sound({"optimizer." + kind.kind})) return;
  if (!optimizer.no_decay.empty() && kind.args.at("weight_decay") == 0.0)
    settings.fault(
        "optimizer.no_decay",
        fmt::format("has no meaning where optimizer.{}.weight_decay is 0 (leave it out)", kind.kind));
  if (kind.kind == "sgd") check_sgd(settings, kind.args);
}

void check_limits(const CheckedSettings& settings) {
  const TrainingConfig& training = settings.run.training;
  if (!training.epochs && !training.max_steps && !training.max_seconds) {
    settings.fault("training", "has no limit (expected at least one of epochs, max_steps and max_seconds)");
  }
}

void check_span(const CheckedSettings& settings) {
  const TrainingConfig& training = settings.run.training;
  const KindConfig& schedule = training.schedule;
  const bool spans_training =
      schedule.kind == "cosine" || schedule.kind == "linear" || schedule.kind == "one_cycle";
  if (spans_training && !training.epochs && !training.max_steps && training.max_seconds) {
    settings.fault("training.schedule." + schedule.kind,
                   "stretches over the whole training, but its number of steps is unknown (expected "
                   "training.epochs or training.max_steps beside max_seconds)");
  }
}

void check_schedule(const CheckedSettings& settings) {
  const TrainingConfig& training = settings.run.training;
  const KindConfig& schedule = training.schedule;
  const std::string path = "training.schedule." + schedule.kind;
  if (schedule.args.contains("warmup_steps") && training.max_steps &&
      schedule.args["warmup_steps"].get<int64_t>() >= *training.max_steps) {
    settings.fault(path + ".warmup_steps",
                   fmt::format("is {}, but training.max_steps is {} (expected fewer)",
                               schedule.args["warmup_steps"].get<int64_t>(), *training.max_steps));
  }
  if (schedule.kind == "multi_step") check_milestones(settings, schedule);
}

void needs_validation(const CheckedSettings& settings, const std::string& path) {
  settings.fault(path, "needs validation data (expected data.validation to be set)");
}

void check_training_without_validation(const CheckedSettings& settings) {
  if (settings.run.data.validation.present()) return;
  const TrainingConfig& training = settings.run.training;
  const TrainingConfig defaults;
  const auto needs = [&](bool is_set, const char* path) {
    if (is_set) needs_validation(settings, path);
  };
  needs(training.early_stopping.has_value(), "training.early_stopping");
  needs(training.validate_every_epochs != defaults.validate_every_epochs, "training.validate_every_epochs");
  needs(training.validate_every_steps.has_value(), "training.validate_every_steps");
  needs(training.schedule.kind == "reduce_on_plateau", "training.schedule.reduce_on_plateau");
  needs(training.keep_best != defaults.keep_best, "training.keep_best");
  needs(training.monitor != defaults.monitor, "training.monitor.metric");
  needs(training.monitor_mode != defaults.monitor_mode, "training.monitor.mode");
}

void check_monitor(const CheckedSettings& settings) {
  const std::vector<std::string> names = metric_names(settings.run.task.kind);
  const std::string& metric = settings.run.training.monitor;
  if (std::find(names.begin(), names.end(), metric) != names.end()) return;
  settings.fault("training.monitor.metric",
                 fmt::format("is {}, which {} tasks do not have (expected {}){}", quote(metric),
                             settings.is_binary() ? "binary" : "multi_label", join_words(names),
                             did_you_mean(metric, names)));
}

}  // namespace bernoulli::config
