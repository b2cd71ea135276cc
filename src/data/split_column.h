#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/run_config.h"
#include "data/part.h"

namespace bernoulli {

/// The part that a cell of the split column stands for; nothing for a word that no part has.
std::optional<Part> part_of(const SplitColumnConfig& split, std::string_view cell);

/// What is wrong with such a cell, for a message with its place. @param shown  the cell, in quotes
std::string unknown_part(const SplitColumnConfig& split, std::string_view shown);

/// What is wrong with an empty cell of the group's column.
std::string fault_of_empty_group(const ColumnsConfig& columns);

}  // namespace bernoulli
