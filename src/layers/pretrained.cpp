#include "layers/pretrained.h"

#include <memory>
#include <utility>

#include "layers/initializer_kinds.h"
#include "layers/model_plan.h"

namespace bernoulli::layers {

std::optional<PretrainedStart> find_pretrained(const NamedLayer& table, const TextConfig& text) {
  const Json* const args = named_initializer(table, "pretrained");
  if (args == nullptr) return std::nullopt;
  if (text.hash_buckets)
    throw ShapeError{
        "pretrained vectors belong to tokens, and text.hashing keeps none (use text.vocabulary)"};
  return PretrainedStart{args->at("path"), table.args.at("dim")};
}

void start_from_vectors(ModelPlan& plan, std::vector<int64_t> ids, std::vector<float> values) {
  const int64_t dim = plan.pretrained.value().dim;
  plan.layers.front().plan.parameters.front().given =
      std::make_shared<const GivenNumbers>(GivenNumbers{dim, std::move(ids), std::move(values)});
}

}  // namespace bernoulli::layers
