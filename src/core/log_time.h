#pragma once

namespace bernoulli {

/// From now on each line of the log begins with the time in UTC, "2026-12-01T15:46:15.042Z ": for a process
/// that serves. Call it before there are threads.
void log_with_time();

}  // namespace bernoulli
