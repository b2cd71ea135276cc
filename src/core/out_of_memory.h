#pragma once

#include <exception>
#include <new>
#include <string_view>

namespace bernoulli {

/// Whether memory ran out. LibTorch has exceptions of its own for it, known here by their words: no LibTorch
/// is linked.
inline bool is_out_of_memory(const std::exception& error) {
  const std::string_view what = error.what();
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         what.find("can't allocate memory") != what.npos || what.find("std::bad_alloc") != what.npos;
}

}  // namespace bernoulli
