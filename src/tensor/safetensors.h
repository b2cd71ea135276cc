#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bernoulli {

/// A safetensors file in memory: named CPU tensors and string metadata. Format: docs/checkpoint_format.md.
struct SafetensorsContent {
  std::map<std::string, std::string> metadata;
  std::vector<std::pair<std::string, at::Tensor>> tensors;
};

/// Bytes of a safetensors file that the safetensors library reads, with a checksum over the whole file in its
/// metadata. The same content gives the same bytes. Tensors may be on any device and have any strides.
/// @param content  names and metadata in UTF-8; names differ from each other and from __metadata__, keys from
/// "checksum".
/// @throws InternalError for a name that is taken or a dtype that the format lacks.
std::string write_safetensors(const SafetensorsContent& content);

/// Validates everything before it allocates: magic, header size, JSON, names, dtypes, shapes, ranges without
/// holes or overlaps, checksum.
/// @param name stands for the file in messages. @throws ArtifactError naming the file, what is wrong and
/// where.
SafetensorsContent read_safetensors(std::string_view bytes, const std::string& name);

}  // namespace bernoulli
