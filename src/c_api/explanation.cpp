#include "infer/explanation.h"

#include <memory>
#include <string_view>

#include "c_api/border.h"
#include "c_api/classifier.h"
#include "core/error.h"

struct bernoulli_explanation {
  bernoulli::Explanation parts;
};

namespace bernoulli::c_api {
namespace {

std::unique_ptr<bernoulli_explanation> explained(bernoulli_classifier& asked, const char* text,
                                                 size_t length) {
  if (text == nullptr && length != 0) throw UsageError("the text is NULL");
  bernoulli::LentStates<bernoulli::TextClassifier::State>::Loan loan(asked.states);
  const std::string_view bytes = text == nullptr ? std::string_view() : std::string_view(text, length);
  return std::make_unique<bernoulli_explanation>(asked.model.explain(bytes, loan.state()));
}

}  // namespace
}  // namespace bernoulli::c_api

int bernoulli_explain(bernoulli_classifier* classifier, const char* text, size_t length,
                      bernoulli_explanation** explanation, bernoulli_error* error) {
  return bernoulli::c_api::answer(error, [&] {
    if (explanation == nullptr)
      throw bernoulli::UsageError("there is no place for the explanation: it is NULL");
    *explanation = nullptr;
    *explanation = bernoulli::c_api::explained(bernoulli::c_api::named(classifier), text, length).release();
  });
}

void bernoulli_explanation_free(bernoulli_explanation* explanation) { delete explanation; }

size_t bernoulli_explanation_num_tokens(const bernoulli_explanation* explanation) {
  return explanation == nullptr ? 0 : explanation->parts.tokens.size();
}

const char* bernoulli_explanation_token(const bernoulli_explanation* explanation, size_t token,
                                        size_t* length) {
  if (token >= bernoulli_explanation_num_tokens(explanation)) return nullptr;
  const std::string& bytes = explanation->parts.tokens[token];
  if (length != nullptr) *length = bytes.size();
  return bytes.c_str();
}

const double* bernoulli_explanation_base(const bernoulli_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->parts.base.data();
}

const double* bernoulli_explanation_shares(const bernoulli_explanation* explanation) {
  return explanation == nullptr ? nullptr : explanation->parts.shares.data();
}
