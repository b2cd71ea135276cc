#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace bernoulli::config {

/// Everything that is wrong with a configuration, gathered so that it can be said at once.
class Faults {
 public:
  /// @param path dotted key path; empty: the whole document. @param message what is wrong (what was
  /// expected).
  void add(const Place& place, const std::string& path, const std::string& message);
  /// One that another check has worded with its place already. @param place  where it stands among the others
  void add_worded(const Place& place, const std::string& path, const std::string& text);
  bool any() const { return !faults_.empty(); }
  /// The first keys of the paths of all faults: the sections that cannot be trusted.
  std::set<std::string> sections() const;
  /// Whether a key, what is below it, or what it stands in is faulty.
  bool touch(const std::string& path) const;
  /// @throws UsageError with one fault a line, in the order of the sources, if there is any.
  void throw_if_any();

 private:
  struct Fault {
    std::string source;
    int line;
    int column;
    std::string path;
    std::string text;
  };
  std::vector<Fault> faults_;
};

/// A value for a message: in single quotes, shortened to 60 bytes, control characters escaped.
std::string quote(std::string_view value);

/// "a, b or c".
std::string join_words(const std::vector<std::string>& words, std::string_view last = "or");

}  // namespace bernoulli::config
