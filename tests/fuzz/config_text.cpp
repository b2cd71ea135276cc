// A configuration text: read, checked, resolved, planned. What is accepted reads as itself when it is read
// again.
#include "config/load.h"
#include "fuzz/fuzz_target.h"
#include "layers/layer_kind.h"
#include "layers/model_plan.h"

namespace bernoulli {
namespace {

void config_text(std::string_view input) {
  const auto load = [](const std::string& text) {
    return config::load_config_text(text, "fuzz.yaml", layers::layer_schemas());
  };
  const config::LoadedConfig first = load(std::string(input));
  const config::LoadedConfig again =
      fuzz::must_accept("a resolved configuration is valid", [&] { return load(first.run.resolved_yaml); });
  fuzz::require(again.resolved == first.resolved, "a resolved configuration means the same");
  fuzz::require(again.run.resolved_yaml == first.run.resolved_yaml,
                "a resolved configuration stays as it is");
  const TaskConfig& task = first.run.task;
  const auto outputs = task.kind == TaskConfig::Kind::kBinary ? 1 : static_cast<int64_t>(task.labels.size());
  layers::plan_model(first.run.model, first.run.text, first.run.loss.mode, 1000, outputs);
}

}  // namespace

BERNOULLI_FUZZ_TARGET(config_text)

}  // namespace bernoulli
