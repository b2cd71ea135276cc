#include "stability/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace bernoulli::stability {
namespace {

constexpr double kWidth = 360, kHeight = 220, kLeft = 52, kRight = 10, kTop = 26, kBottom = 36;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// Never empty, so that a constant line has a place.
  void widen() {
    if (!(low <= high)) low = 0, high = 1;
    if (low == high) low -= 0.5, high += 0.5;
  }
  double share(double value) const { return (value - low) / (high - low); }
};

double scaled(double y, bool log_y) {
  if (!log_y) return y;
  return y > 0 ? std::log10(y) : std::numeric_limits<double>::quiet_NaN();
}

std::string path_of(const PlotLine& line, bool log_y, const Range& x, const Range& y) {
  std::string path;
  bool drawing = false;
  for (const auto& [px, raw] : line.points) {
    const double py = scaled(raw, log_y);
    if (!std::isfinite(py) || !std::isfinite(px)) {
      drawing = false;
      continue;
    }
    path +=
        fmt::format("{}{:.1f} {:.1f}", drawing ? "L" : "M", kLeft + x.share(px) * (kWidth - kLeft - kRight),
                    kHeight - kBottom - y.share(py) * (kHeight - kTop - kBottom));
    drawing = true;
  }
  return path;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg(const Plot& plot) {
  Range x, y;
  for (const PlotLine& line : plot.lines) {
    for (const auto& [px, raw] : line.points) {
      const double py = scaled(raw, plot.log_y);
      if (!std::isfinite(px) || !std::isfinite(py)) continue;
      x.include(px);
      y.include(py);
    }
  }
  x.widen();
  y.widen();
  const double bottom = kHeight - kBottom, right = kWidth - kRight;
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><text class=\"title\" x=\"{}\" "
      "y=\"15\">{}</text>"
      "<path class=\"axis\" d=\"M{} {}V{}H{}\"/>",
      kWidth, kHeight, escape_html(plot.title), kLeft, escape_html(plot.title), kLeft, kTop, bottom, right);
  for (int tick = 0; tick <= 2; ++tick) {
    const double share = tick / 2.0;
    const double value = y.low + share * (y.high - y.low);
    out += fmt::format("<text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"{:.0f}\">{}</text>", kLeft - 5,
                       bottom - share * (bottom - kTop) + 4,
                       plot.log_y ? fmt::format("1e{:.0f}", value) : fmt::format("{:.3g}", value));
    out += fmt::format("<text class=\"tick\" text-anchor=\"{}\" x=\"{:.0f}\" y=\"{}\">{:.4g}</text>",
                       tick == 0   ? "start"
                       : tick == 1 ? "middle"
                                   : "end",
                       kLeft + share * (right - kLeft), bottom + 14, x.low + share * (x.high - x.low));
  }
  out += fmt::format("<text class=\"tick\" text-anchor=\"middle\" x=\"{:.0f}\" y=\"{}\">{}</text>",
                     (kLeft + right) / 2, kHeight - 6, escape_html(plot.x_label));
  for (const PlotLine& line : plot.lines)
    out += fmt::format("<path class=\"line {}\" d=\"{}\"/>", line.css_class, path_of(line, plot.log_y, x, y));
  return out + "</svg>\n";
}

}  // namespace bernoulli::stability
