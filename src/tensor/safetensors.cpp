#include "tensor/safetensors.h"

#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include "core/error.h"
#include "core/file.h"
#include "store/raw_tensors.h"

namespace bernoulli {
namespace {

struct DtypePair {
  Dtype dtype;
  at::ScalarType type;
};
constexpr DtypePair kDtypes[] = {{Dtype::kF64, at::kDouble}, {Dtype::kF32, at::kFloat},
                                 {Dtype::kF16, at::kHalf},   {Dtype::kBF16, at::kBFloat16},
                                 {Dtype::kI64, at::kLong},   {Dtype::kI32, at::kInt},
                                 {Dtype::kI16, at::kShort},  {Dtype::kI8, at::kChar},
                                 {Dtype::kU8, at::kByte},    {Dtype::kBool, at::kBool}};

Dtype dtype_of(at::ScalarType type) {
  for (const DtypePair& pair : kDtypes) {
    if (pair.type == type) return pair.dtype;
  }
  throw InternalError("a tensor of this dtype cannot be saved");
}

at::ScalarType type_of(Dtype dtype) {
  for (const DtypePair& pair : kDtypes) {
    if (pair.dtype == dtype) return pair.type;
  }
  throw InternalError("a dtype without a tensor type");
}

at::Tensor to_tensor(const RawTensor& raw) {
  at::Tensor tensor = at::empty(raw.shape, type_of(raw.dtype));
  if (!raw.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), raw.bytes.data(), raw.bytes.size());
  return tensor;
}

at::Tensor to_tensor(const RawTensor& raw, const std::shared_ptr<FileBytes>& file) {
  constexpr size_t kMany = size_t{1} << 20;
  constexpr size_t kAlignment = 64;  // what LibTorch's own tensors have
  char* const bytes = file->data() + (raw.bytes.data() - file->view().data());
  if (raw.bytes.size() < kMany || reinterpret_cast<uintptr_t>(bytes) % kAlignment != 0) return to_tensor(raw);
  return at::from_blob(
      bytes, raw.shape, [file](void* /*bytes*/) {}, type_of(raw.dtype));
}

}  // namespace

HostTensors::HostTensors(const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor& host = hosts_.emplace_back(tensor.detach().to(at::kCPU).contiguous());
    raw_.push_back({name,
                    dtype_of(host.scalar_type()),
                    host.sizes().vec(),
                    {static_cast<const char*>(host.const_data_ptr()), host.nbytes()}});
  }
}

NamedTensors to_tensors(const std::vector<RawTensor>& raw) {
  NamedTensors tensors;
  for (const RawTensor& tensor : raw) tensors.emplace_back(tensor.name, to_tensor(tensor));
  return tensors;
}

NamedTensors to_tensors(const std::vector<RawTensor>& raw, const std::shared_ptr<FileBytes>& file) {
  NamedTensors tensors;
  for (const RawTensor& tensor : raw) tensors.emplace_back(tensor.name, to_tensor(tensor, file));
  return tensors;
}

}  // namespace bernoulli
