#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/run_config.h"
#include "data/dataset.h"
#include "layers/model_plan.h"
#include "store/raw_tensors.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// A trained model that another one starts from (model.start_from).
struct EarlierModel {
  std::string name;  ///< of its run or checkpoint, for messages
  const std::vector<RawTensor>& weights;
  const Vectorizer& vectorizer;
  const Labels& labels;
  const layers::ModelPlan& plan;
};

/// Gives `plan` the weights of an earlier model: tensors of the same name and shape, and of the table the
/// rows of tokens that both know, padding and unknown tokens among them; other rows are drawn as ever. Hashed
/// ids mean the same where both models make them alike. Rows of labels are those of the same label
/// (train/label_match.h). Logs what was taken and what was not.
/// @return the same, with a fingerprint of the earlier weights, for data.json
/// @throws UsageError listing every tensor that does not match, unless config.draws_unmatched; and where none
/// matches
nlohmann::ordered_json start_from(const StartFromConfig& config, const EarlierModel& earlier,
                                  const Vectorizer& vectorizer, const Labels& labels,
                                  layers::ModelPlan& plan);

}  // namespace bernoulli
