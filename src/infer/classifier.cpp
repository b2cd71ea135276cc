#include "infer/classifier.h"

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {

nlohmann::ordered_json to_json(const Labels& labels) {
  return {{"kind", labels.kind == TaskConfig::Kind::kBinary ? "binary" : "multi_label"},
          {"names", labels.names}};
}

Labels labels_from_json(const nlohmann::ordered_json& json) {
  const bool binary = json.at("kind") == "binary";
  auto names = json.at("names").get<std::vector<std::string>>();
  if (binary ? names.size() != 2 : names.empty())
    throw ArtifactError(fmt::format("{} labels are listed (expected {})", names.size(),
                                    binary ? "2, the negative and the positive one" : "1 or more"));
  return {binary ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel, std::move(names)};
}

}  // namespace bernoulli
