#pragma once

#include <memory>
#include <string>
#include <vector>

#include "distributed/link.h"
#include "distributed/place.h"
#include "distributed/socket.h"

namespace bernoulli {

/// Connects the processes of a training with each other. Process 0 listens where all know it; the others come
/// to it, say who they are, and are told where the rest listens.
/// @param listener  of process 0, which it had before the others began, for this one call; of the others
/// null: they listen on the address by which they reach process 0, and on no other
/// @param build  of this program: all must be the same
/// @param timeout_s  until all must have come
/// @return a link to each other process by its rank; its own place is null
/// @throws DistributedError for who does not come, or comes as somebody else; StopRequested
std::vector<std::unique_ptr<Link>> meet(const Place& place, Listener* listener, const std::string& build,
                                        double timeout_s);

}  // namespace bernoulli
