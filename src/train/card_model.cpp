#include "train/card_model.h"

namespace bernoulli {

card::Tokens card_tokens(const TokenView& rows, int64_t begin, int64_t end) {
  return {rows.narrow(), rows.wide(), rows.offsets() + begin, end - begin};
}

std::vector<card::Layer> card_layers(const FusedPlan& fused) {
  std::vector<card::Layer> layers;
  for (const FusedLayer& from : fused.head) {
    card::Layer to;
    to.kind = from.kind == FusedLayer::Kind::kDropout      ? card::Layer::Kind::kDropout
              : from.kind == FusedLayer::Kind::kActivation ? card::Layer::Kind::kActivation
                                                           : card::Layer::Kind::kLinear;
    to.activation = from.activation;
    to.has_bias = from.has_bias;
    to.slope = from.slope;
    to.threshold = from.threshold;
    to.in = static_cast<int32_t>(from.features_in);
    to.out = static_cast<int32_t>(from.features_out);
    to.parameter = static_cast<int32_t>(from.weight);
    layers.push_back(to);
  }
  return layers;
}

card::Model card_model(const RunConfig& config, const FusedPlan& fused, const DeadRange& dead) {
  card::Model model;
  model.token_threshold = fused.token_threshold;
  model.word_threshold = fused.word_threshold;
  model.mean = fused.mean;
  model.include_padding = fused.include_padding;
  model.sequence_length = fused.sequence_length.value_or(0);
  model.loss = entry_loss_of(config.loss);
  model.clip_norm = config.optimizer.clip_norm.value_or(0);
  model.clip_value = config.optimizer.clip_value.value_or(0);
  model.seed = config.training.seed;
  model.saturated_from = kProbabilityOneFrom;
  model.saturated_until = kProbabilityZeroUntil;
  model.negatives_dead_from = dead.negatives_from;
  model.positives_dead_until = dead.positives_until;
  return model;
}

}  // namespace bernoulli
