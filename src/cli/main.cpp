#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/verb.h"
#include "core/bus_error.h"
#include "core/device_failure.h"
#include "core/error.h"
#include "core/out_of_memory.h"
#include "core/stop.h"

namespace {

using bernoulli::ExitCode;

/// Allocates nothing, for there may be nothing left, and does not throw where nobody reads: the exit code
/// tells it all the same.
void tell(const char* before, std::string_view message) {
  std::fprintf(stderr, "%s%.*s\n", before, static_cast<int>(message.size()), message.data());
}

int fail(ExitCode code, std::string_view message) {
  tell(bernoulli::cli::kErrorPrefix, message);
  return static_cast<int>(code);
}

/// What came of it is told too, where it is more than the exception's name.
int out_of_memory(const std::exception& error) {
  tell(bernoulli::cli::kErrorPrefix,
       "out of memory; use a smaller model, batch or data set, or cut long texts with text.sequence_length");
  if (dynamic_cast<const std::bad_alloc*>(&error) == nullptr)
    tell("  what came of it: ", bernoulli::allocation_fault(error.what()));
  return static_cast<int>(ExitCode::kIo);
}

/// LibTorch met a number that its tensor's dtype does not hold. Each of a configuration is in its range
/// (config::kFloat32Limit), and their products need not be.
bool is_overflow(const std::exception& error) {
  return std::string_view(error.what()).find("without overflow") != std::string_view::npos;
}

/// The code of an exception that nobody else answers, after saying what it is.
int answer(const std::exception& error) {
  if (bernoulli::is_out_of_memory(error)) return out_of_memory(error);
  if (const std::string_view fault = bernoulli::device_fault(error.what()); !fault.empty())
    return fail(ExitCode::kIo, bernoulli::device_failure(fault));
  if (is_overflow(error))
    return fail(ExitCode::kNonFinite,
                "a product of numbers of the configuration does not fit in float32, such as a learning rate "
                "times the factor of its schedule (expected smaller ones)");
  if (dynamic_cast<const std::system_error*>(&error) != nullptr)  // no thread, no access
    return fail(ExitCode::kIo, fmt::format("the system refused: {}", error.what()));
  return fail(ExitCode::kInternal, fmt::format("internal error, please report it: {}", error.what()));
}

/// Memory that runs out in a destructor (that of a JSON value allocates) cannot be thrown any further, and
/// the default is to abort.
[[noreturn]] void on_terminate() {
  int code = static_cast<int>(ExitCode::kInternal);
  try {
    if (const std::exception_ptr current = std::current_exception()) std::rethrow_exception(current);
  } catch (const std::exception& error) {
    code = answer(error);
  } catch (...) {
  }
  ::_exit(code);
}

/// Runs before the initialisers of the libraries, for those of LibTorch may find no memory either.
__attribute__((no_sanitize("thread"))) void answer_terminate(int /*argc*/, char** /*argv*/,
                                                             char** /*environment*/) {
  std::set_terminate(on_terminate);
}
__attribute__((section(".preinit_array"), used)) void (*const kBeforeLibraries)(int, char**,
                                                                                char**) = answer_terminate;

/// A file must not get the number of a standard stream that was closed: what is told would be written into
/// it. To use the stream fails as before, for /dev/null is opened the other way round.
void hold_standard_streams() {
  for (const auto& [stream, other_way] :
       {std::pair(STDIN_FILENO, O_WRONLY), std::pair(STDOUT_FILENO, O_RDONLY),
        std::pair(STDERR_FILENO, O_RDONLY)}) {
    if (::fcntl(stream, F_GETFD) < 0) ::open("/dev/null", other_way);  // gets the lowest number, this one
  }
}

int run(const std::vector<std::string>& words) {
  namespace cli = bernoulli::cli;
  if (words.empty()) throw bernoulli::UsageError("no verb given\n\n" + cli::overview());
  if (words[0] == "help" && words.size() > 1) return cli::find_verb(words[1]).run({"--help"});
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    cli::print(cli::overview());
    return 0;
  }
  if (words[0] == "--version") {
    cli::print(cli::version_line());
    return 0;
  }
  return cli::find_verb(words[0]).run({words.begin() + 1, words.end()});
}

int answered(const std::vector<std::string>& words) {
  try {
    return run(words);
  } catch (const bernoulli::Error& error) {
    if (bernoulli::is_out_of_memory(error)) return out_of_memory(error);
    return fail(error.exit_code(), error.what());
  } catch (const bernoulli::StopRequested& stop) {
    return stop.signal == SIGINT ? static_cast<int>(ExitCode::kInterrupted)
                                 : static_cast<int>(ExitCode::kTerminated);
  } catch (const std::exception& error) {
    return answer(error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  bernoulli::install_stop_signals();
  bernoulli::end_on_bus_errors();
  bernoulli::remember_failed_allocations();
  const int code = answered({argv + 1, argv + argc});
#ifdef __SANITIZE_ADDRESS__
  return code;  // leaks are looked for on the way out
#else
  // LibTorch's destructors take its list of operators apart one by one, .09 s of a second.
  std::fflush(nullptr);
  ::_exit(code);
#endif
}
