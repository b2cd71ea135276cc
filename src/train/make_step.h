#pragma once

#include <memory>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "config/run_config.h"
#include "layers/model_plan.h"
#include "loss/loss.h"
#include "train/encoded_dataset.h"
#include "train/step.h"

namespace bernoulli {

/// An engine and how it came to be chosen.
struct EngineChoice {
  std::unique_ptr<Step> step;
  std::string name;    ///< "fused avx512", "fused cuda", "reference": first the engine, then its variant
  std::string reason;  ///< why it is not fused; empty where it is
};

/// The fastest engine that runs the model on the device, unless training.engine asks for the reference. On
/// CUDA the fused engine, which has not run on a card yet, is taken only where training.engine is fused.
/// @throws UsageError where it is and the model is not of the family.
/// `train` and `loss` must outlive the step. `pos_weight` as for make_loss.
EngineChoice make_step(const RunConfig& config, const layers::ModelPlan& plan, const EncodedDataset& train,
                       const Loss& loss, const std::vector<double>& pos_weight, c10::Device device);

}  // namespace bernoulli
