#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "infer/classifier.h"

namespace bernoulli {

/// "xxh3-128:" and the digits. @param content_hash  as NativeModel has it
std::string hash_in_words(const std::string& content_hash);

/// What a user of a model should know of it: kind, labels, thresholds, temperatures, shifts, hash, length of
/// sequences, and the columns of text where there are several.
nlohmann::ordered_json model_facts(const ClassifierInfo& info, const std::string& content_hash);

/// The same of a run folder or an exported file, of the latter also its size and its metadata.json. No
/// network is built, and no self-test computed. That a training did not finish is warned of.
/// @throws ArtifactError where it is damaged or nothing of the kind; IoError
nlohmann::ordered_json saved_model_facts(const std::filesystem::path& path);

}  // namespace bernoulli
