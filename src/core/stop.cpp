#include "core/stop.h"

#include <atomic>
#include <initializer_list>
#include <signal.h>
#include <unistd.h>

namespace bernoulli {
namespace {

std::atomic<int> g_stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");

constexpr std::initializer_list<int> kStopSignals = {SIGINT, SIGTERM, SIGHUP};

void on_stop_signal(int signal_number) {
  int expected = 0;
  if (!g_stop_signal.compare_exchange_strong(expected, signal_number)) ::_exit(128 + signal_number);
}

/// The system sends it again each second: only the first one says anything.
void on_time_limit(int) {
  int expected = 0;
  g_stop_signal.compare_exchange_strong(expected, SIGTERM);
}

sigset_t stop_signal_set() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal_number : kStopSignals) ::sigaddset(&set, signal_number);
  return set;
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
  struct sigaction time_limit {};
  time_limit.sa_handler = on_time_limit;
  ::sigemptyset(&time_limit.sa_mask);
  ::sigaction(SIGXCPU, &time_limit, nullptr);
  const sigset_t held = stop_signal_set();
  ::sigprocmask(SIG_UNBLOCK, &held, nullptr);
}

void hold_stop_signals() {
  const sigset_t held = stop_signal_set();
  ::sigprocmask(SIG_BLOCK, &held, nullptr);
  throw_if_stopped();
}

int stop_signal() { return g_stop_signal.load(); }

void throw_if_stopped() {
  if (const int signal_number = stop_signal()) throw StopRequested{signal_number};
}

}  // namespace bernoulli
