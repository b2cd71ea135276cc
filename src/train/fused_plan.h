#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "kernels/activations.h"
#include "kernels/entry_loss.h"
#include "kernels/kernels.h"
#include "layers/model_plan.h"
#include "tensor/named_tensors.h"

namespace bernoulli {

/// One layer behind the pool.
struct FusedLayer {
  enum class Kind { kDropout, kLinear, kActivation };
  Kind kind = Kind::kLinear;
  int64_t features_in = 0;
  int64_t features_out = 0;
  uint32_t threshold = 0;  ///< kDropout: a number stays where 16 random bits are below it
  float slope = 0;         ///< kActivation: leaky_relu's
  kernels::Activation activation = kernels::Activation::kRelu;
  size_t weight = 0;  ///< kLinear: place in ModelPlan's list of parameters; the bias follows it
  bool has_bias = false;
};

/// A model of the family that FusedStep runs:
/// embedding, word_dropout?, dropout?, mean_pool | sum_pool   or   embedding_bag (mean, sum);
/// then any of dropout, linear, activations.
struct FusedPlan {
  int64_t dim = 0;
  uint32_t token_threshold = 0;  ///< dropout between embedding and pool; 0: none
  uint32_t word_threshold = 0;   ///< word_dropout: a token stays where 16 random bits are below; 0: none
  bool mean = true;
  bool include_padding = false;
  bool trains_table = true;
  std::optional<int64_t> sequence_length;  ///< of a text with its padding; absent: no padding
  std::vector<FusedLayer> head;
};

/// The plan in the engine's terms, or in `reason` why the engine does not run it.
std::optional<FusedPlan> fused_plan(const RunConfig& config, const layers::ModelPlan& plan,
                                    std::string& reason);

/// The configured loss in the engine's terms.
kernels::EntryLoss entry_loss_of(const LossConfig& config);
/// `pos_weight` as PreparedRun has it; 1 for each label where there is none.
std::vector<double> or_one_each(const std::vector<double>& pos_weight, int64_t num_labels);

/// How the configured optimizer reads in the engine's terms.
class FusedOptimizer {
 public:
  explicit FusedOptimizer(const OptimizerConfig& config);

  /// For one parameter, by its name (no_decay).
  kernels::UpdateRule rule_for(const std::string& parameter) const;
  /// Of update number `update`, counted from 1.
  kernels::UpdateConstants constants(int64_t update, double lr) const;
  /// Whether an update without gradient leaves a row as it is; `rule` as by rule_for.
  static bool rests(const kernels::UpdateRule& rule);
  size_t num_slots() const { return slot_names_.size(); }
  /// Names in a training state, as the autograd engines have them.
  static constexpr const char* kUpdates = "optimizer/updates";
  std::string slot_name(const std::string& parameter, size_t slot) const;
  /// What is in a training state of these parameters.
  NamedShapes state_shapes(const NamedShapes& parameters) const;
  double initial_slot() const { return initial_slot_; }
  double base_lr() const { return base_lr_; }

 private:
  KindConfig kind_;
  std::vector<std::string> no_decay_;
  double weight_decay_ = 0;
  double base_lr_ = 0;
  double initial_slot_ = 0;
  std::vector<std::string> slot_names_;
};

}  // namespace bernoulli
