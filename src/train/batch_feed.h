#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <c10/core/Device.h>

#include "data/encoded_dataset.h"
#include "model/features.h"
#include "tensor/upload.h"

namespace bernoulli {

/// Some examples on the device that trains. Legend: B examples, L labels.
struct Batch {
  Features features;
  at::Tensor targets;  ///< [B, L] float32
  at::Tensor weights;  ///< [B] float32; undefined: all 1
};

/// Turns examples into batches. Where the device is not the host, a batch that was announced is put into
/// pinned memory and copied while the device computes, in one piece; data are never on the device as a
/// whole.
class BatchFeed {
 public:
  /// @param data    must outlive the feed.
  /// @param upload  of `device`; null: batches are made when they are taken.
  BatchFeed(const EncodedDataset& data, FeatureShape shape, c10::Device device,
            std::unique_ptr<Upload> upload);

  /// The batch of these examples, announced or not.
  Batch take(std::span<const int64_t> examples);
  /// Begins to send the batch that is taken next. What is taken may be another one.
  void announce(std::span<const int64_t> examples);
  /// Whether an announcement is of use.
  bool sends_early() const { return upload_ != nullptr; }

 private:
  /// Memory of the host, and what was sent from it.
  struct Slot {
    at::Tensor room;
    std::vector<int64_t> examples;
    bool is_sent = false;
    Batch batch;
  };
  Batch make(std::span<const int64_t> examples) const;
  void send(std::span<const int64_t> examples, size_t slot);

  const EncodedDataset& data_;
  FeatureShape shape_;
  c10::Device device_;
  std::unique_ptr<Upload> upload_;
  std::array<Slot, Upload::kMarks> slots_;  ///< one is computed with while the other is filled
  size_t next_ = 0;                         ///< of the batch that is taken next
};

}  // namespace bernoulli
