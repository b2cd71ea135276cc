#include "cli/load_arguments.h"

#include <algorithm>

namespace bernoulli::cli {
namespace po = boost::program_options;

void add_config_options(po::options_description& options) {
  options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "override one key, such as training.epochs=3 or model.layers[2].dropout=0.5; "
                        "repeats, the right-most wins");
}

config::ConfigSources config_sources(const po::variables_map& values) {
  config::ConfigSources sources;
  if (values.contains("config")) {
    for (const std::string& file : values["config"].as<std::vector<std::string>>())
      sources.files.emplace_back(file);
  }
  if (values.contains("set")) sources.overrides = values["set"].as<std::vector<std::string>>();
  return sources;
}

void check_shapes_early(const RunConfig& config) {
  const bool binary = config.task.kind == TaskConfig::Kind::kBinary;
  if (!binary && config.task.labels.empty())
    return;  // the labels, and with them the number of outputs, come from the data
  const int64_t num_ids =
      config.text.hash_buckets ? *config.text.hash_buckets + 1 : config.text.max_tokens.value_or(2);
  layers::plan_model(config.model, config.text, config.loss.mode, num_ids,
                     binary ? 1 : static_cast<int64_t>(config.task.labels.size()));
}

}  // namespace bernoulli::cli
