#pragma once

#include <cstdint>

namespace bernoulli {

/// Names of the extra files inside an exported file, and the version of the whole layout (docs/artifact.md).
inline constexpr const char* kConfigFile = "config.yaml";
inline constexpr const char* kLabelsFile = "labels.json";
inline constexpr const char* kThresholdsFile = "thresholds.json";
inline constexpr const char* kTemperaturesFile = "temperatures.json";
inline constexpr const char* kShiftsFile = "shifts.json";  ///< only where there are some
inline constexpr const char* kMetadataFile = "metadata.json";
inline constexpr const char* kSelfTestFile = "self_test.json";
inline constexpr const char* kVocabularyFile = "vocabulary.txt";
inline constexpr const char* kNativeFile = "native.json";
inline constexpr int64_t kArtifactFormat = 2;

}  // namespace bernoulli
