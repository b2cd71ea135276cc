#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/error.h"

/// What all fuzz targets share. A target takes any bytes and may refuse them with an Error that a user can be
/// told of; everything else that leaves it is a finding. The same files make two programs: fuzz_targets, with
/// libFuzzer (./dev soak fuzz), and fuzz_test, which replays the seeds and the findings of corpus/.
namespace bernoulli::fuzz {

/// A broken promise of the code under test.
struct Finding : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, const char* promise) {
  if (!holds) throw Finding(promise);
}

/// What `action` gives. An Error of it is a finding: what it reads was accepted, or written by us.
template <class Action>
auto must_accept(const char* promise, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Finding(std::string(promise) + ": " + error.what());
  }
}

using Target = void (*)(std::string_view input);

inline void run_target(Target target, std::string_view input) {
  try {
    target(input);
  } catch (const Error& error) {
    if (error.exit_code() == ExitCode::kInternal) throw Finding(error.what());
  }
}

/// All targets by name, which is that of their function, of its file, and of the folder of their inputs in
/// corpus/.
std::map<std::string, Target>& targets();

struct Registration {
  Registration(const char* name, Target target) { targets()[name] = target; }
};

}  // namespace bernoulli::fuzz

/// Once a file.
#define BERNOULLI_FUZZ_TARGET(function) \
  static const bernoulli::fuzz::Registration function##_registration(#function, function);
