#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infer/classifier.h"
#include "infer/native_network.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// Not an error of the model: only LibTorch runs it.
struct NotNative {
  std::string reason;
};

/// A trained classifier that answers without LibTorch. Immutable after opening, shared between threads, each
/// with a State of its own. L outputs.
struct NativeModel {
  struct State {
    Vectorizer::Buffers buffers;
    std::vector<int32_t> ids;
    NativeNetwork::State network;

    size_t bytes() const { return buffers.bytes() + ids.capacity() * sizeof(int32_t) + network.bytes(); }
  };

  ClassifierInfo info;
  layers::ModelPlan plan;
  Vectorizer vectorizer;
  NativeNetwork network;
  /// Of the file's seal, or of the run's checkpoint file: XXH3-128, 32 hexadecimal digits.
  std::string content_hash = {};

  /// @param out  L logits.
  void logits(std::string_view text, State& state, std::span<float> out) const;
  /// @param ids  of one text, as the vectorizer gives them.
  void logits(std::span<const int32_t> ids, State& state, std::span<float> out) const;
  /// @throws UsageError where the model is not linear in its tokens, saying which layer is in the way.
  Explanation explain(std::string_view text, State& state) const;
  /// How many texts are worth the start of a thread.
  size_t texts_worth_a_thread() const { return network.is_pooled() ? 64 : 1; }
};

/// Opens a run folder or an exported file. Nothing of the file is run: weights and vocabulary are found
/// through its list (store/native_index.h), and its self-test must hold on this path.
/// @throws NotNative for a file without that list, or a self-test that does not hold; ArtifactError where
/// LibTorch's path would refuse too (damage, another format); IoError
NativeModel open_native_model(const std::filesystem::path& path);

/// open_native_model behind the interface of predict/. Its logits() shares texts among `threads` threads; the
/// answers do not depend on their number.
std::unique_ptr<Classifier> open_native_classifier(const std::filesystem::path& path, int threads = 1);

}  // namespace bernoulli
