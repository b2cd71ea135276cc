#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/cuda/calls.h"

namespace bernoulli::card {

/// How the processor plays the card. No kernel may depend on the order that threads and blocks run in, nor on
/// when its prepare() runs: a result that changes with it was a race.
struct HostCardSettings {
  /// One after the other; or at once, on real threads: those of a block, or blocks, for the thread sanitizer.
  enum class Order { kForwards, kBackwards, kMixed, kThreadsAtOnce, kBlocksAtOnce };
  Order order = Order::kForwards;
  Sweep sweep = Sweep::kChoose;  ///< for models that leave it to the card
  bool prepares_early = true;    ///< a launch does, before the launch before it runs; else before its phases
  int64_t memory = int64_t{1} << 32;
  int64_t shared_limit = 48 * 1024;
  int64_t processors = 1;
  int64_t sorted_at_once = int64_t{1} << 21;
  int64_t too_many = 1;  ///< updates more than asked for, as a graph of several may make
  /// What is prepared beside other work: as soon as it is asked for; else, as all other work, as late as it
  /// may be.
  bool prepares_pieces_early = false;
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
  int64_t sorted_at_once() const { return settings_.sorted_at_once; }
  int64_t free_bytes() const { return left_; }
  void* allocate(int64_t bytes) { return bytes > left_ ? nullptr : std::malloc(static_cast<size_t>(bytes)); }
  void free(void* memory) {
    work_.finish();
    std::free(memory);
  }
  void* allocate_host(int64_t bytes) { return std::malloc(static_cast<size_t>(bytes)); }
  void free_host(void* memory) { std::free(memory); }

  /// `from` is the host's again at once, but in prepare(), which reads it as late as it may.
  void put(void* to, const void* from, int64_t bytes) {
    if (is_preparing_) return copy(to, from, bytes);
    const auto* const begin = static_cast<const char*>(from);
    const auto own = std::make_shared<std::vector<char>>(begin, begin + bytes);
    ask([=] { move(to, own->data(), bytes); });
  }
  void get(void* to, const void* from, int64_t bytes) {
    work_.finish();
    move(to, from, bytes);
  }
  void copy(void* to, const void* from, int64_t bytes) {
    ask([=] { move(to, from, bytes); });
  }
  void zero(void* at, int64_t bytes) {
    ask([=] { std::memset(at, 0, static_cast<size_t>(bytes)); });
  }

  template <class Body>
  void launch(const Body& body, int64_t blocks, int64_t shared_bytes) {
    if (is_timing_) add_launch(times_, Body::kName, 0);
    Lane& lane = lane_asked();
    lane.ask([this, &lane, body, blocks, shared_bytes] {
      const auto grid = std::make_shared<Grid<Body>>(body, blocks, shared_bytes);
      if (settings_.prepares_early) prepare_blocks(*grid);
      lane.finish_launch();
      if (!settings_.prepares_early) prepare_blocks(*grid);
      lane.launched = [this, grid] { run(*grid); };
    });
    lane.proceed(puts_off());
  }
  template <class Launches>
  void repeat(int64_t, const Launches& launches, int64_t first, int64_t times) {
    for (int64_t i = 0; i < times + settings_.too_many; ++i) launches((first + i) % 2);
  }

  template <class Call>
  void prepare(int64_t slot, const Call& call) {
    is_preparing_ = true;
    ask([this, released = marks(slot).released] { work_.finish(released); });
    call();
    marks(slot).prepared = preparations_.num_asked;
    is_preparing_ = false;
  }
  void await_prepared(int64_t slot) {
    ask([this, prepared = marks(slot).prepared] { preparations_.finish(prepared); });
  }
  void await_on_host(int64_t slot) { preparations_.finish(marks(slot).prepared); }
  void release(int64_t slot) { marks(slot).released = work_.num_asked; }

  void time_launches() { is_timing_ = true; }
  std::vector<KernelTime> launch_times() {
    is_timing_ = false;
    return std::exchange(times_, {});
  }

  static int64_t sort_bytes(int64_t count) { return count; }
  void sort(const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys, uint32_t* sorted_values,
            int64_t count, int bits, Block memory) {
    if (memory.bytes < count) throw Failure{Status::kFailed, "more is sorted than there is memory for"};
    ask([=] { sort_now(keys, values, sorted_keys, sorted_values, count, bits); });
  }

