#include "distributed/failure.h"

#include <csignal>
#include <system_error>

#include <fmt/format.h>

#include "core/device_failure.h"
#include "core/error.h"
#include "core/out_of_memory.h"
#include "core/stop.h"

namespace bernoulli {

Failure failure_of(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const StopRequested& stop) {
    return {static_cast<int>(stop.signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated), ""};
  } catch (const Error& failure) {
    return {static_cast<int>(failure.exit_code()), failure.what()};
  } catch (const std::system_error& failure) {
    return {static_cast<int>(ExitCode::kIo), failure.what()};
  } catch (const std::exception& failure) {
    const bool is_ours = !is_out_of_memory(failure) && device_fault(failure.what()).empty();
    return {static_cast<int>(is_ours ? ExitCode::kInternal : ExitCode::kIo), failure.what()};
  } catch (...) {
    return {static_cast<int>(ExitCode::kInternal), ""};
  }
}

void throw_failure_of(const std::string& peer, const Failure& failure) {
  switch (static_cast<ExitCode>(failure.code)) {
    case ExitCode::kInterrupted:
      throw StopRequested{SIGINT};
    case ExitCode::kTerminated:
      throw StopRequested{SIGTERM};
    case ExitCode::kNonFinite:
      throw NonFiniteError(failure.message);
    case ExitCode::kDistributed:
      throw DistributedError(failure.message);
    default:
      throw DistributedError(
          fmt::format("{} has ended the training (exit {}): {}", peer, failure.code, failure.message));
  }
}

}  // namespace bernoulli
