#include "core/json_fault.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/utf8.h"

namespace bernoulli {
namespace {

constexpr size_t kLongestShown = 60;  ///< bytes of a value

/// "invalid literal; expected string literal" of "[json.exception…] parse error at …: syntax error while
/// parsing object key - invalid literal; last read: '{x'; expected string literal": what was read last may be
/// anything and of any length.
std::string cause_of(const nlohmann::json::exception& error) {
  std::string cause = error.what();
  for (const std::string_view before : {"] ", " - "}) {
    const size_t at = cause.find(before);
    if (at != std::string::npos) cause.erase(0, at + before.size());
  }
  constexpr std::string_view kOverflow = "number overflow parsing '";  // the number follows, and a quote
  if (cause.starts_with(kOverflow) && cause.size() > kOverflow.size() + kLongestShown + 1)
    return fmt::format("number overflow parsing a number of {} bytes", cause.size() - kOverflow.size() - 1);
  const size_t read = cause.find("; last read: ");
  if (read == std::string::npos) return cause;
  const size_t expected = cause.rfind("'; expected ");
  return cause.substr(0, read) + (expected == std::string::npos ? "" : cause.substr(expected + 1));
}

}  // namespace

std::string json_object_fault(std::string_view text) {
  // Nothing is kept: a text of many brackets would be deleted by recursion.
  const auto keep_nothing = [](int, nlohmann::json::parse_event_t, nlohmann::json&) { return false; };
  try {
    [[maybe_unused]] const auto nothing = nlohmann::json::parse(text.begin(), text.end(), keep_nothing);
  } catch (const nlohmann::json::parse_error& error) {
    return fmt::format("not JSON at byte {}: {}", error.byte, cause_of(error));
  } catch (const nlohmann::json::exception& error) {
    return fmt::format("not JSON: {}", cause_of(error));
  }
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const char first = begin == std::string_view::npos ? ' ' : text[begin];
  return fmt::format("a JSON {}, not an object", first == '['   ? "array"
                                                 : first == '"' ? "string"
                                                                : "value of another type");
}

std::string json_cause(const std::exception& error) {
  const std::string_view what = error.what();
  const size_t prefix = what.starts_with("[json.exception.") ? what.find("] ") : what.npos;
  return std::string(prefix == what.npos ? what : what.substr(prefix + 2));
}

std::string json_repeated_name_fault(std::string_view name) {
  return fmt::format("the object has '{}' twice (expected each name once)", cut_to(name, 60));
}

std::string json_kind(const nlohmann::json& value) {
  const std::string name = value.type_name();
  if (value.is_null() || name.empty()) return name;
  return (name.front() == 'a' || name.front() == 'o' ? "an " : "a ") + name;
}

std::string shown_json(const nlohmann::json& value) {
  if (value.is_structured()) return json_kind(value);
  if (!value.is_string()) return value.dump();
  const size_t size = value.get_ref<const std::string&>().size();
  return size <= kLongestShown ? value.dump() : fmt::format("a string of {} bytes", size);
}

}  // namespace bernoulli
