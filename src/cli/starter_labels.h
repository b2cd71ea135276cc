#pragma once

#include "cli/starter_data.h"

namespace bernoulli::cli {

// What labels show that is probably not meant. Nothing is repaired: the data are the user's.

/// "column 'x'" or "'file'": where the labels stand.
std::string place_of_labels(const StarterData& data);

/// Of cells as they are written: numbers with a decimal comma, lists as Python and JSON write them, words for
/// a missing value. @throws DataError where no model of them would make sense; else warns
void check_label_cells(const InitRequest& request, const StarterData& data, StarterConfig& starter);

/// Of labels: those that differ only in letter case, or as 1, 1.0 and true do. @throws DataError where half
/// of them or more do, or two labels or one would be left without; else warns
void check_label_spellings(const StarterData& data, StarterConfig& starter);

}  // namespace bernoulli::cli
