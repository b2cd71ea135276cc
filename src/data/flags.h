#pragma once

#include <optional>
#include <string_view>

#include "data/raw_example.h"

namespace bernoulli {

/// What a cell says of a label, as spreadsheets and data frames write it: 1, 1.0, true, True or TRUE; 0, 0.0,
/// false, False or FALSE. Nothing for any other.
std::optional<bool> flag_value(std::string_view cell);

/// A list of names has no name twice. Lists that are all as long, of nothing but 0 and 1, with a value
/// repeated in one, are one number a label: read as names, they would be two labels called 0 and 1.
/// @throws DataError where the labels of all examples, of which there are several, are such lists
void refuse_flag_lists(const RawExamples& examples);

}  // namespace bernoulli
