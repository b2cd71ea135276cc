#include "infer/self_test.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hex.h"
#include "core/random.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

Json text_to_json(const std::string& text) {
  if (is_utf8(text)) return text;
  return {{"hex", to_hex(text)}};
}

std::string text_from_json(const Json& json, const std::string& name) {
  if (json.is_string()) return json.get<std::string>();
  const auto hex = json.at("hex").get<std::string>();
  std::optional<std::string> text = from_hex(hex);
  if (!text)
    throw ArtifactError(
        fmt::format("the self-test of '{}' is damaged: '{}' are no hexadecimal digits of bytes", name, hex));
  return std::move(*text);
}

/// `num_words` words, drawn more often from the front of the vocabulary, as in real text.
std::string random_text(const Vocabulary& vocabulary, Random& random, uint64_t num_words) {
  std::string text;
  for (uint64_t i = 0; i < num_words; ++i) {
    const uint64_t bound = 1 + random.below(vocabulary.tokens().size());
    text += vocabulary.tokens()[random.below(bound)];
    text += ' ';
  }
  return text;
}

}  // namespace

std::vector<std::string> self_test_texts(const Vectorizer& vectorizer) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes.push_back(static_cast<char>(byte));
  std::vector<std::string> texts = {"",
                                    " \t\r\n ",
                                    "The movie was great! I loved every minute of it.",
                                    "A waste of time: dull, slow and badly acted...",
                                    "don't <br />stop<br/>here <i>ever</i> < 3",
                                    "caf\u00E9 na\u00EFve \u201Cquoted\u201D \u2026 \u4F60\u597D "
                                    "\u043F\u0440\u0438\u0432\u0435\u0442 \U0001F600",
                                    "broken \xFF\xFE \xC3( \xE2\x82 \xED\xA0\x80",
                                    all_bytes,
                                    std::string(300, 'x')};
  // Longer than a row of fixed length; else of a length at which the order of a sum hardly shows.
  const int64_t length = std::min<int64_t>(vectorizer.config().sequence_length.value_or(250), 3000) + 50;
  std::string many_words;
  for (int64_t i = 0; i < length; ++i) many_words += i % 2 == 0 ? "good " : "bad ";
  texts.push_back(many_words);
  const Vocabulary* vocabulary = vectorizer.vocabulary();
  if (vocabulary == nullptr || vocabulary->tokens().empty()) return texts;
  Random random(1);
  for (const uint64_t num_words : {1, 2, 3, 5, 8, 13, 30, 60, 120, 250, 500})
    texts.push_back(random_text(*vocabulary, random, num_words));
  return texts;
}

double self_test_tolerance(std::string_view text, double logit_noise) {
  constexpr double kSteepest = 0.25;  // of the sigmoid
  constexpr double kMargin = 8;       // of noise that one order of adding shows
  return 1e-6 + std::ldexp(static_cast<double>(text.size()), -24) + kMargin * kSteepest * logit_noise;
}

std::string self_test_fault(const SelfTest& self_test, std::span<const float> answers) {
  if (self_test.texts.empty() || answers.size() != self_test.probabilities.size()) {
    return fmt::format("{} probabilities for {} texts, expected {}", answers.size(), self_test.texts.size(),
                       self_test.probabilities.size());
  }
  const size_t num_labels = answers.size() / self_test.texts.size();
  for (size_t i = 0; i < answers.size(); ++i) {
    const size_t text = i / num_labels;
    const double tolerance = self_test.tolerances.empty() ? self_test_tolerance(self_test.texts[text], 0)
                                                          : self_test.tolerances[text];
    const bool agree =
        std::abs(double{answers[i]} - double{self_test.probabilities[i]}) <= tolerance;  // false for NaN
    if (agree) continue;
    return fmt::format("text {} has probability {}, the file was written with {}", text, answers[i],
                       self_test.probabilities[i]);
  }
  return {};
}

Json to_json(const SelfTest& self_test) {
  Json json{{"texts", Json::array()}, {"probabilities", Json::array()}};
  const size_t num_labels = self_test.probabilities.size() / std::max<size_t>(1, self_test.texts.size());
  for (size_t i = 0; i < self_test.texts.size(); ++i) {
    json["texts"].push_back(text_to_json(self_test.texts[i]));
    const auto row = self_test.probabilities.begin() + static_cast<int64_t>(i * num_labels);
    json["probabilities"].push_back(std::vector<float>(row, row + static_cast<int64_t>(num_labels)));
  }
  if (!self_test.tolerances.empty()) json["tolerances"] = self_test.tolerances;
  return json;
}

SelfTest self_test_from_json(const Json& json, const std::string& name) {
  SelfTest self_test;
  for (const Json& text : json.at("texts")) self_test.texts.push_back(text_from_json(text, name));
  for (const Json& row : json.at("probabilities")) {
    for (const Json& probability : row) self_test.probabilities.push_back(probability.get<float>());
  }
  if (const auto tolerances = json.find("tolerances"); tolerances != json.end())
    self_test.tolerances = tolerances->get<std::vector<double>>();
  if (!self_test.tolerances.empty() && self_test.tolerances.size() != self_test.texts.size())
    throw ArtifactError(fmt::format("the self-test of '{}' is damaged: {} tolerances for {} texts", name,
                                    self_test.tolerances.size(), self_test.texts.size()));
  return self_test;
}

}  // namespace bernoulli
