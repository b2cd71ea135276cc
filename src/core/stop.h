#pragma once

namespace bernoulli {

/// From now on the first SIGINT or SIGTERM only asks for a stop, and the second one ends the process at once.
/// SIGHUP, unless nohup had it ignored, and a limit on processor time (SIGXCPU) ask for a stop and no more,
/// however often they come. SIGPIPE is ignored: a closed pipe is seen as a failed write.
void install_stop_signals();

/// For a process that is about to become another program of ours: signals wait until that program calls
/// install_stop_signals, so that none is lost on the way. @throws StopRequested for one that came before.
void hold_stop_signals();

/// The signal that asked for a stop, or 0.
int stop_signal();

/// @throws StopRequested if a stop was asked for.
void throw_if_stopped();

/// Not an error: unwinds to where the state can be saved. main() turns it into exit code 130 or 143.
struct StopRequested {
  int signal;
};

}  // namespace bernoulli
