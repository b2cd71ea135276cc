#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infer/classifier.h"
#include "infer/lent_states.h"
#include "infer/native_model.h"

namespace bernoulli::serve {

/// "my_model-1": what may stand in a path as it is; every other byte becomes '_'.
std::string model_name_of(const std::filesystem::path& path);
/// Whether a name consists of ASCII letters, digits, '.', '-' and '_', and has 1 to 200 of them.
bool is_model_name(const std::string& name);

/// What differs for clients who know the kind, the labels and their order: "the kind is multi_label, and was
/// binary". Empty: nothing.
std::string change_of_labels(const Labels& before, const Labels& now);

/// A model that any number of threads ask at once. N texts, L outputs.
class ServedModel {
 public:
  ServedModel(NativeModel model, std::string name);
  /// @throws ArtifactError with what to do where only LibTorch runs the file; otherwise as open_native_model
  static std::shared_ptr<const ServedModel> open(const std::filesystem::path& path, const std::string& name);

  /// N*L logits, row-major: those of `bernoulli predict`, to the bit.
  /// @param max_text_tokens  of networks that keep a text's tokens while they compute
  /// @param cancelled  looked at before each text. @throws RequestFault 503 where it is set; 413
  std::vector<float> logits(std::span<const std::string> texts, size_t max_text_tokens,
                            const std::atomic<bool>& cancelled) const;

  const ClassifierInfo& info() const { return model_.info; }
  const std::string& name() const { return name_; }
  /// "xxh3-128:" and the digits of the file's seal, or of a run's checkpoint.
  std::string hash() const;
  size_t num_outputs() const { return static_cast<size_t>(model_.network.num_outputs()); }
  /// What GET /info answers, as JSON.
  const std::string& description() const { return description_; }

 private:
  NativeModel model_;
  std::string name_;
  std::string description_;
  mutable LentStates<NativeModel::State> states_;
};

}  // namespace bernoulli::serve
