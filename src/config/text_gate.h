#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/node.h"

namespace bernoulli::config {

/// Largest configuration text, bytes.
inline constexpr int64_t kMaxConfigBytes = int64_t{1} << 20;

/// What is wrong with a text before its grammar is looked at.
struct TextFault {
  Place place;
  std::string message;
};

/// Lets only text through that a YAML parser may see: at most kMaxConfigBytes, valid UTF-8, no control
/// characters but tab and line breaks. Takes off a byte order mark and turns CRLF and CR into LF.
std::optional<TextFault> admit_text(std::string& text, const std::shared_ptr<const std::string>& source);

}  // namespace bernoulli::config
