#pragma once

#include <exception>
#include <string>

namespace bernoulli {

/// Why a process ends, as it tells the others.
struct Failure {
  int code = 0;  ///< its exit code: 128 + the signal that stopped it, or core/error.h
  std::string message;
};

/// Of an exception that main() would answer.
Failure failure_of(const std::exception_ptr& error) noexcept;

/// What another process's failure is here: a stop is a stop, and numbers that are not finite are that;
/// anything else is a DistributedError that says who and why.
[[noreturn]] void throw_failure_of(const std::string& peer, const Failure& failure);

}  // namespace bernoulli
