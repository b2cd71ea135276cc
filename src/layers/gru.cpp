#include "layers/recurrent.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_gru(const Json& args, const PlanContext& context) {
  static const RecurrentCell cell{"gru", "zeros", "GRU", {1, 0, 2}, {{"linear_before_reset", int64_t{1}}},
                                  {}};
  return plan_recurrent(cell, args, context);
}

}  // namespace

LayerKind gru() {
  return {{"gru",
           "a state that is carried from token to token through gates (torch.nn.GRU); keras: weights "
           "glorot_uniform, those of the state orthogonal, biases 0; torch: uniform in +-1/sqrt(units)",
           recurrent_fields(), "units", false},
          plan_gru,
          Values::kActivated};
}

}  // namespace bernoulli::layers
