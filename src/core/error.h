#pragma once

#include <stdexcept>
#include <string>

#include "core/printable.h"

namespace bernoulli {

/// What the process answers to its caller. The numbers are a published contract (README, "Exit codes").
enum class ExitCode : int {
  kDone = 0,
  kInternal = 1,
  kUsage = 2,
  kData = 3,
  kArtifact = 4,
  kIo = 5,
  kNonFinite = 6,
  kRunFolder = 7,
  kDistributed = 8,
  kDevice = 9,
  kInterrupted = 130,
  kTerminated = 143,
};

/// Base of every error that a user can cause or must be told of. Only main() catches it.
/// what() says what, where, what was got and expected, and what to do next; it can be printed as it is.
class Error : public std::runtime_error {
 public:
  Error(ExitCode exit_code, const std::string& message)
      : std::runtime_error(printable(message)), exit_code_(exit_code) {}
  ExitCode exit_code() const { return exit_code_; }

 private:
  ExitCode exit_code_;
};

/// One subclass an exit code, so that a throw site names its kind and a test can expect it.
template <ExitCode kCode>
class ErrorWithCode : public Error {
 public:
  explicit ErrorWithCode(const std::string& message) : Error(kCode, message) {}
};

using InternalError = ErrorWithCode<ExitCode::kInternal>;    ///< a bug of ours
using UsageError = ErrorWithCode<ExitCode::kUsage>;          ///< arguments or configuration
using DataError = ErrorWithCode<ExitCode::kData>;            ///< data sets; the message names file and line
using ArtifactError = ErrorWithCode<ExitCode::kArtifact>;    ///< checkpoints and model files
using IoError = ErrorWithCode<ExitCode::kIo>;                ///< the system refused to read or write
using NonFiniteError = ErrorWithCode<ExitCode::kNonFinite>;  ///< loss or gradient is not finite
using RunFolderError = ErrorWithCode<ExitCode::kRunFolder>;  ///< run folder in use or already there
using DistributedError = ErrorWithCode<ExitCode::kDistributed>;  ///< another process of the training
using DeviceError = ErrorWithCode<ExitCode::kDevice>;            ///< device not available

}  // namespace bernoulli
