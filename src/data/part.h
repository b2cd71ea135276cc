#pragma once

#include <cstdint>

namespace bernoulli {

/// What an example is for, where a column of the training source says so (data.columns.split).
enum class Part : uint8_t { kTrain, kValidation, kTest };

}  // namespace bernoulli
