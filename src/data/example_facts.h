#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "data/raw_example.h"

namespace bernoulli {

/// What texts and labels are like, as far as a model is chosen by it.
struct ExampleFacts {
  int64_t examples = 0;
  int64_t bytes = 0, words = 0, beyond_ascii = 0;  ///< bytes above 0x7f
  int64_t empty = 0, not_utf8 = 0, with_tags = 0;  ///< texts; tags: as of HTML
  int64_t punctuation = 0;                         ///< bytes, of ASCII
  int64_t repeated = 0;                            ///< texts that an earlier one equals
  /// Of a sample of texts: words of its held-out tenth, and those of them that the other texts lack; but for
  /// case and punctuation.
  int64_t held_out_words = 0, unknown_words = 0;
  std::map<std::string, int64_t, std::less<>> labels;
  bool too_many_labels = false;                      ///< `labels` does not hold all
  int64_t without_label = 0, with_several = 0;       ///< examples
  std::string first_without_label, odd_label_place;  ///< "file:line"; of a label that is not UTF-8

  /// Examples of the rarest label, of the most frequent one. There is a label.
  int64_t rarest() const;
  int64_t commonest() const;
  bool has_one_label_each() const { return without_label == 0 && with_several == 0; }
  /// Of a text, on average.
  double mean_bytes() const { return per_example(bytes); }
  double mean_words() const { return per_example(words); }

 private:
  double per_example(int64_t sum) const {
    return examples == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(examples);
  }
};

/// @param most_labels  so many are told apart
ExampleFacts facts_of(const RawExamples& examples, size_t most_labels);

/// Counts the labels anew, of which `separator` joins several in one.
void count_joined_labels(const RawExamples& examples, std::string_view separator, size_t most_labels,
                         ExampleFacts& facts);

}  // namespace bernoulli
