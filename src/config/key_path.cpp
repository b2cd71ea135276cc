#include "config/key_path.h"

#include <fmt/format.h>

#include "config/faults.h"

namespace bernoulli::config {

std::string join_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

std::string join_shown(const std::string& path, std::string_view key) {
  const std::string quoted = quote(key);
  return join_path(path, quoted.substr(1, quoted.size() - 2));
}

std::string item_path(const std::string& path, int64_t index) { return fmt::format("{}[{}]", path, index); }

bool is_in(std::string_view inner, std::string_view outer) {
  if (!inner.starts_with(outer)) return false;
  return outer.empty() || inner.size() == outer.size() || inner[outer.size()] == '.' ||
         inner[outer.size()] == '[';
}

std::string path_around(const std::string& path) {
  const size_t end = path.find_last_of(".[");
  return path.substr(0, end == std::string::npos ? 0 : end);
}

}  // namespace bernoulli::config
