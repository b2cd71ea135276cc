#pragma once

#include <optional>

#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>

namespace bernoulli {

/// LibTorch's autocast on this thread for as long as it lives: linear layers on a kind of device compute in
/// `dtype`, with copies of the weights that are made once and forgotten at the end of the outermost region.
/// Whatever state there was comes back. Operators that stay in float32 are LibTorch's choice
/// (ATen/autocast_mode.h).
class Autocast {
 public:
  /// @param dtype  nothing: autocast is off, inside a region where it is on too.
  Autocast(c10::DeviceType device, std::optional<c10::ScalarType> dtype);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool enabled_before_;
  c10::ScalarType dtype_before_;
};

}  // namespace bernoulli
