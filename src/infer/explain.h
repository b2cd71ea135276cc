#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "infer/explanation.h"
#include "layers/model_plan.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// Whether the pools of a model that is linear in its tokens divide by their number.
/// @throws UsageError where it is not linear, naming the layer in the way.
bool divides_by_length(const layers::ModelPlan& plan);

/// The shares of the tokens of `text`: a linear model's logits are those of the empty text plus what each
/// token adds on its own.
/// @param logits_of  the model, N*L for N rows.
/// @throws UsageError where the model is not linear in its tokens, naming the layer in the way.
Explanation explain_tokens(const layers::ModelPlan& plan, const Vectorizer& vectorizer, std::string_view text,
                           const std::function<std::vector<float>(const TokenRows&)>& logits_of);

}  // namespace bernoulli
