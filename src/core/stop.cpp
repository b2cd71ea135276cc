#include "core/stop.h"

#include <atomic>
#include <initializer_list>
#include <signal.h>
#include <unistd.h>

namespace bernoulli {
namespace {

std::atomic<int> g_stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");

void on_stop_signal(int signal_number) {
  int expected = 0;
  if (!g_stop_signal.compare_exchange_strong(expected, signal_number)) ::_exit(128 + signal_number);
}

}  // namespace

void install_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  ::sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGINT, SIGTERM}) ::sigaction(signal_number, &action, nullptr);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN)
    ::sigaction(SIGHUP, &action, nullptr);  // nohup asked for it to be ignored: it stays so
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  ::sigaction(SIGXFSZ, &ignore, nullptr);  // a file-size limit is then a failed write
}

int stop_signal() { return g_stop_signal.load(); }

void throw_if_stopped() {
  if (const int signal_number = stop_signal()) throw StopRequested{signal_number};
}

}  // namespace bernoulli
