#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/error.h"

/// What all fuzz targets share. A target takes any bytes and may refuse them with an Error that a user can be
/// told of; everything else that leaves it is a finding. The same file is built twice: with libFuzzer
/// (./dev soak fuzz), and into fuzz_test, which replays the seeds and the findings of corpus/.
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

/// Makes a target known to fuzz_test.
struct Registration {
  Registration(const char* name, Target target);
};

}  // namespace bernoulli::fuzz

#ifdef BERNOULLI_LIBFUZZER
#define BERNOULLI_FUZZ_TARGET(function)                                                 \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {             \
    bernoulli::fuzz::run_target(function, {reinterpret_cast<const char*>(data), size}); \
    return 0;                                                                           \
  }
#else
/// Once in a file named after the function, whose inputs lie in corpus/<function>.
#define BERNOULLI_FUZZ_TARGET(function) \
  static const bernoulli::fuzz::Registration function##_registration(#function, function);
#endif
