#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/run_config.h"
#include "data/tokenized_data.h"

namespace bernoulli {

/// Tokenized data of earlier runs, one file for each pair of data and text settings (docs/data.md, "Token
/// cache"). Says in the log what it reads and writes. Nothing that goes wrong here ends a run: the sources
/// are read instead.
class TokenCache {
 public:
  /// Looks at the source files, on `threads` threads.
  TokenCache(const RunConfig& config, int threads);

  /// What an earlier run left of the same data, text settings and program. A damaged or outdated file is
  /// reported and passed over.
  std::optional<TokenizedData> open() const;
  /// Keeps `data` for later runs, makes room for it, and returns it as it lies in the file; absent where it
  /// is not kept.
  std::optional<TokenizedData> store(const TokenizedData& data) const;

  /// The file of this configuration; empty where there is no cache.
  const std::filesystem::path& file() const { return file_; }

 private:
  std::string identity() const;  ///< of the sources and the program; the settings are in the file's name
  bool sources_are_settled() const;
  void make_room(int64_t num_bytes) const;

  RunConfig config_;
  int threads_;
  std::filesystem::path file_;
  std::string sources_;  ///< SourceStamp::fingerprint
  std::vector<std::string> warnings_;
  bool settled_ = false;  ///< no source file changed so lately that the next change could go unnoticed
};

/// Which program makes token ids: the commit, or the bytes of this process's program where that does not tell
/// all ("-dirty", "unknown"). @throws IoError
std::string program_identity(const std::string& commit);

/// Everything of a configuration that token ids, targets and splits depend on, but for the content of files.
nlohmann::ordered_json token_settings(const RunConfig& config);

}  // namespace bernoulli
