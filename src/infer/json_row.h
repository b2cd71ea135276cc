#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infer/kept_value.h"

namespace bernoulli {

/// What a line of JSONL holds of some keys.
struct JsonRow {
  std::vector<std::optional<KeptValue>> values;  ///< one a key that was asked for
  std::vector<std::string> keys;                 ///< the first kShownKeys of the object, for messages
  size_t num_keys = 0;
  std::string repeated;  ///< a key that was asked for and is there more than once, else empty

  static constexpr size_t kShownKeys = 10;
  /// "the object has: id, body and 3 more".
  std::string keys_in_words() const;
};

/// False where the line is not one JSON object. `row` has the last value of a key that is there twice. Nested
/// values are written out at any depth, without recursion.
bool read_json_row(std::string_view line, const std::vector<std::string>& keys, JsonRow& row);

}  // namespace bernoulli
