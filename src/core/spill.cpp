#include "core/spill.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace bernoulli {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSmallestBuffer = size_t{64} << 10;
/// What a buffer in a file takes ahead of need, at most.
constexpr size_t kLargestStep = size_t{64} << 20;

[[noreturn]] void spill_failed(const std::filesystem::path& folder, size_t size, int error) {
  throw SpillError(
      fmt::format("cannot keep {} bytes in a temporary file in '{}': {} (data.cache.folder, or TMPDIR where "
                  "there is no cache, names another place)",
                  size, folder.string(), std::generic_category().message(error)));
}

/// Nothing, and errno, where the folder takes no file.
FileDescriptor open_nameless(const std::filesystem::path& folder) {
  int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return FileDescriptor(fd);
  std::string name = (folder / "bernoulli.tmp-XXXXXX").string();  // a file system that always wants a name
  fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd >= 0) ::unlink(name.c_str());
  return FileDescriptor(fd);
}

/// A mapping, or std::bad_alloc.
char* mapped(void* start) {
  if (start == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(start);
}

size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

std::filesystem::path temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

SpillFile::SpillFile(const std::vector<std::filesystem::path>& folders) {
  std::error_code ignored;  // a folder that can't be made takes no file
  for (const std::filesystem::path& folder : folders) {
    folder_ = folder;
    if (&folder != &folders.back()) std::filesystem::create_directories(folder, ignored);  // not $TMPDIR
    fd_ = open_nameless(folder);
    if (fd_.get() >= 0) return;
  }
  spill_failed(folder_, 0, errno);
}

void SpillFile::extend(size_t size) {
  int error;
  do {
    error = ::posix_fallocate(fd_.get(), static_cast<off_t>(size_), static_cast<off_t>(size - size_));
  } while (error == EINTR);
  if (error != 0) spill_failed(folder_, size, error);
  size_ = size;
}

char* SpillFile::map(size_t offset, size_t size) const {
  return mapped(
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), static_cast<off_t>(offset)));
}

SpillSpace::SpillSpace(std::filesystem::path folder, size_t memory) : left_(memory) {
  if (!folder.empty()) folders_.push_back(std::move(folder));
  folders_.push_back(temporary_folder());
}

bool SpillSpace::claim(size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

void SpillSpace::give_back(size_t bytes) {
  const std::lock_guard lock(mutex_);
  left_ += bytes;
}

SpillBuffer::SpillBuffer(SpillBuffer&& other) noexcept
    : space_(std::move(other.space_)),
      file_(std::move(other.file_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SpillBuffer::~SpillBuffer() {
  if (data_ == nullptr) return;
  ::munmap(data_, capacity_);
  if (!file_) space_->give_back(capacity_);
}

char* SpillBuffer::grow(size_t bytes) {
  if (bytes > capacity_ - size_) reserve(size_ + bytes);
  return data_ + std::exchange(size_, size_ + bytes);
}

void SpillBuffer::append(std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
}

void SpillBuffer::reserve(size_t capacity) {
  const size_t step = std::clamp(capacity_ / 2, kSmallestBuffer, kLargestStep);
  capacity = whole_pages(std::max(capacity, capacity_ + step));
  if (file_) {
    file_->extend(capacity);
  } else if (!space_->claim(capacity - capacity_)) {
    return move_to_file(capacity);
  }
  void* const start =
      data_ == nullptr ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                       : ::mremap(data_, capacity_, capacity, MREMAP_MAYMOVE);
  if (start == MAP_FAILED && !file_) space_->give_back(capacity - capacity_);
  data_ = mapped(start);
  capacity_ = capacity;
}

void SpillBuffer::move_to_file(size_t capacity) {
  std::unique_ptr<SpillFile> file = space_->make_file();
  file->extend(capacity);
  char* const data = file->map(0, capacity);
  if (data_ != nullptr) {
    std::memcpy(data, data_, size_);
    ::munmap(data_, capacity_);
    space_->give_back(capacity_);
  }
  file_ = std::move(file);
  data_ = data;
  capacity_ = capacity;
}

}  // namespace bernoulli
