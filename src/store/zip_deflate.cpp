#include "store/zip_deflate.h"

#include <cstdint>
#include <new>

#include <zlib.h>

#include "core/little_endian.h"
#include "store/zip_format.h"
#include "store/zip_reader.h"

namespace bernoulli {
namespace {

constexpr size_t kTensorAlignment = 64;
constexpr size_t kExtraHeaderBytes = 4;

std::string deflated(std::string_view bytes) {
  z_stream stream{};
  // Without zlib's own header; the memory that its highest level asks for.
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string packed(::deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // only read
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

/// What header and directory say alike of an entry: version 2.0, method, no date, CRC-32, sizes, length of
/// the name.
std::string description(const ZipReader::Entry& entry, bool stored, uint64_t packed_bytes) {
  std::string text;
  append_little_endian(text, uint16_t{20});
  append_little_endian(text, uint16_t{0});
  append_little_endian(text, static_cast<uint16_t>(stored ? kZipStored : kZipDeflated));
  append_little_endian(text, uint32_t{0x00210000});  // 1 January 1980, as zip counts
  append_little_endian(text, entry.crc32);
  append_little_endian(text, static_cast<uint32_t>(packed_bytes));
  append_little_endian(text, static_cast<uint32_t>(entry.size_bytes));
  append_little_endian(text, static_cast<uint16_t>(entry.name.size()));
  return text;
}

/// An extra field ("FB", LibTorch's) that puts what follows at a multiple of the alignment.
std::string padding_at(size_t end_of_name) {
  const size_t begin = end_of_name + kExtraHeaderBytes;
  const size_t zeros = (kTensorAlignment - begin % kTensorAlignment) % kTensorAlignment;
  std::string extra = "FB";
  append_little_endian(extra, static_cast<uint16_t>(zeros));
  return extra.append(zeros, '\0');
}

bool is_tensor(const std::string& name) { return name.find("/data/") != std::string::npos; }

}  // namespace

std::string deflate_zip(std::string_view zip) {
  std::string file, directory;
  const ZipReader reader(zip, "the archive that LibTorch wrote");
  file.reserve(zip.size());
  for (const ZipReader::Entry& entry : reader.entries()) {
    std::string_view packed = reader.packed_content(entry);
    bool stored = entry.stored;
    std::string smaller;
    if (stored && !is_tensor(entry.name)) smaller = deflated(packed);
    if (!smaller.empty() && smaller.size() < packed.size()) {
      packed = smaller;
      stored = false;
    }
    const std::string about = description(entry, stored, packed.size());
    directory.append(kZipDirectoryHeader).append(about, 0, 2).append(about).append(12, '\0');
    append_little_endian(directory, static_cast<uint32_t>(file.size()));
    directory += entry.name;
    std::string extra;
    if (is_tensor(entry.name)) extra = padding_at(file.size() + kZipLocalHeaderBytes + entry.name.size());
    file.append(kZipLocalHeader).append(about);
    append_little_endian(file, static_cast<uint16_t>(extra.size()));
    file.append(entry.name).append(extra).append(packed);
  }
  const auto count = static_cast<uint16_t>(reader.entries().size());
  const auto directory_at = static_cast<uint32_t>(file.size());
  file += directory;
  file.append(kZipEndRecord).append(4, '\0');
  append_little_endian(file, count);
  append_little_endian(file, count);
  append_little_endian(file, static_cast<uint32_t>(directory.size()));
  append_little_endian(file, directory_at);
  return file.append(2, '\0');
}

}  // namespace bernoulli
