// What libFuzzer calls: the target that BERNOULLI_FUZZ_TARGET names. One program of all targets takes a third
// of the time to build that twelve take.
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "fuzz/fuzz_target.h"

namespace bernoulli::fuzz {
namespace {

Target chosen = nullptr;

}  // namespace
}  // namespace bernoulli::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* const name = std::getenv("BERNOULLI_FUZZ_TARGET");
  const auto& targets = bernoulli::fuzz::targets();
  const auto found = targets.find(name == nullptr ? "" : name);
  if (found == targets.end()) {
    std::string names;
    for (const auto& [each, target] : targets) names += " " + each;
    fmt::print(stderr, "BERNOULLI_FUZZ_TARGET is to name one of:{}\n", names);
    std::exit(2);
  }
  bernoulli::fuzz::chosen = found->second;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bernoulli::fuzz::run_target(bernoulli::fuzz::chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}
