#pragma once

#include <string>
#include <vector>

#include "data/column_survey.h"

namespace bernoulli {

/// What the user says; empty: to be found out.
struct GivenColumns {
  std::string text;
  std::vector<std::string> labels;  ///< several: one column of 0 and 1 a label
};

/// Which column is what, and how that shows.
struct ColumnRoles {
  std::string text, text_evidence;
  std::string label;                       ///< empty where label_columns are used
  std::vector<std::string> label_columns;  ///< of 0 and 1
  std::string label_evidence;
};

inline constexpr size_t kMostLabels = 1000;  ///< that are taken for labels without being asked

/// By name, then by what the values are like. @throws UsageError where several columns may be meant, with the
/// candidates, and for a given one that is not there; DataError where none may be
ColumnRoles find_roles(const TableSurvey& survey, const GivenColumns& given, const std::string& file);

}  // namespace bernoulli
