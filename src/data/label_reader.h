#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/raw_example.h"

namespace bernoulli {

/// Turns the labels of raw examples into targets. White space around a label is not part of it: names found
/// in the data have none, and a name that was given with some (by a configuration or run of an earlier build)
/// means the label without it, too. Where names differ in nothing else, a label is the one that is written
/// so.
class LabelReader {
 public:
  /// Finds the label names in the training examples, as far as the configuration leaves them open.
  /// @throws DataError, such as for three labels in a binary task.
  LabelReader(const TaskConfig& task, const RawExamples& train);
  /// With the names of an existing run.
  LabelReader(const TaskConfig& task, Labels labels);

  const Labels& labels() const { return labels_; }
  /// Those that task.min_count leaves out, in alphabetical order, with the number of their training examples.
  const std::vector<std::pair<std::string, int64_t>>& left_out() const { return left_out_; }

  /// Texts and origins stay in the store of the examples, which the data set keeps.
  /// @param copies  of the targets that there will be at once
  /// @throws DataError listing the examples whose label or weight cannot be understood; IoError where there
  /// is not the memory for the targets.
  Dataset read(const RawExamples& examples, int copies = 1) const;

 private:
  /// What is wrong, for whoever shows it; empty where nothing is.
  using Fault = std::function<std::string()>;

  void find_names(const RawExamples& train);
  void find_frequent_names(const RawExamples& train);
  void number_names();
  /// The name that a label is; absent: none.
  std::optional<size_t> place_of(std::string_view label) const;
  /// Says which labels of `examples` are neither names nor left out of the training data.
  void tell_of_unheard(const RawExamples& examples) const;
  /// Fills `targets`. The fault looks into `example`.
  Fault read_targets(const RawExample& example, float* targets) const;
  Fault read_binary(const RawExample& example, float& target) const;

  TaskConfig task_;
  Labels labels_;
  std::vector<std::pair<std::string, int64_t>> left_out_;
  std::map<std::string, size_t, std::less<>> places_;  ///< of the names, as written and without outer space
  bool has_one_label_ = false;  ///< of a binary task: what was found, the other one was made up
};

/// @throws IoError where so many numbers for so many texts, in `copies`, cannot be had of `available` bytes
void check_targets_fit(size_t num_examples, size_t num_labels, int copies, std::optional<uint64_t> available);

}  // namespace bernoulli
