#include "data/label_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/available_memory.h"
#include "core/error.h"
#include "core/log.h"
#include "core/name_list.h"
#include "core/parse_number.h"
#include "core/text_distance.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

// Of an example: sums and ratios of them stay far from the ends of float32.
constexpr float kSmallestWeight = 1e-9f, kLargestWeight = 1e9f;

/// A label of the data, and how it is written there first in byte order.
struct FoundLabel {
  std::string_view name, written;
};

/// In the order of how they are written, so that labels with white space before them keep their places in
/// runs that were made when it was part of them.
std::vector<FoundLabel> distinct_labels(const RawExamples& examples) {
  std::set<std::string_view> written, known;
  for (const RawExample& example : examples) written.insert(example.labels.begin(), example.labels.end());
  std::vector<FoundLabel> distinct;
  for (const std::string_view label : written) {
    const std::string_view name = without_outer_space(label);
    if (known.insert(name).second) distinct.push_back({name, label});
  }
  return distinct;
}

/// The first example that has neither task.positive nor the other label that stands before it.
std::string origin_of_third_label(const TaskConfig& task, const RawExamples& train) {
  std::set<std::string_view> seen{"", without_outer_space(task.positive)};
  for (const RawExample& example : train) {
    for (const std::string_view label : example.labels) seen.insert(without_outer_space(label));
    if (seen.size() > 3) return std::string(example.origin);
  }
  throw InternalError("a third label is in no example");
}

/// The label besides task.positive of a binary task whose labels are words; absent where no example has one.
std::optional<std::string> find_other_label(const TaskConfig& task, const RawExamples& train) {
  const std::vector<FoundLabel> distinct = distinct_labels(train);
  const std::string_view positive = without_outer_space(task.positive);
  // An earlier build named both labels as they are written.
  const bool as_written = positive != task.positive;
  bool has_positive = false;
  std::vector<std::string> others;
  for (const FoundLabel& label : distinct) {
    if (label.name == positive)
      has_positive = true;
    else if (!label.name.empty())  // a missing label, which read() names
      others.emplace_back(as_written ? label.written : label.name);
  }
  if (!has_positive) {
    if (others.empty())
      throw DataError(
          "no training example has a label (lines of a .txt file have __label__ words; set data.train.format "
          "where the file is written otherwise)");
    throw DataError(fmt::format("task.positive is '{}', and no training example has that label (found: {})",
                                task.positive, name_list(others)));
  }
  if (others.size() > 1) {
    throw DataError(fmt::format(
        "{}: a binary task has two labels; besides '{}' the training data hold {} (use task.kind: "
        "multi_label, check data.columns.label, or clean the data)",
        origin_of_third_label(task, train), task.positive, name_list(others)));
  }
  return others.empty() ? std::nullopt : std::optional(others.front());
}

/// Files of a run, exported ones and answers name the labels in JSON, which has no other bytes.
void check_label_encoding(const std::vector<std::string>& names, const RawExamples& train) {
  const auto bad = std::find_if_not(names.begin(), names.end(), is_utf8);
  if (bad == names.end()) return;
  for (const RawExample& example : train) {
    if (std::ranges::find(example.labels, without_outer_space(*bad), without_outer_space) ==
        example.labels.end())
      continue;
    throw DataError(
        fmt::format("{}: the label '{}' is not UTF-8; save the data in that encoding, or rename the label",
                    example.origin, *bad));
  }
}

/// The character between labels that were taken for one; 0 where there is none.
char joins_labels(std::string_view label, const std::vector<std::string>& names) {
  for (const char separator : {',', ';', '|', '/', ' '}) {
    const std::vector<std::string> parts = split_labels(label, std::string(1, separator));
    const auto is_label = [&](const std::string& part) {
      return std::ranges::find(names, part) != names.end();
    };
    if (parts.size() > 1 && std::ranges::all_of(parts, is_label)) return separator;
  }
  return '\0';
}

