// Text to ids on one thread, over the training reviews of BERNOULLI_DATA, or without it over made-up words.
// bytes_per_second counts the bytes of the raw texts, also where reading stops at the sequence length.

#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "text/vectorizer.h"

namespace bernoulli {
namespace {

std::vector<std::string> reviews() {
  std::vector<std::string> texts;
  const char* const data = std::getenv("BERNOULLI_DATA");
  if (data == nullptr) return texts;
  for (const char* const folder : {"train/pos", "train/neg"}) {
    const auto path = std::filesystem::path(data) / "aclImdb" / folder;
    if (!std::filesystem::exists(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      texts.push_back(read_file(entry.path()));
  }
  return texts;
}

/// Words of 1 to 10 letters, rank r about as often as 1 / r.
std::vector<std::string> made_up_texts() {
  Random random(1);
  std::vector<std::string> words(50000);
  for (std::string& word : words) {
    for (uint64_t i = 1 + random.below(10); i > 0; --i)
      word.push_back(static_cast<char>('a' + random.below(26)));
  }
  std::vector<std::string> texts(10000);
  for (std::string& text : texts) {
    while (text.size() < 1300)
      text += words[random.below(1 + random.below(1 + random.below(words.size())))] + ' ';
  }
  return texts;
}

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> kTexts = [] {
    std::vector<std::string> texts = reviews();
    return texts.empty() ? made_up_texts() : texts;
  }();
  return kTexts;
}

TextConfig tutorial_config() {
  const auto none = nlohmann::ordered_json::object();
  TextConfig config;
  config.standardize = {{"lowercase", none, ""},
                        {"replace", {{"from", "<br />"}, {"to", " "}}, ""},
                        {"strip_punctuation", none, ""}};
  return config;
}

/// Of the same texts: with umlauts, one in 40 bytes, or with Cyrillic letters throughout.
std::vector<std::string> with_letters(bool cyrillic) {
  std::vector<std::string> texts;
  for (const std::string& text : corpus()) {
    std::string& other = texts.emplace_back();
    int vowels = 0;
    for (const char c : text) {
      const bool lower = c >= 'a' && c <= 'z';
      if (cyrillic && (lower || (c >= 'A' && c <= 'Z'))) {  // U+0410 to U+0429, U+0430 to U+0449
        const int letter = lower ? 0x430 + (c - 'a') : 0x410 + (c - 'A');
        other += {static_cast<char>(0xC0 | letter >> 6), static_cast<char>(0x80 | (letter & 63))};
      } else if (!cyrillic && (c == 'a' || c == 'o' || c == 'u') && ++vowels % 6 == 0) {
        other += c == 'a' ? "\u00E4" : c == 'o' ? "\u00F6" : "\u00FC";
      } else {
        other.push_back(c);
      }
    }
  }
  return texts;
}

void count_bytes(benchmark::State& state, const std::vector<std::string>& texts = corpus()) {
  int64_t bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<int64_t>(text.size());
  state.SetBytesProcessed(state.iterations() * bytes);
}

void run_transform(benchmark::State& state, const Vectorizer& vectorizer) {
  for (auto _ : state) {
    const TokenRows rows = vectorizer.transform(corpus());
    benchmark::DoNotOptimize(rows.ids.data());
  }
  count_bytes(state);
}

void look_up(benchmark::State& state, ScanKernel kernel, std::vector<int64_t> ngrams,
             std::optional<int64_t> length) {
  TextConfig config = tutorial_config();
  config.max_tokens = 10000;
  config.ngrams = std::move(ngrams);
  config.sequence_length = length;
  run_transform(state, Vectorizer(config, learn_vocabulary(config, corpus()), kernel));
}

void hash(benchmark::State& state, ScanKernel kernel, std::vector<int64_t> ngrams) {
  TextConfig config = tutorial_config();
  config.hash_buckets = 2000000;
  config.ngrams = std::move(ngrams);
  run_transform(state, Vectorizer(config, kernel));
}

void count(benchmark::State& state, ScanKernel kernel, std::vector<int64_t> ngrams) {
  TextConfig config = tutorial_config();
  config.max_tokens = 10000;
  config.ngrams = std::move(ngrams);
  for (auto _ : state) benchmark::DoNotOptimize(learn_vocabulary(config, corpus(), 1, kernel).num_ids());
  count_bytes(state);
}

/// Reading alone: standardise and split.
void scan(benchmark::State& state, const TextConfig& config, ScanKernel kernel,
          const std::vector<std::string>& texts) {
  const Tokenizer tokenizer(config, kernel);
  TokenBuffers buffers;
  for (auto _ : state) {
    for (const std::string& text : texts)
      benchmark::DoNotOptimize(tokenizer.tokens(text, text.size(), buffers).size());
  }
  count_bytes(state, texts);
}

/// The tutorial's steps with those on Unicode in place of those on ASCII, and with masks before the last.
TextConfig unicode_config(bool masks) {
  const auto none = nlohmann::ordered_json::object();
  TextConfig config = tutorial_config();
  config.standardize[0].kind = "unicode_lowercase";
  config.standardize[2].kind = "strip_unicode_punctuation";
  if (masks) {
    config.standardize.insert(config.standardize.begin() + 2, {{"mask_urls", {{"token", "URL"}}, ""},
                                                               {"mask_numbers", {{"token", "NUMBER"}}, ""}});
  }
  return config;
}

/// By what its letters are, and of what steps.
void register_languages() {
  static const std::vector<std::string> kUmlauts = with_letters(false), kCyrillic = with_letters(true);
  const auto add = [](const std::string& name, const TextConfig& config,
                      const std::vector<std::string>& texts) {
    benchmark::RegisterBenchmark(("languages/" + name).c_str(), [config, &texts](benchmark::State& state) {
      scan(state, config, ScanKernel::kBest, texts);
    })->Unit(benchmark::kMillisecond);
  };
  for (const auto& [steps, config] :
       std::vector<std::pair<std::string, TextConfig>>{{"ascii", tutorial_config()},
                                                       {"unicode", unicode_config(false)},
                                                       {"masks", unicode_config(true)}}) {
    add(steps + "/english", config, corpus());
    add(steps + "/umlauts", config, kUmlauts);
    add(steps + "/cyrillic", config, kCyrillic);
  }
}

void register_all(const std::string& kernel_name, ScanKernel kernel) {
  const auto add = [&](const std::string& name, const auto& run) {
    benchmark::RegisterBenchmark((name + "/" + kernel_name).c_str(), run)->Unit(benchmark::kMillisecond);
  };
  add("scan", [=](benchmark::State& state) { scan(state, tutorial_config(), kernel, corpus()); });
  add("look_up/all_words", [=](benchmark::State& state) { look_up(state, kernel, {1}, std::nullopt); });
  add("look_up/first_250", [=](benchmark::State& state) { look_up(state, kernel, {1}, 250); });
  add("look_up/bigrams", [=](benchmark::State& state) { look_up(state, kernel, {1, 2}, std::nullopt); });
  add("hash/words", [=](benchmark::State& state) { hash(state, kernel, {1}); });
  add("hash/bigrams", [=](benchmark::State& state) { hash(state, kernel, {1, 2}); });
  add("learn/words", [=](benchmark::State& state) { count(state, kernel, {1}); });
  add("learn/bigrams", [=](benchmark::State& state) { count(state, kernel, {1, 2}); });
}

}  // namespace
}  // namespace bernoulli

int main(int argc, char** argv) {
  bernoulli::register_all("portable", bernoulli::ScanKernel::kPortable);
  if (bernoulli::scans_with_avx2()) bernoulli::register_all("avx2", bernoulli::ScanKernel::kAvx2);
  if (bernoulli::scans_with_avx512()) bernoulli::register_all("avx512", bernoulli::ScanKernel::kBest);
  bernoulli::register_languages();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
