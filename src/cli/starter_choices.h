#pragma once

#include <cstdint>
#include <string>

#include "config/run_config.h"
#include "data/example_facts.h"

namespace bernoulli::cli {

/// How texts become tokens, and why.
struct TextChoice {
  enum class Steps { kWords, kLowercase, kNone };
  Steps steps = Steps::kWords;
  bool characters = false;
  std::string ngrams = "2";
  std::string why = {};  ///< of characters; else empty
  bool is_unicode = false, has_tags = false;
  int64_t min_count = 2;
  std::string min_count_why = {};
};

struct ModelChoice {
  bool drops_out = false;  ///< embedding, dropout and pool; else an embedding bag
  int dim = 16;
  std::string sum_why = {};  ///< empty: the mean
};

struct TrainingChoice {
  int epochs = 10, batch_size = 64, patience = 3;
  std::string length_why = {};
  bool many_labels = false;
  bool one_of_several = false;
  bool ranks_rare = false;  ///< of a binary task: judged by how well the rare positives are ranked
};

struct StarterChoices {
  bool is_large = false;  ///< so much text that the vocabulary is hashed
  TextChoice text;
  ModelChoice model;
  TrainingChoice training;
  std::string sweep;  ///< arguments behind the file's name, where one is worth a try; or none
};

/// Where a classifier may do well without ever finding the rarest label.
bool is_uneven(const ExampleFacts& facts);

/// What data like these were measured to do best with (docs/data.md, "A configuration from data").
StarterChoices choose(const ExampleFacts& facts, const TaskConfig& task);

}  // namespace bernoulli::cli
