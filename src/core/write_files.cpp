#include "core/write_files.h"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/file_descriptor.h"

namespace bernoulli {

void write_files_atomic(const std::vector<FileContent>& files) {
  for (const auto& [path, content] : files) {
    AtomicFile file(path, {.durable = false, .owner_only = false});
    file.append(content);
    file.commit();
  }
  if (files.empty()) return;
  const std::filesystem::path folder = files.front().path.parent_path();
  const FileDescriptor fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::syncfs(fd.get()) != 0)
    throw IoError(fmt::format("cannot make the files in '{}' durable: {}", folder.string(),
                              std::generic_category().message(errno)));
}

}  // namespace bernoulli
