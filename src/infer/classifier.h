#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"
#include "core/string_rows.h"
#include "data/dataset.h"
#include "infer/explanation.h"
#include "metrics/decision.h"
#include "metrics/logit_scaling.h"
#include "metrics/token_scores.h"

namespace bernoulli {

/// What a trained classifier knows besides its weights.
struct ClassifierInfo {
  RunConfig config;
  Labels labels;
  DecisionRule rule;               ///< with one threshold an output, or the highest of several
  std::vector<double> pos_weight;  ///< L, or one for all (earlier programs): of the training loss, `auto`
                                   ///< resolved; empty: none
  LogitScaling scaling;            ///< of the network's logits
};

/// A trained classifier from a run folder or an exported file: with LibTorch (predict/) or without
/// (native_model.h). N texts, L outputs.
class Classifier {
 public:
  virtual ~Classifier() = default;
  /// Logits N*L, row-major, float32, scaled where that was fitted: their sigmoid is the probability.
  virtual std::vector<float> logits(const std::vector<std::string>& texts) = 0;
  /// Threads among which logits() shares texts; LibTorch's operators have their own.
  virtual int threads() const { return 1; }
  /// @throws UsageError where the model is not linear in its tokens, saying which layer is in the way.
  virtual Explanation explain(const std::string& text) = 0;
  /// As infer/deciding_tokens.h has them; nothing from LibTorch, whose answers no page asks for.
  virtual std::optional<DecidingTokens> deciding_tokens(const StringRows* /*texts*/) { return std::nullopt; }

  const ClassifierInfo& info() const { return info_; }
  const RunConfig& config() const { return info_.config; }
  const Labels& labels() const { return info_.labels; }
  const DecisionRule& rule() const { return info_.rule; }
  /// Instead of its own. @param rule  as ClassifierInfo has it
  void set_rule(DecisionRule rule) { info_.rule = std::move(rule); }
  const LogitScaling& scaling() const { return info_.scaling; }
  const std::vector<double>& pos_weight() const { return info_.pos_weight; }

 protected:
  explicit Classifier(ClassifierInfo info) : info_(std::move(info)) {}

 private:
  ClassifierInfo info_;
};

/// @return what in the labels, thresholds, scales and weights cannot be of a classifier with L outputs;
/// empty: nothing. Files of any origin pass here before an answer is read off them.
std::string fault_of(const ClassifierInfo& info, int64_t num_outputs);

/// {"kind": "binary"|"multi_label", "names": [...]}: as stored in runs and exported files.
nlohmann::ordered_json to_json(const Labels& labels);
/// @throws nlohmann::json::exception; ArtifactError where a binary task has not two names, or another one
/// none
Labels labels_from_json(const nlohmann::ordered_json& json);

}  // namespace bernoulli
