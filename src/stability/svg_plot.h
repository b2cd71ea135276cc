#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bernoulli::stability {

/// One line of a plot. Points that are not finite interrupt it.
struct PlotLine {
  std::string css_class;  ///< colour and dash pattern come from the page's style sheet
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string title;
  std::string x_label;
  std::vector<PlotLine> lines;
  bool log_y = false;  ///< base 10; values at or below 0 interrupt the line
};

/// A figure with axes, three ticks each way, and the lines, scaled to what the points span. Text and axes use
/// the classes "axis" and "tick". Needs nothing from outside the element.
std::string svg(const Plot& plot);

/// &, <, > and quotes as entities.
std::string escape_html(const std::string& text);

}  // namespace bernoulli::stability
