#pragma once

#include <span>
#include <string>

namespace bernoulli {

/// The largest difference between the probabilities that a network gave on two devices.
/// @param logits, others  of the same texts, scaled
double device_difference(std::span<const float> logits, std::span<const float> others);

/// Empty, or that the difference is more than rounding explains, and how to judge the file.
/// @param device  that trained, such as cuda:0  @param split  of the texts, as "test"
std::string device_difference_warning(double difference, const std::string& device, const std::string& split);

}  // namespace bernoulli
