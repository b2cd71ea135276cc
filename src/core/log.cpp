#include "core/log.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/log_time.h"
#include "core/printable.h"
#include "core/text_table.h"
#include "core/warning_collector.h"

namespace bernoulli {
namespace {

LogLevel g_level = LogLevel::kNormal;
bool g_with_time = false;

/// What stands in front of a line.
std::string time_of_line() {
  if (!g_with_time) return "";
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z ", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1'000'000);
}

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

/// One that takes no control sequences, as an editor's.
bool terminal_is_dumb() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::strcmp(term, "dumb") == 0;
}

bool terminal_has_style() {
  const char* no_color = std::getenv("NO_COLOR");
  return stderr_is_terminal() && (no_color == nullptr || *no_color == '\0') && !terminal_is_dumb();
}

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

// A closed or full standard error must not end a training: the result of the write is of no use to anyone.
void write_stderr(std::string_view text) {
  [[maybe_unused]] const size_t written = std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }

void log_with_time() { g_with_time = true; }

void log_info(std::string_view message) {
  if (g_level == LogLevel::kNormal) write_stderr(fmt::format("{}{}\n", time_of_line(), printable(message)));
}

void log_warning(std::string_view message) {
  if (WarningCollector* const collector = WarningCollector::current()) return collector->add(message);
  if (g_level == LogLevel::kSilent) return;
  const bool style = terminal_has_style();
  write_stderr(fmt::format("{}{}warning:{} {}\n", time_of_line(), style ? "\033[33m" : "",
                           style ? "\033[0m" : "", printable(message)));
}

ProgressLine::~ProgressLine() { clear(); }

bool ProgressLine::due() const {
  static const bool terminal = stderr_is_terminal() && !terminal_is_dumb();
  return terminal && g_level == LogLevel::kNormal &&
         (!visible_ || monotonic_seconds() - last_drawn_s_ >= 0.1);
}

void ProgressLine::update(std::string_view text) {
  if (!due()) return;
  last_drawn_s_ = monotonic_seconds();
  visible_ = true;
  write_stderr(fmt::format("\r{}\033[K", cut_to_width(text, terminal_width() - 1)));
}

void ProgressLine::clear() {
  if (visible_) write_stderr("\r\033[K");
  visible_ = false;
}

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string format_duration(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace bernoulli
