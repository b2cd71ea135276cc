#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"
#include "core/string_rows.h"
#include "metrics/decision.h"
#include "metrics/predictions.h"
#include "metrics/token_scores.h"
#include "store/run_paths.h"

namespace bernoulli::report {

using Json = nlohmann::ordered_json;

/// What a run folder says of its training. Of one that did not finish some files are not there: those are
/// null.
struct RunRecord {
  std::string name;  ///< of the folder, or what the page shall call the run
  RunConfig config;
  Json environment;
  Json data;                 ///< the audit
  Json summary;              ///< null: the training did not finish
  std::vector<Json> events;  ///< objects with `event`, `epoch`, `step`, as metrics.jsonl has them
  int64_t unreadable_events = 0;

  bool finished() const { return !summary.is_null(); }
  bool is_binary() const { return config.task.kind == TaskConfig::Kind::kBinary; }
  /// {negative, positive}, or one name a label. Empty where only the data tell, and they were not read yet.
  std::vector<std::string> label_names() const;
};

/// What data.json says of the examples of a split; empty where it says nothing.
struct Fingerprints {
  std::string all;  ///< texts, targets and weights, in their order
  std::string
      unweighted;  ///< texts and targets; that of all where there are no weights, and of earlier versions
};
Fingerprints fingerprints_of(const RunRecord& record, const std::string& split);

/// Reads all files but the summary.
/// @throws ArtifactError for a damaged file; IoError
RunRecord read_run_record(const RunPaths& paths, const RunConfig& config);
/// Null where there is none. @throws as read_run_record
Json read_summary(const RunPaths& paths);

/// The run's answers on its held-out data: of the test set, else of the validation set.
struct ScoredSplit {
  std::string name;  ///< "test" or "validation"
  Predictions predictions;
  DecisionRule rule;
  StringRows texts = {}, origins = {};     ///< N each; empty for a page of several runs, which shows none
  std::shared_ptr<const void> owner = {};  ///< keeps what `predictions` looks at; null: the caller does
};

/// {"validation": ..., "test": ...} in the form of `evaluate --json`: from the summary; what it does not have
/// of the split that was answered, as in a training that did not finish, from the answers, without the loss.
Json figures_of(const RunRecord& record, const std::optional<ScoredSplit>& answers);

/// All that a page is made of.
struct RunReport {
  /// What is at fault where there are no answers that there could be.
  enum class Fault { kNone, kData, kModel };

  RunRecord record;
  std::optional<ScoredSplit> answers = {};
  std::string no_answers_because = {};  ///< a clause; empty where there are answers
  Fault answers_fault = Fault::kNone;
  std::optional<DecidingTokens> tokens = {};  ///< of a model that is linear in its tokens
  Json figures = {};                          ///< figures_of

  /// The split whose figures a page is about: "test", else "validation"; empty where there are none.
  std::string judged_on() const;
  /// metrics/report.h's of that split; "accuracy" where there are no figures.
  std::string headline_metric() const;
  /// Of the data that were answered.
  Fingerprints fingerprints() const;
};

/// Numbers of one kind of event, by epoch; by step where the run logged some epoch more than once.
using Series = std::vector<std::pair<double, double>>;
enum class Clock { kEpoch, kStep };
Clock clock_of(const RunRecord& record);
Series series_of(const RunRecord& record, const std::string& event, const std::string& value, Clock clock);
/// Where the best checkpoint was saved.
std::optional<double> best_place(const RunRecord& record, Clock clock);

}  // namespace bernoulli::report
