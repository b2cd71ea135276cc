#pragma once

#include <optional>

#include "config/field_builder.h"
#include "layers/layer_kind.h"

namespace bernoulli::layers {

/// The key `initializer` (or another name) of a layer: optional; without it model.initializer decides.
config::Field initializer_field(const std::string& key, const std::string& doc);

/// The same for a table of token vectors, which can also be `naive_bayes` (naive_bayes.h) or `pretrained`
/// (pretrained.h).
config::Field table_initializer_field(const std::string& key, const std::string& doc);
/// The key `bias_initializer` of a layer that may give the logits, which can also be `prior` (label_prior.h).
config::Field label_bias_field(const std::string& doc);

/// Numbers of a weight whose rows see fan_in inputs and fan_out outputs. Absent (null) `value` gives
/// `fallback`, and so do naive_bayes and pretrained, which decide some columns or rows only; prior, whose
/// numbers are given later, gives zeros.
/// @param value  {"uniform": {"low": ..., "high": ...}} and so on, as validated.
Initializer resolve_initializer(const Json& value, int64_t fan_in, int64_t fan_out,
                                const Initializer& fallback);

/// The arguments of a layer's initializer where it is `kind`; null where it is another.
const Json* named_initializer(const NamedLayer& layer, const std::string& kind,
                              const std::string& key = "initializer");

/// How a layer's weight and bias start: by their keys `initializer` and `bias_initializer`, else as
/// model.initializer says: keras glorot_uniform and zeros, torch torch_linear for both.
Initializer weight_start(const Json& args, const PlanContext& context, int64_t fan_in, int64_t fan_out);
/// Nothing where the layer has no bias. @throws ShapeError where that is to start in some way all the same
std::optional<Initializer> bias_start(const Json& args, const PlanContext& context, int64_t fan_in,
                                      int64_t fan_out);

/// Glorot & Bengio 2010: uniform in +-sqrt(6 / (fan_in + fan_out)).
Initializer glorot_uniform(int64_t fan_in, int64_t fan_out);
/// torch.nn.Linear's weight and bias: uniform in +-1/sqrt(fan_in).
Initializer torch_linear(int64_t fan_in);

}  // namespace bernoulli::layers
