#include "layers/initializer_kinds.h"

#include <cmath>

#include <fmt/format.h>

namespace bernoulli::layers {
namespace {

using config::number;

/// Of one number independent of the others.
const std::vector<KindSchema>& drawn_schemas() {
  static const std::vector<KindSchema> kinds{
      {"zeros", "all 0", {}, "", false},
      {"ones", "all 1", {}, "", false},
      {"constant", "all the same", {number("value", "the value").float32()}, "value", false},
      {"uniform",
       "uniform in [low, high)",
       {number("low", "lower end").float32(), number("high", "upper end").float32()},
       "",
       true},
      {"normal",
       "normal distribution",
       {number("mean", "mean").float32().defaults(0.0),
        number("std", "standard deviation").at_least(0).float32()},
       "std",
       false},
      {"glorot_uniform", "uniform in +-sqrt(6 / (fan_in + fan_out))", {}, "", false},
      {"glorot_normal", "normal with standard deviation sqrt(2 / (fan_in + fan_out))", {}, "", false},
      {"he_uniform", "uniform in +-sqrt(6 / fan_in)", {}, "", false},
      {"he_normal", "normal with standard deviation sqrt(2 / fan_in)", {}, "", false},
      {"torch_linear", "uniform in +-1/sqrt(fan_in), as torch.nn.Linear draws", {}, "", false},
  };
  return kinds;
}

const std::vector<KindSchema>& initializer_schemas() {
  static const std::vector<KindSchema> kinds = [] {
    std::vector<KindSchema> all = drawn_schemas();
    all.push_back(
        {"orthogonal",
         "rows, or where there are more of them columns, of length 1 and at right angles, uniformly among "
         "all such (Saxe et al. 2014)",
         {},
         "",
         false});
    return all;
  }();
  return kinds;
}

const std::vector<KindSchema>& table_initializer_schemas() {
  static const std::vector<KindSchema> kinds = [] {
    std::vector<KindSchema> all = drawn_schemas();
    all.push_back(
        {"naive_bayes",
         "the model starts as a naive Bayes classifier: the first columns, one a label, hold log-count "
         "ratios of the training texts that have a token (Wang & Manning 2012), 0 for padding; the linear "
         "layer behind the pool passes them on, and its bias is the log odds of the label",
         {number("alpha", "added to the number of texts that have a token").above(0).defaults(1.0),
          number("scale", "what the ratios are multiplied by").above(0).float32().defaults(1.0)},
         "scale",
         false});
    all.push_back(
        {"pretrained",
         "tokens that a file of vectors has start from there, the others as without it: the text form of "
         "word2vec, fastText (.vec) and GloVe",
         {config::text("path", "that file; a relative path starts at data.root").size(1)},
         "path",
         false});
    return all;
  }();
  return kinds;
}

const std::vector<KindSchema>& label_bias_schemas() {
  static const std::vector<KindSchema> kinds = [] {
    std::vector<KindSchema> all = initializer_schemas();
    all.push_back({"prior",
                   "the log odds of each label in the training examples, log((1 + N1) / (1 + N0)) of the "
                   "weights of those with and without it; loss.pos_weight w adds log w, and loss.alpha a of "
                   "the focal loss log(a / (1 - a)). Of the layer that gives the logits",
                   {},
                   "",
                   false});
    return all;
  }();
  return kinds;
}

Initializer symmetric_uniform(double bound) { return {Initializer::Kind::kUniform, -bound, bound}; }

}  // namespace

config::Field initializer_field(const std::string& key, const std::string& doc) {
  return config::one_kind(key, doc, initializer_schemas()).optional();
}

config::Field table_initializer_field(const std::string& key, const std::string& doc) {
  return config::one_kind(key, doc, table_initializer_schemas()).optional();
}

config::Field label_bias_field(const std::string& doc) {
  return config::one_kind("bias_initializer", doc, label_bias_schemas()).optional();
}

const Json* named_initializer(const NamedLayer& layer, const std::string& kind, const std::string& key) {
  const auto named = layer.args.find(key);
  if (named == layer.args.end() || !named->is_object() || !named->contains(kind)) return nullptr;
  return &named->at(kind);
}

Initializer glorot_uniform(int64_t fan_in, int64_t fan_out) {
  return symmetric_uniform(std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)));
}

Initializer torch_linear(int64_t fan_in) {
  return symmetric_uniform(1.0 / std::sqrt(static_cast<double>(fan_in)));
}

Initializer resolve_initializer(const Json& value, int64_t fan_in, int64_t fan_out,
                                const Initializer& fallback) {
  using Kind = Initializer::Kind;
  if (value.is_null()) return fallback;
  const std::string& kind = value.begin().key();
  const Json& args = value.begin().value();
  const double in = static_cast<double>(fan_in);
  const double both = static_cast<double>(fan_in + fan_out);
  if (kind == "ones") return {Kind::kOnes, 0, 0};
  if (kind == "constant") return {Kind::kConstant, args.at("value"), 0};
  if (kind == "uniform") {
    const double low = args.at("low"), high = args.at("high");
    if (low > high) throw ShapeError{"initializer uniform: low is above high"};
    if (high - low > config::kFloat32Limit)
      throw ShapeError{fmt::format("initializer uniform: high - low is {} (expected at most {})", high - low,
                                   config::kFloat32Limit)};
    return {Kind::kUniform, low, high};
  }
  if (kind == "normal") return {Kind::kNormal, args.at("mean"), args.at("std")};
  if (kind == "glorot_uniform") return glorot_uniform(fan_in, fan_out);
  if (kind == "glorot_normal") return {Kind::kNormal, 0, std::sqrt(2.0 / both)};
  if (kind == "he_uniform") return symmetric_uniform(std::sqrt(6.0 / in));
  if (kind == "he_normal") return {Kind::kNormal, 0, std::sqrt(2.0 / in)};
  if (kind == "torch_linear") return torch_linear(fan_in);
  if (kind == "orthogonal") return {Kind::kOrthogonal, 0, 0};
  if (kind == "naive_bayes" || kind == "pretrained") return fallback;
  return {};
}

Initializer weight_start(const Json& args, const PlanContext& context, int64_t fan_in, int64_t fan_out) {
  return resolve_initializer(
      args.at("initializer"), fan_in, fan_out,
      context.initializer == "keras" ? glorot_uniform(fan_in, fan_out) : torch_linear(fan_in));
}

std::optional<Initializer> bias_start(const Json& args, const PlanContext& context, int64_t fan_in,
                                      int64_t fan_out) {
  if (!args.at("bias")) {
    if (!args.at("bias_initializer").is_null())
      throw ShapeError{"bias_initializer has no meaning where bias is false (leave one of them out)"};
    return std::nullopt;
  }
  return resolve_initializer(args.at("bias_initializer"), fan_in, fan_out,
                             context.initializer == "keras" ? Initializer{} : torch_linear(fan_in));
}

}  // namespace bernoulli::layers
