#include "infer/classifier.h"

namespace bernoulli {

nlohmann::ordered_json to_json(const Labels& labels) {
  return {{"kind", labels.kind == TaskConfig::Kind::kBinary ? "binary" : "multi_label"},
          {"names", labels.names}};
}

Labels labels_from_json(const nlohmann::ordered_json& json) {
  const bool binary = json.at("kind") == "binary";
  return {binary ? TaskConfig::Kind::kBinary : TaskConfig::Kind::kMultiLabel,
          json.at("names").get<std::vector<std::string>>()};
}

}  // namespace bernoulli
