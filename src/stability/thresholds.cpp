#include "stability/thresholds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/sigmoid.h>

#include "config/loss_mode.h"
#include "loss/loss.h"
#include "stability/curves.h"
#include "stability/number_line.h"
#include "stability/predicted.h"

namespace bernoulli::stability {
namespace {

constexpr double kFirst = 1.0 / 64, kLast = 1024;
constexpr uint64_t kOctaves = 16;         // from kFirst to kLast
constexpr uint64_t kMostAnOctave = 1024;  // numbers tried in the first pass
constexpr uint64_t kCandidates = 1024;    // numbers tried in each step of the refinement
constexpr size_t kChunk = 16384;          // below the length from which ATen splits among threads
constexpr std::array kTargets = {0.0, 1.0, 0.75};

/// For each of the numbers: does the event hold there?
using Predicate = std::function<std::vector<bool>(const std::vector<double>& logits)>;

/// One side of one dtype's number line.
class Side {
 public:
  Side(at::ScalarType dtype, bool plus) : dtype_(dtype), plus_(plus) {
    const uint64_t step = std::max<uint64_t>(1, numbers_an_octave(dtype) / kMostAnOctave);
    const uint64_t first = index_at_least(dtype, kFirst), last = index_at_least(dtype, kLast);
    for (uint64_t index = first; index <= last; index += step) grid_.push_back(index);
  }

  std::vector<double> grid() const { return logits(grid_); }

  /// The number at which the event holds while it does not at its neighbour, from the first of the grid's
  /// numbers at which `holds`.
  std::optional<double> refine(const std::vector<bool>& holds, const Predicate& predicate) const {
    const auto found = std::find(holds.begin(), holds.end(), true);
    if (found == holds.end()) return {};
    const auto position = static_cast<size_t>(found - holds.begin());
    uint64_t high = grid_[position], low = position == 0 ? high - 1 : grid_[position - 1];
    while (high - low > 1) narrow(low, high, predicate);
    return logit(high);
  }

 private:
  double logit(uint64_t index) const { return plus_ ? number_at(dtype_, index) : -number_at(dtype_, index); }
  std::vector<double> logits(const std::vector<uint64_t>& indices) const {
    std::vector<double> values;
    for (const uint64_t index : indices) values.push_back(logit(index));
    return values;
  }
  /// `holds` at high, not at low: try evenly spaced numbers between and keep the first pair that differs.
  void narrow(uint64_t& low, uint64_t& high, const Predicate& predicate) const {
    const uint64_t step = std::max<uint64_t>(1, (high - low) / kCandidates);
    std::vector<uint64_t> indices;
    for (uint64_t index = low + step; index < high; index += step) indices.push_back(index);
    const std::vector<bool> holds = predicate(logits(indices));
    const auto first = static_cast<size_t>(std::find(holds.begin(), holds.end(), true) - holds.begin());
    if (first < indices.size()) high = indices[first];
    if (first > 0) low = indices[first - 1];
  }

  at::ScalarType dtype_;
  bool plus_;
  std::vector<uint64_t> grid_;
};

bool is_loss_off(const CurvePoint& point) {
  return point.loss_relative_error > 0.01 && point.loss_error_ulps > 1;
}
bool is_gradient_off(const CurvePoint& point) {
  return point.gradient_relative_error > 0.01 && point.gradient_error_ulps > 1;
}
bool is_gradient_zero(const CurvePoint& point) {
  return point.gradient == 0 && point.gradient_relative_error > 0.01 && point.gradient_error_ulps > 0.5;
}
bool is_not_finite(const CurvePoint& point) {
  return !std::isfinite(point.loss) || !std::isfinite(point.gradient);
}

class Finder {
 public:
  Finder(at::ScalarType dtype, c10::Device device)
      : dtype_(dtype), device_(device), plus_(dtype, true), minus_(dtype, false) {
    one_ = find_probability(plus_, 1);
    zero_ = find_probability(minus_, 0);
  }

  std::vector<Threshold> all() const {
    std::vector<Threshold> thresholds;
    for (const LossConfig::Mode mode : kModes) {
      for (const double target : kTargets) {
        thresholds.push_back(entry(mode, target, "probability_reaches_one", true, one_));
        thresholds.push_back(entry(mode, target, "probability_reaches_zero", false, zero_));
        for (const bool plus : {true, false}) append_events(thresholds, mode, target, plus);
      }
    }
    return thresholds;
  }

 private:
  std::vector<CurvePoint> measure(LossConfig::Mode mode, double target,
                                  const std::vector<double>& logits) const {
    std::vector<CurvePoint> points;
    for (size_t begin = 0; begin < logits.size(); begin += kChunk) {
      const auto from = logits.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto count = static_cast<std::ptrdiff_t>(std::min(kChunk, logits.size() - begin));
      const Curve part = measure_curve({}, mode, dtype_, target, device_, {from, from + count});
      points.insert(points.end(), part.points.begin(), part.points.end());
    }
    return points;
  }

  std::optional<double> find_probability(const Side& side, double value) const {
    const Predicate predicate = [&](const std::vector<double>& logits) {
      const at::Tensor z = padded_logits(logits, dtype_, device_);
      const at::Tensor p = at::sigmoid(z).to(at::kCPU, at::kDouble).contiguous();
      std::vector<bool> holds;
      for (size_t i = 0; i < logits.size(); ++i) holds.push_back(p.const_data_ptr<double>()[i] == value);
      return holds;
    };
    return side.refine(predicate(side.grid()), predicate);
  }

  Threshold entry(LossConfig::Mode mode, double target, const std::string& event, bool plus,
                  std::optional<double> logit) const {
    const std::string side = plus ? "+" : "-";
    return {to_string(mode),
            std::string(number_format(dtype_).name),
            device_.str(),
            target,
            event,
            logit,
            predicted_threshold(dtype_, mode, target, event, side),
            side};
  }

  void append_events(std::vector<Threshold>& thresholds, LossConfig::Mode mode, double target,
                     bool plus) const {
    const Side& side = plus ? plus_ : minus_;
    const std::vector<CurvePoint> points = measure(mode, target, side.grid());
    const auto add = [&](const std::string& event, const std::function<bool(const CurvePoint&)>& holds) {
      const auto each = [&holds](const std::vector<CurvePoint>& measured) {
        std::vector<bool> answers;
        for (const CurvePoint& point : measured) answers.push_back(holds(point));
        return answers;
      };
      const auto logit = side.refine(each(points), [&](const std::vector<double>& logits) {
        return each(measure(mode, target, logits));
      });
      thresholds.push_back(entry(mode, target, event, plus, logit));
    };
    add("loss_off_1_percent", is_loss_off);
    add("gradient_off_1_percent", is_gradient_off);
    add("gradient_exactly_zero", is_gradient_zero);
    // A loss that still grows has different values an octave apart.
    const double cap = points.back().loss;
    const bool capped = std::isfinite(cap) && cap != 0 && points[points.size() / 16 * 15].loss == cap;
    add("loss_clamped", [cap, capped](const CurvePoint& point) { return capped && point.loss == cap; });
    add("not_finite", is_not_finite);
  }

  at::ScalarType dtype_;
  c10::Device device_;
  Side plus_, minus_;
  std::optional<double> one_, zero_;
};

static_assert(kFirst * (uint64_t{1} << kOctaves) == kLast);

}  // namespace

std::vector<Threshold> find_thresholds(at::ScalarType dtype, c10::Device device) {
  return Finder(dtype, device).all();
}

}  // namespace bernoulli::stability
