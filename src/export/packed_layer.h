#pragma once

#include "layers/layer_kind.h"
#include "store/packed_table.h"

namespace torch::jit {
struct Module;
}

namespace bernoulli {

/// The first layer of a model with its table as the file keeps it: rows are looked up and then made float32,
/// and the layer's own text does the rest with them. Rows that are not stored come back as zeros when the
/// file is loaded.
torch::jit::Module packed_layer(const layers::NamedLayer& layer, const PackedTable& table);

}  // namespace bernoulli