/// @param found  the names are those of the training data, not of the configuration
std::string unknown_label(std::string_view label, const std::vector<std::string>& names, bool found = false) {
  if (const char separator = joins_labels(label, names); separator != '\0')
    return fmt::format("unknown label '{}': its parts are labels; set data.columns.label_separator: \"{}\"",
                       label, separator);
  return fmt::format("unknown label '{}' (expected one of {}){}{}", label, name_list(names),
                     did_you_mean(label, names),
                     found ? "; the training data do not hold it: name all labels in task.labels" : "");
}

}  // namespace

LabelReader::LabelReader(const TaskConfig& task, const RawExamples& train) : task_(task) {
  labels_.kind = task.kind;
  labels_.names = task.labels;
  if (labels_.names.empty()) find_names(train);
  number_names();
}

LabelReader::LabelReader(const TaskConfig& task, Labels labels) : task_(task), labels_(std::move(labels)) {
  number_names();
}

void LabelReader::find_names(const RawExamples& train) {
  if (labels_.kind == TaskConfig::Kind::kMultiLabel && task_.min_count > 1) {
    find_frequent_names(train);
  } else if (labels_.kind == TaskConfig::Kind::kMultiLabel) {
    const std::vector<FoundLabel> distinct = distinct_labels(train);
    if (distinct.empty())
      throw DataError(
          "no training example has a label; name the labels in task.labels, or check data.columns");
    for (const FoundLabel& label : distinct) labels_.names.emplace_back(label.name);
  } else if (task_.positive_above) {
    labels_.names = {"negative", "positive"};
  } else {
    const std::optional<std::string> other = find_other_label(task_, train);
    has_one_label_ = !other;
    labels_.names = {other.value_or("not " + task_.positive), task_.positive};
  }
  check_label_encoding(labels_.names, train);
}

void LabelReader::find_frequent_names(const RawExamples& train) {
  struct Count {
    int64_t examples = 0;
    const RawExample* last = nullptr;  ///< which may name it twice
  };
  std::map<std::string_view, Count> counts;
  for (const RawExample& example : train) {
    for (const std::string_view label : example.labels) {
      Count& count = counts[without_outer_space(label)];
      if (std::exchange(count.last, &example) != &example) ++count.examples;
    }
  }
  for (const FoundLabel& label : distinct_labels(train)) {
    if (counts.find(label.name)->second.examples >= task_.min_count) labels_.names.emplace_back(label.name);
  }
  for (const auto& [name, count] : counts) {
    if (count.examples < task_.min_count) left_out_.emplace_back(name, count.examples);
  }
  if (labels_.names.empty())
    throw DataError(fmt::format(
        "no label has the {} training examples that task.min_count asks for ({} labels have fewer); "
        "ask for fewer, or check data.columns",
        task_.min_count, counts.size()));
}

void LabelReader::number_names() {
  for (size_t i = 0; i < labels_.names.size(); ++i) places_.emplace(labels_.names[i], i);
  for (size_t i = 0; i < labels_.names.size(); ++i) {
    const std::string_view name = without_outer_space(labels_.names[i]);
    if (!name.empty()) places_.emplace(name, i);
  }
}

std::optional<size_t> LabelReader::place_of(std::string_view label) const {
  auto place = places_.find(label);
  if (place == places_.end()) place = places_.find(without_outer_space(label));
  return place == places_.end() ? std::nullopt : std::optional(place->second);
}

LabelReader::Fault LabelReader::read_binary(const RawExample& example, float& target) const {
  // One that is named twice is one.
  if (example.labels.empty() || std::ranges::any_of(example.labels, [&](std::string_view label) {
        return without_outer_space(label) != without_outer_space(example.labels.front());
      }))
    return [&] { return fmt::format("{} labels (a binary task has one an example)", example.labels.size()); };
  const std::string_view written = example.labels.front(), label = without_outer_space(written);
  if (task_.positive_above) {
    const std::optional<double> value = parse_number<double>(label);
    if (!value)
      return [label] {
        return fmt::format("label '{}' is not a number (task.positive_above compares numbers)", label);
      };
    target = *value > *task_.positive_above ? 1.0f : 0.0f;
    return nullptr;
  }
  const std::optional<size_t> place = place_of(written);
  if (!place) {
    if (label.empty()) return [] { return "the label is empty"; };
    return [this, label] {
      return unknown_label(label, labels_.names) +
             (has_one_label_ ? "; the training data hold one label only: name both in task.labels" : "");
    };
  }
  target = *place == 1 ? 1.0f : 0.0f;
  return nullptr;
}

