#pragma once

// The deployment interface of C++, without LibTorch; c_api/bernoulli.h is that of C.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infer/explanation.h"

namespace bernoulli {

/// A trained classifier of raw texts, from a run folder or an exported model.pt. Immutable: one object may
/// serve any number of threads, each with a State of its own. L outputs: 1 for a binary task.
class TextClassifier {
 public:
  /// Memory of one thread. It grows to the longest text; after that a call allocates nothing (of a recurrent
  /// layer: a number a token).
  class State {
   public:
    State();
    ~State();
    State(State&&) noexcept;
    State& operator=(State&&) noexcept;

    /// Memory held; 0 after a move.
    size_t bytes() const;

   private:
    friend class TextClassifier;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  /// Reads and checks everything: checksums, shapes, and the self-test of an exported file. Runs nothing that
  /// the file holds.
  /// @throws bernoulli::Error (core/error.h), naming the path and the cause: damaged, not readable, or
  /// of an earlier version that only LibTorch runs.
  static TextClassifier open(const std::string& path);

  ~TextClassifier();
  TextClassifier(TextClassifier&&) noexcept;
  TextClassifier& operator=(TextClassifier&&) noexcept;

  /// One output; else a multi-label task.
  bool is_binary() const;
  size_t num_outputs() const;
  /// binary: the negative and the positive label. multi-label: L labels.
  const std::vector<std::string>& labels() const;
  /// L: a probability above it is positive. Empty: the label with the highest logit is, and no other.
  const std::vector<double>& thresholds() const;

  /// @param text  any bytes, as one text.  @param out  L numbers; binary: of the positive label.
  /// @throws bernoulli::Error for a text of 4 GiB or more, or an `out` of another size.
  void probabilities(std::string_view text, State& state, std::span<float> out) const;
  /// The same before the sigmoid, scaled where that was fitted.
  void logits(std::string_view text, State& state, std::span<float> out) const;
  /// Whether a text with these logits gets each label; binary: the positive one. @param out  L times 1 or 0
  /// @throws bernoulli::Error where either has another size
  void decide(std::span<const float> logits, std::span<unsigned char> out) const;
  /// Each token's share of the logits.
  /// @throws bernoulli::Error where the model is not linear in its tokens, naming the layer in the way.
  Explanation explain(std::string_view text, State& state) const;

  /// How many texts are worth the start of a thread.
  size_t texts_worth_a_thread() const;

 private:
  struct Impl;
  explicit TextClassifier(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace bernoulli
