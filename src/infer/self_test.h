#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "text/vectorizer.h"

namespace bernoulli {

/// What an exported file must answer, made when it is written and asked again whenever it is opened.
struct SelfTest {
  std::vector<std::string> texts;    ///< N
  std::vector<float> probabilities;  ///< N*L row-major
  /// N: how far a probability of each text may be from these; empty in files of earlier programs.
  std::vector<double> tolerances = {};
};

/// Texts that exercise the byte specification (empty, odd bytes, several scripts, long) and the model (random
/// words of the vocabulary). No text of the training data is among them. The same for the same vectorizer.
std::vector<std::string> self_test_texts(const Vectorizer& vectorizer);

/// How far a probability of `text` may be from what was written. Another processor, and the native path, may
/// add the same numbers in another order: a float32 sum over n tokens may be off by n 2^-24 of itself, and a
/// text has hardly more tokens than bytes. A wrong sigmoid, weight or id is far beyond this.
/// @param logit_noise  how far rounding to float32 moved logits of texts that are no longer than this one:
/// sums of many large numbers that nearly cancel are off by more
double self_test_tolerance(std::string_view text, double logit_noise);

/// Empty where every answer is within the tolerance of its text; else the first that is not, in words.
/// @param answers  probabilities N*L.
std::string self_test_fault(const SelfTest& self_test, std::span<const float> answers);

/// {"texts": [...], "probabilities": [[...], ...], "tolerances": [...]}; a text that is no valid UTF-8 stands
/// as {"hex": "..."}.
nlohmann::ordered_json to_json(const SelfTest& self_test);
/// @param name  of the file, for messages.  @throws ArtifactError for bytes that are no hexadecimal digits
/// and for another number of tolerances; nlohmann::json::exception
SelfTest self_test_from_json(const nlohmann::ordered_json& json, const std::string& name);

}  // namespace bernoulli
