#include "stability/stress.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "core/random.h"
#include "metrics/significance.h"
#include "stability/number_line.h"

namespace bernoulli::stability {
namespace {

constexpr int64_t kSpreadExamples = 512;

/// What the page says about the presets; setting_of adds the settings.
struct Words {
  const char* kind;
  const char* shows;
  const char* why;
};
constexpr Words kWords[] = {
    {"output_bias", "Whether a model that starts out sure of one answer can unlearn it.",
     "From logit 16.64 on the float32 sigmoid is exactly 1, so a loss on probabilities has no gradient "
     "there; the gradient from logits is still 1."},
    {"learning_rate", "What happens when weights overshoot.",
     "Large steps throw logits far out on both sides; what lands on the wrong side beyond 16.64 comes back "
     "only if it still has a gradient."},
    {"input_scale", "What it costs when inputs are not normalised.",
     "Logits grow with the inputs, and the limits beyond which probabilities round stay where they are."},
    {"label_noise", "Whether contradicting labels matter by themselves.",
     "They pull logits towards 0, away from every limit: an honest control, in which no difference is "
     "expected."},
    {"half_precision", "What 16-bit logits change.",
     "A bfloat16 sigmoid is exactly 1 from 6.25 on, a float16 one from 8.32: well inside of what ordinary "
     "training reaches."},
    {"confident_init", "Fine-tuning of a model that is sure of something else.",
     "Initial logits lie far out on both sides: about half of them are wrong, and many of those beyond the "
     "limits."},
};

/// Rounds to a dtype on the way in.
class RoundedLoss : public Loss {
 public:
  RoundedLoss(const Loss& loss, at::ScalarType dtype) : loss_(loss), dtype_(dtype) {}
  at::Tensor elementwise(const at::Tensor& logits, const at::Tensor& targets) const override {
    if (dtype_ == logits.scalar_type()) return loss_.elementwise(logits, targets);
    return loss_.elementwise(logits.to(dtype_), targets.to(dtype_)).to(logits.scalar_type());
  }

