#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "config/run_config.h"

namespace bernoulli {

/// Binary cross entropy in one of its forms. Legend: B batch, L labels.
class Loss {
 public:
  virtual ~Loss() = default;
  /// Entry by entry: [B, L] losses in nats without example weights, label smoothing and pos_weight included.
  /// @param logits  [B, L] floating point, unbounded.   @param targets [B, L], same dtype and device, in [0,
  /// 1].
  /// @throws c10::Error if shape, dtype or device differ.
  virtual at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const = 0;

  /// Of a batch: the sum over entries, weighted by example; a scalar in nats with gradient. A sum, so that
  /// the mean can go over the global count.
  /// @param weights [B] or undefined (all 1).   @throws c10::Error as elementwise, and if weights are not
  /// [B].
  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& weights) const;
};

/// Nothing, or a number for each label. @param pos_weight  nothing, one number for all, or one a label
/// @throws UsageError for another number of them
std::vector<double> one_a_label(const std::vector<double>& pos_weight, int64_t num_labels);

/// @param pos_weight  what LossConfig::pos_weight or `auto` came to, as for one_a_label
/// @param device  where they lie; a loss takes logits of any device, at the price of a copy from another
/// @throws UsageError as one_a_label
std::unique_ptr<Loss> make_loss(const LossConfig& config, const std::vector<double>& pos_weight,
                                int64_t num_labels, c10::Device device = c10::Device(c10::kCPU));

/// negatives / positives per label of targets [N*L], weighted by `weights` (N, or empty).
/// @throws DataError naming the label that has no positive, or no negative, example: its ratio would say
/// nothing.
std::vector<double> balanced_pos_weight(const std::vector<float>& targets, const std::vector<float>& weights,
                                        const std::vector<std::string>& label_names);

}  // namespace bernoulli
