#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/named_tensors.h"
#include "text/token_view.h"

namespace bernoulli {

/// What process 0 asks of the others, and what they are to know for it.
struct Command {
  enum class Kind : uint8_t {
    kUpdate,  ///< with the examples `numbers`, of the number `step`, at the rate `lr`
    kScore,   ///< scatter() brings a kRows to each
    kRows,    ///< texts whose sizes are `numbers` and whose ids are `bytes`
    kLoad,    ///< `numbers` is the size of the weights in `bytes`; the rest is the training state
    kEnd,
  };
  Kind kind = Kind::kEnd;
  int64_t step = 0;
  double lr = 0;
  std::vector<int64_t> numbers = {};
  std::string bytes = {};

  std::string to_bytes() const;
  /// @throws InternalError where they are no command: all processes are one build
  static Command from_bytes(std::string_view bytes);
};

/// Of the texts [begin, end).
Command rows_command(const TokenView& rows, int64_t begin, int64_t end);
TokenView rows_of(const Command& command);

Command load_command(const NamedTensors& weights, const NamedTensors& training_state);
struct LoadedState {
  NamedTensors weights;
  NamedTensors training;
};
LoadedState state_of(const Command& command);

/// What all processes must have alike after each update. 32 characters.
std::string weights_fingerprint(const NamedTensors& weights);

}  // namespace bernoulli
