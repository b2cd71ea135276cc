#include "config/expectation.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/canonical.h"
#include "config/faults.h"
#include "config/schema_sections.h"

namespace bernoulli::config {
namespace {

std::string bound_text(double bound) {
  if (bound == std::floor(bound) && std::abs(bound) < 1e15) return fmt::format("{:.0f}", bound);
  if (bound == kLargestSeed) return fmt::format("{}", std::numeric_limits<int64_t>::max());
  return fmt::format("{}", bound);
}

/// " from 1 to 16", " above 0"; empty where there is no bound.
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
      return fmt::format("{}{}{}", schema.shorthand.empty() ? "" : "a number, ",
                         takes_bare_list(schema) ? "a list of numbers, " : "",
                         join_words(kind_names(*schema.kinds)));
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

std::vector<std::string> kind_names(const std::vector<KindSchema>& kinds) {
  std::vector<std::string> names;
  for (const KindSchema& kind : kinds) names.push_back(kind.name);
  return names;
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

}  // namespace bernoulli::config
