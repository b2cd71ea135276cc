#include "data/source_stamp.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mapped_file.h"
#include "core/stop.h"
#include "data/class_folders.h"
#include "data/dataset.h"
#include "data/source_files.h"
#include "text/parallel_chunks.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNanosecondsASecond = 1'000'000'000;

int64_t nanoseconds(const timespec& time) { return time.tv_sec * kNanosecondsASecond + time.tv_nsec; }

/// Of one file; all zero where it is not there.
struct FileStamp {
  int64_t size = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;  ///< which, unlike modified_ns, no program can set back
  uint64_t inode = 0;
};

bool stamp_file(const std::string& path, FileStamp& stamp) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  stamp = {status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), status.st_ino};
  return true;
}

/// Of its bytes. Large files are never in memory at once.
std::string hash_of_file(const fs::path& path) {
  constexpr size_t kPiece = size_t{16} << 20;
  std::error_code ignored;
  if (fs::file_size(path, ignored) < kPiece || ignored) return hash_hex(read_file(path));
  const MappedFile file(path, MappedFile::Use::kOnce);
  StreamingHash hash;
  for (std::string_view rest = file.bytes(); !rest.empty();
       rest.remove_prefix(std::min(kPiece, rest.size()))) {
    throw_if_stopped();
    hash.update(rest.substr(0, kPiece));
  }
  return hash.hex();
}

class Stamper {
 public:
  Stamper(bool contents, int threads) : contents_(contents), threads_(threads) {}

  /// @throws DataError, IoError where something that must be there cannot be read.
  void add(const DataConfig& data, const SourceConfig& source) {
    if (source.optional && is_absent(data.root, source)) {
      for (const std::string& path : source.paths) hash_.update_field(path_of(data, path).string());
      hash_.update_field("absent");
      return;
    }
    for (const fs::path& file : source_files(data.root, source)) add_path(file);
  }

  SourceStamp finish() {
    stamp_.fingerprint = hash_.hex();
    return std::move(stamp_);
  }

 private:
  void add_path(const fs::path& path) {
    std::error_code ignored;
    hash_.update_field(path.string());
    if (fs::is_directory(path, ignored)) {
      add_class_folders(path);
    } else {
      add_files({path.string()});
    }
  }

  void add_class_folders(const fs::path& folder) {
    ClassFolders found = list_class_folders(folder);
    std::vector<std::string> paths;
    for (ClassFolders::Text& text : found.texts) paths.push_back(std::move(text.path));
    if (!found.warning.empty()) stamp_.warnings.push_back(found.warning);
    hash_.update_field(found.warning);
    add_files(paths);
  }

  void add_files(const std::vector<std::string>& paths) {
    std::vector<FileStamp> stamps(paths.size());
    std::vector<std::string> hashes(contents_ ? paths.size() : 0);
    for_each_chunk(paths.size(), num_text_chunks(paths.size(), threads_),
                   [&](size_t, size_t begin, size_t end) {
                     for (size_t i = begin; i < end; ++i) {
                       if (!stamp_file(paths[i], stamps[i])) throw IoError(paths[i]);
                       if (contents_) hashes[i] = hash_of_file(paths[i]);
                     }
                   });
    for (size_t i = 0; i < paths.size(); ++i) {
      const FileStamp& stamp = stamps[i];
      hash_.update_field(paths[i]);
      hash_.update_field(contents_ ? std::string_view(hashes[i])
                                   : std::string_view(reinterpret_cast<const char*>(&stamp), sizeof stamp));
      stamp_.num_bytes += stamp.size;
      stamp_.newest_change_ns = std::max(stamp_.newest_change_ns, stamp.changed_ns);
    }
  }

  bool contents_;
  int threads_;
  StreamingHash hash_;
  SourceStamp stamp_;
};

}  // namespace

std::optional<SourceStamp> stamp_sources(const RunConfig& config, bool contents, int threads) {
  const DataConfig& data = config.data;
  Stamper stamper(contents, threads);
  try {
    stamper.add(data, data.train);
    for (const HeldOutConfig* held_out : {&data.validation, &data.test}) {
      if (held_out->source) stamper.add(data, *held_out->source);
    }
    if (!config.text.vocabulary_file.empty()) stamper.add(data, {{config.text.vocabulary_file}});
    return stamper.finish();
  } catch (const DataError&) {
    return std::nullopt;
  } catch (const IoError&) {
    return std::nullopt;
  }
}

}  // namespace bernoulli
