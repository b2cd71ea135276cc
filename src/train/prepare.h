#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/run_config.h"
#include "data/tokenized_data.h"
#include "layers/model_plan.h"
#include "loss/loss.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// Everything between a configuration and the first step. The audit is written as data.json, the fingerprint
/// is what a resumed run must find again, and the vocabulary is in the vectorizer only.
struct PreparedRun : TokenizedData {
  std::unique_ptr<Vectorizer> vectorizer = {};
  layers::ModelPlan plan = {};
  std::vector<double> pos_weight = {};  ///< one a label: what LossConfig::pos_weight came to; empty: none
  std::unique_ptr<Loss> loss = {};
};

/// Reads and splits the data, learns the vocabulary from the training texts (or takes `vocabulary`: a resumed
/// run has one), vectorises and audits, or takes all of that from the token cache; plans the model. Logs what
/// it does and warns of what the audit found.
/// @throws DataError, UsageError, IoError, StopRequested
PreparedRun prepare_run(const RunConfig& config, std::optional<Vocabulary> vocabulary = std::nullopt);

/// Threads that the configuration asks for; 0 means usual_threads().
int num_threads(const TrainingConfig& training);

/// Threads that LibTorch's operators get in training: training.threads where it is set. Else one for a model
/// whose batch has fewer than 2^22 numbers at its widest layer, eight products of a layer over tokens
/// counting as one, which more threads do not train faster (docs/benchmarks), while a busy machine makes them
/// wait for one another; num_threads above.
int operator_threads(const RunConfig& config, const PreparedRun& run);

}  // namespace bernoulli
