#pragma once

#include <string_view>

#include "data/raw_example.h"

namespace bernoulli {

/// 0, 1, true, false, 0.0 or 1.0, in any letter case.
bool is_flag(std::string_view value);

/// A list of names has no name twice. Lists that are all as long, of nothing but 0 and 1, with a value
/// repeated in one, are one number a label: read as names, they would be two labels called 0 and 1.
/// @throws DataError where the labels of all examples, of which there are several, are such lists
void refuse_flag_lists(const RawExamples& examples);

}  // namespace bernoulli
