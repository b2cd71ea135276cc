#pragma once

#include <string>
#include <string_view>

namespace bernoulli::fuzz {

/// Opens the exported file of some entries (artifact.cpp) on the path without LibTorch and asks it.
/// @return why there are no answers; empty: there were
std::string reason_without_answers(std::string_view entries);

}  // namespace bernoulli::fuzz
