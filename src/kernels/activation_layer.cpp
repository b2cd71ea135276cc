#include "kernels/activation_layer.h"

#include <map>

#include <nlohmann/json.hpp>

namespace bernoulli::kernels {

std::optional<ActivationLayer> activation_layer(const std::string& kind, const nlohmann::ordered_json& args) {
  static const std::map<std::string, Activation> kByName = {
      {"relu", Activation::kRelu},       {"tanh", Activation::kTanh}, {"gelu", Activation::kGelu},
      {"sigmoid", Activation::kSigmoid}, {"silu", Activation::kSilu}, {"leaky_relu", Activation::kLeakyRelu}};
  const auto found = kByName.find(kind);
  if (found == kByName.end()) return std::nullopt;
  ActivationLayer layer{found->second, 0};
  if (kind == "leaky_relu") layer.slope = args.at("negative_slope").get<float>();
  if (kind == "gelu" && args.at("approximate") == "tanh") layer.activation = Activation::kGeluTanh;
  return layer;
}

}  // namespace bernoulli::kernels
