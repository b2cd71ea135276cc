#include "core/text_store.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace bernoulli {
namespace {

constexpr size_t kFirstChunk = size_t{4} << 10;   // the next ones double what there is, up to
constexpr size_t kMemoryChunk = size_t{1} << 20;  // this: a few texts take little
constexpr size_t kFileChunk = size_t{64} << 20;   // a mapping each, and a process may have some 65,000
constexpr size_t kStorePage = 4096;

}  // namespace

TextStore::TextStore(std::shared_ptr<SpillSpace> space) : space_(std::move(space)) {}

TextStore::~TextStore() {
  for (const Mapping& mapping : mappings_) ::munmap(mapping.start, mapping.size);
  space_->give_back(claimed_);
}

std::string_view TextStore::keep(std::string_view bytes) {
  if (bytes.empty()) return {"", 0};
  char* const at = room(bytes.size());
  std::memcpy(at, bytes.data(), bytes.size());
  return {at, bytes.size()};
}

char* TextStore::room(size_t bytes, size_t alignment) {
  const std::lock_guard lock(mutex_);
  const size_t chunk = file_ ? kFileChunk : std::clamp(claimed_, kFirstChunk, kMemoryChunk);
  char* at = take_from_current(bytes, alignment);
  if (at != nullptr) return at;
  if (bytes > chunk / 4) return new_chunk(bytes);  // the rest of the current one stays in use
  next_ = new_chunk(chunk);
  left_ = chunk;
  return take_from_current(bytes, alignment);
}

char* TextStore::take_from_current(size_t bytes, size_t alignment) {
  const size_t past = reinterpret_cast<uintptr_t>(next_) % alignment;
  const size_t padding = past == 0 ? 0 : alignment - past;
  if (left_ < padding || left_ - padding < bytes) return nullptr;
  char* const at = next_ + padding;
  next_ = at + bytes;
  left_ -= padding + bytes;
  return at;
}

char* TextStore::new_chunk(size_t bytes) {
  if (!file_ && space_->claim(bytes)) {
    claimed_ += bytes;
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    return chunks_.back().get();
  }
  if (!file_) file_ = space_->make_file();
  const size_t begin = file_->size();
  const size_t size = (bytes + kStorePage - 1) / kStorePage * kStorePage;
  file_->extend(begin + size);
  mappings_.reserve(mappings_.size() + 1);
  mappings_.push_back({file_->map(begin, size), size});
  return mappings_.back().start;
}

}  // namespace bernoulli
