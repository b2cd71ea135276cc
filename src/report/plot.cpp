#include "report/plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "report/html.h"

namespace bernoulli::report {
namespace {

constexpr double kWidth = 420, kLeft = 58, kRight = 14, kTop = 28, kBottom = 40, kPlotHeight = 190;
constexpr double kLegendRow = 16, kMarkRow = 14;
constexpr double kLetter = 6.2;     ///< mean width of a letter of the legend
constexpr double kInvisible = 0.6;  ///< a step of fewer units in both directions

struct Axis {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double step = 1;  ///< between ticks
  void include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// Never empty, so that a constant line has a place.
  void widen() {
    if (!(low <= high)) low = 0, high = 1;
    if (low == high) {  // a constant line; of a share, no further than shares go
      const double value = low, around = 0.05 * std::fabs(value);
      low = value == 0 ? 0 : value - around;
      high = value == 0 ? 1 : value <= 1 ? std::min(1.0, value + around) : value + around;
    }
  }
  double share(double value) const { return (value - low) / (high - low); }
};

/// 1, 2 or 5 times a power of ten, about a fifth of the range.
double round_step(double range) {
  const double rough = range / 5, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.999) return factor * power;
  }
  return 10 * power;
}

double scaled(const Plot& plot, double y) {
  if (!plot.log_y) return y;
  return y > 0 ? std::log10(y) : std::numeric_limits<double>::quiet_NaN();
}

Axis x_axis(const Plot& plot) {
  Axis axis;
  for (const PlotLine& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      if (std::isfinite(scaled(plot, y))) axis.include(x);
    }
  }
  for (const PlotBar& bar : plot.bars) axis.include(bar.from), axis.include(bar.to);
  if (plot.x_range) axis.low = plot.x_range->low, axis.high = plot.x_range->high;
  axis.widen();
  axis.step = round_step(axis.high - axis.low);
  if (plot.whole_x) axis.step = std::max(1.0, axis.step);
  return axis;
}

Axis y_axis(const Plot& plot) {
  Axis axis;
  for (const PlotLine& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      if (std::isfinite(x)) axis.include(scaled(plot, y));
    }
  }
  for (const PlotBar& bar : plot.bars) axis.include(bar.bottom), axis.include(bar.top);
  if (plot.y_range) axis.low = plot.y_range->low, axis.high = plot.y_range->high;
  axis.widen();
  axis.step = round_step(axis.high - axis.low);
  if (plot.log_y) axis.step = std::max(1.0, std::round(axis.step));
  if (!plot.y_range) {  // out to the next tick
    axis.low = std::floor(axis.low / axis.step + 1e-9) * axis.step;
    axis.high = std::ceil(axis.high / axis.step - 1e-9) * axis.step;
  }
  return axis;
}

/// The plot on the paper. Its y axis points up.
struct Canvas {
  const Plot& plot;
  Axis x, y;
  double top, bottom;  ///< of the area inside the axes
  double right = kWidth - kRight;

  double at_x(double value) const { return kLeft + x.share(value) * (right - kLeft); }
  double at_y(double value) const { return bottom - y.share(scaled(plot, value)) * (bottom - top); }
};

std::string tick_text(const Plot& plot, double value, bool on_y) {
  return on_y && plot.log_y ? fmt::format("1e{:.0f}", value) : fmt::format("{:.6g}", value + 0.0);
}

/// Calls f(value) for each tick.
template <typename F>
void for_each_tick(const Axis& axis, const F& f) {
  const auto first = static_cast<int64_t>(std::ceil(axis.low / axis.step - 1e-9));
  const auto last = static_cast<int64_t>(std::floor(axis.high / axis.step + 1e-9));
  for (int64_t i = first; i <= last; ++i) f(static_cast<double>(i) * axis.step);
}

std::string axes(const Canvas& canvas) {
  std::string grid, texts;
  for_each_tick(canvas.y, [&](double value) {
    const double y = canvas.bottom - canvas.y.share(value) * (canvas.bottom - canvas.top);
    grid += fmt::format("M{} {:.1f}H{}", kLeft, y, canvas.right);
    texts += fmt::format("<text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"{:.1f}\">{}</text>",
                         kLeft - 6, y + 4, tick_text(canvas.plot, value, true));
  });
  for_each_tick(canvas.x, [&](double value) {
    texts += fmt::format("<text class=\"tick\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{}\">{}</text>",
                         canvas.at_x(value), canvas.bottom + 15, tick_text(canvas.plot, value, false));
  });
  texts += fmt::format("<text class=\"tick\" text-anchor=\"middle\" x=\"{:.0f}\" y=\"{}\">{}</text>",
                       (kLeft + canvas.right) / 2, canvas.bottom + 32, escape_html(canvas.plot.x_label));
  if (!canvas.plot.y_label.empty())
    texts += fmt::format(
        "<text class=\"tick\" text-anchor=\"middle\" transform=\"translate(12 {:.0f}) "
        "rotate(-90)\">{}</text>",
        (canvas.top + canvas.bottom) / 2, escape_html(canvas.plot.y_label));
  return fmt::format("<path class=\"grid\" d=\"{}\"/><path class=\"axis\" d=\"M{} {}V{}H{}\"/>{}", grid,
                     kLeft, canvas.top, canvas.bottom, canvas.right, texts);
}

