#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace bernoulli {

/// How the data of gzip begin.
inline constexpr std::string_view kGzipMagic = "\x1f\x8b";

/// Unpacks what gzip made, piece by piece. Files that were joined are one, and zeros may stand behind each.
class Gunzip {
 public:
  /// @param name  of the file, for messages
  explicit Gunzip(std::string name);
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// Takes bytes off the front of `packed` and writes at most `room` unpacked ones.
  /// @return how many were written: fewer than `room` only where `packed` is used up
  /// @throws DataError naming the file where the data are damaged
  size_t unpack(std::string_view& packed, char* to, size_t room);
  /// @throws DataError naming the file where more data should have come
  void check_end() const;

 private:
  [[noreturn]] void refuse(const char* why) const;

  std::string name_;
  std::unique_ptr<z_stream_s> stream_;
  bool between_members_ = false;
};

}  // namespace bernoulli
