#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "layers/layer_kind.h"

namespace bernoulli::layers {

struct ModelPlan;

/// A table that starts from vectors of somebody else's (`initializer: pretrained`). Rows of tokens that have
/// none, of padding and of unknown tokens are drawn as if there were no such file.
struct PretrainedStart {
  std::string path;  ///< relative to data.root unless absolute
  int64_t dim = 0;
};

/// Whether the table asks for it. @throws ShapeError where ids are hashed, so that no row has a token.
std::optional<PretrainedStart> find_pretrained(const NamedLayer& table, const TextConfig& text);

/// Gives the table of the plan the vectors. @param values  [ids, dim]
void start_from_vectors(ModelPlan& plan, std::vector<int64_t> ids, std::vector<float> values);

}  // namespace bernoulli::layers
