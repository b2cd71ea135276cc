#include "infer/text_classifier.h"

#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "infer/native_model.h"
#include "metrics/decision.h"

namespace bernoulli {

struct TextClassifier::State::Impl {
  NativeModel::State state;
};

TextClassifier::State::State() : impl_(std::make_unique<Impl>()) {}
TextClassifier::State::~State() = default;
TextClassifier::State::State(State&&) noexcept = default;
TextClassifier::State& TextClassifier::State::operator=(State&&) noexcept = default;
size_t TextClassifier::State::bytes() const { return impl_ ? impl_->state.bytes() : 0; }

struct TextClassifier::Impl {
  NativeModel model;
};

TextClassifier::TextClassifier(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
TextClassifier::~TextClassifier() = default;
TextClassifier::TextClassifier(TextClassifier&&) noexcept = default;
TextClassifier& TextClassifier::operator=(TextClassifier&&) noexcept = default;

TextClassifier TextClassifier::open(const std::string& path) {
  try {
    return TextClassifier(std::make_unique<const Impl>(Impl{open_native_model(path)}));
  } catch (const NotNative& other) {
    throw ArtifactError(fmt::format("'{}' needs LibTorch: {}", path, other.reason));
  }
}

bool TextClassifier::is_binary() const { return impl_->model.info.labels.kind == TaskConfig::Kind::kBinary; }
size_t TextClassifier::num_outputs() const { return static_cast<size_t>(impl_->model.network.num_outputs()); }
const std::vector<std::string>& TextClassifier::labels() const { return impl_->model.info.labels.names; }
const std::vector<double>& TextClassifier::thresholds() const { return impl_->model.info.rule.thresholds(); }

void TextClassifier::decide(std::span<const float> logits, std::span<unsigned char> out) const {
  if (logits.size() != num_outputs() || out.size() != num_outputs())
    throw UsageError(fmt::format("{} logits and room for {} decisions, the model gives {}", logits.size(),
                                 out.size(), num_outputs()));
  const Decisions decisions(impl_->model.info.rule, logits);
  for (size_t i = 0; i < out.size(); ++i) out[i] = decisions[i] ? 1 : 0;
}

void TextClassifier::logits(std::string_view text, State& state, std::span<float> out) const {
  if (out.size() != num_outputs())
    throw UsageError(fmt::format("room for {} numbers, the model gives {}", out.size(), num_outputs()));
  impl_->model.logits(text, state.impl_->state, out);
}

void TextClassifier::probabilities(std::string_view text, State& state, std::span<float> out) const {
  logits(text, state, out);
  for (float& number : out) number = probability(number);
}

Explanation TextClassifier::explain(std::string_view text, State& state) const {
  return impl_->model.explain(text, state.impl_->state);
}

size_t TextClassifier::texts_worth_a_thread() const { return impl_->model.texts_worth_a_thread(); }

}  // namespace bernoulli
