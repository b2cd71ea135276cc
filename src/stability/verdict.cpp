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

/// Largest share of wrong answers without a gradient of a loss on probabilities.
double dead_share(const Pairing& pairing) {
  double largest = 0;
  for (size_t mode = 1; mode <= pairing.comparisons.size(); ++mode)
    largest = std::max(largest, figures_of(pairing, mode).seen.wrong_and_dead_share());
  return largest;
}

/// The stresses that were tried, by what they showed. One may stand in several lists.
struct StressFindings {
  size_t tried = 0;
  std::string for_logits, for_probabilities;  ///< accuracy differs beyond seed noise
  std::string undecided;                      ///< it differs by what the seeds do not decide
  std::string dead;                           ///< losses on probabilities had answers without a gradient
  const Pairing* worst = nullptr;             ///< with the largest advantage of logits
};

StressFindings findings_of(const std::vector<Pairing>& stress) {
  StressFindings found;
  const auto list = [](std::string& names, const std::string& name) {
    names += (names.empty() ? "" : ", ") + name;
  };
  for (const Pairing& pairing : stress) {
    if (!pairing.skipped.empty()) continue;
    ++found.tried;
    const std::string& name = pairing.stress.name;
    const double largest = advantage(pairing);
    if (largest > 0 && (found.worst == nullptr || largest > advantage(*found.worst))) found.worst = &pairing;
    if (largest != 0) list(largest > 0 ? found.for_logits : found.for_probabilities, name);
    if (largest == 0 && std::ranges::any_of(pairing.comparisons, &ModeComparison::undecided))
      list(found.undecided, name);
    if (const double dead = dead_share(pairing); dead > 0)
      list(found.dead, fmt::format("{} ({:.2g} %)", name, 100 * dead));
  }
  return found;
}

std::string stress_sentences(const Comparison& comparison) {
  const StressFindings found = findings_of(comparison.stress);
  if (found.tried == 0) return "No stress was tried.";
  const size_t seeds = comparison.plain.runs.size();
  std::string text = fmt::format("Under stress ({} tried, {} updates each) ", found.tried, comparison.steps);
  if (found.worst != nullptr) {
    text += fmt::format("it does matter: accuracy is higher from logits under {}; with {} it is {}.",
                        found.for_logits, found.worst->stress.setting, accuracies(*found.worst));
  } else {
    text += seeds < 2 ? "one seed cannot tell an advantage of logits in accuracy from seed noise."
                      : "accuracy showed no advantage of logits beyond seed noise.";
  }
  if (!found.undecided.empty())
    text += fmt::format(" Accuracy differed under {} by what {} seeds do not decide (stability.seeds).",
                        found.undecided, seeds);
  if (!found.dead.empty())
    text += fmt::format(
        " Losses on probabilities had wrong answers without any gradient under {}, because a sigmoid that "
        "rounds to 0 or 1, or is clipped, passes none: a longer training does not correct them, and the "
        "logits form, which keeps the gradient at any logit, does.",
        found.dead);
  if (!found.for_probabilities.empty())
    text += fmt::format(" Probabilities came out ahead under {}.", found.for_probabilities);
  return text;
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
  return plain_sentence(comparison) + " " + stress_sentences(comparison);
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
