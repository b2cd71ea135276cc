#include "core/stop.h"

#include <atomic>
#include <initializer_list>
#include <signal.h>
#include <unistd.h>

namespace bernoulli {
namespace {

std::atomic<int> g_stop_signal{0};
std::atomic<bool> g_asked_by_somebody{false};  ///< by SIGINT or SIGTERM
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch lock-free atomics only");

constexpr std::initializer_list<int> kStopSignals = {SIGINT, SIGTERM, SIGHUP};

/// The first one says why.
void ask_for_stop(int signal_number) {
  int expected = 0;
  g_stop_signal.compare_exchange_strong(expected, signal_number);
}

/// A shell passes the first on and the kernel sends another; none is somebody's who will not wait.
void on_hangup(int signal_number) { ask_for_stop(signal_number); }

/// The system sends it again each second.
void on_time_limit(int) { ask_for_stop(SIGTERM); }

void on_stop_signal(int signal_number) {
  ask_for_stop(signal_number);
  if (g_asked_by_somebody.exchange(true)) ::_exit(128 + signal_number);
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal_number, &action, nullptr);
}

sigset_t stop_signal_set() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal_number : kStopSignals) ::sigaddset(&set, signal_number);
  return set;
}

}  // namespace

void install_stop_signals() {
  handle(SIGINT, on_stop_signal);
  handle(SIGTERM, on_stop_signal);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN)
    handle(SIGHUP, on_hangup);  // nohup asked for it to be ignored: it stays so
  handle(SIGPIPE, SIG_IGN);
  handle(SIGXFSZ, SIG_IGN);  // a file-size limit is then a failed write
  handle(SIGXCPU, on_time_limit);
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
