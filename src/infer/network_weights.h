#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/lane_vector.h"
#include "layers/model_plan.h"
#include "store/packed_table.h"
#include "store/raw_tensors.h"

namespace bernoulli {

/// The tensors of a plan: every one is there, float32, of its shape, and there is no other. The table of the
/// tokens, with which every plan begins, may be packed.
class NetworkWeights {
 public:
  /// @throws ArtifactError naming a tensor that is missing, unknown or of another shape or dtype.
  NetworkWeights(const layers::ModelPlan& plan, const std::vector<RawTensor>& weights);

  /// A parameter as it lies in the file, row-major.
  kernels::LaneVector numbers(const layers::NamedLayer& layer, const std::string& parameter) const;
  /// "weight" of the first layer.
  const TableRows& table() const { return *table_; }
  /// The same as rows of `columns` numbers, each padded with zeros to whole lanes.
  kernels::LaneVector table_rows(int64_t columns) const;
  /// A parameter as rows of `columns` numbers, each padded with zeros to whole lanes.
  kernels::LaneVector rows(const layers::NamedLayer& layer, const std::string& parameter,
                           int64_t columns) const;

 private:
  std::map<std::string, const RawTensor*> weights_;
  std::optional<TableRows> table_;
};

}  // namespace bernoulli
