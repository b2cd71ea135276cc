#include "text/masks.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace bernoulli {
namespace {

class ByteSet {
 public:
  constexpr explicit ByteSet(std::string_view bytes) {
    for (const char c : bytes) has_[static_cast<uint8_t>(c)] = true;
  }
  constexpr bool has(char c) const { return has_[static_cast<uint8_t>(c)]; }
  /// The first byte from `begin` that is not of the set, or the end of the text.
  constexpr size_t end_of_run(std::string_view text, size_t begin) const {
    while (begin < text.size() && has(text[begin])) ++begin;
    return begin;
  }

 private:
  std::array<bool, 256> has_{};
};

constexpr ByteSet kLetterOrDigit(kLettersAndDigits), kName(kNameBytes), kMailbox(kMailboxBytes),
    kHost(kHostBytes), kDigit("0123456789");

struct Match {
  size_t begin = 0, end = 0;  ///< nothing was found: both are the size of the text
};

/// @param find(text, from) the next match that begins at `from` or later
template <typename Find>
void mask(const Find& find, const std::string& token, std::string& text, std::string& scratch) {
  Match match = find(text, size_t{0});
  if (match.begin == text.size()) return;
  scratch.clear();
  size_t copied = 0;
  for (; match.begin < text.size(); match = find(text, copied)) {
    scratch.append(text, copied, match.begin - copied).append(token);
    copied = match.end;
  }
  scratch.append(text, copied);
  text.swap(scratch);
}

bool begins_url(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest[0] == 'h') return rest.starts_with(kUrlBegins[0]) || rest.starts_with(kUrlBegins[1]);
  return rest.starts_with(kUrlBegins[2]) && (at == 0 || !kLetterOrDigit.has(text[at - 1]));
}

Match find_url(std::string_view text, size_t from) {
  for (size_t i = from; i < text.size(); ++i) {
    if ((text[i] != 'h' && text[i] != 'w') || !begins_url(text, i)) continue;
    const auto* const end = std::find_if(text.begin() + i, text.end(), ends_url);
    return {i, static_cast<size_t>(end - text.begin())};
  }
  return {text.size(), text.size()};
}

/// Labels with a point between neighbours, at least two: where they end; `begin` where there are none.
size_t end_of_host(std::string_view text, size_t begin) {
  const std::string_view run = text.substr(begin, kHost.end_of_run(text, begin) - begin);
  std::string_view host = run.substr(0, run.find(".."));
  if (host.ends_with('.')) host.remove_suffix(1);
  const bool is_host = !host.starts_with('.') && host.find('.') != std::string_view::npos;
  return is_host ? begin + host.size() : begin;
}

Match find_email(std::string_view text, size_t from) {
  for (size_t at = text.find('@', from); at < text.size(); at = text.find('@', at + 1)) {
    size_t begin = at;
    while (begin > from && kMailbox.has(text[begin - 1])) --begin;
    const size_t end = end_of_host(text, at + 1);
    if (begin < at && end > at + 1) return {begin, end};
  }
  return {text.size(), text.size()};
}

Match find_mention(std::string_view text, size_t from) {
  for (size_t at = text.find('@', from); at < text.size(); at = text.find('@', at + 1)) {
    const size_t end = kName.end_of_run(text, at + 1);
    if (end > at + 1 && (at == 0 || !kName.has(text[at - 1]))) return {at, end};
  }
  return {text.size(), text.size()};
}

/// The first digit from `begin`, or the end of the text.
size_t next_digit(std::string_view text, size_t begin) {
  constexpr size_t kBlock = 64;
  for (; begin + kBlock <= text.size(); begin += kBlock) {
    unsigned any = 0;  // without a branch a byte, the compiler reads many at once
    for (size_t i = 0; i < kBlock; ++i) any |= static_cast<uint8_t>(text[begin + i] - '0') < 10 ? 1u : 0u;
    if (any != 0) break;
  }
  while (begin < text.size() && !kDigit.has(text[begin])) ++begin;
  return begin;
}

Match find_number(std::string_view text, size_t from) {
  const size_t begin = next_digit(text, from);
  size_t end = kDigit.end_of_run(text, begin);
  while (end + 1 < text.size() && (text[end] == '.' || text[end] == ',') && kDigit.has(text[end + 1]))
    end = kDigit.end_of_run(text, end + 1);
  return {begin, end};
}

}  // namespace

std::string url_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    if (!ends_url(static_cast<char>(byte))) bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

void mask_urls(const std::string& token, std::string& text, std::string& scratch) {
  const bool may_have_one =
      text.find("://") != std::string::npos || text.find(kUrlBegins[2]) != std::string::npos;
  if (may_have_one) mask(find_url, token, text, scratch);
}

void mask_emails(const std::string& token, std::string& text, std::string& scratch) {
  mask(find_email, token, text, scratch);
}

void mask_mentions(const std::string& token, std::string& text, std::string& scratch) {
  mask(find_mention, token, text, scratch);
}

void mask_numbers(const std::string& token, std::string& text, std::string& scratch) {
  mask(find_number, token, text, scratch);
}

}  // namespace bernoulli
