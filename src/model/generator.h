#pragma once

#include <cstdint>

#include <c10/core/Device.h>

namespace bernoulli {

/// Sets the device's default generator, from which dropout draws: masks are then a function of the seed
/// alone.
void seed_generator(c10::Device device, uint64_t seed);

}  // namespace bernoulli
