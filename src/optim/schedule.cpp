#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

double cosine_between(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

/// Share of the way from the end of the warm-up to the last update, in [0, 1]. A way of one update is at its
/// start: at its end a schedule that falls to 0 would train nothing.
double progress(int64_t step, int64_t warmup, int64_t total) {
  const int64_t length = std::max<int64_t>(total - 1 - warmup, 1);
  return std::clamp(static_cast<double>(step - warmup) / static_cast<double>(length), 0.0, 1.0);
}

/// torch.optim.lr_scheduler.OneCycleLR with cosine annealing in two phases; its max_lr is max_factor here.
double one_cycle(const Json& args, int64_t step, int64_t total) {
  const double highest = args.at("max_factor");
  const double initial = highest / args.at("div_factor").get<double>();
  const double last = initial / args.at("final_div_factor").get<double>();
  const double peak = args.at("pct_start").get<double>() * static_cast<double>(total) - 1;
  const double now = static_cast<double>(step);
  if (now <= peak) return peak <= 0 ? highest : cosine_between(initial, highest, now / peak);
  const double end = static_cast<double>(total) - 1;
  return cosine_between(highest, last, std::min(1.0, (now - peak) / std::max(end - peak, 1e-12)));
}

}  // namespace

double schedule_factor(const KindConfig& schedule, int64_t step, int64_t total_steps,
                       int64_t steps_per_epoch) {
  const Json& args = schedule.args;
  const int64_t epoch = step / steps_per_epoch;
  const int64_t warmup = args.contains("warmup_steps") ? args.at("warmup_steps").get<int64_t>() : 0;
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (schedule.kind == "constant" || schedule.kind == "reduce_on_plateau") return 1;
  if (schedule.kind == "step")
    return std::pow(args.at("gamma").get<double>(),
                    static_cast<double>(epoch / args.at("step_epochs").get<int64_t>()));
  if (schedule.kind == "multi_step") {
    const auto milestones = args.at("milestones").get<std::vector<int64_t>>();
    const auto passed = std::count_if(milestones.begin(), milestones.end(),
                                      [&](int64_t milestone) { return epoch >= milestone; });
    return std::pow(args.at("gamma").get<double>(), static_cast<double>(passed));
  }
  if (schedule.kind == "exponential")
    return std::pow(args.at("gamma").get<double>(), static_cast<double>(epoch));
  if (schedule.kind == "cosine")
    return cosine_between(1.0, args.at("final_factor"), progress(step, warmup, total_steps));
  if (schedule.kind == "linear")
    return 1.0 + (args.at("final_factor").get<double>() - 1.0) * progress(step, warmup, total_steps);
  if (schedule.kind == "one_cycle") return one_cycle(args, step, total_steps);
  throw InternalError(
      fmt::format("no schedule is called '{}'", schedule.kind));  // config/ accepts these only
}

PlateauState advance_plateau(const KindConfig& schedule, PlateauState state, double metric,
                             bool lower_is_better) {
  const Json& args = schedule.args;
  const double threshold = args.at("threshold");
  // torch's "rel" mode: better by more than the share `threshold` of the best value.
  const double bar = lower_is_better ? state.best * (1 - threshold) : state.best * (1 + threshold);
  const bool better =
      !std::isnan(metric) && (!state.has_best || (lower_is_better ? metric < bar : metric > bar));
  if (better) {
    state.best = metric;
    state.has_best = true;
    state.bad_validations = 0;
  } else {
    ++state.bad_validations;
  }
  if (state.cooldown_left > 0) {
    --state.cooldown_left;
    state.bad_validations = 0;
  }
  if (state.bad_validations > args.at("patience").get<int64_t>()) {
    state.factor =
        std::max(state.factor * args.at("factor").get<double>(), args.at("min_factor").get<double>());
    state.cooldown_left = args.at("cooldown");
    state.bad_validations = 0;
  }
  return state;
}

}  // namespace bernoulli
