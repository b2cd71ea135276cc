#include "data/data_file.h"

#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/stop.h"
#include "core/utf8.h"
#include "data/gunzip.h"

namespace bernoulli {
namespace {

constexpr uintmax_t kMapped = uintmax_t{64} << 20;  ///< files from so many bytes on are mapped

void unpack_all(std::string_view packed, const std::string& name, SpillBuffer& out) {
  Gunzip gunzip(name);
  std::string buffer(size_t{1} << 18, '\0');
  while (const size_t size = gunzip.unpack(packed, buffer.data(), buffer.size())) {
    throw_if_stopped();
    out.append(std::string_view(buffer).substr(0, size));
    if (static_cast<int64_t>(out.size()) > kMaxFileBytes)
      throw DataError(fmt::format("'{}' unpacks to more than {} bytes", name, kMaxFileBytes));
  }
  gunzip.check_end();
}

}  // namespace

DataFile::DataFile(const std::filesystem::path& file, const std::shared_ptr<SpillSpace>& space) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file, ignored);
  if (!ignored && size >= kMapped) {
    mapped_ = std::make_unique<MappedFile>(file, MappedFile::Use::kOnce);
    bytes_ = mapped_->bytes();
  } else {
    read_ = read_file(file);
    bytes_ = read_;
  }
  if (bytes_.starts_with(kGzipMagic)) {
    unpacked_ = std::make_unique<SpillBuffer>(space);
    unpack_all(bytes_, file.string(), *unpacked_);
    read_.clear();
    read_.shrink_to_fit();
    mapped_.reset();
    bytes_ = {unpacked_->data(), unpacked_->size()};
  }
  refuse_utf16(bytes_, file.string());
  if (bytes_.starts_with(kByteOrderMark)) bytes_.remove_prefix(kByteOrderMark.size());
}

}  // namespace bernoulli
