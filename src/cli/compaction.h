#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "cli/export_run.h"

namespace bernoulli::cli {

/// What a compact form does to the answers on the reference texts: {"texts", "changed_texts": with another
/// decision of some label, "max_difference" and "mean_difference" of a probability, "metrics": {name:
/// {"before", "after"}}}. @param compact  logits N*L of the compact network
nlohmann::ordered_json change_of_answers(const ExportParts& parts, const ReferenceTexts& reference,
                                         const std::vector<float>& compact);

/// @throws ArtifactError where more texts changed than export.max_changed allows
void check_change(const nlohmann::ordered_json& change, const ExportConfig& form);

}  // namespace bernoulli::cli
