#include "train/make_step.h"

#include <optional>

#include <fmt/format.h>

#include "core/error.h"
#include "train/cuda_fused_step.h"
#include "train/fused_plan.h"
#include "train/fused_step.h"
#include "train/reference_step.h"

namespace bernoulli {

EngineChoice make_step(const RunConfig& config, const layers::ModelPlan& plan, const EncodedDataset& train,
                       const Loss& loss, const std::vector<double>& pos_weight, c10::Device device) {
  const bool must_fuse = config.training.engine == "fused";
  EngineChoice choice;
  std::optional<FusedPlan> fused;
  if (config.training.engine == "reference") {
    choice.reason = "training.engine";
  } else if (!device.is_cpu() && !must_fuse) {
    choice.reason = "the fused engine for CUDA has not run on a card yet: training.engine: fused asks for it";
  } else {
    fused = fused_plan(config, plan, choice.reason);
    if (!fused && must_fuse)
      throw UsageError(fmt::format("training.engine is fused, but {}; set it to auto", choice.reason));
  }
  if (fused && device.is_cpu()) {
    auto step =
        std::make_unique<FusedStep>(config, plan, *fused, train, loss, pos_weight, FusedStep::Options{});
    choice.name = std::string("fused ") + step->kernels().name;
    choice.step = std::move(step);
  } else if (fused) {
    choice.name = "fused cuda";
    choice.step = std::make_unique<CudaFusedStep>(config, plan, *fused, train, loss, pos_weight,
                                                  cuda_fused_functions(), device.index());
  } else {
    choice.name = "reference";
    choice.step = std::make_unique<ReferenceStep>(config, plan, train, loss, device);
  }
  return choice;
}

}  // namespace bernoulli
