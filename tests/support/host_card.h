#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels/cuda/calls.h"

namespace bernoulli::card {

/// How the processor plays the card. No kernel may depend on the order that threads and blocks run in: a
/// result that changes with it was a race.
struct HostCardSettings {
  enum class Order { kForwards, kBackwards, kMixed };
  Order order = Order::kForwards;
  int64_t memory = int64_t{1} << 32;
  int64_t shared_limit = 48 * 1024;
  int64_t processors = 1;
};

/// Runs the bodies of the card's kernels on the processor: every thread of a block through a phase, then
/// through the next, with a block's memory full of NaN before it begins.
class HostCard {
 public:
  static HostCardSettings& settings() {
    static HostCardSettings settings;
    return settings;
  }

  struct Scope {
    kernels::FlushDenormals flush;
  };
  explicit HostCard(int) : settings_(settings()), left_(settings_.memory) {}
  Scope enter() const { return {}; }
  int64_t processors() const { return settings_.processors; }
  int64_t shared_limit() const { return settings_.shared_limit; }
  int64_t free_bytes() const { return left_; }
  void* allocate(int64_t bytes) { return bytes > left_ ? nullptr : std::malloc(static_cast<size_t>(bytes)); }
  void free(void* memory) { std::free(memory); }
  void put(void* to, const void* from, int64_t bytes) { copy(to, from, bytes); }
  void get(void* to, const void* from, int64_t bytes) { copy(to, from, bytes); }
  void zero(void* at, int64_t bytes) { std::memset(at, 0, static_cast<size_t>(bytes)); }

  template <class Body>
  void launch(const Body& body, int64_t blocks, int64_t shared_bytes) {
    shared_.resize(static_cast<size_t>(shared_bytes) / sizeof(double) + 1);
    for (int64_t i = 0; i < blocks; ++i) {
      std::memset(shared_.data(), 0xff, shared_.size() * sizeof(double));
      const int64_t block = settings_.order == HostCardSettings::Order::kForwards ? i : blocks - 1 - i;
      for (int64_t phase = 0; phase < body.phases(); ++phase) {
        for (int64_t t = 0; t < kThreads; ++t)
          body.run(phase, Place{block, blocks, thread(t)}, static_cast<void*>(shared_.data()));
      }
    }
  }
  /// One update more than asked for, as a graph of several may.
  template <class Launches>
  void repeat(const Launches& launches, int64_t times) {
    for (int64_t i = 0; i <= times; ++i) launches();
  }

 private:
  static void copy(void* to, const void* from, int64_t bytes) {
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
  }
  int64_t thread(int64_t t) const {
    if (settings_.order == HostCardSettings::Order::kForwards) return t;
    return settings_.order == HostCardSettings::Order::kBackwards ? kThreads - 1 - t
                                                                  : (t * 97 + 13) % kThreads;
  }

  HostCardSettings settings_;
  int64_t left_;
  std::vector<double> shared_;
};

inline Functions host_functions() {
  using Host = Calls<HostCard>;
  return {&Host::create, &Host::run,    &Host::refused, &Host::read,
          &Host::write,  &Host::logits, &Host::destroy};
}

}  // namespace bernoulli::card
