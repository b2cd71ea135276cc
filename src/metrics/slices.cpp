#include "metrics/slices.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace bernoulli {
namespace {

constexpr size_t kQuarters = 4;

std::string range_name(int64_t low, int64_t high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

/// The last value of each part but the last one's, each larger than the one before.
std::vector<int64_t> part_ends(const std::vector<int64_t>& sorted) {
  std::vector<int64_t> ends;
  for (size_t k = 1; k < kQuarters; ++k) {
    const int64_t end = sorted[(sorted.size() * k - 1) / kQuarters];
    if ((ends.empty() || end > ends.back()) && end < sorted.back()) ends.push_back(end);
  }
  return ends;
}

}  // namespace

std::vector<Slice> quarters(int64_t num_examples, const std::function<int64_t(int64_t example)>& value_of) {
  if (num_examples == 0) return {};
  std::vector<int64_t> values;
  values.reserve(static_cast<size_t>(num_examples));
  for (int64_t i = 0; i < num_examples; ++i) values.push_back(value_of(i));
  std::vector<int64_t> sorted = values;
  std::ranges::sort(sorted);
  const std::vector<int64_t> ends = part_ends(sorted);
  std::vector<Slice> slices(ends.size() + 1);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto part = std::ranges::lower_bound(ends, values[i]) - ends.begin();
    slices[static_cast<size_t>(part)].examples.push_back(static_cast<int64_t>(i));
  }
  for (Slice& slice : slices) {
    const auto [low, high] = std::ranges::minmax(
        slice.examples, {}, [&](int64_t example) { return values[static_cast<size_t>(example)]; });
    slice.name = range_name(values[static_cast<size_t>(low)], values[static_cast<size_t>(high)]);
  }
  return slices;
}

std::vector<Slice> slices_by_value(std::span<const std::string_view> values, size_t most) {
  std::map<std::string_view, std::vector<int64_t>> examples;
  for (size_t i = 0; i < values.size(); ++i) examples[values[i]].push_back(static_cast<int64_t>(i));
  std::vector<Slice> slices;
  for (auto& [value, of_value] : examples) slices.push_back({std::string(value), std::move(of_value)});
  std::ranges::stable_sort(slices, std::ranges::greater(),
                           [](const Slice& slice) { return slice.examples.size(); });
  if (slices.size() <= most) return slices;
  Slice others{fmt::format("{} other values", slices.size() - most), {}};
  for (size_t i = most; i < slices.size(); ++i)
    others.examples.insert(others.examples.end(), slices[i].examples.begin(), slices[i].examples.end());
  std::ranges::sort(others.examples);
  slices.resize(most);
  slices.push_back(std::move(others));
  return slices;
}

SlicedPredictions::SlicedPredictions(const Predictions& whole, std::span<const int64_t> examples)
    : num_labels_(whole.num_labels) {
  const auto width = static_cast<size_t>(num_labels_);
  logits_.reserve(examples.size() * width);
  targets_.reserve(examples.size() * width);
  for (const int64_t example : examples) {
    const auto i = static_cast<size_t>(example);
    const auto append_row = [&](std::span<const float> from, std::vector<float>& to) {
      const auto row = from.subspan(i * width, width);
      to.insert(to.end(), row.begin(), row.end());
    };
    append_row(whole.logits, logits_);
    append_row(whole.targets, targets_);
    if (!whole.weights.empty()) weights_.push_back(whole.weights[i]);
  }
}

}  // namespace bernoulli
