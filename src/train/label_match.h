#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/dataset.h"
#include "layers/label_rows.h"

namespace bernoulli {

/// Rows of two tensors that stand for the same, one by one; or why there are none.
struct SameRows {
  std::vector<int64_t> here, there;
  std::string fault;
};

/// A model's labels and where it holds them.
struct LabelsOfModel {
  const Labels& labels;
  layers::LabelRows rows;
};

/// How a model takes the labels of an earlier one (model.start_from): by name. Where both have one logit, the
/// same two names the other way round negate it, and other names are taken by place, as all are where a model
/// does not hold labels in rows.
class LabelMatch {
 public:
  LabelMatch(LabelsOfModel here, LabelsOfModel there);

  /// Whether rows of a tensor are matched one by one; else it is taken as it is.
  bool matches(const std::string& tensor) const;
  /// Of a tensor that matches. @param num_here, num_there  its rows
  SameRows rows(const std::string& tensor, int64_t num_here, int64_t num_there) const;
  bool negates() const { return way_ == Way::kNegated; }  ///< the numbers of all that matches
  void note_taken(const std::string& tensor, const SameRows& rows);

  /// Tells which labels were taken, unless all were. @param earlier  name of the earlier model
  void log(const std::string& earlier) const;
  /// For data.json: {"matched": "by name" | "negated" | "by place"}, and but for the last the labels "taken",
  /// "drawn" and "unused".
  nlohmann::ordered_json to_json() const;

 private:
  enum class Way { kByName, kNegated, kByPlace };
  struct Outcome {
    std::vector<std::string> taken, drawn, unused;
  };

  Way way() const;
  Outcome outcome() const;

  LabelsOfModel here_, there_;
  Way way_;
  std::vector<std::string> names_;  ///< one an output
  std::map<std::string, int64_t> place_there_;
  std::vector<bool> taken_;  ///< of names_
};

}  // namespace bernoulli
