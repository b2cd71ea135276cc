#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "c_api/bernoulli.h"
#include "infer/text_classifier.h"

/// What is behind the name of C: the model, and the memory that calls borrow from each other.
struct bernoulli_classifier {
 public:
  bernoulli_classifier(bernoulli::TextClassifier opened, std::string warned)
      : model(std::move(opened)), warning(std::move(warned)) {}

  const bernoulli::TextClassifier model;
  const std::string warning;  ///< empty: none

  /// A state of its own for as long as it lives.
  class Loan {
   public:
    explicit Loan(bernoulli_classifier& owner) : owner_(owner), state_(owner.take()) {}
    ~Loan() { owner_.give_back(std::move(state_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    bernoulli::TextClassifier::State& state() { return state_; }

   private:
    bernoulli_classifier& owner_;
    bernoulli::TextClassifier::State state_;
  };

 private:
  bernoulli::TextClassifier::State take();
  void give_back(bernoulli::TextClassifier::State state) noexcept;

  std::mutex mutex_;
  std::vector<bernoulli::TextClassifier::State> idle_;  ///< has room for every state that there is
  size_t num_states_ = 0;
};

namespace bernoulli::c_api {

/// The classifier that a caller names. @throws UsageError where it is NULL
bernoulli_classifier& named(bernoulli_classifier* classifier);

}  // namespace bernoulli::c_api
