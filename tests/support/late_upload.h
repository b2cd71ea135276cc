#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>

#include "tensor/upload.h"

namespace bernoulli {

/// Plays a device whose copies are made as late as they may be: when the host waits for them, or when the
/// device computes what waits for them. Memory that was written to before is copied with what was written.
class LateUpload : public Upload {
 public:
  /// @param computes_at_once  else compute() says when the device comes to what it was asked for.
  explicit LateUpload(bool computes_at_once = true) : computes_at_once_(computes_at_once) {}

  at::Tensor room(int64_t size) override {
    ++num_rooms;
    return at::full({size}, int64_t{-1}, at::kLong);
  }
  at::Tensor send(const at::Tensor& host) override {
    ++num_sent;
    copies_.emplace_back(host, at::full(host.sizes(), int64_t{-7}, at::kLong));
    return copies_.back().second;
  }
  void set(size_t mark) override { marks_[mark] = copies_.size(); }
  void device_waits(size_t mark) override {
    awaited_ = std::max(awaited_, marks_[mark]);
    if (computes_at_once_) compute();
  }
  void host_waits(size_t mark) override { copy_until(marks_[mark]); }

  void compute() { copy_until(awaited_); }

  int num_rooms = 0;
  int num_sent = 0;

 private:
  void copy_until(size_t end) {
    for (; copied_ < end; ++copied_) copies_[copied_].second.copy_(copies_[copied_].first);
  }

  bool computes_at_once_;
  std::vector<std::pair<at::Tensor, at::Tensor>> copies_;
  size_t awaited_ = 0;  ///< copies that the device waits for
  size_t copied_ = 0;
  std::array<size_t, kMarks> marks_{};
};

}  // namespace bernoulli
