#include "distributed/place.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "core/error.h"
#include "core/parse_number.h"

namespace bernoulli {
namespace {

std::string word_of(const char* name) {
  const char* const word = std::getenv(name);
  return word == nullptr ? "" : word;
}

/// @throws DistributedError unless the variable is a number from `least` to `most`
int number_of(const char* name, int least, int most) {
  const std::string word = word_of(name);
  const auto number = parse_number<int>(word);
  if (!number || *number < least || *number > most)
    throw DistributedError(fmt::format(
        "{} is '{}' (expected {} to {}): each process of a training has RANK, WORLD_SIZE, MASTER_ADDR and "
        "MASTER_PORT, as torchrun sets them; unset WORLD_SIZE to train in one process",
        name, word, least, most));
  return *number;
}

/// torchrun's agent keeps MASTER_PORT for a store that the processes it starts may share, and says so in the
/// words of Python: the next port is theirs.
uint16_t port_to_meet_at() {
  const bool of_agent = word_of("TORCHELASTIC_USE_AGENT_STORE") == "True";
  return static_cast<uint16_t>(number_of("MASTER_PORT", 1, of_agent ? 65534 : 65535) + (of_agent ? 1 : 0));
}

}  // namespace

std::optional<Place> place_from_environment() {
  if (word_of("WORLD_SIZE").empty()) return std::nullopt;
  Place place;
  place.size = number_of("WORLD_SIZE", 1, kMostProcesses);
  if (place.size == 1) return std::nullopt;
  place.rank = number_of("RANK", 0, place.size - 1);
  if (!word_of("LOCAL_WORLD_SIZE").empty()) place.local_size = number_of("LOCAL_WORLD_SIZE", 1, place.size);
  if (!word_of("LOCAL_RANK").empty()) place.local_rank = number_of("LOCAL_RANK", 0, place.local_size - 1);
  place.address = word_of("MASTER_ADDR");
  if (place.address.empty())
    throw DistributedError("MASTER_ADDR is not set: it names the machine of process 0, as torchrun sets it");
  place.port = port_to_meet_at();
  place.key = word_of("BERNOULLI_JOB_KEY");
  if (!std::ranges::all_of(place.key, [](char c) { return c > ' ' && c <= '~'; }))
    throw DistributedError("BERNOULLI_JOB_KEY has characters other than letters, digits and signs of ASCII");
  return place;
}

}  // namespace bernoulli
