#include <fmt/format.h>

#include "config/field_builder.h"
#include "layers/initializer_kinds.h"
#include "layers/pool.h"
#include "layers/shape_rules.h"
#include "layers/window_reach.h"

namespace bernoulli::layers {
namespace {

/// As torch.conv2d of one row: a transposed x [B, D, 1, T] is channels_last already, so that no number is
/// moved, where torch.conv1d copies input and output.
std::string conv1d_script(const Json& args, bool counts_padding) {
  const int64_t dilation = args.at("dilation");
  const WindowReach reach(args.at("kernel_size"), dilation);
  std::string script = counts_padding ? "" : std::string(kRealScript) + "x = x * real\n";
  script += "x = x.transpose(1, 2).unsqueeze(2)\n";
  // torch pads both ends alike.
  if (reach.behind > reach.before)
    script += fmt::format("x = torch.constant_pad_nd(x, [0, {}])\n", reach.behind - reach.before);
  return script + fmt::format(
                      "y = torch.conv2d(x, self.weight.unsqueeze(2), {}, [1, 1], [0, {}], [1, {}], 1)\n"
                      "return y.squeeze(2).transpose(1, 2).contiguous()",
                      args.at("bias") ? "self.bias" : "None", reach.before, dilation);
}

const char* truth(bool value) { return value ? "True" : "False"; }

/// Where a max_pool follows, only the highest window of each channel matters: an operator of
/// model/operators.h finds it and gives the others no gradient.
std::string highest_script(const Json& args, bool conv_counts_padding, bool pool_counts_padding) {
  const int64_t dilation = args.at("dilation");
  const WindowReach reach(args.at("kernel_size"), dilation);
  return fmt::format("return bernoulli.highest_window(x, lengths, self.weight, {}, {}, {}, {}, {}){}",
                     dilation, reach.before, reach.behind, truth(conv_counts_padding),
                     truth(pool_counts_padding), args.at("bias") ? " + self.bias" : "");
}

OnnxWriter conv1d_onnx(const Json& args, bool counts_padding) {
  const int64_t kernel_size = args.at("kernel_size"), dilation = args.at("dilation");
  const bool bias = args.at("bias");
  return [=](OnnxGraph& graph, const std::string& x) {
    const std::string in = counts_padding ? x : onnx_real_or(graph, x, 0);
    const OnnxAttribute turn = {"perm", std::vector<int64_t>{0, 2, 1}};
    std::vector<std::string> inputs = {graph.add("Transpose", {in}, {turn}), graph.parameter("weight")};
    if (bias) inputs.push_back(graph.parameter("bias"));
    const WindowReach reach(kernel_size, dilation);
    const std::string out = graph.add("Conv", inputs,
                                      {{"dilations", std::vector<int64_t>{dilation}},
                                       {"kernel_shape", std::vector<int64_t>{kernel_size}},
                                       {"pads", std::vector<int64_t>{reach.before, reach.behind}}});
    return graph.add("Transpose", {out}, {turn});
  };
}

LayerPlan plan_conv1d(const Json& args, const PlanContext& context) {
  require_layout(context, {Layout::kSequence});
  const int64_t in = context.input.features, channels = args.at("channels"),
                kernel_size = args.at("kernel_size");
  const int64_t fan_in = in * kernel_size, fan_out = channels * kernel_size;
  const bool include = counts_padding(args, context);
  LayerPlan layer;
  layer.output = context.input;
  layer.output.features = channels;
  layer.parameters.push_back(
      {"weight", {channels, in, kernel_size}, weight_start(args, context, fan_in, fan_out)});
  if (const std::optional<Initializer> bias = bias_start(args, context, fan_in, fan_out))
    layer.parameters.push_back({"bias", {channels}, *bias});
  layer.script = conv1d_script(args, include);
  layer.highest_script = [=](bool pool_counts_padding) {
    return highest_script(args, include, pool_counts_padding);
  };
  layer.onnx = conv1d_onnx(args, include);
  return layer;
}

}  // namespace

LayerKind conv1d() {
  return {
      {"conv1d",
       "weighted sums over a window of neighbouring tokens plus a bias, one a position (torch.nn.Conv1d with "
       "padding='same'); beyond the ends of a text stand zeros",
       {config::integer("channels", "numbers out at each position").at_least(1).at_most(65536),
        config::integer("kernel_size", "positions that a window takes in").at_least(1).at_most(1024),
        config::integer("dilation", "steps from one position of a window to the next")
            .at_least(1)
            .at_most(1024)
            .defaults(1),
        padding_field("exclude"), config::boolean("bias", "add a bias").defaults(true),
        initializer_field(
            "initializer",
            "of the weight; keras: glorot_uniform; torch: torch_linear; a fan counts the window"),
        initializer_field("bias_initializer", "of the bias; keras: zeros; torch: torch_linear")},
       "",
       false},
      plan_conv1d};
}

}  // namespace bernoulli::layers
