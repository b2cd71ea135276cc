#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "cli/finish.h"
#include "metrics/logit_scaling.h"
#include "model/sequential.h"

namespace bernoulli::cli {

/// report.html of a training that has just ended, from what is in memory: nothing is evaluated again.
/// @param network, scaling  what answers
/// @param logits  of the test data, else of the validation data; of neither where there is none: then it is
/// not read
/// @throws IoError
void write_report(const FinishedTraining& training, const Sequential& network, const LogitScaling& scaling,
                  const nlohmann::ordered_json& summary, const std::vector<float>& logits);

}  // namespace bernoulli::cli
