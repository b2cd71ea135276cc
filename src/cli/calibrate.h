#pragma once

#include <string>
#include <vector>

#include "cli/finish.h"
#include "metrics/decision.h"
#include "metrics/logit_scaling.h"

namespace bernoulli::cli {

/// How the logits of a finished training become probabilities and decisions.
struct Calibration {
  LogitScaling scaling;
  DecisionRule rule;
  std::vector<std::string> threshold_not_fitted;  ///< labels whose threshold was to be fitted and is 0.5
};

/// Fits what the configuration asks for on validation data, and logs it.
/// @param validation_logits  N*L, of the network; empty without validation data: then nothing is fitted.
/// @throws DataError naming the command that goes on, where a threshold cannot be fitted; NonFiniteError
Calibration calibrate(const FinishedTraining& training, std::vector<float> validation_logits);

}  // namespace bernoulli::cli
