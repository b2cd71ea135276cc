#pragma once

#include <vector>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// The largest seed that YAML's integers hold.
inline constexpr double kLargestSeed = 9223372036854775807.0;

// The sections of run_schema().
FieldSchema data_section();
FieldSchema task_section();
FieldSchema text_section();
/// @param layer_kinds  must outlive the result
FieldSchema model_section(const std::vector<KindSchema>& layer_kinds);
FieldSchema loss_section();
FieldSchema optimizer_section();
FieldSchema training_section();
FieldSchema metrics_section();
FieldSchema export_section();
FieldSchema stability_section();

}  // namespace bernoulli::config
