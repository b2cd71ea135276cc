#include "layers/shape_rules.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace bernoulli::layers {
namespace {

const char* name_of(Layout layout) {
  switch (layout) {
    case Layout::kPaddedIds:
    case Layout::kRaggedIds:
      return "token ids";
    case Layout::kSequence:
      return "a sequence [B, T, D]";
    case Layout::kVector:
      return "a vector [B, D]";
  }
  return "";
}

}  // namespace

void require_layout(const PlanContext& context, const std::vector<Layout>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), context.input.layout) != allowed.end()) return;
  std::string expected;
  for (const Layout layout : allowed)
    expected += (expected.empty() ? "" : " or ") + std::string(name_of(layout));
  throw ShapeError{fmt::format("takes {}, got {}", expected, describe(context.input))};
}

LayerPlan elementwise(const PlanContext& context, std::string script, OnnxWriter onnx) {
  require_layout(context, {Layout::kSequence, Layout::kVector});
  return {context.input, {}, std::move(script), std::move(onnx)};
}

const char* const kRealScript =
    "positions = torch.arange(x.size(1), device=x.device)\n"
    "real = (positions.unsqueeze(0) < lengths.unsqueeze(1)).unsqueeze(2)\n";

const char* const kLowestScript = "-3.3895313892515355e+38";

std::string literal(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos)
    text += ".0";  // an integer literal would be another type
  return text;
}

int64_t num_numbers(const ParameterSpec& parameter) {
  return std::accumulate(parameter.shape.begin(), parameter.shape.end(), int64_t{1}, std::multiplies<>());
}

std::string describe(const Shape& shape) {
  const std::string length = shape.length ? fmt::format("{}", *shape.length) : "T";
  switch (shape.layout) {
    case Layout::kPaddedIds:
      return fmt::format("[B, {}] ids", length);
    case Layout::kRaggedIds:
      return "ragged ids";
    case Layout::kSequence:
      return fmt::format("[B, {}, {}]", length, shape.features);
    case Layout::kVector:
      return fmt::format("[B, {}]", shape.features);
  }
  return "";
}

}  // namespace bernoulli::layers
