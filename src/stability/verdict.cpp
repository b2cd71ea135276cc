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

/// A share with three digits: "99.6 %", "0.012 %".
std::string percent(double share) { return fmt::format("{:.3g} %", 100 * share); }

bool is_undefined(const ModeComparison& comparison) { return !comparison.is_defined(); }

/// "bce_with_logits in 3 of 3 seeds from update 16 on": the modes that ended at numbers that are not finite.
std::string ended_in(const Pairing& pairing) {
  std::string text;
  for (size_t mode = 0; mode <= pairing.comparisons.size(); ++mode) {
    const ModeFigures figures = figures_of(pairing, mode);
    if (figures.num_ended == 0) continue;
    text += fmt::format("{}{} in {} of {} seed{} from update {} on", text.empty() ? "" : ", ",
                        to_string(pairing.runs.front().modes[mode].mode), figures.num_ended,
                        pairing.runs.size(), pairing.runs.size() == 1 ? "" : "s", figures.first_end);
  }
  return text;
}

LogitTelemetry seen_by(const Pairing& pairing) {
  LogitTelemetry seen;
  for (const PairedRun& run : pairing.runs) {
    for (const ModeRun& mode : run.modes) seen += mode.total;
  }
  return seen;
}

/// Whether no mode did better than the commoner answer, whose accuracy cannot differ between modes.
bool learned_nothing(const Pairing& pairing, double majority_accuracy) {
  const auto beats_majority = [&](const Spread& spread) { return spread.mean > majority_accuracy + 1e-9; };
  return std::ranges::none_of(pairing.comparisons, [&](const ModeComparison& pair) {
    return !pair.is_defined() || beats_majority(pair.baseline_spread) || beats_majority(pair.spread);
  });
}

std::string nothing_learned(const Comparison& comparison) {
  if (!learned_nothing(comparison.plain, comparison.majority_accuracy)) return "";
  return fmt::format(
      " No mode did better than always giving the commoner answer ({:.4f}), so that accuracy says nothing of "
      "the loss here: train longer (stability.epochs), or on data with more of the rarer answer.",
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
  else if (std::ranges::any_of(pairs, is_undefined))
    judgement = "cannot be judged by accuracy, which a training that ended may not have";
  const std::string ended = ended_in(plain);
  return fmt::format(
      "Without stress, {}, the choice between logits and probabilities {}: {} accuracy is {}; the largest "
      "|logit| was {:.1f}, and {} of the training answers were wrong without a gradient.{}{}",
      length, judgement, comparison.evaluation, accuracies(plain), seen.max_abs_logit,
      percent(seen.wrong_and_dead_share()),
      ended.empty() ? "" : fmt::format(" Numbers that are not finite ended {}.", ended),
      nothing_learned(comparison));
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
  std::string ended;                          ///< loss or gradient was no longer finite
  std::string nothing_learned;                ///< no mode did better than the commoner answer
  const Pairing* worst = nullptr;             ///< with the largest advantage of logits
};

/// Its name, with its setting where another one of that name was tried.
std::string name_in(const std::vector<Pairing>& stress, const Pairing& pairing) {
  const auto of_name =
      std::ranges::count(stress, pairing.stress.name, [](const Pairing& one) { return one.stress.name; });
  return of_name == 1 ? pairing.stress.name
                      : fmt::format("{} ({})", pairing.stress.name, pairing.stress.setting);
}

StressFindings findings_of(const Comparison& comparison) {
  StressFindings found;
  const std::vector<Pairing>& stress = comparison.stress;
  const auto list = [](std::string& names, const std::string& name) {
    names += (names.empty() ? "" : ", ") + name;
  };
  for (const Pairing& pairing : stress) {
    if (!pairing.skipped.empty()) continue;
    ++found.tried;
    const std::string name = name_in(stress, pairing);
    const double largest = advantage(pairing);
    if (largest > 0 && (found.worst == nullptr || largest > advantage(*found.worst))) found.worst = &pairing;
    if (largest != 0) list(largest > 0 ? found.for_logits : found.for_probabilities, name);
    if (largest == 0 && std::ranges::any_of(pairing.comparisons, &ModeComparison::undecided))
      list(found.undecided, name);
    if (const double dead = dead_share(pairing); dead > 0)
      list(found.dead, fmt::format("{} ({})", name, percent(dead)));
    if (const std::string ended = ended_in(pairing); !ended.empty())
      list(found.ended, fmt::format("{} ({})", name, ended));
    if (learned_nothing(pairing, comparison.majority_accuracy)) list(found.nothing_learned, name);
  }
  return found;
}

std::string stress_sentences(const Comparison& comparison) {
  const StressFindings found = findings_of(comparison);
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
        "rounds to 0 or 1, or is clipped, passes none: such an answer changes only when other examples "
        "change the weights that they share. The loss on logits has a gradient at any logit.",
        found.dead);
  if (!found.ended.empty())
    text += fmt::format(" Numbers that are not finite ended trainings under {}.", found.ended);
  if (!found.nothing_learned.empty())
    text += fmt::format(
        " No mode did better than the commoner answer ({:.4f}) under {}: a longer training may tell them "
        "apart (stability.epochs).",
        comparison.majority_accuracy, found.nothing_learned);
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
  const bool has_seen = figures.seen.entries > 0;  // else the first update ended it
  const auto of_seen = [&](const std::string& text) { return has_seen ? text : "-"; };
  return {mode == 0 ? pairing.stress.name : "",
          to_string(pairing.runs.front().modes[mode].mode),
          with_spread(figures.accuracy),
          fmt::format("{:.4f}", figures.log_loss.mean),
          of_seen(fmt::format("{:.1f}", figures.seen.max_abs_logit)),
          of_seen(fmt::format("{:.2f} %", 100 * figures.seen.saturated_share())),
          of_seen(fmt::format("{:.2f} %", 100 * figures.seen.wrong_and_dead_share())),
          figures.num_ended == 0 ? "" : fmt::format("{} of {}", figures.num_ended, pairing.runs.size()),
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
  constexpr ptrdiff_t kEnded = 7;  ///< the column of trainings that ended
  std::vector<TextColumn> columns = {{"training", true, {}},
                                     {"mode", true, {}},
                                     {comparison.evaluation + " accuracy", false, {}},
                                     {"log loss", false, {}},
                                     {"max |logit|", false, {}},
                                     {"saturated", false, {}},
                                     {"wrong, no gradient", false, {}},
                                     {"not finite", false, {}},
                                     {"against logits", true, {}}};
  const auto add = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(cells[i]);
  };
  std::vector<const Pairing*> pairings = {&comparison.plain};
  for (const Pairing& pairing : comparison.stress) pairings.push_back(&pairing);
  for (const Pairing* pairing : pairings) {
    if (!pairing->skipped.empty()) {
      add({pairing->stress.name, "", "", "", "", "", "", "", "skipped: " + pairing->skipped});
      continue;
    }
    for (size_t mode = 0; mode < pairing->runs.front().modes.size(); ++mode) add(cells_of(*pairing, mode));
  }
  const bool none_ended = std::ranges::all_of(columns[kEnded].cells, &std::string::empty);
  if (none_ended) columns.erase(columns.begin() + kEnded);
  return text_table(columns);
}

}  // namespace bernoulli::stability
