#include "config/faults.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "config/key_path.h"
#include "core/printable.h"
#include "core/utf8.h"

namespace bernoulli::config {
namespace {

std::string join_lines(const std::vector<std::string>& lines) {
  std::string joined;
  for (const std::string& line : lines) joined += (joined.empty() ? "" : "\n") + line;
  return joined;
}

}  // namespace

ConfigError::ConfigError(std::vector<std::string> lines, size_t num_faults)
    : UsageError(fmt::format("{} fault{} in the configuration\n{}", num_faults, num_faults == 1 ? "" : "s",
                             join_lines(lines))),
      lines_(std::move(lines)) {
  for (std::string& line : lines_) line = printable(line);
}

std::vector<std::string> lines_of(const UsageError& error) {
  const auto* of_config = dynamic_cast<const ConfigError*>(&error);
  return of_config == nullptr ? std::vector<std::string>{error.what()} : of_config->lines();
}

void Faults::add(const Place& place, const std::string& path, const std::string& message) {
  add(place, path, message, {path});
}

void Faults::add(const Place& place, const std::string& path, const std::string& message,
                 std::vector<std::string> broken) {
  const std::string text = path.empty() ? fmt::format("{}: {}", place.text(), message)
                                        : fmt::format("{}: {}: {}", place.text(), path, message);
  faults_.push_back({place.source ? *place.source : "", place.line, place.column, text, std::move(broken)});
}

bool Faults::touch(const std::string& path) const {
  const auto is_near = [&](const std::string& broken) { return is_in(broken, path) || is_in(path, broken); };
  return std::ranges::any_of(faults_,
                             [&](const Fault& fault) { return std::ranges::any_of(fault.broken, is_near); });
}

bool Faults::cover(const std::string& path) const {
  const auto is_around = [&](const std::string& broken) { return is_in(path, broken); };
  return std::ranges::any_of(
      faults_, [&](const Fault& fault) { return std::ranges::any_of(fault.broken, is_around); });
}

void Faults::forgive(const Faults& known) {
  std::erase_if(faults_, [&](const Fault& fault) {
    return std::ranges::find(known.faults_, fault.text, &Fault::text) != known.faults_.end();
  });
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
  std::vector<std::string> lines;
  for (size_t i = 0; i < std::min(faults_.size(), kMostShown); ++i) lines.push_back(faults_[i].text);
  if (faults_.size() > kMostShown)
    lines.push_back(fmt::format("... and {} more", faults_.size() - kMostShown));
  throw ConfigError(std::move(lines), faults_.size());
}

std::string quote(std::string_view value) {
  constexpr size_t kLongest = 60;
  const std::string_view shown = cut_to(value, kLongest);
  return fmt::format("'{}{}'", printable(shown, ""), shown.size() < value.size() ? "..." : "");
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
