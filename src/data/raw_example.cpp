#include "data/raw_example.h"

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/error.h"

namespace bernoulli {
namespace {

/// So many sets of labels are remembered: two for a binary task, and the most frequent ones otherwise.
constexpr size_t kRecentLabels = 16;

}  // namespace

RawExamples::RawExamples(std::shared_ptr<TextStore> store)
    : store_(store ? std::move(store) : std::make_shared<TextStore>()), examples_(store_->space()) {}

void RawExamples::add(std::string_view text, std::span<const std::string> labels,
                      std::optional<std::string_view> weight, std::string_view origin,
                      std::optional<Part> part, std::optional<std::string_view> group) {
  RawExample example{store_->keep(text), keep_labels(labels), std::nullopt, store_->keep(origin)};
  if (weight) example.weight = store_->keep(*weight);
  examples_.push_back(example);
  if (part) parts_.push_back(*part);
  if (group) keep_value(*group, groups_);
}

void RawExamples::add_slices(std::span<const std::string_view> values) {
  slices_.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) keep_value(values[i], slices_[i]);
}

void RawExamples::keep_value(std::string_view value, std::vector<std::string_view>& column) {
  const bool is_last_one = !column.empty() && column.back() == value;
  column.push_back(is_last_one ? column.back() : store_->keep(value));
}

void RawExamples::append(const RawExamples& more) {
  std::copy(more.begin(), more.end(), grow(more.size()));
  parts_.insert(parts_.end(), more.parts_.begin(), more.parts_.end());
  groups_.insert(groups_.end(), more.groups_.begin(), more.groups_.end());
  slices_.resize(more.slices_.size());
  for (size_t i = 0; i < slices_.size(); ++i)
    slices_[i].insert(slices_[i].end(), more.slices_[i].begin(), more.slices_[i].end());
}

std::span<const std::string_view> RawExamples::keep_labels(std::span<const std::string> labels) {
  for (const std::span<const std::string_view>& recent : recent_labels_) {
    if (std::equal(recent.begin(), recent.end(), labels.begin(), labels.end())) return recent;
  }
  auto* const kept = reinterpret_cast<std::string_view*>(
      store_->room(labels.size() * sizeof(std::string_view), alignof(std::string_view)));
  for (size_t i = 0; i < labels.size(); ++i) new (kept + i) std::string_view(store_->keep(labels[i]));
  const std::span<const std::string_view> all(kept, labels.size());
  if (recent_labels_.size() < kRecentLabels) {
    recent_labels_.push_back(all);
  } else {
    recent_labels_[next_recent_++ % kRecentLabels] = all;
  }
  return all;
}

void DataFaults::add(std::string_view origin, const std::string& message) {
  add(origin, [&] { return message; });
}

void DataFaults::add(std::string_view origin, const std::function<std::string()>& explain) {
  ++count_;
  if (faults_.size() < kShown) faults_.push_back(fmt::format("{}: {}", origin, explain()));
}

void DataFaults::throw_if_any() const {
  if (count_ == 0) return;
  std::string text;
  for (const std::string& fault : faults_) text += (text.empty() ? "" : "\n") + fault;
  if (count_ > faults_.size()) text += fmt::format("\nand {} more", count_ - faults_.size());
  throw DataError(text);
}

std::vector<std::string> split_labels(std::string_view cell, std::string_view separator) {
  std::vector<std::string> labels;
  for (size_t begin = 0; begin <= cell.size();) {
    const size_t end = std::min(cell.find(separator, begin), cell.size());
    const std::string_view part = without_outer_space(cell.substr(begin, end - begin));
    if (!part.empty()) labels.emplace_back(part);
    begin = end + separator.size();
  }
  return labels;
}

}  // namespace bernoulli
