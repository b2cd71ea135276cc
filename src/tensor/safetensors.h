#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "store/raw_tensors.h"
#include "tensor/named_tensors.h"

namespace bernoulli {

class FileBytes;

/// Tensors as raw ones: copies on the CPU, row-major, where they are something else; held as long as this
/// lives.
class HostTensors {
 public:
  /// @throws InternalError for a dtype that the format lacks.
  explicit HostTensors(const NamedTensors& tensors);
  const std::vector<RawTensor>& raw() const { return raw_; }

 private:
  std::vector<at::Tensor> hosts_;
  std::vector<RawTensor> raw_;
};

/// Copies of all of them by name, on the CPU.
NamedTensors to_tensors(const std::vector<RawTensor>& raw);

/// The same, but numbers stay in `file` where they are many: such a tensor keeps the file, and may be written
/// to.
/// @param file  what the bytes of `raw` lie in
NamedTensors to_tensors(const std::vector<RawTensor>& raw, const std::shared_ptr<FileBytes>& file);

}  // namespace bernoulli
