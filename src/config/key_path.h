#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bernoulli::config {

// A key path names a setting: keys joined by '.', items of lists by their number, as in
// "model.layers[2].dropout.rate". "" is the whole configuration.

/// "a.b" and "c" give "a.b.c".
std::string join_path(const std::string& path, const std::string& key);

/// The same for messages, of a key that may be any text: long or with control characters.
std::string join_shown(const std::string& path, std::string_view key);

/// "a.b" and 2 give "a.b[2]".
std::string item_path(const std::string& path, int64_t index);

/// Whether `inner` is `outer` or below it.
bool is_in(std::string_view inner, std::string_view outer);

/// What the last key or item of a path stands in: "a.b" of "a.b.c" and of "a.b[2]", "" of "a".
std::string path_around(const std::string& path);

}  // namespace bernoulli::config
