#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/dataset.h"
#include "data/encoded_dataset.h"

namespace bernoulli::cli {

/// What is fitted on validation data, or chosen by a figure of them, needs examples with a label and without
/// it there: told before the training. Warns of labels whose threshold will stay 0.5 for want of them, of
/// fewer than 30 of either, and of a temperature that is fitted where the loss has moved the logits.
/// @param pos_weight  of the training; empty: 1
/// @throws DataError where metrics.threshold is to be fitted and no label has both, or where training.monitor
/// can have no value, or only one
void check_validation(const RunConfig& config, const Labels& labels, const std::vector<double>& pos_weight,
                      const EncodedDataset& validation);

}  // namespace bernoulli::cli
