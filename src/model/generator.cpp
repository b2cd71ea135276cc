#include "model/generator.h"

#include <mutex>

#include <ATen/Context.h>

namespace bernoulli {

void seed_generator(c10::Device device, uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(seed);
}

}  // namespace bernoulli
