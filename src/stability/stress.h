#pragma once

#include <memory>
#include <optional>
#include <string>

#include <c10/core/ScalarType.h>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "layers/model_plan.h"
#include "loss/loss.h"
#include "train/reference_step.h"

namespace bernoulli::stability {

/// What is changed about an ordinary training, in every mode alike. All defaults: nothing.
struct Stress {
  std::string name = "plain";
  std::string setting;  ///< "output bias 30", for people
  std::string shows;    ///< what the reader will see, one sentence
  std::string why;      ///< and the reason for it, one sentence
  std::optional<double> output_bias;
  double learning_rate_factor = 1;
  double input_scale = 1;
  double label_noise = 0;              ///< share of training labels that are turned around
  std::optional<double> logit_spread;  ///< standard deviation of initial logits over training examples
  at::ScalarType logits_dtype = at::kFloat;
};

/// From an entry of stability.stress. @throws InternalError for a kind that nothing here reads.
Stress make_stress(const KindConfig& config);

/// The loss on logits and targets rounded to `dtype`, computed in it and given back in float32: as autocast
/// has it. `loss` must outlive the result; float32 gives a plain pass-through.
std::unique_ptr<Loss> in_dtype(const Loss& loss, at::ScalarType dtype);

/// `data` with round(share * N * L) targets turned around, drawn from `seed`.
EncodedDataset with_label_noise(const EncodedDataset& data, double share, uint64_t seed);

/// Changes the initial weights behind `step`, whose model is that of `plan`, as `stress` says.
/// @return why it does not apply to this model (no bias at the end, equal logits), or empty: done.
std::string change_initial_weights(ReferenceStep& step, const layers::ModelPlan& plan, const Stress& stress,
                                   const EncodedDataset& train);

}  // namespace bernoulli::stability
