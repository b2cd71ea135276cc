#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/kind_schema.h"

namespace bernoulli::config {

/// The whole configuration as one declared tree: a map of sections in documentation order.
/// @param layer_kinds what `model.layers` may hold; must outlive the result.
FieldSchema run_schema(const std::vector<KindSchema>& layer_kinds);

/// What data.train.format and its like may be.
const std::vector<std::string>& source_formats();

/// The format that the ending of a file's name says, in small or capital letters and ".gz" aside; empty where
/// it says none.
std::string format_by_name(const std::filesystem::path& path);
/// Of a data file, in lower case and without a .gz behind it: ".csv".
std::string data_extension(const std::filesystem::path& path);

/// Kinds of optimizer, named and parametrised as in torch.optim.
const std::vector<KindSchema>& optimizer_schemas();

/// Kinds of learning-rate schedule; all multiply the optimizer's lr.
const std::vector<KindSchema>& schedule_schemas();

/// Steps of text.standardize.
const std::vector<KindSchema>& standardize_schemas();

/// Ways from tokens to ids: `vocabulary` or `hashing`.
const std::vector<KindSchema>& token_id_schemas();

/// Ways to choose metrics.threshold.
const std::vector<KindSchema>& threshold_schemas();

/// What stability.stress may hold.
const std::vector<KindSchema>& stress_schemas();

}  // namespace bernoulli::config
