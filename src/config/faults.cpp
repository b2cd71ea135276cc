#include "config/faults.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli::config {

void Faults::add(const Place& place, const std::string& path, const std::string& message) {
  const std::string text = path.empty() ? fmt::format("{}: {}", place.text(), message)
                                        : fmt::format("{}: {}: {}", place.text(), path, message);
  add_worded(place, path, text);
}

void Faults::add_worded(const Place& place, const std::string& path, const std::string& text) {
  faults_.push_back({place.source ? *place.source : "", place.line, place.column, path, text});
}

bool Faults::touch(const std::string& path) const {
  const auto is_in = [](const std::string& inner, const std::string& outer) {
    return outer.empty() || inner == outer ||
           (inner.starts_with(outer) && (inner[outer.size()] == '.' || inner[outer.size()] == '['));
  };
  return std::ranges::any_of(
      faults_, [&](const Fault& fault) { return is_in(fault.path, path) || is_in(path, fault.path); });
}

std::set<std::string> Faults::sections() const {
  std::set<std::string> sections;
  for (const Fault& fault : faults_) sections.insert(fault.path.substr(0, fault.path.find_first_of(".[")));
  return sections;
}

void Faults::throw_if_any() {
  constexpr size_t kMostShown = 100;  // a file of another kind can have a fault a line
  if (faults_.empty()) return;
  std::vector<std::string> sources;
  for (const Fault& fault : faults_) {
    if (std::find(sources.begin(), sources.end(), fault.source) == sources.end())
      sources.push_back(fault.source);
  }
  const auto rank = [&](const Fault& fault) {
    return std::find(sources.begin(), sources.end(), fault.source) - sources.begin();
  };
  std::stable_sort(faults_.begin(), faults_.end(), [&](const Fault& a, const Fault& b) {
    return std::tuple(rank(a), a.line, a.column) < std::tuple(rank(b), b.line, b.column);
  });
  std::string message;
  for (size_t i = 0; i < std::min(faults_.size(), kMostShown); ++i)
    message += (i == 0 ? "" : "\n") + faults_[i].text;
  if (faults_.size() > kMostShown) message += fmt::format("\n... and {} more", faults_.size() - kMostShown);
  throw UsageError(message);
}

std::string quote(std::string_view value) {
  constexpr size_t kLongest = 60;
  std::string shown;
  size_t i = 0;
  for (; i < value.size() && shown.size() < kLongest; ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += value[i];
    }
  }
  while (i < value.size() && (static_cast<unsigned char>(value[i]) & 0xc0) == 0x80)
    shown += value[i++];  // never half a character
  return fmt::format("'{}{}'", shown, i < value.size() ? "..." : "");
}

std::string join_words(const std::vector<std::string>& words, std::string_view last) {
  std::string joined;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) joined += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    joined += words[i];
  }
  return joined;
}

}  // namespace bernoulli::config