 private:
  static void sort_now(const uint32_t* keys, const uint32_t* values, uint32_t* sorted_keys,
                       uint32_t* sorted_values, int64_t count, int bits) {
    const uint64_t mask = (uint64_t{1} << bits) - 1;
    std::vector<size_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return (keys[a] & mask) < (keys[b] & mask); });
    for (size_t i = 0; i < order.size(); ++i) {
      sorted_keys[i] = keys[order[i]];
      sorted_values[i] = values[order[i]];
    }
  }
  static void move(void* to, const void* from, int64_t bytes) {
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
  }

  /// What was asked for, one after the other. The last launch waits for what comes next, which may prepare
  /// itself before it.
  struct Lane {
    std::deque<std::function<void()>> asked;
    std::function<void()> launched;
    int64_t num_asked = 0;
    void ask(std::function<void()> what) {
      asked.push_back(std::move(what));
      ++num_asked;
    }
    void finish_launch() {
      if (launched) std::exchange(launched, nullptr)();
    }
    /// All but the last launch.
    void proceed(bool puts_off) {
      while (!puts_off && !asked.empty()) next();
    }
    void next() {
      const auto what = std::move(asked.front());
      asked.pop_front();
      what();
    }
    /// The first `count` that were ever asked for, or all.
    void finish(int64_t count = std::numeric_limits<int64_t>::max()) {
      bool any = false;
      for (; !asked.empty() && num_asked - static_cast<int64_t>(asked.size()) < count; any = true) next();
      if (any || asked.empty()) finish_launch();
    }
  };
  struct Marks {
    int64_t prepared = 0;  ///< of preparations_
    int64_t released = 0;  ///< of work_
  };
  Marks& marks(int64_t slot) { return marks_[static_cast<size_t>(slot)]; }
  Lane& lane_asked() { return is_preparing_ ? preparations_ : work_; }
  bool puts_off() const { return !is_preparing_ || !settings_.prepares_pieces_early; }
  template <class Call>
  void ask(const Call& call) {
    Lane& lane = lane_asked();
    lane.ask([&lane, call] {
      lane.finish_launch();
      call();
    });
    lane.proceed(puts_off());
  }

  template <class Body>
  struct Grid {
    Grid(const Body& of_all, int64_t num_blocks, int64_t shared_bytes)
        : body(of_all),
          blocks(num_blocks),
          own(static_cast<size_t>(num_blocks * kThreads)),
          shared(static_cast<size_t>(num_blocks)) {
      for (auto& block : shared) {
        block.resize(static_cast<size_t>(shared_bytes) / sizeof(Features<4>) + 1);
        std::memset(static_cast<void*>(block.data()), 0xff, block.size() * sizeof(Features<4>));
      }
    }
    Place place(int64_t block, int64_t thread) const { return {block, blocks, thread}; }
    typename Body::Own& own_of(int64_t block, int64_t thread) {
      return own[static_cast<size_t>(block * kThreads + thread)];
    }
    void* shared_of(int64_t block) { return shared[static_cast<size_t>(block)].data(); }

    Body body;
    int64_t blocks;
    std::vector<typename Body::Own> own;
    std::vector<std::vector<Features<4>>> shared;
  };

  template <class Body>
  void prepare_blocks(Grid<Body>& grid) const {
    each(grid.blocks, Order::kBlocksAtOnce, [&](int64_t block) {
      if constexpr (Body::kLooks) {
        each(kThreads, Order::kThreadsAtOnce,
             [&](int64_t thread) { grid.body.look(grid.place(block, thread), grid.shared_of(block)); });
      }
      each(kThreads, Order::kThreadsAtOnce, [&](int64_t thread) {
        grid.own_of(block, thread) = grid.body.prepare(grid.place(block, thread), grid.shared_of(block));
      });
    });
  }
  template <class Body>
  void run(Grid<Body>& grid) const {
    const auto run_block = [&](int64_t block) {
      for (int phase = 0; phase < grid.body.phases(); ++phase) {
        each(kThreads, Order::kThreadsAtOnce, [&](int64_t thread) {
          grid.body.run(phase, grid.place(block, thread), grid.own_of(block, thread), grid.shared_of(block));
        });
      }
    };
    if (Body::kBlocksWait && settings_.order != Order::kBlocksAtOnce) {
      for (int64_t block = 0; block < grid.blocks; ++block) run_block(block);
    } else {
      each(grid.blocks, Order::kBlocksAtOnce, run_block);
    }
  }
  using Order = HostCardSettings::Order;
  /// 0 to count - 1 in the order that is asked for; on threads where that is `at_once`.
  template <class Call>
  void each(int64_t count, Order at_once, const Call& call) const {
    if (settings_.order == at_once) {
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
      if (settings_.order == Order::kBackwards) {
        call(count - 1 - i);
      } else if (settings_.order == Order::kMixed) {
        call(i < half ? 2 * i : 2 * (i - half) + 1);
      } else {
        call(i);
      }
    }
  }

  HostCardSettings settings_;
  int64_t left_;
  Lane work_;
  Lane preparations_;
  bool is_preparing_ = false;
  std::array<Marks, 2> marks_;
  bool is_timing_ = false;
  std::vector<KernelTime> times_;
};

inline Functions host_functions() {
  using Host = Calls<HostCard>;
  const auto create = [](int device, const Model* model, const Data* data, const float* const* weights,
                         void** handle, Why why) {
    Model own = *model;
    if (own.sweep == Sweep::kChoose) own.sweep = HostCard::settings().sweep;
    return Host::create(device, &own, data, weights, handle, why);
  };
  return {create,      &Host::run,   &Host::profile, &Host::refused,
          &Host::read, &Host::write, &Host::logits,  &Host::destroy};
}

}  // namespace bernoulli::card
