#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bernoulli::report {

/// One line of a plot. Points that are not finite interrupt it; points that would be drawn where the one
/// before is are left out.
struct PlotLine {
  std::string css_class = "s1";  ///< s1 to s6: a colour with its dashes (html.h); ref: a faint line
  std::vector<std::pair<double, double>> points = {};
  std::string name = {};  ///< plain text, for the legend; empty: it is not listed
  bool dots = false;      ///< each point is shown, with its numbers where the mouse rests
};

struct PlotBar {
  std::string css_class = "s1";
  double from = 0, to = 0;  ///< on the x axis
  double bottom = 0, top = 0;
  std::string hint = {};  ///< plain text, where the mouse rests
};

/// A dashed vertical line with a word on it.
struct PlotMark {
  double x = 0;
  std::string text = {};
};

/// Ends of an axis.
struct PlotRange {
  double low = 0, high = 1;
};

struct Plot {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  std::vector<PlotLine> lines = {};
  std::vector<PlotBar> bars = {};  ///< behind the lines
  std::vector<PlotMark> marks = {};
  std::optional<PlotRange> x_range = {}, y_range = {};  ///< absent: what is drawn
  bool whole_x = false;                                 ///< no ticks between whole numbers
  bool log_y = false;                                   ///< base 10; values at or below 0 interrupt the line
};

/// A figure with title, legend where lines have names, axes with round numbers, and what is drawn. Needs
/// nothing from outside but the style of html.h.
std::string svg(const Plot& plot);

/// The class of series number i, from 0.
std::string series_class(size_t i);

/// Most lines that a plot can tell apart.
inline constexpr size_t kMaxSeries = 6;

}  // namespace bernoulli::report
