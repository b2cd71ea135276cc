#include "config/yaml_writer.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "config/key_path.h"
#include "core/ascii.h"
#include "core/utf8.h"

namespace bernoulli::config {
namespace {

constexpr size_t kLineWidth = 100;

/// Letters, digits and _-./ after a first letter: words that no YAML reader takes for anything but a text.
bool is_plain_word(const std::string& text) {
  static constexpr std::string_view kReserved[] = {"null", "true", "false", "yes", "no",
                                                   "on",   "off",  "y",     "n"};
  if (text.empty() || !is_letter(text[0])) return false;
  const auto allowed = [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
  };
  if (!std::all_of(text.begin(), text.end(), allowed)) return false;
  return std::find(std::begin(kReserved), std::end(kReserved), lower_case(text)) == std::end(kReserved);
}

/// Characters that must not stand as they are: controls, line separators, byte order mark, and those that are
/// not characters.
bool needs_escape(uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
         point == 0xfeff || (point & 0xfffeU) == 0xfffe;
}

/// A valid sequence of UTF-8 as it stands between quotation marks.
std::string escaped(std::string_view sequence) {
  const uint32_t point = utf8_code_point(sequence, sequence.size());
  if (point == '"' || point == '\\') return {'\\', static_cast<char>(point)};
  if (!needs_escape(point)) return std::string(sequence);
  return point < 0x100     ? fmt::format("\\x{:02X}", point)
         : point < 0x10000 ? fmt::format("\\u{:04X}", point)
                           : fmt::format("\\U{:08X}", point);
}

std::string quoted(const std::string& whole) {
  std::string result = "\"";
  for (std::string_view text = whole; !text.empty();) {
    const size_t length = utf8_sequence_length(text);
    const std::string_view first = text.substr(0, std::max<size_t>(length, 1));
    result += length == 0 ? std::string(first) : escaped(first);
    text.remove_prefix(first.size());
  }
  return result + "\"";
}

/// YAML 1.1, which many programs read, takes 1e-08 for a word: 1.0e-08.
std::string with_point(std::string number) {
  const size_t exponent = number.find('e');
  if (exponent != std::string::npos && number.find('.') == std::string::npos) number.insert(exponent, ".0");
  return number;
}

std::string text_in_yaml(const std::string& text) { return is_plain_word(text) ? text : quoted(text); }

bool is_leaf(const Json& value) {
  if (value.is_object()) return value.empty();
  return !value.is_array() ||
         std::none_of(value.begin(), value.end(), [](const Json& item) { return item.is_structured(); });
}

void write_block(const Json& value, size_t indent, std::string& out);

/// What follows "key:" or "-": on the same line where it is short, else below.
void write_value(const Json& value, size_t indent, size_t used, std::string& out) {
  const std::string line = write_yaml_inline(value);
  const bool shallow = !value.is_object() || std::all_of(value.begin(), value.end(),
                                                         [](const Json& item) { return is_leaf(item); });
  if (is_leaf(value) || (shallow && !value.is_array() && used + line.size() <= kLineWidth)) {
    out += " " + line + "\n";
  } else {
    out += "\n";
    write_block(value, indent + 2, out);
  }
}

void write_block(const Json& value, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      out += margin + text_in_yaml(key) + ":";
      write_value(item, indent, indent + key.size() + 2, out);
    }
    return;
  }
  for (const Json& item : value) {
    const bool single = item.is_object() && item.size() == 1;
    if (single) {  // a kind: "- name: {...}"
      out += margin + "- " + text_in_yaml(item.begin().key()) + ":";
      write_value(item.begin().value(), indent + 2, indent + 4 + item.begin().key().size(), out);
    } else {
      out += margin + "- " + write_yaml_inline(item) + "\n";
    }
  }
}

}  // namespace

std::string write_yaml_inline(const Json& value) {
  if (value.is_string()) return text_in_yaml(value.get<std::string>());
  if (value.is_number_float()) return with_point(value.dump());
  if (!value.is_structured()) return value.dump();
  std::string inside;
  for (const auto& [key, item] : value.items()) {
    if (!inside.empty()) inside += ", ";
    if (value.is_object()) inside += text_in_yaml(key) + ": ";
    inside += write_yaml_inline(item);
  }
  return value.is_object() ? "{" + inside + "}" : "[" + inside + "]";
}

std::string write_yaml(const Json& value) {
  std::string out;
  write_block(value, 0, out);
  return out;
}

void for_each_leaf(const Json& value, const std::string& path,
                   const std::function<void(const std::string&, const Json&)>& visit) {
  if (is_leaf(value)) {
    visit(path, value);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) for_each_leaf(item, join_path(path, key), visit);
  } else {
    for (size_t i = 0; i < value.size(); ++i) for_each_leaf(value[i], item_path(path, i), visit);
  }
}

}  // namespace bernoulli::config
