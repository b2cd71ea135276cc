#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "config/loss_mode.h"
#include "core/text_table.h"
#include "stability/comparison.h"

namespace bernoulli::stability {
namespace {

std::string accuracies(const Pairing& pairing) {
  std::string text = fmt::format("{} from logits", with_spread(pairing.comparisons.front().baseline_spread));
  for (const ModeComparison& comparison : pairing.comparisons)
    text += fmt::format(", {} under {}", with_spread(comparison.spread), comparison.mode);
  return text;
}

/// Largest advantage of the first mode that is not noise (positive), or of another mode (negative).
double advantage(const Pairing& pairing) {
  double largest = 0;
  for (const ModeComparison& comparison : pairing.comparisons) {
    if (comparison.differs() && std::fabs(comparison.test.mean_difference) > std::fabs(largest))
      largest = -comparison.test.mean_difference;
  }
  return largest;
}

LogitTelemetry seen_by(const Pairing& pairing) {
  LogitTelemetry seen;
  for (const PairedRun& run : pairing.runs) {
    for (const ModeRun& mode : run.modes) seen += mode.total;
  }
  return seen;
}

/// Accuracy that is that of the commoner answer cannot differ between modes.
std::string nothing_learned(const Comparison& comparison) {
  const auto beats_majority = [&](const Spread& spread) {
    return spread.mean > comparison.majority_accuracy + 1e-9;
  };
  for (const ModeComparison& pair : comparison.plain.comparisons) {
    if (beats_majority(pair.baseline_spread) || beats_majority(pair.spread)) return "";
  }
  return fmt::format(
      " No mode did better than always giving the commoner answer ({:.4f}), so that accuracy says nothing of "
      "the "
      "loss here: train longer (stability.epochs), or on data with more of the rarer answer.",
      comparison.majority_accuracy);
}

std::string plain_sentence(const Comparison& comparison) {
  const Pairing& plain = comparison.plain;
  const LogitTelemetry seen = seen_by(plain);
  const double largest = advantage(plain);
  const std::string length = comparison.steps < comparison.configured_steps
                                 ? fmt::format("in the first {} of the configured {} updates",
                                               comparison.steps, comparison.configured_steps)
                                 : fmt::format("in {} updates", comparison.steps);
  std::string judgement = "makes no difference beyond seed noise";
  const auto& pairs = plain.comparisons;
  if (std::any_of(pairs.begin(), pairs.end(), [](const ModeComparison& pair) { return pair.undecided; }))
    judgement =
        fmt::format("makes a difference that {} seeds do not decide (stability.seeds)", plain.runs.size());
  if (plain.runs.size() < 2)
    judgement = "was tried with one seed, which cannot tell a difference from seed noise";
  else if (largest != 0)
    judgement = fmt::format("makes a difference beyond seed noise ({:+.4f} for logits)", largest);
  return fmt::format(
      "Without stress, {}, the choice between logits and probabilities {}: {} accuracy is "
      "{}; "
      "the largest |logit| was {:.1f}, and {:.2g} % of the training answers were wrong without a gradient.{}",
      length, judgement, comparison.evaluation, accuracies(plain), seen.max_abs_logit,
      100 * seen.wrong_and_dead_share(), nothing_learned(comparison));
}

std::string stress_sentence(const Comparison& comparison) {
  const Pairing* worst = nullptr;
  std::string for_logits, for_probabilities;
  size_t tried = 0;
  const auto list = [](std::string& names, const std::string& name) {
    names += (names.empty() ? "" : ", ") + name;
  };
  for (const Pairing& pairing : comparison.stress) {
    if (!pairing.skipped.empty()) continue;
    ++tried;
    const double largest = advantage(pairing);
    if (largest > 0 && (worst == nullptr || largest > advantage(*worst))) worst = &pairing;
    if (largest != 0) list(largest > 0 ? for_logits : for_probabilities, pairing.stress.name);
  }
  const std::string other_side =
      for_probabilities.empty() ? ""
                                : fmt::format(" (probabilities came out ahead under {})", for_probabilities);
  std::string lost, undecided;
  for (const Pairing& pairing : comparison.stress) {
    if (seen_by(pairing).wrong_and_dead_share() > 0) list(lost, pairing.stress.name);
    if (std::ranges::any_of(pairing.comparisons, &ModeComparison::undecided))
      list(undecided, pairing.stress.name);
  }
  const size_t seeds = comparison.plain.runs.size();
  std::string accuracy = "accuracy showed no advantage of logits beyond seed noise";
  if (seeds < 2)
    accuracy = "one seed cannot tell an advantage of logits in accuracy from seed noise";
  else if (!undecided.empty())
    accuracy = fmt::format("accuracy differed under {} by what {} seeds do not decide (stability.seeds)",
                           undecided, seeds);
  if (tried == 0) return "No stress was tried.";
  if (worst == nullptr) {
    const std::string gradient =
        lost.empty() ? ""
                     : fmt::format(
                           ", but under {} losses on probabilities had wrong answers without any gradient, "
                           "which a longer training does not correct and the logits form does",
                           lost);
    return fmt::format("Under stress ({} tried), {} after {} updates{}{}.", tried, accuracy, comparison.steps,
                       gradient, other_side);
  }
  return fmt::format(
      "Under stress it does matter, here under {}: with {} accuracy is {}, because a sigmoid that rounds to "
      "0 or 1, "
      "or is clipped, passes no gradient, while the logits form keeps it at any logit{}.",
      for_logits, worst->stress.setting, accuracies(*worst), other_side);
}

std::vector<std::string> cells_of(const Pairing& pairing, size_t mode) {
  const ModeFigures figures = figures_of(pairing, mode);
  std::string against;
  if (mode > 0) {
    const ModeComparison& pair = pairing.comparisons[mode - 1];
    against = fmt::format("{:+.4f}{}", pair.test.mean_difference,
                          !pair.judgement().empty() ? "  " + pair.judgement()
                          : pair.test.p             ? fmt::format("  p = {:.2g}", *pair.test.p)
                                                    : "");
  }
  return {mode == 0 ? pairing.stress.name : "",
          to_string(pairing.runs.front().modes[mode].mode),
          with_spread(figures.accuracy),
          fmt::format("{:.4f}", figures.log_loss.mean),
          fmt::format("{:.1f}", figures.seen.max_abs_logit),
          fmt::format("{:.2f} %", 100 * figures.seen.saturated_share()),
          fmt::format("{:.2f} %", 100 * figures.seen.wrong_and_dead_share()),
          against};
}

}  // namespace

std::string with_spread(const Spread& spread) {
  return spread.deviation ? fmt::format("{:.4f} ± {:.4f}", spread.mean, *spread.deviation)
                          : fmt::format("{:.4f}", spread.mean);
}

std::string verdict(const Comparison& comparison) {
  return plain_sentence(comparison) + " " + stress_sentence(comparison);
}

std::string summary_table(const Comparison& comparison) {
  std::vector<TextColumn> columns = {
      {"training", true, {}},  {"mode", true, {}},          {comparison.evaluation + " accuracy", false, {}},
      {"log loss", false, {}}, {"max |logit|", false, {}},  {"saturated", false, {}},
      {"dead", false, {}},     {"against logits", true, {}}};
  const auto add = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(cells[i]);
  };
  std::vector<const Pairing*> pairings = {&comparison.plain};
  for (const Pairing& pairing : comparison.stress) pairings.push_back(&pairing);
  for (const Pairing* pairing : pairings) {
    if (!pairing->skipped.empty()) {
      add({pairing->stress.name, "", "", "", "", "", "", "skipped: " + pairing->skipped});
      continue;
    }
    for (size_t mode = 0; mode < pairing->runs.front().modes.size(); ++mode) add(cells_of(*pairing, mode));
  }
  return text_table(columns);
}

}  // namespace bernoulli::stability
