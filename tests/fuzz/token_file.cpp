// A file of the token cache. An input that begins like JSON is a description, and behind its first NUL the
// sections: header and checksum are put around them. Any other input is taken as it is.
#include "data/token_file.h"

#include "core/hash.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"

namespace bernoulli {
namespace {

template <class Number>
std::string low_byte_first(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string token_file_of(std::string_view input) {
  const size_t cut = std::min(input.find('\0'), input.size());
  const std::string_view description = input.substr(0, cut);
  const std::string body =
      std::string(input.substr(std::min(cut + 1, input.size()))) + std::string(description);
  const std::string header =
      "\x89"
      "BRNTOK\n" +
      low_byte_first(kTokenFileVersion) + low_byte_first(uint32_t{0x01020304}) +
      low_byte_first(uint64_t{64 + body.size()}) + low_byte_first(uint64_t{description.size()});
  return header + hash_hex(body + header) + body;
}

/// Every view is looked into, so that the address sanitizer sees one that leaves the file.
void require_whole(const EncodedDataset& data, int64_t num_ids) {
  std::vector<int32_t> room;
  uint64_t sum = 0;
  for (int64_t i = 0; i < data.size(); ++i) {
    room.resize(static_cast<size_t>(data.rows.row_size(i)));
    for (const int32_t id : data.rows.row(i, room.data()))
      fuzz::require(id >= 0 && id < num_ids, "ids have a row");
    for (const char c : data.origins[i]) sum += static_cast<uint8_t>(c);
    sum += data.weight(i) > 0 ? 1u : 0u;
  }
  fuzz::require(data.targets.size() == static_cast<size_t>(data.size() * data.num_labels), "targets N*L");
  fuzz::require(data.origins.size() == data.size() && sum < UINT64_MAX, "origins N");
}

void token_file(std::string_view input) {
  static const fuzz::MemoryFile file;
  try {
    const TokenizedData data = open_token_file(
        file.holding(input.starts_with('{') ? token_file_of(input) : std::string(input)), "same");
    fuzz::require(data.num_ids > 0, "there is an id");
    fuzz::require(data.labels.kind == TaskConfig::Kind::kMultiLabel || data.labels.names.size() == 2,
                  "a binary task has two labels");
    require_whole(data.train, data.num_ids);
    if (data.validation) require_whole(*data.validation, data.num_ids);
    if (data.test) require_whole(*data.test, data.num_ids);
    uint64_t size = 0;
    for (int64_t i = 0; i < data.reference_texts.size(); ++i) size += data.reference_texts[i].size();
    fuzz::require(size <= input.size(), "texts lie in the file");
  } catch (const StaleTokenFile&) {
  }
}

}  // namespace

BERNOULLI_FUZZ_TARGET(token_file)

}  // namespace bernoulli
