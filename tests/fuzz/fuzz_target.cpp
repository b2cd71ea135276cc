#include "fuzz/fuzz_target.h"

namespace bernoulli::fuzz {

std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

}  // namespace bernoulli::fuzz
