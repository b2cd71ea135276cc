#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/verb.h"
#include "core/error.h"
#include "core/stop.h"

namespace {

using bernoulli::ExitCode;

int fail(ExitCode code, const std::string& message) {
  fmt::print(stderr, "bernoulli: {}\n", message);
  return static_cast<int>(code);
}

int run(const std::vector<std::string>& words) {
  namespace cli = bernoulli::cli;
  if (words.empty()) throw bernoulli::UsageError("no verb given\n\n" + cli::overview());
  if (words[0] == "--help" || words[0] == "help") {
    cli::print(cli::overview());
    return 0;
  }
  if (words[0] == "--version") {
    cli::print(cli::version_line());
    return 0;
  }
  return cli::find_verb(words[0]).run({words.begin() + 1, words.end()});
}

}  // namespace

int main(int argc, char** argv) {
  bernoulli::install_stop_signals();
  try {
    return run({argv + 1, argv + argc});
  } catch (const bernoulli::Error& error) {
    return fail(error.exit_code(), error.what());
  } catch (const bernoulli::StopRequested& stop) {
    return stop.signal == SIGINT ? static_cast<int>(ExitCode::kInterrupted)
                                 : static_cast<int>(ExitCode::kTerminated);
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::kIo, "out of memory; use a smaller model, batch or data set");
  } catch (const std::exception& error) {
    return fail(ExitCode::kInternal, fmt::format("internal error, please report it: {}", error.what()));
  }
}
