#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "infer/classifier.h"
#include "store/zip_reader.h"

namespace bernoulli {

/// What an exported file carries besides its methods.
struct ArtifactInfo {
  std::string config_yaml;
  nlohmann::ordered_json labels;
  DecisionRule rule;
  std::vector<double> pos_weight;   ///< of the training loss; empty: none
  LogitScaling scaling;             ///< of the network's logits
  nlohmann::ordered_json metadata;  ///< metadata.json: program, versions, vocabulary fingerprint
  int64_t num_outputs = 1;          ///< L
};

/// @param files  the extra files of docs/artifact.md by name: configuration, labels, thresholds,
/// temperatures, shifts, metadata. That of shifts is missing or empty where none were fitted.
/// @throws ArtifactError for a format of another version; nlohmann::json::exception
ArtifactInfo read_artifact_info(const std::map<std::string, std::string>& files, const std::string& name);

bool has_extra_file(const ZipReader& zip, const std::string& name);
/// @throws ArtifactError where it is missing or damaged
std::string extra_file(const ZipReader& zip, const std::string& name);
/// The same of an exported file itself.
ArtifactInfo read_artifact_info(const ZipReader& zip, const std::string& name);

/// @throws ArtifactError for a configuration or labels that this program does not read, and for thresholds,
/// scales and weights that do not fit them.
ClassifierInfo classifier_info(const ArtifactInfo& info, const std::string& name);

}  // namespace bernoulli
