#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "config/run_config.h"
#include "distributed/communicator.h"
#include "layers/model_plan.h"
#include "tensor/device_graph.h"
#include "train/step.h"

namespace bernoulli {

/// An engine and how it came to be chosen.
struct EngineChoice {
  std::unique_ptr<Step> step;
  /// "fused avx512", "fused cuda", "graph cuda", "reference": the engine, then its variant
  std::string name;
  std::string reason;  ///< why it is not what was asked for, or not fused; else empty

  /// Without the variant: of one family all give the same bits on the same device.
  std::string family() const { return name.substr(0, name.find(' ')); }
};

/// @throws UsageError where training.engine names one that does not run on such a device, or not the model,
/// or not in so many processes; or where a layer does not run in training.precision there, or an update has
/// fewer batches than there are processes to share them.
void check_engine(const RunConfig& config, const layers::ModelPlan& plan, c10::Device device,
                  int processes = 1);

/// Whether a training on whichever device suits it stays on the CPU: the configuration leaves the engine open
/// and asks for nothing that only a card does, and the fused engine runs the model. On CUDA make_step would
/// choose the reference engine for it.
bool stays_on_cpu(const RunConfig& config, const layers::ModelPlan& plan);

/// The fastest engine that runs the model on the device, unless training.engine asks for the reference. On
/// CUDA the fused engine and the graph engine, which have not run on a card yet, are taken only where
/// training.engine names them.
/// @throws UsageError as check_engine. @param open_graphs  tests have their own
EngineChoice make_step(
    const EngineParts& parts, c10::Device device,
    const std::function<std::unique_ptr<GraphDevice>(c10::Device)>& open_graphs = open_graph_device);

/// The reference engine of process 0 of several, which have it in common.
/// @throws UsageError as check_engine
EngineChoice make_leading_step(const EngineParts& parts, c10::Device device, Communicator& processes);

/// A sentence about a trained table of a million rows or more, which the reference engine updates whole at
/// each step. Empty where there is none.  @param reason  why no other engine was taken
std::string table_sweep_warning(const layers::ModelPlan& plan, const std::string& reason);

}  // namespace bernoulli
