#include "cli/compaction.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "metrics/compute.h"
#include "metrics/decision.h"

namespace bernoulli::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Those of the task, without the loss, which needs the trainer's.
Json metrics_of(const ExportParts& parts, const ReferenceTexts& reference, std::span<const float> logits) {
  const Predictions predictions{logits, reference.targets, reference.weights, parts.labels.num_outputs()};
  return to_json(compute_metrics(predictions, parts.rule, parts.config.metrics, parts.labels.names,
                                 parts.config.task.kind, 0)
                     .metrics);
}

}  // namespace

Json change_of_answers(const ExportParts& parts, const ReferenceTexts& reference,
                       const std::vector<float>& compact) {
  const auto outputs = static_cast<size_t>(parts.labels.num_outputs());
  const std::vector<float>& trained = reference.answers.logits;
  const size_t texts = trained.size() / outputs;
  int64_t changed = 0;
  double largest = 0, sum = 0;
  for (size_t text = 0; text < texts; ++text) {
    bool differs = false;
    const auto row = [&](const std::vector<float>& of) {
      return std::span(of).subspan(text * outputs, outputs);
    };
    const Decisions before(parts.rule, row(trained)), after(parts.rule, row(compact));
    for (size_t label = 0; label < outputs; ++label) {
      const double difference =
          std::abs(double{probability(row(trained)[label])} - double{probability(row(compact)[label])});
      differs = differs || before[label] != after[label];
      largest = std::max(largest, difference);
      sum += difference;
    }
    changed += differs ? 1 : 0;
  }
  Json change{{"texts", texts},
              {"changed_texts", changed},
              {"max_difference", largest},
              {"mean_difference", trained.empty() ? 0 : sum / static_cast<double>(trained.size())},
              {"metrics", Json::object()}};
  const Json before = metrics_of(parts, reference, trained), after = metrics_of(parts, reference, compact);
  for (const char* name :
       {"accuracy", "f1", "micro_f1", "macro_f1", "roc_auc", "average_precision", "log_loss"}) {
    if (before.contains(name)) change["metrics"][name] = {{"before", before[name]}, {"after", after[name]}};
  }
  return change;
}

void check_change(const Json& change, const ExportConfig& form) {
  const auto texts = change.at("texts").get<double>();
  const auto changed = change.at("changed_texts").get<int64_t>();
  if (!form.max_changed || static_cast<double>(changed) <= *form.max_changed * texts) return;
  throw ArtifactError(fmt::format(
      "the exported file was not written: of {} texts {} get another decision than from the trained "
      "model, a share of {:.6f}, and export.max_changed is {} ({}, or allow more)",
      change.at("texts").get<int64_t>(), changed, static_cast<double>(changed) / texts, *form.max_changed,
      form.weights == "int8"   ? "take float16 for export.weights"
      : form.buckets == "used" ? "take all for export.buckets"
                               : "take float32 for export.weights, or leave export.fold out"));
}

}  // namespace bernoulli::cli
