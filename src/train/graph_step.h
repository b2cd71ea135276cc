#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/encoded_dataset.h"
#include "layers/model_plan.h"
#include "loss/loss.h"
#include "tensor/device_graph.h"
#include "train/autograd_model.h"
#include "train/graph_batch.h"
#include "train/repeated_work.h"
#include "train/step.h"

namespace bernoulli {

/// Runs any layer list through autograd as ReferenceStep does, but records the work of an update and replays
/// it (docs/cuda.md, "Graphs for other layer lists"). Updates read their inputs, learning rates and counts
/// from queues on the device and leave their results there, so that many are done without the host between;
/// one that is not finite moves nothing, nor do those behind it.
///
/// Reads and writes the states of the other engines.
class GraphStep : public Step {
 public:
  /// The loss is asked for its dead range only. @param graphs  of `device`
  GraphStep(const EngineParts& parts, c10::Device device, std::unique_ptr<GraphDevice> graphs);

  StepResult update(std::span<const int64_t> examples, int64_t step, double lr) override;
  int64_t run_ahead() const override { return run_ahead_; }
  std::vector<StepResult> update_all(std::span<const PlannedUpdate> updates) override;
  std::vector<float> logits(const TokenView& rows) override { return shared_.logits(rows); }
  NamedTensors evaluation_weights() const override { return shared_.evaluation_weights(); }
  NamedTensors training_state() const override { return shared_.training_state(); }
  void load(const NamedTensors& evaluation_weights, const NamedTensors& training_state) override;
  double base_lr() const override { return shared_.optimizer().base_lr(); }

 private:
  /// A batch of an update in the queue of its shape.
  struct Place {
    GraphBatch* batch;
    int64_t index;
    std::span<const int64_t> examples;
    uint64_t seed;
  };

  std::vector<std::vector<Place>> send(std::span<const PlannedUpdate> updates);
  void at_most_run_ahead(std::span<const PlannedUpdate> updates, std::vector<StepResult>& results);
  StepResult result_of(const PlannedUpdate& update, const std::vector<Place>& places,
                       const double* record) const;
  [[noreturn]] void refuse(const PlannedUpdate& update, const std::vector<Place>& places);
  void apply(bool is_first);
  void begin_next_update();

  const EncodedDataset& train_;
  TrainingConfig training_;
  std::optional<double> clip_norm_;
  std::optional<double> clip_value_;
  int64_t run_ahead_;
  DeadRange dead_range_;
  std::unique_ptr<Loss> loss_;
  AutogradModel shared_;
  std::unique_ptr<GraphDevice> graphs_;
  Recorder recorder_;
  BatchParts parts_;
  NamedTensors buffers_;
  std::vector<at::Tensor> buffers_before_;  ///< as the last update that was not refused left them
  at::Tensor orders_;                       ///< [run_ahead, 2] float32: learning rate, count with the update
  at::Tensor records_;                      ///< [run_ahead, 2] float64: gradient norm, 1 if it was done
  at::Tensor next_;                         ///< [1] int64: row of these two
  at::Tensor alive_;                        ///< [1] bool: no update of the run was refused yet
  std::map<BatchShape, std::unique_ptr<GraphBatch>> batches_;
  RepeatedWork apply_;
};

/// Empty, or why the model's updates cannot be replayed.
std::string why_no_graph(const TrainingConfig& training, const layers::ModelPlan& plan);

}  // namespace bernoulli
