#include "data/flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"
#include "core/name_list.h"

namespace bernoulli {
namespace {

bool has_label_twice(const RawExample& example) {
  for (size_t i = 1; i < example.labels.size(); ++i) {
    const std::string_view label = without_outer_space(example.labels[i]);
    const auto before = example.labels.first(i);
    if (std::ranges::find(before, label, without_outer_space) != before.end()) return true;
  }
  return false;
}

}  // namespace

std::optional<bool> flag_value(std::string_view cell) {
  for (const char* yes : {"1", "1.0", "true", "True", "TRUE"}) {
    if (cell == yes) return true;
  }
  for (const char* no : {"0", "0.0", "false", "False", "FALSE"}) {
    if (cell == no) return false;
  }
  return std::nullopt;
}

void refuse_flag_lists(const RawExamples& examples) {
  if (examples.size() < 2) return;
  const size_t length = examples[0].labels.size();
  if (length < 2) return;
  const RawExample* repeated = nullptr;
  for (const RawExample& example : examples) {
    if (example.labels.size() != length) return;
    for (const std::string_view label : example.labels) {
      if (!flag_value(without_outer_space(label))) return;
    }
    if (repeated == nullptr && has_label_twice(example)) repeated = &example;
  }
  if (repeated == nullptr) return;
  throw DataError(fmt::format(
      "{}: the labels are [{}], and those of all examples are as many values of 0 and 1: this looks like one "
      "number a label (expected the names of the labels that hold, such as [\"rude\", \"loud\"]; or one key "
      "or column a label, with 0 or 1, whose names data.columns.label_columns lists)",
      repeated->origin, item_list({repeated->labels.begin(), repeated->labels.end()})));
}

}  // namespace bernoulli
