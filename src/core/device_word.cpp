#include "core/device_word.h"

#include <string_view>

#include <fmt/format.h>

#include "core/error.h"
#include "core/parse_number.h"

namespace bernoulli {

DeviceWord parse_device(const std::string& word) {
  constexpr std::string_view kNumbered = "cuda:";
  if (word == "auto") return {};
  if (word == "cpu") return {DeviceWord::Kind::kCpu, std::nullopt};
  if (word == "cuda") return {DeviceWord::Kind::kCuda, std::nullopt};
  const auto index = word.starts_with(kNumbered)
                         ? parse_number<int>(std::string_view(word).substr(kNumbered.size()))
                         : std::nullopt;
  if (!index || *index < 0)
    throw UsageError(fmt::format("unknown device '{}' (expected auto, cpu, cuda or cuda:N)", word));
  return {DeviceWord::Kind::kCuda, index};
}

}  // namespace bernoulli
