#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// What a number of a tensor is, as safetensors names it.
enum class Dtype : uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

/// "F32", ...
const char* to_string(Dtype dtype);
std::optional<Dtype> dtype_named(const std::string& name);
/// Bytes a number.
size_t size_of(Dtype dtype);

/// A tensor as it lies in a file: row-major, low byte first. `bytes` belongs to whoever holds the file.
struct RawTensor {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

/// Null where none has this name.
const RawTensor* find_tensor(const std::vector<RawTensor>& tensors, const std::string& name);
/// "[2, 3]"
std::string shape_text(std::span<const int64_t> shape);
/// Of names and bytes. 32 characters.
std::string tensors_fingerprint(const std::vector<RawTensor>& tensors);
/// @throws ArtifactError where the shape or the dtype is not that which a model needs
void check_tensor(const RawTensor& tensor, Dtype dtype, const std::vector<int64_t>& shape);

/// A safetensors file without the tensors of any library. Format: docs/checkpoint_format.md.
struct RawTensors {
  std::map<std::string, std::string> metadata;
  std::vector<RawTensor> tensors;
  std::string checksum = {};  ///< of the file that was read
};

/// Bytes of a safetensors file that the safetensors library reads, with a checksum over the whole file in its
/// metadata. The same content gives the same bytes.
/// @param content  names and metadata in UTF-8; names differ from each other and from __metadata__, keys from
/// "checksum".
/// @throws InternalError for a name that is taken.
std::string write_raw_tensors(const RawTensors& content);

/// What stands before the tensors in that file, whose bytes follow one after the other.
std::string raw_tensors_head(const RawTensors& content);

/// Validates everything before it allocates: magic, header size, JSON, names, dtypes, shapes, ranges without
/// holes or overlaps, checksum.
/// @return tensors whose bytes point into `file`, in the order of their bytes.
/// @param name stands for the file in messages. @throws ArtifactError naming the file, what is wrong and
/// where.
RawTensors read_raw_tensors(std::string_view file, const std::string& name);

}  // namespace bernoulli
