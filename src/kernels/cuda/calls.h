#pragma once

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include "kernels/cuda/program.h"

// The C functions of interface.h over any Card: nothing is thrown through them.

namespace bernoulli::card {

template <class Card>
class Calls {
 public:
  static Status create(int device, const Model* model, const Data* data, const float* const* weights,
                       void** handle, Why why) {
    return guarded(why, [&] {
      auto engine = std::make_unique<Engine>(device);
      [[maybe_unused]] const auto scope = engine->card.enter();
      engine->program = std::make_unique<Program<Card>>(engine->card, *model, *data, weights);
      *handle = engine.release();
    });
  }
  static Status run(void* handle, const int32_t* examples, const Update* updates, int64_t num_updates,
                    Record* records, Why why) {
    return with(handle, why, [&](auto& program) { program.run(examples, updates, num_updates, records); });
  }
  static Status profile(void* handle, const int32_t* examples, const Update* updates, int64_t num_updates,
                        Record* records, KernelTime* times, int32_t* num_times, Why why) {
    return with(handle, why, [&](auto& program) {
      const std::vector<KernelTime> all = program.profile(examples, updates, num_updates, records);
      *num_times = static_cast<int32_t>(all.size());
      std::copy(all.begin(), all.end(), times);
    });
  }
  static Status refused(void* handle, float* logits, uint8_t* parameters, Why why) {
    return with(handle, why, [&](auto& program) { program.refused(logits, parameters); });
  }
  static Status read(void* handle, int32_t parameter, int32_t table, float* out, Why why) {
    return with(handle, why, [&](auto& program) { program.read(parameter, table, out); });
  }
  static Status write(void* handle, int32_t parameter, int32_t table, const float* values, Why why) {
    return with(handle, why, [&](auto& program) { program.write(parameter, table, values); });
  }
  static Status logits(void* handle, const Tokens* tokens, float* out, Why why) {
    return with(handle, why, [&](auto& program) { program.logits(*tokens, out); });
  }
  /// The call on a card of its own.
  template <class Call>
  static Status on_card(int device, Why why, const Call& call) {
    return guarded(why, [&] {
      Card card(device);
      [[maybe_unused]] const auto scope = card.enter();
      call(card);
    });
  }
  static void destroy(void* handle) {
    const std::unique_ptr<Engine> engine(static_cast<Engine*>(handle));
    char ignored[1];
    guarded({ignored, 1}, [&] {
      if (engine == nullptr) return;
      [[maybe_unused]] const auto scope = engine->card.enter();
      engine->program.reset();
    });
  }

 private:
  struct Engine {
    explicit Engine(int device) : card(device) {}
    Card card;
    std::unique_ptr<Program<Card>> program;
  };

  static Status say(Why why, Status status, const char* text) {
    std::snprintf(why.text, static_cast<size_t>(why.size), "%s", text);
    return status;
  }
  template <class Call>
  static Status guarded(Why why, const Call& call) {
    try {
      call();
      return Status::kOk;
    } catch (const Failure& failure) {
      return say(why, failure.status, failure.text.c_str());
    } catch (const std::exception& error) {
      return say(why, Status::kFailed, error.what());
    }
  }
  template <class Call>
  static Status with(void* handle, Why why, const Call& call) {
    return guarded(why, [&] {
      auto* const engine = static_cast<Engine*>(handle);
      [[maybe_unused]] const auto scope = engine->card.enter();
      call(*engine->program);
    });
  }
};

}  // namespace bernoulli::card
