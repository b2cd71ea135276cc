#include "data/token_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/temporary_files.h"
#include "core/version.h"
#include "data/source_stamp.h"
#include "data/token_file.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kEnding = ".tokens";
/// Smaller sources are read in less time than it takes to notice.
constexpr int64_t kWorthCaching = int64_t{4} << 20;
constexpr auto kAbandonedAfter = std::chrono::hours(24);

/// File systems count time in ticks of up to 10 ms, and of up to 2 s where there are no nanoseconds: a file
/// that changed within the last one can change again and look the same.
bool is_settled(int64_t newest_change_ns) {
  constexpr int64_t kTick = 100'000'000, kCoarseTick = 3'000'000'000;
  const int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  return now - newest_change_ns > (newest_change_ns % 1'000'000'000 == 0 ? kCoarseTick : kTick);
}

/// $XDG_CACHE_HOME/bernoulli/tokens or ~/.cache/bernoulli/tokens; empty where neither is known.
fs::path users_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "bernoulli" / "tokens";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / ".cache" / "bernoulli" / "tokens";
  return {};
}

fs::path cache_folder(const DataConfig& data, int64_t source_bytes) {
  if (data.cache.folder != "auto") return path_of(data, data.cache.folder);
  return source_bytes >= kWorthCaching ? users_cache_folder() : fs::path();
}

/// Also where the configuration holds bytes that are no UTF-8.
std::string hash_of(const Json& json) { return hash_hex(compact_json(json)); }

std::string mebibytes(int64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576.0);
}

int64_t num_texts(const TokenizedData& data) {
  return data.train.size() + (data.validation ? data.validation->size() : 0) +
         (data.test ? data.test->size() : 0);
}

/// "<32 hexadecimal digits>.tokens", and what follows: the folder may hold files that are not ours.
bool is_ours(const std::string& name) {
  return name.size() >= 39 && name.find_first_not_of("0123456789abcdef") == 32 &&
         std::string_view(name).substr(32).starts_with(kEnding);
}

/// A file of the cache, for who must go.
struct Entry {
  fs::path path;
  int64_t size = 0;
  fs::file_time_type used;
};

}  // namespace

Json token_settings(const RunConfig& config) {
  std::error_code ignored;
  // The keys have the root as it is written, too: it stands in the names of examples.
  return {{"root", fs::absolute(config.data.root, ignored).lexically_normal().string()},
          {"check_contents", config.data.cache.check_contents},
          {"keys", config.token_keys}};
}

TokenCache::TokenCache(const RunConfig& config, int threads) : config_(config), threads_(threads) {
  const CacheConfig& cache = config_.data.cache;
  if (cache.folder == "off") return;
  std::optional<SourceStamp> stamp = stamp_sources(config_, cache.check_contents, threads_);
  if (!stamp) return;
  const fs::path folder = cache_folder(config.data, stamp->num_bytes);
  if (folder.empty()) return;
  file_ = folder / (hash_of(token_settings(config)) + kEnding);
  sources_ = stamp->fingerprint;
  warnings_ = std::move(stamp->warnings);
  settled_ = cache.check_contents || is_settled(stamp->newest_change_ns);
}

std::string program_identity(const std::string& commit) {
  const bool tells_all = commit != "unknown" && !commit.ends_with("-dirty");
  return tells_all ? commit : hash_hex(read_file("/proc/self/exe"));
}

std::string TokenCache::identity() const {
  return fmt::format("bernoulli {} {} {}", kVersion, program_identity(kGitCommit), sources_);
}

/// Whether what was read since the sources were looked at is what was looked at. Where times are compared, a
/// file that changed meanwhile has another time in the next run.
bool TokenCache::sources_are_settled() const {
  if (!config_.data.cache.check_contents) return settled_;
  const std::optional<SourceStamp> now = stamp_sources(config_, true, threads_);
  return now && now->fingerprint == sources_;
}

std::optional<TokenizedData> TokenCache::open() const {
  std::error_code ignored;
  if (file_.empty() || !fs::exists(file_, ignored)) return std::nullopt;
  try {
    TokenizedData data = open_token_file(file_, identity());
    fs::last_write_time(file_, fs::file_time_type::clock::now(), ignored);  // what make_room goes by
    for (const std::string& warning : warnings_) log_warning(warning);
    log_info(fmt::format("token cache: {} texts from '{}' ({})", num_texts(data), file_.string(),
                         mebibytes(static_cast<int64_t>(fs::file_size(file_, ignored)))));
    return data;
  } catch (const StaleTokenFile&) {
    log_info(fmt::format(
        "token cache: the data or the program changed since '{}' was written; reading the sources",
        file_.string()));
  } catch (const ArtifactError& error) {
    log_warning(fmt::format("token cache: {}; reading the sources", error.what()));
  } catch (const IoError& error) {
    log_warning(fmt::format("token cache: {}; reading the sources", error.what()));
  }
  return std::nullopt;
}

std::optional<TokenizedData> TokenCache::store(const TokenizedData& data) const {
  if (file_.empty()) return std::nullopt;
  if (!sources_are_settled()) {
    log_info(
        "token cache: a source file changed just now, so these token ids are not kept; the next run keeps "
        "them");
    return std::nullopt;
  }
  try {
    create_folder(file_.parent_path());
    const int64_t size = write_token_file(file_, identity(), data);
    make_room(size);
    log_info(fmt::format("token cache: wrote '{}' ({}) for later runs", file_.string(), mebibytes(size)));
    return open_token_file(file_, identity());
  } catch (const StaleTokenFile&) {
    return std::nullopt;  // another process has replaced the file already
  } catch (const Error& error) {
    log_warning(
        fmt::format("token cache: {}; going on without it (data.cache.folder names another place, or off)",
                    error.what()));
  }
  return std::nullopt;
}

void TokenCache::make_room(int64_t num_bytes) const {
  std::vector<Entry> entries;
  std::error_code error;
  for (const fs::path& path : list_folder(file_.parent_path())) {
    const std::string name = path.filename().string();
    if (!is_ours(name) || path == file_) continue;
    const auto used = fs::last_write_time(path, error);
    if (error) continue;
    if (name.ends_with(kEnding)) {
      entries.push_back({path, static_cast<int64_t>(fs::file_size(path, error)), used});
    } else if (is_temporary(path) && fs::file_time_type::clock::now() - used > kAbandonedAfter) {
      fs::remove(path, error);  // of a process that was killed while writing
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used > b.used; });
  const auto limit = static_cast<int64_t>(config_.data.cache.limit_gib * 1073741824.0);
  for (const Entry& entry : entries) {
    num_bytes += entry.size;
    if (num_bytes <= limit) continue;
    if (fs::remove(entry.path, error))
      log_info(fmt::format("token cache: removed '{}'", entry.path.string()));
  }
}

}  // namespace bernoulli
