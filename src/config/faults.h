#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "core/error.h"

namespace bernoulli::config {

/// A configuration that is refused. The message says how many faults there are and then each on a line of its
/// own, which begins with the file, or with the --set.
class ConfigError : public UsageError {
 public:
  /// @param num_faults  may be more than are told
  ConfigError(std::vector<std::string> lines, size_t num_faults);
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

/// The lines of a ConfigError; of any other error its message.
std::vector<std::string> lines_of(const UsageError& error);

/// Everything that is wrong with a configuration, gathered so that it can be said at once.
class Faults {
 public:
  /// @param path dotted key path; empty: the whole document. @param message what is wrong (what was
  /// expected).
  void add(const Place& place, const std::string& path, const std::string& message);
  /// @param broken  the keys whose values cannot be trusted for it, where that is not `path`; "" is all
  void add(const Place& place, const std::string& path, const std::string& message,
           std::vector<std::string> broken);
  /// Whether the value of a key cannot be trusted: it, what is below it, or what it stands in is broken.
  bool touch(const std::string& path) const;
  /// Whether a key, or what it stands in, is broken as a whole.
  bool cover(const std::string& path) const;
  /// Leaves out those that `known` has too, word for word.
  void forgive(const Faults& known);
  /// @throws ConfigError with one fault a line, in the order of the sources, if there is any.
  void throw_if_any();

 private:
  struct Fault {
    std::string source;
    int line;
    int column;
    std::string text;
    std::vector<std::string> broken;
  };
  std::vector<Fault> faults_;
};

/// A value for a message: in single quotes, shortened to 60 bytes, control characters escaped.
std::string quote(std::string_view value);

/// "a, b or c".
std::string join_words(const std::vector<std::string>& words, std::string_view last = "or");

}  // namespace bernoulli::config
