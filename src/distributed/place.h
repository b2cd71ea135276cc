#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bernoulli {

/// Where a process stands among those that train one model together, in the words of torchrun's environment.
struct Place {
  int rank = 0;  ///< from 0, which leads
  int size = 1;
  int local_rank = 0;  ///< among those of its machine
  int local_size = 1;
  std::string address = {};  ///< of process 0: a name or a number
  uint16_t port = 0;
  std::string key = {};  ///< what a process must know to take part; empty: nothing
};

/// So many processes train one model at most.
inline constexpr int kMostProcesses = 1024;

/// What RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, LOCAL_RANK, LOCAL_WORLD_SIZE and BERNOULLI_JOB_KEY say;
/// nothing where WORLD_SIZE is not set, or 1. Without the local ones each process has a machine of its own.
/// The port is the one behind MASTER_PORT where TORCHELASTIC_USE_AGENT_STORE says that torchrun listens
/// there.
/// @throws DistributedError for one that is missing, no number, or out of range
std::optional<Place> place_from_environment();

}  // namespace bernoulli
