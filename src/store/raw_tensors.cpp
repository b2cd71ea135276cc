#include "store/raw_tensors.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/little_endian.h"
#include "core/shallow_json.h"
#include "store/zip_format.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLengthBytes = sizeof(uint64_t);
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kAlignment = 64;
constexpr const char* kChecksumKey = "checksum";
constexpr size_t kChecksumDigits = 32;
constexpr size_t kDigitsAfterKey = std::string_view("\"checksum\":\"").size();
constexpr size_t kMaxDimensions = 16;

struct DtypeEntry {
  const char* name;
  size_t size;
};
/// By Dtype.
constexpr DtypeEntry kDtypes[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
                                  {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};

const DtypeEntry& entry_of(Dtype dtype) { return kDtypes[static_cast<size_t>(dtype)]; }

/// Hash of the file, the rest of which is `tail`, with the checksum's own digits taken as zeros.
std::string checksum_of(std::string_view bytes, size_t digits_at, const std::vector<RawTensor>& tail = {}) {
  StreamingHash hash;
  hash.update(bytes.substr(0, digits_at));
  hash.update(std::string(kChecksumDigits, '0'));
  hash.update(bytes.substr(digits_at + kChecksumDigits));
  for (const RawTensor& tensor : tail) hash.update(tensor.bytes);
  return hash.hex();
}

/// A name out of a file, fit for a terminal.
std::string quoted(const std::string& name) { return Json(name).dump(); }

/// What the file says of one tensor.
struct Entry {
  std::string name;
  Dtype type = Dtype::kF32;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// Reads one file; every check comes before the allocation that it protects.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  RawTensors read() {
    refuse_other_kinds();
    const Json header = parse_header();
    RawTensors content;
    content.metadata = read_metadata(header);
    content.checksum = take_checksum(content.metadata);
    for (const Entry& entry : read_entries(header))
      content.tensors.push_back({entry.name, entry.type, entry.shape, content_of(entry)});
    return content;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw ArtifactError(fmt::format("'{}' is not a whole safetensors file: {}", name_, reason));
  }

  void refuse_other_kinds() const {
    if (bytes_.starts_with(kZipLocalHeader)) {
      throw ArtifactError(
          fmt::format("'{}' is a TorchScript or zip file, not a checkpoint; nothing in it was run", name_));
    }
    // Protocols 2 to 5. A header of that many bytes has its brace where a pickle has its first operations.
    if (bytes_.size() > kLengthBytes && bytes_[0] == '\x80' && bytes_[1] >= 2 && bytes_[1] <= 5 &&
        bytes_[kLengthBytes] != '{') {
      throw ArtifactError(
          fmt::format("'{}' is a Python pickle, not a checkpoint; nothing in it was run", name_));
    }
  }

  /// Refuses what the parsed tree would hide: a second entry of one name (the later one wins), and levels
  /// that the format does not have. The gate's own tree is not kept: for each entry the library would look
  /// through all before it.
  Json parse_flat(std::string_view text) const {
    std::array<std::set<std::string>, 3> names;  // of the objects that are open
    const auto gate = [&](int depth, Json::parse_event_t event, Json& parsed) {
      const auto level = static_cast<size_t>(depth);
      if (level >= names.size() && event != Json::parse_event_t::value)
        refuse("its header is nested deeper than the format is");
      if (event == Json::parse_event_t::object_start) names[level].clear();
      if (event == Json::parse_event_t::key && !names[level - 1].insert(parsed.get<std::string>()).second) {
        refuse(fmt::format("its header has {} twice", parsed.dump()));
      }
      return false;
    };
    [[maybe_unused]] const Json nothing = Json::parse(text, gate, false);
    return parse_shallow_json(text);
  }

  Json parse_header() {
    if (bytes_.size() < kLengthBytes) refuse(fmt::format("{} bytes are too few for a header", bytes_.size()));
    const uint64_t length = read_little_endian<uint64_t>(bytes_);
    if (length > kMaxHeaderBytes)
      refuse(fmt::format("its header claims {} bytes, at most {} are accepted", length, kMaxHeaderBytes));
    if (length > bytes_.size() - kLengthBytes)
      refuse(fmt::format("its header claims {} bytes, the file has {}", length, bytes_.size()));
    header_ = bytes_.substr(kLengthBytes, length);
    data_ = bytes_.substr(kLengthBytes + length);
    const Json header = parse_flat(header_);
    if (!header.is_object()) refuse("its header is not a JSON object");
    return header;
  }

  std::map<std::string, std::string> read_metadata(const Json& header) const {
    std::map<std::string, std::string> metadata;
    const auto found = header.find("__metadata__");
    if (found == header.end()) return metadata;
    if (!found->is_object()) refuse("its __metadata__ is not an object");
    for (const auto& [key, value] : found->items()) {
      if (!value.is_string()) refuse(fmt::format("its metadata {} is not a string", quoted(key)));
      metadata.emplace(key, value.get<std::string>());
    }
    return metadata;
  }

  /// Takes it out of the metadata where it is that of the bytes.
  std::string take_checksum(std::map<std::string, std::string>& metadata) const {
    const auto found = metadata.find(kChecksumKey);
    if (found == metadata.end()) {
      throw ArtifactError(fmt::format(
          "'{}' has no checksum, so damage could not be seen (expected a checkpoint that bernoulli wrote; "
          "other programs' safetensors files are not read)",
          name_));
    }
    const size_t digits_at = header_.find(fmt::format("\"{}\":\"{}\"", kChecksumKey, found->second));
    if (found->second.size() != kChecksumDigits || digits_at == std::string_view::npos) {
      refuse("its checksum is not written as this program writes it");
    }
    if (checksum_of(bytes_, kLengthBytes + digits_at + kDigitsAfterKey) != found->second) {
      refuse("its checksum does not fit its bytes: it was damaged or changed");
    }
    return std::move(metadata.extract(found).mapped());
  }

  std::vector<Entry> read_entries(const Json& header) const {
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name != "__metadata__") entries.push_back(read_entry(name, value));
    }
    const auto by_place = [](const Entry& a, const Entry& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    };
    std::stable_sort(entries.begin(), entries.end(), by_place);
    uint64_t position = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != position) {
        refuse(fmt::format("tensor {} begins at byte {}, expected {}: tensors overlap or leave a gap",
                           quoted(entry.name), entry.begin, position));
      }
      position = entry.end;
    }
    if (position != data_.size()) {
      refuse(fmt::format("its tensors fill {} bytes, the file has {} for them", position, data_.size()));
    }
    return entries;
  }

  Entry read_entry(const std::string& name, const Json& value) const {
    const auto is_count_list = [](const Json& list) {
      return list.is_array() && std::all_of(list.begin(), list.end(),
                                            [](const Json& item) { return item.is_number_unsigned(); });
    };
    const bool described = value.is_object() && value.size() == 3 && value.contains("dtype") &&
                           value["dtype"].is_string() && value.contains("shape") &&
                           is_count_list(value["shape"]) && value.contains("data_offsets") &&
                           is_count_list(value["data_offsets"]) && value["data_offsets"].size() == 2;
    if (!described)
      refuse(fmt::format("tensor {} is not described by dtype, shape and data_offsets", quoted(name)));
    const std::optional<Dtype> type = dtype_named(value["dtype"].get<std::string>());
    if (!type) refuse(fmt::format("tensor {} has the unknown dtype {}", quoted(name), value["dtype"].dump()));
    Entry entry{name, *type, read_shape(name, value["shape"]), value["data_offsets"][0],
                value["data_offsets"][1]};
    if (entry.begin > entry.end || entry.end > data_.size())
      refuse(fmt::format("tensor {} lies outside the file", quoted(name)));
    uint64_t size = size_of(entry.type);
    for (const int64_t extent : entry.shape) size *= static_cast<uint64_t>(extent);
    if (size != entry.end - entry.begin) {
      refuse(fmt::format("tensor {} needs {} bytes and has {}", quoted(name), size, entry.end - entry.begin));
    }
    return entry;
  }

  /// The product of all extents, zeros left out, stays below 2^59: sizes and strides of such a tensor fit in
  /// 63 bits.
  std::vector<int64_t> read_shape(const std::string& name, const Json& extents) const {
    constexpr uint64_t kMaxNumbers = uint64_t{1} << 59;
    std::vector<int64_t> shape;
    uint64_t numbers = 1;
    for (const Json& item : extents) {
      const auto extent = item.get<uint64_t>();
      if (extent > kMaxNumbers / numbers)
        refuse(fmt::format("tensor {} has the impossible shape {}", quoted(name), extents.dump()));
      numbers *= std::max<uint64_t>(extent, 1);
      shape.push_back(static_cast<int64_t>(extent));
    }
    if (shape.size() > kMaxDimensions)
      refuse(fmt::format("tensor {} has more than {} dimensions", quoted(name), kMaxDimensions));
    return shape;
  }

  std::string_view content_of(const Entry& entry) const {
    const std::string_view content = data_.substr(entry.begin, entry.end - entry.begin);
    if (entry.type == Dtype::kBool &&
        content.find_first_not_of(std::string_view("\0\1", 2)) != std::string_view::npos) {
      refuse(fmt::format("tensor {} is BOOL and has bytes other than 0 and 1", quoted(entry.name)));
    }
    return content;
  }

  std::string_view bytes_;
  std::string name_;
  std::string_view header_;
  std::string_view data_;
};

}  // namespace

