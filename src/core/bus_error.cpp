#include "core/bus_error.h"

#include <csignal>
#include <string_view>
#include <unistd.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr std::string_view kMessage =
    "bernoulli: a file was cut short, or could not be read, while it was in use: data, a token cache or a "
    "model (who writes one should write it under another name and rename it); run the command again\n";

void on_bus_error(int signal, siginfo_t* info, void* /*context*/) {
  if (info->si_code != BUS_ADRERR) {  // no mapped page: a fault of ours
    std::signal(signal, SIG_DFL);
    return;  // to the same instruction
  }
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  ::_exit(static_cast<int>(ExitCode::kIo));
}

}  // namespace

void end_on_bus_errors() {
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace bernoulli
