#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

namespace bernoulli {

/// Work of a device that is done again with one call, reading what its tensors hold by then.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  virtual void replay() = 0;
};

/// A device whose work can be recorded. Recorded work may read and write tensors that were there before; what
/// it makes itself is no one's once it is done. It may not wait for the device: no number of a tensor may
/// reach the host, no copy come from it.
class GraphDevice {
 public:
  virtual ~GraphDevice() = default;
  /// While what it gives lives, the thread's work goes where it can be recorded, behind all that was asked
  /// for before; when it goes, that work is done. Everything below happens within.
  virtual std::shared_ptr<void> enter() = 0;
  /// Records what `work` asks for; nothing of it is done. Draws of random numbers are replayed from the
  /// default generator as it then stands.
  /// @throws c10::Error or IoError where something cannot be recorded; the device is as it was.
  virtual std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) = 0;
};

/// By LibTorch's CUDA graphs, through libbernoulli_cuda_graph.so, which lies beside libbernoulli_cuda.so.
/// @param device  what open_device() gave  @throws DeviceError where the library is missing or does not fit
std::unique_ptr<GraphDevice> open_graph_device(c10::Device device);

}  // namespace bernoulli
