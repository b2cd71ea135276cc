#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "kernels/cuda/calls.h"

namespace bernoulli::card {

/// How the processor plays the card. No kernel may depend on the order that threads and blocks run in: a
/// result that changes with it was a race.
struct HostCardSettings {
  /// One after the other; or at once, on real threads: those of a block, or blocks, for the thread sanitizer.
  enum class Order { kForwards, kBackwards, kMixed, kThreadsAtOnce, kBlocksAtOnce };
  Order order = Order::kForwards;
  Sweep sweep = Sweep::kChoose;  ///< for models that leave it to the card
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
    const bool threads_at_once = settings_.order == HostCardSettings::Order::kThreadsAtOnce;
    each(blocks, settings_.order == HostCardSettings::Order::kBlocksAtOnce, [&](int64_t block) {
      std::vector<double> shared(static_cast<size_t>(shared_bytes) / sizeof(double) + 1);
      std::memset(shared.data(), 0xff, shared.size() * sizeof(double));
      for (int64_t phase = 0; phase < body.phases(); ++phase) {
        each(kThreads, threads_at_once, [&](int64_t thread) {
          body.run(phase, Place{block, blocks, thread}, static_cast<void*>(shared.data()));
        });
      }
    });
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
  /// 0 to count - 1 in the order that is asked for.
  template <class Call>
  void each(int64_t count, bool at_once, const Call& call) const {
    if (at_once) {
      constexpr int64_t kWorkers = 3;
      std::vector<std::thread> workers;
      for (int64_t worker = 0; worker < kWorkers; ++worker) {
        workers.emplace_back([=, &call] {
          for (int64_t i = worker; i < count; i += kWorkers) call(i);
        });
      }
      for (std::thread& worker : workers) worker.join();
      return;
    }
    for (int64_t i = 0; i < count; ++i) {
      const int64_t half = (count + 1) / 2;
      if (settings_.order == HostCardSettings::Order::kBackwards) {
        call(count - 1 - i);
      } else if (settings_.order == HostCardSettings::Order::kMixed) {
        call(i < half ? 2 * i : 2 * (i - half) + 1);
      } else {
        call(i);
      }
    }
  }

  HostCardSettings settings_;
  int64_t left_;
};

inline Functions host_functions() {
  using Host = Calls<HostCard>;
  const auto create = [](int device, const Model* model, const Data* data, const float* const* weights,
                         void** handle, Why why) {
    Model own = *model;
    if (own.sweep == Sweep::kChoose) own.sweep = HostCard::settings().sweep;
    return Host::create(device, &own, data, weights, handle, why);
  };
  return {create, &Host::run, &Host::refused, &Host::read, &Host::write, &Host::logits, &Host::destroy};
}

}  // namespace bernoulli::card
