#include "config/text_gate.h"

#include <fmt/format.h>

#include "core/utf8.h"

namespace bernoulli::config {
namespace {

void normalise_line_breaks(std::string& text) {
  size_t kept = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool carriage_return = text[i] == '\r';
    text[kept++] = carriage_return ? '\n' : text[i];
    if (carriage_return && i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  text.resize(kept);
}

}  // namespace

std::optional<TextFault> admit_text(std::string& text, const std::shared_ptr<const std::string>& source) {
  std::optional<TextFault> fault;
  if (static_cast<int64_t>(text.size()) > kMaxConfigBytes) {
    fault.emplace(TextFault{Place{source}, fmt::format("is {} bytes long (a configuration has at most {})",
                                                       text.size(), kMaxConfigBytes)});
    return fault;
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  normalise_line_breaks(text);
  Place place{source, 1, 1};
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = utf8_sequence_length(std::string_view(text).substr(i));
    if (length == 0) {
      fault.emplace(
          TextFault{place, fmt::format("byte 0x{:02x} is not UTF-8 (save the file as UTF-8)", byte)});
      return fault;
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f) {
      fault.emplace(
          TextFault{place, fmt::format("control character 0x{:02x} (a configuration is plain text)", byte)});
      return fault;
    }
    place.line += byte == '\n' ? 1 : 0;
    place.column = byte == '\n' ? 1 : place.column + 1;
    i += length;
  }
  return fault;
}

}  // namespace bernoulli::config
