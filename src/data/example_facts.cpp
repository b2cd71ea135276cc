#include "data/example_facts.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/ascii.h"
#include "core/hash.h"
#include "core/stop.h"
#include "core/utf8.h"
#include "text/standardize.h"

namespace bernoulli {
namespace {

bool has_tag(std::string_view text) {
  for (const char* tag : {"<br", "<p>", "</", "<a "}) {
    if (text.find(tag) != std::string_view::npos) return true;
  }
  return false;
}

void add_text(std::string_view text, ExampleFacts& facts) {
  ++facts.examples;
  facts.bytes += static_cast<int64_t>(text.size());
  facts.words += count_words(text);
  facts.beyond_ascii +=
      std::ranges::count_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  facts.punctuation += std::ranges::count_if(text, is_punctuation);
  facts.empty += text.empty() ? 1 : 0;
  facts.not_utf8 += is_utf8(text) ? 0 : 1;
  facts.with_tags += has_tag(text) ? 1 : 0;
}

/// Counts, with bounded memory, the words of held-out texts that the others lack.
class WordSample {
 public:
  explicit WordSample(size_t num_examples) : step_(num_examples / kSampledTexts + 1) {}

  void add(std::string_view text) {
    const size_t place = next_++;
    if (place % step_ != 0) return;
    const bool is_held_out = hash64(std::to_string(place)) % 10 == 0;  // whatever order the texts have
    int64_t words = 0;
    std::string word;
    for (size_t at = 0; at <= text.size() && words < kSampledWords; ++at) {
      if (at < text.size() && !is_whitespace(text[at])) {
        if (!is_punctuation(text[at])) word += lowered(text[at]);
        continue;
      }
      if (word.empty()) continue;
      ++words;
      if (is_held_out)
        held_out_.push_back(hash64(word));
      else
        known_.insert(hash64(word));
      word.clear();
    }
  }
  void count(ExampleFacts& facts) const {
    facts.held_out_words = static_cast<int64_t>(held_out_.size());
    facts.unknown_words =
        std::ranges::count_if(held_out_, [&](uint64_t word) { return !known_.contains(word); });
  }

 private:
  static constexpr size_t kSampledTexts = 20'000;
  static constexpr int64_t kSampledWords = 100;  ///< the first ones of a text

  size_t step_, next_ = 0;
  std::unordered_set<uint64_t> known_;
  std::vector<uint64_t> held_out_;
};

/// @param distinct  those of an example, which may name one twice
void add_labels(std::set<std::string_view> distinct, std::string_view origin, size_t most_labels,
                ExampleFacts& facts) {
  distinct.erase("");
  facts.without_label += distinct.empty() ? 1 : 0;
  facts.with_several += distinct.size() > 1 ? 1 : 0;
  if (distinct.empty() && facts.first_without_label.empty()) facts.first_without_label = origin;
  for (const std::string_view label : distinct) {
    if (const auto known = facts.labels.find(label); known != facts.labels.end()) {
      ++known->second;
    } else if (facts.labels.size() >= most_labels) {
      facts.too_many_labels = true;
    } else {
      facts.labels.emplace(label, 1);
      if (facts.odd_label_place.empty() && !is_utf8(label)) facts.odd_label_place = origin;
    }
  }
}

bool fewer(const std::pair<const std::string, int64_t>& a, const std::pair<const std::string, int64_t>& b) {
  return a.second < b.second;
}

}  // namespace

int64_t ExampleFacts::rarest() const { return std::ranges::min_element(labels, fewer)->second; }
int64_t ExampleFacts::commonest() const { return std::ranges::max_element(labels, fewer)->second; }

ExampleFacts facts_of(const RawExamples& examples, size_t most_labels) {
  ExampleFacts facts;
  std::unordered_set<uint64_t> seen;
  WordSample words(examples.size());
  for (const RawExample& example : examples) {
    throw_if_stopped();
    add_text(example.text, facts);
    std::set<std::string_view> labels;
    for (const std::string_view written : example.labels) labels.insert(without_outer_space(written));
    add_labels(std::move(labels), example.origin, most_labels, facts);
    facts.repeated += seen.insert(hash64(example.text)).second ? 0 : 1;
    words.add(example.text);
  }
  words.count(facts);
  return facts;
}

void count_joined_labels(const RawExamples& examples, std::string_view separator, size_t most_labels,
                         ExampleFacts& facts) {
  facts.labels.clear();
  facts.too_many_labels = false;
  facts.without_label = facts.with_several = 0;
  facts.first_without_label.clear();
  facts.odd_label_place.clear();
  for (const RawExample& example : examples) {
    throw_if_stopped();
    std::vector<std::string> parts;
    for (const std::string_view written : example.labels) {
      for (std::string& part : split_labels(written, separator)) parts.push_back(std::move(part));
    }
    add_labels({parts.begin(), parts.end()}, example.origin, most_labels, facts);
  }
}

}  // namespace bernoulli
