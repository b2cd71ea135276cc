#include "store/zip_reader.h"

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.h"
#include "core/little_endian.h"
#include "store/zip_format.h"

namespace bernoulli {
namespace {

constexpr uint64_t kLongestComment = 65535;
/// No more than so many bytes come of one that is deflated.
constexpr uint64_t kMostInflation = 1032;
/// Of all entries together: several may lie over one another.
constexpr uint64_t kMostUnpacked = uint64_t{1} << 30;
constexpr uint64_t kInZip64Record = 0xffffffff;

}  // namespace

ZipReader::ZipReader(std::string_view file, std::string name) : file_(file), name_(std::move(name)) {
  if (file_.size() >= kInZip64Record) refuse("an archive of 4 GiB or more");
  const uint64_t end = end_record();
  if (two_bytes(end + 4) != 0 || two_bytes(end + 6) != 0) refuse("an archive on several disks");
  const uint64_t count = two_bytes(end + 10);
  const uint64_t size = four_bytes(end + 12);
  directory_at_ = four_bytes(end + 16);
  if (directory_at_ > end || size > end - directory_at_) refuse("its directory lies outside the file");
  if (count * kZipDirectoryHeaderBytes > size)
    refuse(fmt::format("its directory claims {} entries in {} bytes", count, size));
  uint64_t at = directory_at_;
  for (uint64_t i = 0; i < count; ++i) entries_.push_back(read_entry(at, directory_at_ + size));
}

void ZipReader::refuse(const std::string& reason) const {
  throw ArtifactError(fmt::format("'{}' is no zip archive that can be read here: {}", name_, reason));
}

uint16_t ZipReader::two_bytes(uint64_t at) const { return read_little_endian<uint16_t>(file_.substr(at)); }

uint32_t ZipReader::four_bytes(uint64_t at) const { return read_little_endian<uint32_t>(file_.substr(at)); }

/// Where the record at the archive's end begins: the last signature whose comment reaches to the very end.
uint64_t ZipReader::end_record() const {
  for (uint64_t comment = 0; comment <= kLongestComment; ++comment) {
    if (file_.size() < kZipEndRecordBytes + comment) break;
    const uint64_t at = file_.size() - kZipEndRecordBytes - comment;
    if (file_.substr(at).starts_with(kZipEndRecord) && two_bytes(at + 20) == comment) return at;
  }
  refuse("it has no directory");
}

ZipReader::Entry ZipReader::read_entry(uint64_t& at, uint64_t end) const {
  if (end - at < kZipDirectoryHeaderBytes || !file_.substr(at).starts_with(kZipDirectoryHeader))
    refuse("its directory is cut short");
  const uint64_t flags = two_bytes(at + 8);
  const uint64_t method = two_bytes(at + 10);
  const uint64_t packed = four_bytes(at + 20);
  const uint64_t name_bytes = two_bytes(at + 28);
  const uint64_t rest = name_bytes + two_bytes(at + 30) + two_bytes(at + 32);
  Entry entry;
  entry.crc32 = four_bytes(at + 16);
  entry.size_bytes = four_bytes(at + 24);
  entry.header_at = four_bytes(at + 42);
  if (rest > end - at - kZipDirectoryHeaderBytes) refuse("its directory is cut short");
  entry.name = file_.substr(at + kZipDirectoryHeaderBytes, name_bytes);
  entry.stored = method == kZipStored;
  entry.deflated = method == kZipDeflated;
  entry.packed_bytes = packed;
  if ((flags & 1u) != 0) refuse("an encrypted entry");
  if (packed == kInZip64Record || entry.size_bytes == kInZip64Record || entry.header_at == kInZip64Record)
    refuse("an entry of 4 GiB or more");
  if (entry.stored && packed != entry.size_bytes) refuse("a stored entry with two sizes");
  at += kZipDirectoryHeaderBytes + rest;
  return entry;
}

const ZipReader::Entry* ZipReader::find(std::string_view entry_name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == entry_name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string_view ZipReader::packed_content(const Entry& entry) const {
  if (!entry.stored && !entry.deflated)
    refuse(fmt::format("its entry '{}' is compressed in a way that is not read here", entry.name));
  // The local header repeats the name; its extra field may have another length than the directory's.
  const uint64_t at = entry.header_at;
  if (at > directory_at_ || directory_at_ - at < kZipLocalHeaderBytes ||
      !file_.substr(at).starts_with(kZipLocalHeader))
    refuse(fmt::format("its entry '{}' has no header", entry.name));
  const uint64_t name_bytes = two_bytes(at + 26);
  const uint64_t begin = at + kZipLocalHeaderBytes + name_bytes + two_bytes(at + 28);
  if (begin > directory_at_ || directory_at_ - begin < entry.packed_bytes)
    refuse(fmt::format("its entry '{}' lies outside the file", entry.name));
  if (file_.substr(at + kZipLocalHeaderBytes, name_bytes) != entry.name)
    refuse(fmt::format("its entry '{}' has another name in its header", entry.name));
  return file_.substr(begin, entry.packed_bytes);
}

/// Kept, so that views of it stay.
std::string_view ZipReader::unpacked(const Entry& entry) const {
  const std::pair key(entry.header_at, entry.size_bytes);
  if (const auto found = unpacked_.find(key); found != unpacked_.end()) return found->second;
  const std::string_view packed = packed_content(entry);
  if (entry.size_bytes / kMostInflation > packed.size() || entry.size_bytes > kMostUnpacked - unpacked_bytes_)
    refuse(fmt::format("its entry '{}' claims {} bytes of {}", entry.name, entry.size_bytes, packed.size()));
  std::string bytes(entry.size_bytes, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // only read
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const bool whole = ::inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  ::inflateEnd(&stream);
  if (!whole) refuse(fmt::format("its entry '{}' cannot be unpacked", entry.name));
  unpacked_bytes_ += entry.size_bytes;
  return unpacked_.emplace(key, std::move(bytes)).first->second;
}

std::string_view ZipReader::content(const Entry& entry) const {
  const std::string_view bytes = entry.deflated ? unpacked(entry) : packed_content(entry);
  const uLong sum =
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size()));
  if (sum != entry.crc32) refuse(fmt::format("its entry '{}' is damaged (CRC-32)", entry.name));
  return bytes;
}

std::string_view ZipReader::content(std::string_view entry_name) const {
  const Entry* entry = find(entry_name);
  if (entry == nullptr) refuse(fmt::format("it has no entry '{}'", entry_name));
  return content(*entry);
}

}  // namespace bernoulli
