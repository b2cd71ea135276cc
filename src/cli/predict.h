#pragma once

#include <memory>
#include <string>
#include <vector>

#include "infer/classifier.h"

namespace bernoulli::cli {

/// The model on LibTorch, for `bernoulli predict WORDS`. The small program has no LibTorch: there it becomes
/// `bernoulli-torch`, which reads the words again, and does not return.
/// @param reason  why the native path is not taken, for the log.
/// @param threads  of LibTorch's operators; 0: as many as it likes.
std::unique_ptr<Classifier> open_with_libtorch(const std::vector<std::string>& words, const std::string& path,
                                               const std::string& device, const std::string& reason,
                                               int threads);

}  // namespace bernoulli::cli