 private:
  const Loss& loss_;
  at::ScalarType dtype_;
};

bool has(const layers::NamedLayer& layer, std::string_view parameter) {
  return std::ranges::any_of(layer.plan.parameters,
                             [&](const layers::ParameterSpec& spec) { return spec.name == parameter; });
}

/// The last layer with a weight: the table, where there is no other. Null where that is in one of several
/// branches.
const layers::NamedLayer* output_layer(const layers::ModelPlan& plan) {
  const std::vector<const layers::NamedLayer*> all = plan.all_layers();
  const auto* last = *std::find_if(all.rbegin(), std::prev(all.rend()),
                                   [](const auto* layer) { return has(*layer, "weight"); });
  const bool on_the_way = std::ranges::any_of(plan.layers, [&](const auto& layer) { return &layer == last; });
  return on_the_way ? last : nullptr;
}

/// Standard deviation of the logits of the first training examples.
double logit_spread(ReferenceStep& step, const EncodedDataset& train) {
  TokenRows rows;
  std::vector<int32_t> room;
  for (int64_t i = 0; i < std::min(kSpreadExamples, train.size()); ++i) {
    room.resize(static_cast<size_t>(train.rows.row_size(i)));
    const auto row = train.rows.row(i, room.data());
    rows.ids.insert(rows.ids.end(), row.begin(), row.end());
    rows.end_row();
  }
  const std::vector<float> logits = step.logits(rows);
  return spread_of({logits.begin(), logits.end()}).deviation.value_or(0);
}

/// "output bias 30, embeddings times 4"
std::string setting_of(const Stress& stress) {
  std::vector<std::string> settings;
  if (stress.output_bias) settings.push_back(fmt::format("output bias {}", *stress.output_bias));
  if (stress.learning_rate_factor != 1)
    settings.push_back(fmt::format("learning rate times {}", stress.learning_rate_factor));
  if (stress.input_scale != 1) settings.push_back(fmt::format("embeddings times {}", stress.input_scale));
  if (stress.label_noise != 0)
    settings.push_back(fmt::format("{:.0f} % of labels wrong", 100 * stress.label_noise));
  if (stress.logit_spread)
    settings.push_back(fmt::format("initial logits with standard deviation {}", *stress.logit_spread));
  if (stress.logits_dtype != at::kFloat)
    settings.push_back(fmt::format("loss in {}", number_format(stress.logits_dtype).name));
  return fmt::format("{}", fmt::join(settings, ", "));
}

}  // namespace

Stress make_stress(const KindConfig& config) {
  Stress stress;
  stress.name = config.kind;
  const auto& args = config.args;
  for (const Words& words : kWords) {
    if (config.kind != words.kind) continue;
    stress.shows = words.shows;
    stress.why = words.why;
  }
  if (config.kind == "output_bias") {
    stress.output_bias = args.at("value").get<double>();
  } else if (config.kind == "learning_rate") {
    stress.learning_rate_factor = args.at("factor").get<double>();
  } else if (config.kind == "input_scale") {
    stress.input_scale = args.at("factor").get<double>();
  } else if (config.kind == "label_noise") {
    stress.label_noise = args.at("share").get<double>();
  } else if (config.kind == "half_precision") {
    stress.logits_dtype = number_format_named(args.at("dtype").get<std::string>()).dtype;
  } else if (config.kind == "confident_init") {
    stress.logit_spread = args.at("spread").get<double>();
  } else if (config.kind == "custom") {
    stress.name = args.at("name").get<std::string>();
    stress.shows = args.at("shows").get<std::string>();
    if (!args.at("output_bias").is_null()) stress.output_bias = args.at("output_bias").get<double>();
    stress.learning_rate_factor = args.at("learning_rate_factor").get<double>();
    stress.input_scale = args.at("input_scale").get<double>();
    stress.label_noise = args.at("label_noise").get<double>();
    if (!args.at("logit_spread").is_null()) stress.logit_spread = args.at("logit_spread").get<double>();
    stress.logits_dtype = number_format_named(args.at("logits_dtype").get<std::string>()).dtype;
  } else {
    throw InternalError(fmt::format("stability: no reader for stress '{}'", config.kind));
  }
  stress.setting = setting_of(stress);
  return stress;
}

std::unique_ptr<Loss> in_dtype(const Loss& loss, at::ScalarType dtype) {
  return std::make_unique<RoundedLoss>(loss, dtype);
}

EncodedDataset with_label_noise(const EncodedDataset& data, double share, uint64_t seed) {
  EncodedDataset noisy = data;
  const auto count = static_cast<int64_t>(noisy.targets.size());
  const std::vector<int64_t> order = random_permutation(count, mix_seed(seed, random_stream::kLabelNoise));
  const auto turned = static_cast<size_t>(std::llround(share * static_cast<double>(count)));
  for (size_t i = 0; i < turned; ++i) {
    float& target = noisy.targets[static_cast<size_t>(order[i])];
    target = 1 - target;
  }
  return noisy;
}

std::string change_initial_weights(ReferenceStep& step, const layers::ModelPlan& plan, const Stress& stress,
                                   const EncodedDataset& train) {
  const at::NoGradGuard no_grad;
  const NamedTensors weights = step.evaluation_weights();
  const auto tensor = [&](const layers::NamedLayer& layer, const std::string& parameter) {
    return tensor_of(weights, layer.tensor_name(parameter));
  };
  if (stress.input_scale != 1) {
    tensor(plan.layers.front(), "weight").mul_(stress.input_scale);
    step.set_weights(weights);
  }
  if (!stress.logit_spread && !stress.output_bias) return "";
  const layers::NamedLayer* const output = output_layer(plan);
  if (output == nullptr) return "the logits are made in several branches, not in one layer";
  if (stress.logit_spread) {
    const double spread = logit_spread(step, train);
    if (spread == 0) return "all initial logits are the same";
    tensor(*output, "weight").mul_(*stress.logit_spread / spread);
    step.set_weights(weights);
  }
  if (stress.output_bias) {
    if (!has(*output, "bias")) return "the last layer has no bias";
    tensor(*output, "bias").fill_(*stress.output_bias);
    step.set_weights(weights);
  }
  return "";
}

}  // namespace bernoulli::stability
