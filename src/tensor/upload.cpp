#include "tensor/upload.h"

#include <array>
#include <optional>

#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace bernoulli {
namespace {

/// Streams and events are asked for through c10, which reaches LibTorch's CUDA half without its headers.
class StreamUpload : public Upload {
 public:
  explicit StreamUpload(c10::Device device)
      : impl_(device.type()), device_(device), stream_(impl_.getStreamFromGlobalPool(device)) {}

  at::Tensor room(int64_t size) override {
    return at::empty({size}, at::TensorOptions(at::kLong).pinned_memory(true));
  }
  at::Tensor send(const at::Tensor& host) override {
    const c10::Stream computing = impl_.getStream(device_);
    const c10::StreamGuard guard(stream_);
    at::Tensor copy = host.to(device_, /*non_blocking=*/true);
    copy.record_stream(computing);  // its memory is not given away before that stream is done with it
    return copy;
  }
  void set(size_t mark) override {
    if (!marks_[mark]) marks_[mark].emplace(device_.type());
    marks_[mark]->record(stream_);
  }
  void device_waits(size_t mark) override { marks_[mark]->block(impl_.getStream(device_)); }
  void host_waits(size_t mark) override {
    if (marks_[mark]) marks_[mark]->synchronize();
  }

 private:
  c10::impl::VirtualGuardImpl impl_;
  c10::Device device_;
  c10::Stream stream_;
  std::array<std::optional<c10::Event>, kMarks> marks_;
};

}  // namespace

std::unique_ptr<Upload> make_upload(c10::Device device) {
  if (!device.is_cuda()) return nullptr;
  return std::make_unique<StreamUpload>(device);
}

}  // namespace bernoulli
