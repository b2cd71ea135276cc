#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/cuda/interface.h"

namespace bernoulli::card {

/// How a call on a card fails: thrown inside, a status and a text at the C functions.
struct Failure {
  Status status = Status::kFailed;
  std::string text;
};

/// One piece of memory cut into arrays. Run through once without memory it says how much is needed, then
/// again with it.
class Arena {
 public:
  explicit Arena(void* memory) : memory_(static_cast<char*>(memory)) {}
  template <class T>
  T* take(int64_t count) {
    constexpr int64_t kAlign = 256;
    const int64_t at = size_;
    size_ += (count * static_cast<int64_t>(sizeof(T)) + kAlign - 1) / kAlign * kAlign;
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + at);
  }
  int64_t size() const { return size_; }

 private:
  char* memory_;
  int64_t size_ = 0;
};

/// A part of the card's memory.
struct Block {
  void* begin = nullptr;
  int64_t bytes = 0;
};

/// Adds a launch to those of its name.
inline void add_launch(std::vector<KernelTime>& times, const char* name, double seconds) {
  const auto is_it = [&](const KernelTime& time) { return std::strcmp(time.name, name) == 0; };
  auto at = std::find_if(times.begin(), times.end(), is_it);
  if (at == times.end()) {
    if (times.size() == static_cast<size_t>(kMostKernels)) throw std::length_error("more than kMostKernels");
    at = times.emplace(at);
    std::snprintf(at->name, sizeof at->name, "%s", name);
  }
  ++at->launches;
  at->seconds += seconds;
}

/// What a model and its data need of a card, in bytes.
struct Needs {
  int64_t tables = 0;  ///< embedding, its optimizer state and gradient
  int64_t row = 0;     ///< of `tables`, a row of the embedding
  int64_t data = 0;
  int64_t all = 0;
};

inline std::string in_mib(int64_t bytes) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / 1048576.0);
  return text;
}

/// @param free  bytes that the card has left
inline Failure no_room(const Needs& needs, int64_t rows, int64_t free) {
  const int64_t rest = needs.all - needs.tables;
  const int64_t fits = free > rest && needs.row > 0 ? (free - rest) / needs.row : 0;
  std::string text = "the fused CUDA engine needs " + in_mib(needs.all) + " of the card's memory (" +
                     in_mib(needs.tables) + " for an embedding of " + std::to_string(rows) +
                     " rows with its optimizer state and gradient, " + in_mib(needs.data) +
                     " for the training data, the rest for a run of updates), and " + in_mib(free) +
                     " are free; ";
  text += fits > 0
              ? "a vocabulary of " + std::to_string(fits) + " rows would fit (text.vocabulary.max_tokens)"
              : "no vocabulary would fit beside data and batch: lower training.batch_size, train on "
                "fewer examples, or use --device cpu";
  return {Status::kNoRoom, text};
}

}  // namespace bernoulli::card
