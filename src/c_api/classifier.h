#pragma once

#include <string>
#include <utility>

#include "c_api/bernoulli.h"
#include "infer/lent_states.h"
#include "infer/text_classifier.h"

/// What is behind the name of C: the model, and the memory that calls borrow.
struct bernoulli_classifier {
  bernoulli_classifier(bernoulli::TextClassifier opened, std::string warned)
      : model(std::move(opened)), warning(std::move(warned)) {}

  const bernoulli::TextClassifier model;
  const std::string warning;  ///< empty: none

  bernoulli::LentStates<bernoulli::TextClassifier::State> states;
};

namespace bernoulli::c_api {

/// The classifier that a caller names. @throws UsageError where it is NULL
bernoulli_classifier& named(bernoulli_classifier* classifier);

}  // namespace bernoulli::c_api
