#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// What LibTorch says of a CUDA device that failed, in its line of `what`; empty where it says nothing of
/// one. Known by the words, for no LibTorch is linked, and its interpreter throws them as another kind.
/// Memory that ran out is not told apart: ask is_out_of_memory() first.
std::string_view device_fault(std::string_view what);

/// The message of an IoError.
/// @param fault  one line
std::string device_failure(std::string_view fault);

}  // namespace bernoulli
