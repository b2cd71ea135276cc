#include "core/mapped_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file_descriptor.h"

namespace bernoulli {

MappedFile::MappedFile(const std::filesystem::path& path, Use use) {
  const auto fail = [&](const std::string& reason) {
    throw IoError(fmt::format("cannot open '{}': {}", path.string(), reason));
  };
  const FileDescriptor fd(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // O_NONBLOCK: a FIFO must not hang us
  if (fd.get() < 0) fail(std::generic_category().message(errno));
  struct stat status {};
  int error = ::fstat(fd.get(), &status) != 0 ? errno : 0;
  const bool regular = S_ISREG(status.st_mode);
  const auto size = static_cast<size_t>(status.st_size);
  if (error == 0 && regular && size > 0) {  // an empty mapping is an error, an empty file is not
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    error = start == MAP_FAILED ? errno : 0;
    if (error == 0) bytes_ = {static_cast<const char*>(start), size};
    if (error == 0 && use == Use::kOnce) ::madvise(start, size, MADV_SEQUENTIAL);
  }
  if (error != 0) fail(std::generic_category().message(error));
  if (!regular) fail("it is not a file");
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace bernoulli
