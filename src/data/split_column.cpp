#include "data/split_column.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bernoulli {

std::optional<Part> part_of(const SplitColumnConfig& split, std::string_view cell) {
  for (const auto& [words, part] :
       {std::pair(&split.train, Part::kTrain), std::pair(&split.validation, Part::kValidation),
        std::pair(&split.test, Part::kTest)}) {
    if (std::ranges::find(*words, cell) != words->end()) return part;
  }
  return std::nullopt;
}

std::string unknown_part(const SplitColumnConfig& split, std::string_view shown) {
  return fmt::format(
      "'{}' is {} (expected {} for training, {} for validation, {} for test; data.columns.split takes other "
      "words)",
      split.column, shown, fmt::join(split.train, " or "), fmt::join(split.validation, " or "),
      fmt::join(split.test, " or "));
}

std::string fault_of_empty_group(const ColumnsConfig& columns) {
  return fmt::format(
      "'{}' is empty, so nothing tells which examples this one belongs to (data.columns.group expects a "
      "value in each row; one that stands alone takes a value of its own, such as its number)",
      columns.group);
}

}  // namespace bernoulli
