#include "train/make_step.h"

#include <optional>

#include "train/fused_plan.h"
#include "train/fused_step.h"
#include "train/reference_step.h"

namespace bernoulli {

EngineChoice make_step(const RunConfig& config, const layers::ModelPlan& plan, const EncodedDataset& train,
                       const Loss& loss, const std::vector<double>& pos_weight, c10::Device device) {
  EngineChoice choice;
  std::optional<FusedPlan> fused;
  if (config.training.engine == "reference") {
    choice.reason = "training.engine";
  } else if (!device.is_cpu()) {
    choice.reason = "the fused engine runs on the CPU";
  } else {
    fused = fused_plan(config, plan, choice.reason);
  }
  if (fused) {
    auto step =
        std::make_unique<FusedStep>(config, plan, *fused, train, loss, pos_weight, FusedStep::Options{});
    choice.name = std::string("fused ") + step->kernels().name;
    choice.step = std::move(step);
  } else {
    choice.name = "reference";
    choice.step = std::make_unique<ReferenceStep>(config, plan, train, loss, device);
  }
  return choice;
}

}  // namespace bernoulli
