#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/run_config.h"
#include "core/error.h"
#include "data/encoded_dataset.h"
#include "layers/model_plan.h"

namespace bernoulli {

/// Where a model pads each batch to its longest text: a sentence about the longest one, if a batch that it is
/// in takes 4 GiB or more at the widest layer over tokens alone. Empty otherwise.
std::string long_text_warning(const RunConfig& config, const layers::ModelPlan& plan,
                              const EncodedDataset& train);

/// What an engine says where the memory for a batch cannot be had; `step` counts from 0, the message from 1.
/// @param examples  of the batch, one or more
IoError out_of_memory_in_batch(int64_t step, std::span<const int64_t> examples, const EncodedDataset& train);

}  // namespace bernoulli
