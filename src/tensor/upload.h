#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

namespace bernoulli {

/// Copies from the host to a device beside what the device computes. An interface, because tests have no
/// device.
class Upload {
 public:
  virtual ~Upload() = default;

  /// An int64 tensor of the host that send() copies from.
  virtual at::Tensor room(int64_t size) = 0;
  /// A copy on the device, which may be made later than this returns: `host` stays as it is until a mark
  /// behind the copy was reached.
  virtual at::Tensor send(const at::Tensor& host) = 0;

  /// Puts mark number `mark`, below kMarks, behind all copies that were sent.
  static constexpr size_t kMarks = 2;
  virtual void set(size_t mark) = 0;
  /// What the device is asked for from now on waits for the copies before the mark.
  virtual void device_waits(size_t mark) = 0;
  /// Returns when the copies before the mark are made; at once for a mark that was never set.
  virtual void host_waits(size_t mark) = 0;
};

/// For a device that open_device gave: pinned memory and a stream of its own. Null for other devices
/// than CUDA: the CPU needs no copy.
std::unique_ptr<Upload> make_upload(c10::Device device);

}  // namespace bernoulli
