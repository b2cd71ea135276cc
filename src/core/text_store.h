#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/spill.h"

namespace bernoulli {

/// Keeps byte strings where they stay until the store goes. Threads may share it.
class TextStore {
 public:
  explicit TextStore(std::shared_ptr<SpillSpace> space = std::make_shared<SpillSpace>());
  ~TextStore();
  TextStore(const TextStore&) = delete;
  TextStore& operator=(const TextStore&) = delete;

  /// A copy of `bytes`. @throws SpillError, std::bad_alloc
  std::string_view keep(std::string_view bytes);
  /// Room that the caller fills. @param alignment a power of two, at most 16
  char* room(size_t bytes, size_t alignment = 1);

  /// Who else needs room for a while may take it from the same limit.
  const std::shared_ptr<SpillSpace>& space() const { return space_; }

 private:
  char* take_from_current(size_t bytes, size_t alignment);
  /// `bytes` of memory, or of the file.
  char* new_chunk(size_t bytes);

  struct Mapping {
    char* start;
    size_t size;
  };
  std::shared_ptr<SpillSpace> space_;
  std::mutex mutex_;
  char* next_ = nullptr;  ///< of the current chunk
  size_t left_ = 0;
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t claimed_ = 0;
  std::unique_ptr<SpillFile> file_;  ///< once the memory is used up
  std::vector<Mapping> mappings_;
};

}  // namespace bernoulli
