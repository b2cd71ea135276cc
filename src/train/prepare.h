#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"
#include "data/dataset.h"
#include "data/encoded_dataset.h"
#include "layers/model_plan.h"
#include "loss/loss.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// Everything between a configuration and the first step.
struct PreparedRun {
  Labels labels;
  std::unique_ptr<Vectorizer> vectorizer;
  EncodedDataset train;
  std::optional<EncodedDataset> validation;
  std::optional<EncodedDataset> test;
  StringRows reference_texts;    ///< raw, for the exporter's check
  std::string reference_split;   ///< that they are: "test", else "validation", else "training"
  nlohmann::ordered_json audit;  ///< data.json
  std::string data_fingerprint;  ///< of training and validation examples: what a resumed run must find again
  layers::ModelPlan plan;
  std::vector<double> pos_weight;  ///< what LossConfig::pos_weight or `auto` came to; empty: none
  std::unique_ptr<Loss> loss;
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
