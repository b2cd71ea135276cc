#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/tokenized_data.h"

namespace bernoulli {

inline constexpr uint32_t kTokenFileVersion = 2;

/// A token file that is whole, and of other data or another program: `identity` differs.
struct StaleTokenFile {
  std::string identity;
};

/// Writes tokenized data, ids in 16 bits where num_ids allows, as docs/data.md ("Token cache") lays it out.
/// The file appears whole or not at all and is readable by its owner only. Not durable: a crash may leave a
/// damaged file.
/// @param identity  of the data, the text settings and the program.
/// @return bytes written. @throws IoError
int64_t write_token_file(const std::filesystem::path& path, const std::string& identity,
                         const TokenizedData& data);

/// Opens what write_token_file wrote. Ids, origins and reference texts stay in the file, which is mapped.
/// Every byte is checked against the checksum, every size before it is used, and every id against num_ids.
/// @throws ArtifactError naming the file and what is damaged; StaleTokenFile where the identity is another
/// one; IoError
TokenizedData open_token_file(const std::filesystem::path& path, const std::string& identity);

}  // namespace bernoulli
