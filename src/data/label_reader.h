#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/raw_example.h"

namespace bernoulli {

/// Turns the labels of raw examples into targets.
class LabelReader {
 public:
  /// Finds the label names in the training examples, as far as the configuration leaves them open.
  /// @throws DataError, such as for three labels in a binary task.
  LabelReader(const TaskConfig& task, const RawExamples& train);
  /// With the names of an existing run.
  LabelReader(const TaskConfig& task, Labels labels) : task_(task), labels_(std::move(labels)) {}

  const Labels& labels() const { return labels_; }

  /// Texts and origins stay in the store of the examples, which the data set keeps.
  /// @throws DataError listing the examples whose label or weight cannot be understood.
  Dataset read(const RawExamples& examples) const;

 private:
  /// Fills `targets`; the answer is what is wrong, or empty.
  std::string read_targets(const RawExample& example, float* targets) const;
  std::string read_binary(const RawExample& example, float& target) const;

  TaskConfig task_;
  Labels labels_;
  bool has_one_label_ = false;  ///< of a binary task: what was found, the other one was made up
};

}  // namespace bernoulli
