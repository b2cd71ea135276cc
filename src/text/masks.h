#pragma once

#include <string>
#include <string_view>

#include "text/standardize.h"

namespace bernoulli {

// What the masks look for (docs/text.md has the expressions); export/ writes the same as TorchScript.

inline constexpr std::string_view kLettersAndDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Of a user's name.
inline constexpr std::string_view kNameBytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
/// Of an e-mail address before its '@', and of the name of a host.
inline constexpr std::string_view kMailboxBytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-";
inline constexpr std::string_view kHostBytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
/// What a URL begins with; the last one does not begin inside a word.
inline constexpr std::string_view kUrlBegins[] = {"http://", "https://", "www."};

/// White space, what encloses a URL, and the bytes that Chinese, Japanese and Korean characters begin with,
/// which follow a URL without a space.
constexpr bool ends_url(char c) {
  return is_whitespace(c) || c == '"' || c == '<' || c == '>' || (c >= '\xE3' && c <= '\xEF');
}
/// All bytes but those.
std::string url_bytes();

// Each replaces every match, left to right and without overlap, by `token`, in which nothing is looked for.
// `scratch` keeps its memory from call to call.
void mask_urls(const std::string& token, std::string& text, std::string& scratch);
void mask_emails(const std::string& token, std::string& text, std::string& scratch);
void mask_mentions(const std::string& token, std::string& text, std::string& scratch);
/// Of ASCII digits: those of other scripts are mapped to them before.
void mask_numbers(const std::string& token, std::string& text, std::string& scratch);

}  // namespace bernoulli
