#include "config/scalar.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/faults.h"
#include "core/ascii.h"
#include "core/parse_number.h"

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

std::string bound_text(double bound) {
  if (bound == std::floor(bound) && std::abs(bound) < 1e15) return fmt::format("{:.0f}", bound);
  if (bound >= 9.2e18) return fmt::format("{}", std::numeric_limits<int64_t>::max());
  return fmt::format("{}", bound);
}

/// "3 to 5 ", "at least 3 ", or nothing.
std::string count(const FieldSchema& schema) {
  const bool bounded = schema.max_items < std::numeric_limits<int64_t>::max();
  if (bounded) return fmt::format("{} to {} ", schema.min_items, schema.max_items);
  return schema.min_items > 0 ? fmt::format("at least {} ", schema.min_items) : "";
}

std::string expected_text(const FieldSchema& schema) {
  if (schema.max_items == 1)
    return schema.min_items == 1 ? "a text of one byte" : "a text of at most one byte";
  if (schema.max_items < std::numeric_limits<int64_t>::max())
    return fmt::format("a text of {}bytes", count(schema));
  return schema.min_items > 0 ? "a text that is not empty" : "a text";
}

std::string plural(const FieldSchema& item) {
  switch (item.type) {
    case FieldType::kInt:
      return fmt::format("integers{}", describe_range(item));
    case FieldType::kNumber:
      return fmt::format("numbers{}", describe_range(item));
    case FieldType::kString:
      return "texts";
    case FieldType::kKind:
      return "steps such as `- name: {key: value}`";
    default:
      return fmt::format("items, each {}", expected(item));
  }
}

std::string expected_type(const FieldSchema& schema) {
  switch (schema.type) {
    case FieldType::kBool:
      return "true or false";
    case FieldType::kInt:
      return fmt::format("an integer{}", describe_range(schema));
    case FieldType::kNumber:
      return fmt::format("a number{}", describe_range(schema));
    case FieldType::kString:
      return expected_text(schema);
    case FieldType::kEnum:
      return join_words(schema.choices);
    case FieldType::kList:
      return fmt::format("a list of {}{}", count(schema), plural(schema.fields.front()));
    case FieldType::kKind:
      return fmt::format("{}{}", schema.shorthand.empty() ? "" : "a number, ",
                         join_words(kind_names(schema)));
    case FieldType::kMap:
      return "a map of keys";
    case FieldType::kNamed: {
      const FieldSchema& value = schema.fields.front();
      return fmt::format("a map of {}{}s, each with {}", count(schema), value.key, expected(value));
    }
    case FieldType::kEither: {
      std::vector<std::string> forms;
      for (const FieldSchema& form : schema.fields) forms.push_back(expected(form));
      return fmt::format("{}", fmt::join(forms, ", or "));
    }
  }
  return "";
}

}  // namespace

std::vector<std::string> kind_names(const FieldSchema& schema) {
  std::vector<std::string> names;
  for (const KindSchema& kind : *schema.kinds) names.push_back(kind.name);
  return names;
}

std::variant<int64_t, ScalarFault> read_integer(const Node& node) {
  const bool plain = !node.quoted && is_integer_text(node.scalar) && !has_leading_zero(node.scalar);
  if (!plain) return ScalarFault{fmt::format("is {}{}", describe_node(node), hint(node))};
  const std::optional<int64_t> value = parse_number<int64_t>(for_parsing(node));
  if (!value) {
    return ScalarFault{
        fmt::format("is {}, which does not fit in a signed 64-bit integer", describe_node(node))};
  }
  return *value;
}

std::variant<double, ScalarFault> read_number(const Node& node) {
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
  return *value;
}

std::variant<bool, ScalarFault> read_bool(const Node& node) {
  if (!node.quoted && node.scalar == "true") return true;
  if (!node.quoted && node.scalar == "false") return false;
  return ScalarFault{fmt::format("is {}{}", describe_node(node), node.quoted ? hint(node) : "")};
}

bool looks_like_number(const Node& node) {
  if (!node.is_scalar() || node.quoted) return false;
  std::string_view text = without_sign(node.scalar);
  if (text.starts_with('.')) text = text.substr(1);
  return (!text.empty() && is_digit(text[0])) || text == "inf" || text == "nan";
}

std::string describe_node(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "empty";
    case Node::Kind::kScalar:
      return quote(node.scalar);
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kItem:
      return "one item of a list";
  }
  return "";
}

std::string expected(const FieldSchema& schema) {
  const bool has_words = !schema.choices.empty() && schema.type != FieldType::kEnum;
  return has_words ? fmt::format("{} or {}", expected_type(schema), join_words(schema.choices))
                   : expected_type(schema);
}

std::string describe_range(const FieldSchema& schema) {
  const bool low = std::isfinite(schema.minimum);
  const bool high = std::isfinite(schema.maximum);
  const std::string minimum = bound_text(schema.minimum);
  const std::string maximum = bound_text(schema.maximum);
  if (low && high && !schema.minimum_exclusive && !schema.maximum_exclusive)
    return fmt::format(" from {} to {}", minimum, maximum);
  std::string text;
  if (low) text += fmt::format(" {} {}", schema.minimum_exclusive ? "above" : "of at least", minimum);
  if (low && high) text += " and";
  if (high)
    text +=
        fmt::format(" {} {}", schema.maximum_exclusive ? "below" : (low ? "at most" : "of at most"), maximum);
  return text;
}

bool in_range(const FieldSchema& schema, double value) {
  const bool above = schema.minimum_exclusive ? value > schema.minimum : value >= schema.minimum;
  const bool below = schema.maximum_exclusive ? value < schema.maximum : value <= schema.maximum;
  return above && below;
}

}  // namespace bernoulli::config
