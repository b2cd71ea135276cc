#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tensor/safetensors.h"

namespace bernoulli::testing {

/// A safetensors file as tensors.
struct SafetensorsContent {
  std::map<std::string, std::string> metadata;
  NamedTensors tensors;
};

inline std::string write_safetensors(const SafetensorsContent& content) {
  return write_raw_tensors({content.metadata, HostTensors(content.tensors).raw()});
}

inline SafetensorsContent read_safetensors(std::string_view bytes, const std::string& name) {
  const RawTensors raw = read_raw_tensors(bytes, name);
  return {raw.metadata, to_tensors(raw.tensors)};
}

}  // namespace bernoulli::testing
