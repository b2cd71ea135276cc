#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// Everything here goes to standard error: standard output belongs to results.
enum class LogLevel { kSilent, kQuiet, kNormal };

void set_log_level(LogLevel level);

/// One line of progress in words. Silent under kQuiet.
void log_info(std::string_view message);

/// One line that begins with "warning:". Shown under kQuiet too: a warning is about the user's result. Under
/// kSilent another process says the same.
void log_warning(std::string_view message);

/// A line that is drawn over itself on a terminal (at most ten times a second); when piped, and where
/// TERM=dumb, update() draws nothing.
class ProgressLine {
 public:
  ~ProgressLine();
  /// True when update() would draw: lets a hot loop skip making the text.
  bool due() const;
  void update(std::string_view text);
  /// Removes the line so that a log line can take its place.
  void clear();

 private:
  double last_drawn_s_ = 0;
  bool visible_ = false;
};

/// Seconds of a monotonic clock.
double monotonic_seconds();

/// "1.4 s", "3 min 20 s", "2 h 05 min".
std::string format_duration(double seconds);

}  // namespace bernoulli
