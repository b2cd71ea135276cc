#include "train/make_step.h"

#include <optional>

#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "train/cuda_fused_step.h"
#include "train/fused_plan.h"
#include "train/fused_step.h"
#include "train/graph_step.h"
#include "train/leading_step.h"
#include "train/reference_step.h"

namespace bernoulli {
namespace {

/// The model as the fused engine runs it; absent with the reason.
std::optional<FusedPlan> fused_for(const RunConfig& config, const layers::ModelPlan& plan, c10::Device device,
                                   std::string& reason) {
  if (!device.is_cpu() && config.training.engine != "fused") {
    reason = "the fused engine for CUDA has not run on a card yet: training.engine: fused asks for it";
    return std::nullopt;
  }
  std::optional<FusedPlan> fused = fused_plan(config, plan, reason);
  if (fused && !device.is_cpu() && !fused->trains_table) {
    reason = "the fused engine for CUDA trains every table, and this one has trainable: false";
    return std::nullopt;
  }
  return fused;
}

/// Absent with the reason.
std::unique_ptr<GraphDevice> graphs_for(
    const TrainingConfig& training, const layers::ModelPlan& plan, c10::Device device,
    const std::function<std::unique_ptr<GraphDevice>(c10::Device)>& open_graphs, std::string& reason) {
  reason = why_no_graph(training, plan);
  if (!reason.empty()) return nullptr;
  try {
    return open_graphs(device);
  } catch (const DeviceError& error) {
    reason = error.what();
    return nullptr;
  }
}

/// Several processes share the batches of an update, through the reference engine.
void check_processes(const TrainingConfig& training, const layers::ModelPlan& plan, int processes) {
  if (plan.has("batch_norm"))
    throw UsageError(
        "batch_norm keeps an average over all batches, of which each process would see its own alone: "
        "train in one process, or use layer_norm");
  if (training.engine == "fused" || training.engine == "graph")
    throw UsageError(
        fmt::format("training.engine is {}, which trains in one process, and this is one of {}: set it to "
                    "auto or reference",
                    training.engine, processes));
  if (training.accumulate >= processes) return;
  throw UsageError(fmt::format(
      "training.accumulate is {0}, and {1} processes share the batches of an update: set it to {1} "
      "or more, for which training.batch_size may be divided (an update is of batch_size * "
      "accumulate examples, {2} now)",
      training.accumulate, processes, training.batch_size * training.accumulate));
}

/// Recurrent layers do not run everywhere in bfloat16.
void check_precision(const TrainingConfig& training, const layers::ModelPlan& plan, c10::Device device) {
  if (training.precision != "bfloat16") return;
  if (plan.has("lstm") && device.is_cpu())
    throw UsageError(
        "training.precision is bfloat16, in which LibTorch's lstm does not run on every processor: set it to "
        "float32, or use gru");
  if (device.is_cuda() && (plan.has("lstm") || plan.has("gru")))
    throw UsageError(
        "training.precision is bfloat16, for which LibTorch runs lstm and gru in float16 on a CUDA device, "
        "whose small gradients vanish: set it to float32");
}

}  // namespace

void check_engine(const RunConfig& config, const layers::ModelPlan& plan, c10::Device device, int processes) {
  if (processes > 1) check_processes(config.training, plan, processes);
  const std::string& engine = config.training.engine;
  if (engine == "graph" && device.is_cpu())
    throw UsageError(
        "training.engine is graph, which runs on a CUDA device only: set it to auto, or use --device cuda");
  check_precision(config.training, plan, device);
  std::string reason;
  if (engine == "fused" && !fused_for(config, plan, device, reason))
    throw UsageError(fmt::format("training.engine is fused, but {}; set it to auto", reason));
}

bool stays_on_cpu(const RunConfig& config, const layers::ModelPlan& plan) {
  const TrainingConfig& training = config.training;
  if (training.engine != "auto" || training.float32_matmul_precision != "highest") return false;
  std::string reason;
  return fused_for(config, plan, c10::kCPU, reason).has_value();
}

EngineChoice make_step(const EngineParts& parts, c10::Device device,
                       const std::function<std::unique_ptr<GraphDevice>(c10::Device)>& open_graphs) {
  const RunConfig& config = parts.config;
  check_engine(config, parts.plan, device);
  const std::string& engine = config.training.engine;
  EngineChoice choice;
  std::optional<FusedPlan> fused;
  std::unique_ptr<GraphDevice> graphs;
  if (engine == "reference") {
    choice.reason = "training.engine";
  } else if (engine == "graph") {
    graphs = graphs_for(config.training, parts.plan, device, open_graphs, choice.reason);
  } else {
    fused = fused_for(config, parts.plan, device, choice.reason);
  }
  if (graphs) {
    choice.name = "graph cuda";
    choice.step = std::make_unique<GraphStep>(parts, device, std::move(graphs));
  } else if (fused && device.is_cpu()) {
    auto step = std::make_unique<FusedStep>(parts, *fused);
    choice.name = std::string("fused ") + step->kernels().name;
    choice.step = std::move(step);
  } else if (fused) {
    choice.name = "fused cuda";
    choice.step = std::make_unique<CudaFusedStep>(parts, *fused, cuda_fused_functions(), device.index());
  } else {
    choice.name = "reference";
    choice.step = std::make_unique<ReferenceStep>(parts, device);
  }
  return choice;
}

EngineChoice make_leading_step(const EngineParts& parts, c10::Device device, Communicator& processes) {
  const RunConfig& config = parts.config;
  check_engine(config, parts.plan, device, processes.size());
  auto own = std::make_unique<ReferenceStep>(parts, device, nullptr, &processes);
  std::string reason;
  if (config.training.engine == "auto" && fused_for(config, parts.plan, device, reason))
    log_warning(
        "one process would take the fused engine, which trains this model many times faster than several "
        "processes of the reference engine do: leave --processes out");
  return {std::make_unique<LeadingStep>(std::move(own), processes, config.training.eval_batch_size),
          "reference", fmt::format("{} processes share the batches of an update", processes.size())};
}

std::string table_sweep_warning(const layers::ModelPlan& plan, const std::string& reason) {
  constexpr int64_t kManyRows = 1'000'000;
  for (const layers::NamedLayer& layer : plan.layers) {
    const layers::Layout input = layer.input.layout;
    if (input != layers::Layout::kPaddedIds && input != layers::Layout::kRaggedIds) continue;
    for (const layers::ParameterSpec& table : layer.plan.parameters) {
      if (table.trainable && table.shape[0] >= kManyRows)
        return fmt::format(
            "each step updates all {} rows of {}, read or not, for the reference engine trains the model "
            "({}); the fused engine updates those that a batch reads, with sgd, adam, adamw or adagrad; "
            "text.vocabulary.max_tokens, text.vocabulary.min_count or fewer text.hash_buckets make the table "
            "smaller",
            table.shape[0], layer.tensor_name(table.name), reason);
    }
  }
  return "";
}

}  // namespace bernoulli
