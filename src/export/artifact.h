#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "infer/artifact_info.h"

namespace bernoulli {

/// An exported file that was opened: raw text in, probabilities out. N texts, L outputs. All results are on
/// the CPU. Methods may be called from several threads at once.
class Artifact {
 public:
  /// Checks the seal, loads, and runs the self-test on the CPU before anything is moved to `device`.
  /// The file holds a program: open files from sources that you trust.
  /// @param name stands for the file in messages.
  /// @throws ArtifactError naming the file: no exported model, damaged, newer than this program, or a
  /// self-test that fails.
  static Artifact parse(std::string_view bytes, const std::string& name,
                        c10::Device device = c10::Device(c10::kCPU));

  ~Artifact();
  Artifact(Artifact&&) noexcept;
  Artifact& operator=(Artifact&&) noexcept;

  /// [N, L] float32 in [0, 1].
  at::Tensor probabilities(std::span<const std::string> texts) const;
  /// [N, L] float32, before the sigmoid, scaled where that was fitted.
  at::Tensor logits(std::span<const std::string> texts) const;
  /// [N, L] bool: probability above the threshold, or the highest of the text.
  at::Tensor decide(std::span<const std::string> texts) const;
  /// [N, T] int64 ids, 0 on the right.
  at::Tensor vectorize(std::span<const std::string> texts) const;
  /// [N, L] float32 probabilities. @param ids [N, T] as vectorize gives them.
  at::Tensor from_ids(const at::Tensor& ids) const;

  const ArtifactInfo& info() const;
  const std::string& name() const;

 private:
  struct Impl;
  explicit Artifact(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// @throws IoError if the file cannot be read; ArtifactError as Artifact::parse
Artifact load_artifact(const std::filesystem::path& path, c10::Device device = c10::Device(c10::kCPU));

}  // namespace bernoulli
