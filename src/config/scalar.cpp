#include "config/scalar.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/expectation.h"
#include "core/ascii.h"
#include "core/parse_number.h"
#include "core/text_distance.h"

namespace bernoulli::config {
namespace {

size_t skip_digits(std::string_view text, size_t i) {
  while (i < text.size() && is_digit(text[i])) ++i;
  return i;
}

std::string_view without_sign(std::string_view text) {
  return !text.empty() && (text[0] == '-' || text[0] == '+') ? text.substr(1) : text;
}

bool is_integer_text(std::string_view text) {
  const std::string_view digits = without_sign(text);
  return !digits.empty() && skip_digits(digits, 0) == digits.size();
}

bool has_leading_zero(std::string_view text) {
  const std::string_view digits = without_sign(text);
  return digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
}

/// digits [. digits] [e [sign] digits], with a digit before or after the point.
bool is_number_text(std::string_view text) {
  const std::string_view body = without_sign(text);
  const size_t whole = skip_digits(body, 0);
  size_t end = whole;
  size_t num_digits = whole;
  if (end < body.size() && body[end] == '.') {
    const size_t fraction = skip_digits(body, end + 1);
    num_digits += fraction - end - 1;
    end = fraction;
  }
  if (num_digits == 0) return false;
  if (end < body.size() && (body[end] == 'e' || body[end] == 'E')) {
    const std::string_view exponent = without_sign(body.substr(end + 1));
    return !exponent.empty() && skip_digits(exponent, 0) == exponent.size();
  }
  return end == body.size();
}

/// What is special about a text that is almost a number.
std::string hint(const Node& node) {
  if (node.quoted) return "; it is in quotes, which makes it a text";
  const std::string_view digits = without_sign(node.scalar);
  if (digits.starts_with("0x") || digits.starts_with("0X") || digits.starts_with("0o"))
    return "; only decimal digits are accepted";
  if (has_leading_zero(node.scalar)) return "; a leading zero would mean octal elsewhere and is not accepted";
  if (node.scalar.find('_') != std::string::npos) return "; '_' between digits is not accepted";
  return "";
}

/// from_chars takes no '+'.
std::string_view for_parsing(const Node& node) {
  const std::string_view text = node.scalar;
  return text.starts_with('+') ? text.substr(1) : text;
}

/// An integer, or a decimal fraction or power of ten; finite.
ScalarValue read_number(const Node& node) {
  if (node.quoted || !is_number_text(node.scalar) || has_leading_zero(node.scalar)) {
    const bool not_finite = !node.quoted && (node.scalar.find("nan") != std::string::npos ||
                                             node.scalar.find("NaN") != std::string::npos ||
                                             node.scalar.find("inf") != std::string::npos);
    return ScalarFault{fmt::format("is {}{}", describe_node(node),
                                   not_finite ? "; only finite numbers are accepted" : hint(node))};
  }
  const std::optional<double> value = parse_number<double>(for_parsing(node));
  if (!value) {
    return ScalarFault{
        fmt::format("is {}, which does not fit in a 64-bit floating-point number", describe_node(node))};
  }
  return Json(*value);
}

ScalarValue read_bool(const Node& node) {
  if (!node.quoted && node.scalar == "true") return Json(true);
  if (!node.quoted && node.scalar == "false") return Json(false);
  return ScalarFault{fmt::format("is {}{}", describe_node(node), node.quoted ? hint(node) : "")};
}

ScalarValue read_text(const FieldSchema& schema, const Node& node) {
  const auto size = static_cast<int64_t>(node.scalar.size());
  if (size < schema.min_items || size > schema.max_items)
    return ScalarFault{fmt::format("is {}, {} bytes long", describe_node(node), size)};
  if (node.scalar.find('\0') != std::string::npos) return ScalarFault{"contains a NUL character"};
  return Json(node.scalar);
}

}  // namespace

bool in_range(const FieldSchema& schema, double value) {
  const bool above = schema.minimum_exclusive ? value > schema.minimum : value >= schema.minimum;
  const bool below = schema.maximum_exclusive ? value < schema.maximum : value <= schema.maximum;
  return above && below;
}

ScalarValue read_scalar(const FieldSchema& schema, const Node& node) {
  const std::string is_this = fmt::format("is {}", describe_node(node));
  if (!node.is_scalar()) return ScalarFault{is_this};
  if (schema.type == FieldType::kString) return read_text(schema, node);
  if (std::ranges::find(schema.choices, node.scalar) != schema.choices.end()) return Json(node.scalar);
  if (schema.type == FieldType::kEnum) return ScalarFault{is_this, did_you_mean(node.scalar, schema.choices)};
  if (schema.type == FieldType::kBool) return read_bool(node);
  ScalarValue number = schema.type == FieldType::kInt ? read_integer(node) : read_number(node);
  if (const auto* value = std::get_if<Json>(&number); value != nullptr && !in_range(schema, *value))
    return ScalarFault{is_this + ", out of range"};
  return number;
}

ScalarValue read_integer(const Node& node) {
  const bool plain = !node.quoted && is_integer_text(node.scalar) && !has_leading_zero(node.scalar);
  if (!plain) return ScalarFault{fmt::format("is {}{}", describe_node(node), hint(node))};
  const std::optional<int64_t> value = parse_number<int64_t>(for_parsing(node));
  if (!value) {
    return ScalarFault{
        fmt::format("is {}, which does not fit in a signed 64-bit integer", describe_node(node))};
  }
  return Json(*value);
}

bool looks_like_number(const Node& node) {
  if (!node.is_scalar() || node.quoted) return false;
  std::string_view text = without_sign(node.scalar);
  if (text.starts_with('.')) text = text.substr(1);
  return (!text.empty() && is_digit(text[0])) || text == "inf" || text == "nan";
}

}  // namespace bernoulli::config
