#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "c_api/border.h"
#include "c_api/classifier.h"
#include "core/error.h"
#include "core/shared_blocks.h"
#include "core/usual_threads.h"

namespace bernoulli::c_api {
namespace {

/// The texts of a call.
struct Texts {
  const char* const* bytes;
  const size_t* lengths;  ///< or null
  size_t count;

  std::string_view operator[](size_t i) const {
    if (bytes[i] != nullptr) return lengths == nullptr ? bytes[i] : std::string_view(bytes[i], lengths[i]);
    if (lengths != nullptr && lengths[i] != 0)
      throw UsageError(fmt::format("text {} is NULL, of {} bytes", i, lengths[i]));
    return {};
  }
};

size_t checked_threads(int threads) {
  if (threads < 0 || threads > kMostThreads)
    throw UsageError(fmt::format("threads is {}, expected 0 to {}", threads, kMostThreads));
  return static_cast<size_t>(threads == 0 ? usual_threads() : threads);
}

void check_room(const Texts& texts, size_t num_outputs, const void* out, size_t out_size) {
  constexpr size_t kMost = std::numeric_limits<ptrdiff_t>::max() / sizeof(double);  // no array has more
  if (texts.count > kMost / num_outputs || out_size != texts.count * num_outputs)
    throw UsageError(fmt::format("room for {} answers, expected that for {} texts with {} each", out_size,
                                 texts.count, num_outputs));
  if (texts.count == 0) return;
  if (texts.bytes == nullptr) throw UsageError("the texts are NULL");
  if (out == nullptr) throw UsageError("the room for the answers is NULL");
}

using Answer = void (TextClassifier::*)(std::string_view, TextClassifier::State&, std::span<float>) const;

void answer_all(bernoulli_classifier& asked, Answer answer_one, const Texts& texts, size_t threads,
                std::span<float> out) {
  const size_t width = asked.model.num_outputs();
  share_blocks(texts.count, asked.model.texts_worth_a_thread(), threads,
               [&](size_t, size_t begin, size_t end) {
                 LentStates<TextClassifier::State>::Loan loan(asked.states);
                 for (size_t i = begin; i < end; ++i)
                   (asked.model.*answer_one)(texts[i], loan.state(), out.subspan(i * width, width));
               });
}

int numbers(bernoulli_classifier* classifier, Answer answer_one, const Texts& texts, int threads, float* out,
            size_t out_size, bernoulli_error* error) {
  return answer(error, [&] {
    bernoulli_classifier& asked = named(classifier);
    check_room(texts, asked.model.num_outputs(), out, out_size);
    answer_all(asked, answer_one, texts, checked_threads(threads), {out, out_size});
  });
}

int decisions(bernoulli_classifier* classifier, const Texts& texts, int threads, unsigned char* out,
              size_t out_size, bernoulli_error* error) {
  return answer(error, [&] {
    bernoulli_classifier& asked = named(classifier);
    check_room(texts, asked.model.num_outputs(), out, out_size);
    std::vector<float> logits(out_size);
    answer_all(asked, &TextClassifier::logits, texts, checked_threads(threads), logits);
    const size_t width = asked.model.num_outputs();
    for (size_t i = 0; i < out_size; i += width)
      asked.model.decide(std::span(logits).subspan(i, width), {out + i, width});
  });
}

}  // namespace
}  // namespace bernoulli::c_api

namespace c_api = bernoulli::c_api;

int bernoulli_logits(bernoulli_classifier* classifier, const char* const* texts, const size_t* lengths,
                     size_t count, int threads, float* out, size_t out_size, bernoulli_error* error) {
  return c_api::numbers(classifier, &bernoulli::TextClassifier::logits, {texts, lengths, count}, threads, out,
                        out_size, error);
}

int bernoulli_probabilities(bernoulli_classifier* classifier, const char* const* texts, const size_t* lengths,
                            size_t count, int threads, float* out, size_t out_size, bernoulli_error* error) {
  return c_api::numbers(classifier, &bernoulli::TextClassifier::probabilities, {texts, lengths, count},
                        threads, out, out_size, error);
}

int bernoulli_decisions(bernoulli_classifier* classifier, const char* const* texts, const size_t* lengths,
                        size_t count, int threads, unsigned char* out, size_t out_size,
                        bernoulli_error* error) {
  return c_api::decisions(classifier, {texts, lengths, count}, threads, out, out_size, error);
}
