#include "layers/recurrent.h"

namespace bernoulli::layers {
namespace {

LayerPlan plan_lstm(const Json& args, const PlanContext& context) {
  static const RecurrentCell cell{"lstm", "[zeros, zeros]", "LSTM", {0, 3, 1, 2}, {}, {0, 1, 0, 0}};
  return plan_recurrent(cell, args, context);
}

}  // namespace

LayerKind lstm() {
  return {
      {"lstm",
       "a state and a memory that are carried from token to token through gates (torch.nn.LSTM); keras: "
       "weights glorot_uniform, those of the state orthogonal, biases 0 but 1 for the forget gate; torch: "
       "uniform in +-1/sqrt(units)",
       recurrent_fields(), "units", false},
      plan_lstm,
      Values::kActivated};
}

}  // namespace bernoulli::layers
