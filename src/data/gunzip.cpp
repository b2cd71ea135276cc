#include "data/gunzip.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.h"

namespace bernoulli {
namespace {

constexpr size_t kMostAtOnce = size_t{1} << 30;  ///< zlib counts in 32 bits

}  // namespace

Gunzip::Gunzip(std::string name) : name_(std::move(name)), stream_(std::make_unique<z_stream>()) {
  constexpr int kGzipWindow = 15 + 16;
  if (::inflateInit2(stream_.get(), kGzipWindow) != Z_OK) refuse("zlib does not start");
}

Gunzip::~Gunzip() { ::inflateEnd(stream_.get()); }

size_t Gunzip::unpack(std::string_view& packed, char* to, size_t room) {
  stream_->next_out = reinterpret_cast<Bytef*>(to);
  stream_->avail_out = static_cast<uInt>(std::min(room, kMostAtOnce));
  while (stream_->avail_out > 0) {
    if (between_members_) {
      packed.remove_prefix(std::min(packed.find_first_not_of('\0'), packed.size()));
      if (packed.empty()) break;
      ::inflateReset(stream_.get());
      between_members_ = false;
    }
    const size_t fed = std::min(packed.size(), kMostAtOnce);
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_->avail_in = static_cast<uInt>(fed);
    const int status = ::inflate(stream_.get(), Z_NO_FLUSH);
    packed.remove_prefix(fed - stream_->avail_in);
    if (status == Z_STREAM_END) {
      between_members_ = true;
    } else if (status == Z_BUF_ERROR || (status == Z_OK && packed.empty())) {
      break;
    } else if (status != Z_OK) {
      refuse(stream_->msg != nullptr ? stream_->msg : "zlib does not read it");
    }
  }
  return std::min(room, kMostAtOnce) - stream_->avail_out;
}

void Gunzip::check_end() const {
  if (!between_members_) refuse("it ends too early");
}

void Gunzip::refuse(const char* why) const {
  throw DataError(fmt::format("'{}' is damaged or cut off gzip data: {}", name_, why));
}

}  // namespace bernoulli
