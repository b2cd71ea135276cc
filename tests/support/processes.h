#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "distributed/communicator.h"
#include "distributed/rendezvous.h"
#include "distributed/socket.h"

namespace bernoulli::testing {

/// Threads of this program in the place of processes, with real connections between them.
/// @param work  of each; what it throws is told to the others
/// @return by rank what was thrown, or null
inline std::vector<std::exception_ptr> together(int count, const std::function<void(Communicator&)>& work,
                                                Communicator::Options options = {}) {
  constexpr double kTimeout_s = 30;
  Listener listener = listen_at("127.0.0.1", 0);
  std::vector<std::exception_ptr> thrown(static_cast<size_t>(count));
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < count; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        const Place place{rank, count, rank, count, "127.0.0.1", listener.at.port, "key"};
        Communicator processes(rank, meet(place, &listener, "build", kTimeout_s), options);
        try {
          work(processes);
          processes.leave({});
        } catch (...) {
          processes.leave(failure_of(std::current_exception()));
          throw;
        }
      } catch (...) {
        thrown[static_cast<size_t>(rank)] = std::current_exception();
      }
    });
  }
  threads.clear();
  return thrown;
}

/// The same for work that must not throw.
inline void together_well(int count, const std::function<void(Communicator&)>& work) {
  for (const std::exception_ptr& error : together(count, work))
    if (error) std::rethrow_exception(error);
}

}  // namespace bernoulli::testing
