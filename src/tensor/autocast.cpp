#include "tensor/autocast.h"

#include <ATen/autocast_mode.h>

namespace bernoulli {

using namespace at::autocast;

Autocast::Autocast(c10::DeviceType device, std::optional<c10::ScalarType> dtype)
    : device_(device),
      enabled_before_(is_autocast_enabled(device)),
      dtype_before_(get_autocast_dtype(device)) {
  set_autocast_enabled(device, dtype.has_value());
  if (dtype) set_autocast_dtype(device, *dtype);
  increment_nesting();
}

Autocast::~Autocast() {
  // Copies of weights are of the values before the coming update: none may outlive the region.
  if (decrement_nesting() == 0) clear_cache();
  set_autocast_enabled(device_, enabled_before_);
  set_autocast_dtype(device_, dtype_before_);
}

}  // namespace bernoulli
