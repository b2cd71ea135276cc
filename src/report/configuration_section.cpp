#include <algorithm>
#include <ctime>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

/// "2026-11-29 14:50:07 UTC".
std::string utc(const Json& seconds) {
  if (!seconds.is_number_integer()) return plain(seconds);
  const auto time = static_cast<std::time_t>(seconds.get<int64_t>());
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return plain(seconds);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts));
}

std::string words_of(const Json& command) {
  std::string words;
  for (const Json& word : command) words += (words.empty() ? "" : " ") + plain(word);
  return words;
}

/// The seconds of each epoch, of which there may be thousands.
std::string epochs_text(const std::vector<double>& seconds) {
  const auto [least, most] = std::ranges::minmax(seconds);
  return fmt::format(
      "{} epochs: mean {:.4g}, least {:.4g}, most {:.4g}", seconds.size(),
      std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(seconds.size()), least,
      most);
}

}  // namespace

std::string configuration_section(const RunRecord& record) {
  return "<h2>Configuration</h2>\n" +
         details("Every key with its value (config.yaml)",
                 fmt::format("<pre>{}</pre>", escape_html(record.config.resolved_yaml)));
}

std::string environment_section(const RunRecord& record) {
  Table table({}, 0, {1});
  const auto add = [&](const std::string& name, const std::string& value) {
    table.row({escape_html(name), escape_html(value)});
  };
  if (record.environment.is_object()) {
    for (const auto& [name, value] : record.environment.items()) {
      if (name != "earlier")
        add(name, name == "started" ? utc(value) : name == "command" ? words_of(value) : plain(value));
    }
    for (const Json& process : record.environment.value("earlier", Json::array()))
      add("an earlier process", fmt::format("{}, commit {}: {}", utc(process.value("started", Json())),
                                            plain(process.value("commit", Json())),
                                            words_of(process.value("command", Json::array()))));
  }
  if (record.finished()) {
    for (const auto& [name, value] : record.summary.at("timings").items())
      add(name, value.is_array() && !value.empty() ? epochs_text(value) : plain(value));
    add("peak_memory_mib", plain(record.summary.at("peak_memory_mib")));
  }
  if (table.empty()) return "";
  return "<section id=\"environment\"><h2>Environment</h2>\n" +
         details("Program, machine, command line and time", table.html()) + "</section>\n";
}

}  // namespace bernoulli::report
