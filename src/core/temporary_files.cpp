#include "core/temporary_files.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/random.h>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".tmp-";
constexpr size_t kDigits = 16;

}  // namespace

fs::path temporary_beside(const fs::path& path) {
  uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number)
    throw IoError(fmt::format("cannot name a temporary file beside '{}': the system has no random numbers",
                              path.string()));
  fs::path temporary = path;
  return temporary += fmt::format("{}{:0{}x}", kMark, number, kDigits);
}

bool is_temporary(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.size() <= kMark.size() + kDigits) return false;
  const std::string_view end = std::string_view(name).substr(name.size() - kMark.size() - kDigits);
  return end.starts_with(kMark) && end.find_first_not_of("0123456789abcdef", kMark.size()) == end.npos;
}

int remove_temporary_files(const fs::path& folder) {
  int removed = 0;
  std::error_code ignored;
  for (const fs::path& path : list_folder(folder)) {
    const fs::file_type type = fs::symlink_status(path, ignored).type();
    const bool ours =
        is_temporary(path) && (type == fs::file_type::regular || type == fs::file_type::directory);
    if (ours && fs::remove_all(path, ignored) > 0) ++removed;
  }
  return removed;
}

}  // namespace bernoulli
