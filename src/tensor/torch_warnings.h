#pragma once

namespace bernoulli {

/// From here on what LibTorch warns of on this thread goes through log_warning(), each text once a process:
/// LibTorch itself writes it at every call. What only LibTorch's own modules in Python could follow is left
/// out.
void tell_torch_warnings_once();

}  // namespace bernoulli