/// A point without a neighbour is a small circle.
std::string path_of(const Canvas& canvas, const PlotLine& line) {
  constexpr const char* kCircle = "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0";
  std::string path;
  bool drawing = false, alone = false;
  const auto end_segment = [&] {
    if (drawing && alone) path += kCircle;
    drawing = false;
  };
  double last_x = 0, last_y = 0;
  for (size_t i = 0; i < line.points.size(); ++i) {
    const double x = canvas.at_x(line.points[i].first), y = canvas.at_y(line.points[i].second);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      end_segment();
      continue;
    }
    const bool unseen = std::fabs(x - last_x) < kInvisible && std::fabs(y - last_y) < kInvisible;
    if (drawing && unseen && i + 1 < line.points.size()) continue;
    path += fmt::format("{}{:.1f} {:.1f}", drawing ? "L" : "M", x, y);
    alone = !drawing;
    drawing = true;
    last_x = x;
    last_y = y;
  }
  end_segment();
  return path;
}

std::string dots_of(const Canvas& canvas, const PlotLine& line) {
  std::string dots;
  for (const auto& [x, y] : line.points) {
    if (!std::isfinite(canvas.at_x(x)) || !std::isfinite(canvas.at_y(y))) continue;
    dots += fmt::format(
        "<circle class=\"dot {}\" r=\"3\" cx=\"{:.1f}\" cy=\"{:.1f}\"><title>{} {:.4g}: "
        "{:.6g}</title></circle>",
        line.css_class, canvas.at_x(x), canvas.at_y(y), escape_html(canvas.plot.x_label), x, y);
  }
  return dots;
}

std::string bars_of(const Canvas& canvas) {
  std::string bars;
  for (const PlotBar& bar : canvas.plot.bars) {
    const double left = canvas.at_x(bar.from) + 0.5, top = canvas.at_y(bar.top);
    bars += fmt::format(
        "<rect class=\"bar {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"><title>{}</title></rect>",
        bar.css_class, left, top, std::max(0.5, canvas.at_x(bar.to) - 0.5 - left),
        std::max(0.0, canvas.at_y(bar.bottom) - top), escape_html(bar.hint));
  }
  return bars;
}

std::string marks_of(const Canvas& canvas) {
  std::string marks;
  for (const PlotMark& mark : canvas.plot.marks) {
    const double x = canvas.at_x(mark.x);
    if (!std::isfinite(x)) continue;
    marks += fmt::format(
        "<path class=\"mark\" d=\"M{0:.1f} {1}V{2}\"/><text class=\"key\" text-anchor=\"middle\" "
        "x=\"{0:.1f}\" y=\"{3}\">{4}</text>",
        x, canvas.top, canvas.bottom, canvas.top - 5, escape_html(mark.text));
  }
  return marks;
}

/// Entries of the legend in rows; says how many rows there are.
std::string legend_of(const Plot& plot, int& num_rows) {
  std::string legend;
  double x = kLeft;
  num_rows = 0;
  for (const PlotLine& line : plot.lines) {
    if (line.name.empty()) continue;
    const std::string name = shortened_inside(line.name, 40);
    const double width = 30 + kLetter * static_cast<double>(shown_characters(name)) + 12;
    if (num_rows == 0) num_rows = 1;
    if (x > kLeft && x + width > kWidth) {
      x = kLeft;
      ++num_rows;
    }
    const double y = kTop + kLegendRow * (num_rows - 1);
    legend += fmt::format(
        "<path class=\"line {}\" d=\"M{:.0f} {}h24\"/><text class=\"key\" x=\"{:.0f}\" y=\"{}\">{}</text>",
        line.css_class, x, y, x + 30, y + 4, escape_html(name));
    x += width;
  }
  return legend;
}

}  // namespace

std::string series_class(size_t i) { return fmt::format("s{}", i % kMaxSeries + 1); }

std::string svg(const Plot& plot) {
  int num_rows = 0;
  const std::string legend = legend_of(plot, num_rows);
  const double top = kTop + kLegendRow * num_rows + (plot.marks.empty() ? 0 : kMarkRow);
  const double bottom = top + kPlotHeight;
  const Canvas canvas{plot, x_axis(plot), y_axis(plot), top, bottom};
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><text class=\"title\" x=\"{}\" "
      "y=\"17\">{}</text>",
      kWidth, bottom + kBottom, escape_html(plot.title), kLeft, escape_html(plot.title));
  out += legend + axes(canvas) + bars_of(canvas);
  for (const PlotLine& line : plot.lines) {
    out += fmt::format("<path class=\"line {}\" d=\"{}\"/>", line.css_class, path_of(canvas, line));
    if (line.dots) out += dots_of(canvas, line);
  }
  return out + marks_of(canvas) + "</svg>\n";
}

}  // namespace bernoulli::report
