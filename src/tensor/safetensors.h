#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "store/raw_tensors.h"
#include "tensor/named_tensors.h"

namespace bernoulli {

class FileBytes;

/// A safetensors file in memory: named CPU tensors and string metadata. Format: docs/checkpoint_format.md.
struct SafetensorsContent {
  std::map<std::string, std::string> metadata;
  NamedTensors tensors;
};

/// Bytes of a safetensors file that the safetensors library reads, with a checksum over the whole file in its
/// metadata. The same content gives the same bytes. Tensors may be on any device and have any strides.
/// @param content  names and metadata in UTF-8; names differ from each other and from __metadata__, keys from
/// "checksum".
/// @throws InternalError for a name that is taken or a dtype that the format lacks.
std::string write_safetensors(const SafetensorsContent& content);

/// What read_raw_tensors (store/raw_tensors.h) reads and refuses, as tensors.
SafetensorsContent read_safetensors(std::string_view bytes, const std::string& name);

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

/// All of them by name, on the CPU. Numbers stay in `file` where they are many: such a tensor keeps the file,
/// and may be written to.
/// @param file  what the bytes of `raw` lie in
NamedTensors to_tensors(const std::vector<RawTensor>& raw, const std::shared_ptr<FileBytes>& file);

}  // namespace bernoulli
