#include "data/data_file.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.h"
#include "core/file.h"
#include "core/stop.h"
#include "core/utf8.h"

namespace bernoulli {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";

class Inflater {
 public:
  explicit Inflater(const std::string& name) : name_(name) {
    constexpr int kGzipWindow = 15 + 16;
    if (::inflateInit2(&stream_, kGzipWindow) != Z_OK)
      throw DataError(fmt::format("'{}': zlib does not start", name_));
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void unpack(std::string_view packed, SpillBuffer& out) {
    std::string buffer(size_t{1} << 18, '\0');
    size_t fed = 0;
    while (true) {
      throw_if_stopped();
      if (stream_.avail_in == 0 && fed < packed.size()) {
        const size_t chunk = std::min<size_t>(packed.size() - fed, size_t{1} << 30);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + fed));
        stream_.avail_in = static_cast<uInt>(chunk);
        fed += chunk;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      const int status = ::inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END)
        throw DataError(fmt::format("'{}' is damaged or cut off gzip data: {}", name_,
                                    stream_.msg != nullptr ? stream_.msg : "it ends too early"));
      out.append(std::string_view(buffer).substr(0, buffer.size() - stream_.avail_out));
      if (static_cast<int64_t>(out.size()) > kMaxFileBytes)
        throw DataError(fmt::format("'{}' unpacks to more than {} bytes", name_, kMaxFileBytes));
      if (status != Z_STREAM_END) continue;
      if (packed.find_first_not_of('\0', fed - stream_.avail_in) == packed.npos) return;  // no padding either
      ::inflateReset(&stream_);  // gzip files may be joined
    }
  }

 private:
  std::string name_;
  z_stream stream_{};
};

}  // namespace

DataFile::DataFile(const std::filesystem::path& file, const std::shared_ptr<SpillSpace>& space,
                   int64_t mapped_from) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file, ignored);
  if (!ignored && size >= static_cast<uintmax_t>(mapped_from)) {
    mapped_ = std::make_unique<MappedFile>(file, MappedFile::Use::kOnce);
    bytes_ = mapped_->bytes();
  } else {
    read_ = read_file(file);
    bytes_ = read_;
  }
  if (bytes_.starts_with(kGzipMagic)) {
    unpacked_ = std::make_unique<SpillBuffer>(space);
    Inflater(file.string()).unpack(bytes_, *unpacked_);
    read_.clear();
    read_.shrink_to_fit();
    mapped_.reset();
    bytes_ = {unpacked_->data(), unpacked_->size()};
  }
  refuse_utf16(bytes_, file.string());
  if (bytes_.starts_with(kByteOrderMark)) bytes_.remove_prefix(kByteOrderMark.size());
}

}  // namespace bernoulli
