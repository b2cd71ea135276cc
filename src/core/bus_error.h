#pragma once

namespace bernoulli {

/// From now on a mapped file that is cut short, or whose disk fails, while it is read ends the process with
/// exit code 5 and a message, not by SIGBUS. For programs: a library leaves the signal to its host.
void end_on_bus_errors();

}  // namespace bernoulli
