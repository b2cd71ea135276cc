#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/string_rows.h"
#include "layers/model_plan.h"
#include "metrics/token_scores.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// False where explain_tokens refuses the model.
bool is_linear_in_tokens(const layers::ModelPlan& plan);

/// The tokens with the largest and the smallest scores. A score is what explain_tokens gives a text of this
/// token alone, to the bit: in longer texts a mean divides it by their number of tokens.
/// @param texts  held-out ones: tokens count that DecidingTokens::kLeastTexts of them have, and give hashed
/// ids their names; null: all tokens of the vocabulary count
/// @param logits_of  the model: L logits of the ids of one text
/// @return nothing where the model is not linear in its tokens, or hashes them and there are no texts
/// @throws StopRequested
std::optional<DecidingTokens> deciding_tokens(
    const layers::ModelPlan& plan, const Vectorizer& vectorizer, const StringRows* texts,
    const std::function<void(std::span<const int32_t> ids, std::span<float> out)>& logits_of);

}  // namespace bernoulli
