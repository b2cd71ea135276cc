#include <fmt/format.h>

#include "report/html.h"
#include "report/sections.h"

namespace bernoulli::report {

std::string metrics_section(const RunReport& run) {
  const Json& figures = run.figures;
  if (figures.empty()) return "";
  std::vector<std::string> head = {"metric"};
  Json names = Json::object();  // in the order of the first split that has them
  bool all_defined = true;
  for (const auto& [split, of] : figures.items()) {
    head.push_back(split);
    names.update(of.at("metrics"));
    all_defined = all_defined && of.at("undefined").empty();
  }
  if (!all_defined) head.emplace_back("why undefined");
  Table table(head);
  for (const auto& [name, ignored] : names.items()) {
    std::vector<std::string> cells = {fmt::format("<code>{}</code>", escape_html(name))};
    std::string reasons;
    for (const auto& [split, of] : figures.items()) {
      cells.push_back(metric_text(of.at("metrics").value(name, Json())));
      const auto reason = of.at("undefined").find(name);
      if (reason != of.at("undefined").end())
        reasons += fmt::format("{}: {}. ", split, escape_html(plain(*reason)));
    }
    if (!all_defined) cells.push_back(reasons);
    table.row(cells);
  }
  return "<h2>All metrics</h2>\n<p>docs/metrics.md defines each.</p>\n" + table.html();
}

}  // namespace bernoulli::report