const char* to_string(Dtype dtype) { return entry_of(dtype).name; }
std::optional<Dtype> dtype_named(const std::string& name) {
  for (size_t i = 0; i < std::size(kDtypes); ++i) {
    if (name == kDtypes[i].name) return static_cast<Dtype>(i);
  }
  return std::nullopt;
}

size_t size_of(Dtype dtype) { return entry_of(dtype).size; }

const RawTensor* find_tensor(const std::vector<RawTensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &RawTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

std::string shape_text(std::span<const int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string tensors_fingerprint(const std::vector<RawTensor>& tensors) {
  StreamingHash hash;
  for (const RawTensor& tensor : tensors) {
    hash.update_field(tensor.name);
    hash.update_field(tensor.bytes);
  }
  return hash.hex();
}

void check_tensor(const RawTensor& tensor, Dtype dtype, const std::vector<int64_t>& shape) {
  if (tensor.shape != shape)
    throw ArtifactError(fmt::format("tensor '{}' has shape {}, the model needs {}", tensor.name,
                                    shape_text(tensor.shape), shape_text(shape)));
  if (tensor.dtype != dtype)
    throw ArtifactError(fmt::format("tensor '{}' is {}, the model needs {}", tensor.name,
                                    to_string(tensor.dtype), to_string(dtype)));
}

std::string raw_tensors_head(const RawTensors& content) {
  Json header;
  Json& metadata = header["__metadata__"];
  metadata[kChecksumKey] =
      std::string(kChecksumDigits, '0');  // first: no other text can come before it and look like it
  for (const auto& [key, value] : content.metadata) {
    if (!metadata.emplace(key, value).second)
      throw InternalError(fmt::format("metadata '{}' is the format's own", key));
  }
  uint64_t position = 0;
  for (const auto& [name, dtype, shape, tensor] : content.tensors) {
    const uint64_t size = tensor.size();
    if (header.contains(name)) throw InternalError(fmt::format("two tensors are called '{}'", name));
    header[name] = {
        {"dtype", to_string(dtype)}, {"shape", shape}, {"data_offsets", {position, position + size}}};
    position += size;
  }
  std::string text = header.dump();
  text.append((kAlignment - (kLengthBytes + text.size()) % kAlignment) % kAlignment, ' ');
  std::string bytes;
  append_little_endian(bytes, uint64_t{text.size()});
  bytes += text;
  const size_t digits_at = bytes.find(fmt::format("\"{}\"", kChecksumKey)) + kDigitsAfterKey;
  bytes.replace(digits_at, kChecksumDigits, checksum_of(bytes, digits_at, content.tensors));
  return bytes;
}

std::string write_raw_tensors(const RawTensors& content) {
  std::string bytes = raw_tensors_head(content);
  for (const RawTensor& tensor : content.tensors) bytes += tensor.bytes;
  return bytes;
}

RawTensors read_raw_tensors(std::string_view file, const std::string& name) {
  return Reader(file, name).read();
}

}  // namespace bernoulli
