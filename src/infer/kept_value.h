#pragma once

#include <string>

namespace bernoulli {

/// A column of the input that is copied to the answer.
struct KeptValue {
  std::string text;       ///< the string, or any other value as compact JSON, numbers as they were written
  bool is_string = true;  ///< cells of tables always are
  bool operator==(const KeptValue&) const = default;
};

}  // namespace bernoulli
