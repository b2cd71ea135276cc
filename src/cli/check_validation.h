#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/dataset.h"
#include "data/encoded_dataset.h"

namespace bernoulli::cli {

/// What is fitted on validation data, or chosen by a figure of them, needs examples with a label and without
/// it there: told before the training. Warns of labels whose threshold will stay 0.5 for want of them, and of
/// fewer than 30 of either.
/// @throws DataError where metrics.threshold is to be fitted and no label has both, or where training.monitor
/// can have no value, or only one
void check_validation(const RunConfig& config, const Labels& labels, const EncodedDataset& validation);

}  // namespace bernoulli::cli
