#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// While it lives, what log_warning() is given on its thread is kept here and not written: a library tells
/// its caller, who owns standard error. Of several on a thread the innermost takes it.
class WarningCollector {
 public:
  WarningCollector();
  ~WarningCollector();
  WarningCollector(const WarningCollector&) = delete;
  WarningCollector& operator=(const WarningCollector&) = delete;

  /// A line each, printable; empty: none.
  const std::string& text() const { return text_; }
  void add(std::string_view message);

  /// That of this thread, or null.
  static WarningCollector* current();

 private:
  WarningCollector* previous_;  ///< of this thread, or null
  std::string text_;
};

}  // namespace bernoulli
