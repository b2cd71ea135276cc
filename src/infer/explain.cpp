#include "infer/explain.h"

#include <string>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {
namespace {

/// How the pools of a model divide: its branches must do it alike for a token to have one share.
struct Pools {
  bool divide = false;         ///< one by the number of tokens
  bool do_not_divide = false;  ///< another one by a number that all texts have in common
};

/// The word that a layer was given. (To compare JSON with a literal takes memory, and ends the process where
/// there is none.)
const std::string& word(const layers::NamedLayer& layer, const char* key) {
  return layer.args.at(key).get_ref<const std::string&>();
}

/// Throws where a layer between tokens and logits is not linear.
void find_pools(const std::vector<layers::NamedLayer>& list, Pools& pools) {
  for (const layers::NamedLayer& layer : list) {
    const auto pool = [&](bool divides) { (divides ? pools.divide : pools.do_not_divide) = true; };
    for (const std::vector<layers::NamedLayer>& branch : layer.branches) find_pools(branch, pools);
    if (layer.kind == "embedding_bag" && word(layer, "mode") != "max") {
      pool(word(layer, "mode") == "mean");
    } else if (layer.kind == "mean_pool") {
      pool(word(layer, "padding") == "exclude");
    } else if (layer.kind == "sum_pool") {
      pool(false);
    } else if (layer.kind != "embedding" && layer.kind != "linear" && layer.branches.empty() &&
               !layer.plan.training_only) {
      throw UsageError(fmt::format(
          "an explanation needs a model that is linear in its tokens; layer '{}' is not", layer.name));
    }
  }
}

}  // namespace

bool divides_by_length(const layers::ModelPlan& plan) {
  Pools pools;
  find_pools(plan.layers, pools);
  if (pools.divide && pools.do_not_divide)
    throw UsageError(
        "an explanation needs a model that is linear in its tokens; this one has branches with a mean over "
        "the tokens of a text and others without, so that a token has no share of its own");
  return pools.divide;
}

Explanation explain_tokens(const layers::ModelPlan& plan, const Vectorizer& vectorizer, std::string_view text,
                           const std::function<std::vector<float>(const TokenRows&)>& logits_of) {
  const bool divides = divides_by_length(plan);
  std::vector<int32_t> ids;
  vectorizer.append_ids(text, ids);
  const std::vector<std::string> tokens = vectorizer.tokens(text);
  TokenRows alone;
  alone.end_row();
  for (const int32_t id : ids) {
    alone.ids.push_back(id);
    alone.end_row();
  }
  const std::vector<float> z = logits_of(alone);
  const auto width = static_cast<size_t>(plan.num_outputs);
  Explanation explanation;
  explanation.base.assign(z.begin(), z.begin() + static_cast<int64_t>(width));
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool unknown = vectorizer.vocabulary() != nullptr && ids[i] == kUnknownId;
    explanation.tokens.push_back(unknown ? fmt::format("[UNK: {}]", tokens[i]) : tokens[i]);
    for (size_t label = 0; label < width; ++label) {
      const double share = double{z[(i + 1) * width + label]} - explanation.base[label];
      explanation.shares.push_back(divides ? share / static_cast<double>(ids.size()) : share);
    }
  }
  return explanation;
}

}  // namespace bernoulli