LabelReader::Fault LabelReader::read_targets(const RawExample& example, float* targets) const {
  if (labels_.kind == TaskConfig::Kind::kBinary) return read_binary(example, *targets);
  for (const std::string_view label : example.labels) {
    const std::optional<size_t> place = place_of(label);
    if (!place && task_.min_count > 1) continue;  // as rare as those that were left out
    if (!place)
      return [this, label] {
        return unknown_label(without_outer_space(label), labels_.names, task_.labels.empty());
      };
    targets[*place] = 1.0f;
  }
  return nullptr;
}

void check_targets_fit(size_t num_examples, size_t num_labels, int copies,
                       std::optional<uint64_t> available) {
  constexpr double kGib = 1 << 30;
  const double needed = static_cast<double>(num_examples) * static_cast<double>(num_labels) * sizeof(float) *
                        static_cast<double>(copies);
  if (!available || needed <= static_cast<double>(*available)) return;
  throw IoError(fmt::format(
      "the targets of {} texts with {} labels each take {:.1f} GiB{}, and there are {:.1f} GiB of "
      "memory left; use fewer texts or labels, or a machine with more memory",
      num_examples, num_labels, needed / kGib, copies > 1 ? " (twice, while they are split)" : "",
      static_cast<double>(*available) / kGib));
}

void LabelReader::tell_of_unheard(const RawExamples& examples) const {
  std::set<std::string> unheard;
  for (const RawExample& example : examples) {
    for (const std::string_view written : example.labels) {
      if (place_of(written)) continue;
      const std::string_view label = without_outer_space(written);
      const auto left_out =
          std::ranges::lower_bound(left_out_, label, {}, &std::pair<std::string, int64_t>::first);
      if (left_out == left_out_.end() || left_out->first != label) unheard.emplace(label);
    }
  }
  if (!unheard.empty())
    log_info(fmt::format("passed over, as task.min_count asks, because the task has no such label{}: {}",
                         unheard.size() == 1 ? "" : "s", name_list({unheard.begin(), unheard.end()})));
}

Dataset LabelReader::read(const RawExamples& examples, int copies) const {
  Dataset dataset;
  dataset.num_labels = labels_.num_outputs();
  check_targets_fit(examples.size(), static_cast<size_t>(dataset.num_labels), copies, available_memory());
  dataset.targets.assign(examples.size() * static_cast<size_t>(dataset.num_labels), 0.0f);
  dataset.texts.reserve(examples.size());
  dataset.origins.reserve(examples.size());
  dataset.store = examples.store();
  dataset.parts = examples.parts();
  dataset.groups = examples.groups();
  dataset.slices = examples.slices();
  DataFaults faults;
  const bool weighted = std::any_of(examples.begin(), examples.end(),
                                    [](const RawExample& example) { return example.weight.has_value(); });
  if (weighted) dataset.weights.reserve(examples.size());
  float* targets = dataset.targets.data();
  for (const RawExample& example : examples) {
    if (const Fault fault = read_targets(example, targets)) faults.add(example.origin, fault);
    targets += dataset.num_labels;
    if (weighted) {
      const std::optional<float> weight =
          example.weight ? parse_number<float>(*example.weight) : std::nullopt;
      if (!weight || *weight < kSmallestWeight || *weight > kLargestWeight)
        faults.add(example.origin, fmt::format("weight '{}' (expected a number from {:g} to {:g})",
                                               example.weight.value_or(""), kSmallestWeight, kLargestWeight));
      dataset.weights.push_back(weight.value_or(1));
    }
    dataset.texts.push_back(example.text);
    dataset.origins.push_back(example.origin);
  }
  faults.throw_if_any();
  if (task_.min_count > 1) tell_of_unheard(examples);
  return dataset;
}

}  // namespace bernoulli
