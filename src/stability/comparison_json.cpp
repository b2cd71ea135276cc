#include <cmath>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "stability/comparison.h"
#include "stability/number_line.h"

namespace bernoulli::stability {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no infinity and no NaN: they are words, which a reader cannot mistake for a measurement.
Json number_or_word(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "infinity" : "-infinity";
  return value;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json number_word_or_null(const std::optional<double>& value) {
  return value ? number_or_word(*value) : Json(nullptr);
}

Json numbers_or_words(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(number_or_word(value));
  return json;
}

Json to_json(const ModeRun& run) {
  Json series = Json::array();
  for (const PairedStep& step : run.series) {
    series.push_back({{"step", step.step},
                      {"loss", number_or_word(step.loss)},
                      {"max_abs_logit", number_or_word(step.telemetry.max_abs_logit)},
                      {"saturated", step.telemetry.saturated_share()},
                      {"wrong_and_dead", step.telemetry.wrong_and_dead_share()},
                      {"update_norm", number_or_word(step.update_norm)},
                      {"gradient_difference", number_word_or_null(step.gradient_difference)}});
  }
  Json json = {{"mode", to_string(run.mode)},
               {"accuracy", number_or_word(run.accuracy)},
               {"log_loss", number_or_word(run.log_loss)},
               {"saturated", run.total.saturated_share()},
               {"wrong_and_dead", run.total.wrong_and_dead_share()},
               {"max_abs_logit", number_or_word(run.total.max_abs_logit)},
               {"first_weight_difference", or_null(run.first_weight_difference)},
               {"first_loss_difference", or_null(run.first_loss_difference)},
               {"stopped_at", or_null(run.stopped_at)},
               {"stop_reason", run.stop_reason}};
  if (!run.label_accuracy.empty()) json["label_accuracy"] = numbers_or_words(run.label_accuracy);
  json["series"] = std::move(series);
  return json;
}

Json to_json(const ModeComparison& pair) {
  const bool has_judgement = pair.is_defined() && !pair.one_seed;
  Json mcnemar = Json::array();
  for (const std::optional<double>& p : pair.mcnemar) mcnemar.push_back(or_null(p));
  return {{"baseline", pair.baseline},
          {"mode", pair.mode},
          {"metric", "accuracy"},
          {"baseline_values", numbers_or_words(pair.baseline_values)},
          {"values", numbers_or_words(pair.values)},
          {"baseline_mean", number_or_word(pair.baseline_spread.mean)},
          {"baseline_standard_deviation", number_word_or_null(pair.baseline_spread.deviation)},
          {"mean", number_or_word(pair.spread.mean)},
          {"standard_deviation", number_word_or_null(pair.spread.deviation)},
          {"mean_difference", number_or_word(pair.test.mean_difference)},
          {"t", number_word_or_null(pair.test.t)},
          {"t_test_p", number_word_or_null(pair.test.p)},
          {"mcnemar_p", std::move(mcnemar)},
          {"within_seed_noise", has_judgement ? Json(pair.within_seed_noise) : Json(nullptr)},
          {"undecided", has_judgement ? Json(pair.undecided) : Json(nullptr)}};
}

Json pairs_of(const Pairing& pairing) {
  Json pairs = Json::array();
  for (const ModeComparison& pair : pairing.comparisons) pairs.push_back(to_json(pair));
  return pairs;
}

Json runs_of(const Pairing& pairing) {
  Json runs = Json::array();
  for (const PairedRun& run : pairing.runs) {
    Json modes = Json::array();
    for (const ModeRun& mode : run.modes) modes.push_back(to_json(mode));
    runs.push_back({{"seed", run.seed}, {"steps", run.steps}, {"modes", std::move(modes)}});
  }
  return runs;
}

Json to_json(const DeviceComparison& comparison) {
  Json thresholds = Json::array(), curves = Json::array();
  for (const ThresholdDifference& difference : comparison.thresholds) {
    thresholds.push_back({{"mode", difference.cpu.mode},
                          {"dtype", difference.cpu.dtype},
                          {"target", difference.cpu.target},
                          {"event", difference.cpu.event},
                          {"side", difference.cpu.side},
                          {"cpu", or_null(difference.cpu.logit)},
                          {"device", or_null(difference.other.logit)},
                          {"numbers_apart", or_null(difference.numbers_apart)}});
  }
  for (const CurveDifference& difference : comparison.curves) {
    curves.push_back({{"mode", difference.mode},
                      {"dtype", difference.dtype},
                      {"target", difference.target},
                      {"loss_spacings", number_or_word(difference.loss_spacings)},
                      {"loss_logit", difference.loss_logit},
                      {"gradient_spacings", number_or_word(difference.gradient_spacings)},
                      {"gradient_logit", difference.gradient_logit}});
  }
  return {{"device", comparison.device},
          {"statement", statement(comparison)},
          {"num_thresholds", comparison.num_thresholds},
          {"different_thresholds", std::move(thresholds)},
          {"curves", std::move(curves)}};
}

Json thresholds_of(const Comparison& comparison) {
  Json thresholds = Json::array();
  for (const Threshold& threshold : comparison.thresholds) {
    thresholds.push_back({{"mode", threshold.mode},
                          {"dtype", threshold.dtype},
                          {"device", threshold.device},
                          {"target", threshold.target},
                          {"event", threshold.event},
                          {"side", threshold.side},
                          {"logit", or_null(threshold.logit)},
                          {"predicted", or_null(threshold.predicted)}});
  }
  return thresholds;
}

Json stress_of(const Comparison& comparison) {
  Json stress = Json::array();
  for (const Pairing& pairing : comparison.stress) {
    stress.push_back({{"preset", pairing.stress.name},
                      {"setting", pairing.stress.setting},
                      {"shows", pairing.stress.shows},
                      {"why", pairing.stress.why},
                      {"skipped", pairing.skipped.empty() ? Json(nullptr) : Json(pairing.skipped)},
                      {"pairs", pairs_of(pairing)},
                      {"runs", runs_of(pairing)}});
  }
  return stress;
}

}  // namespace

Json to_json(const Comparison& comparison) {
  Json devices = Json::array();
  for (const DeviceComparison& other : comparison.devices) devices.push_back(to_json(other));
  return {{"config", comparison.config_name},
          {"device", comparison.device},
          {"verdict", verdict(comparison)},
          {"method",
           {{"evaluation", comparison.evaluation},
            {"num_evaluation", comparison.num_evaluation},
            {"num_train", comparison.num_train},
            {"steps", comparison.steps},
            {"majority_accuracy", comparison.majority_accuracy},
            {"steps_per_epoch", comparison.steps_per_epoch},
            {"configured_steps", comparison.configured_steps},
            {"labels", comparison.label_names},
            {"seconds", comparison.seconds}}},
          {"thresholds", thresholds_of(comparison)},
          {"devices", std::move(devices)},
          {"pairs", pairs_of(comparison.plain)},
          {"runs", runs_of(comparison.plain)},
          {"stress", stress_of(comparison)}};
}

std::string curves_csv(const std::vector<Curve>& curves) {
  std::string csv =
      "mode,dtype,device,target,logit,loss,gradient,loss_error_ulps,gradient_error_ulps,loss_relative_error,"
      "gradient_relative_error\n";
  for (const Curve& curve : curves) {
    const std::string head = fmt::format("{},{},{},{}", curve.mode, number_format(curve.dtype).name,
                                         curve.device.str(), curve.target);
    for (const CurvePoint& point : curve.points) {
      csv += fmt::format("{},{},{},{},{},{},{},{}\n", head, point.logit, point.loss, point.gradient,
                         point.loss_error_ulps, point.gradient_error_ulps, point.loss_relative_error,
                         point.gradient_relative_error);
    }
  }
  return csv;
}

}  // namespace bernoulli::stability
