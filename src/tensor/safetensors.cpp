#include "tensor/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ATen/ops/empty.h>

#include "core/error.h"
#include "core/hash.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kAlignment = 64;
constexpr const char* kChecksumKey = "checksum";
constexpr size_t kChecksumDigits = 32;

struct DtypeName {
  const char* name;
  at::ScalarType type;
};
constexpr DtypeName kDtypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat},  {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"I64", at::kLong},
                                 {"I32", at::kInt},    {"I16", at::kShort}, {"I8", at::kChar},  {"U8", at::kByte},       {"BOOL", at::kBool}};

const char* dtype_name(at::ScalarType type) {
  for (const DtypeName& dtype : kDtypes) {
    if (dtype.type == type) return dtype.name;
  }
  throw InternalError("a tensor of this dtype cannot be saved");
}

std::optional<at::ScalarType> dtype_of(const std::string& name) {
  for (const DtypeName& dtype : kDtypes) {
    if (name == dtype.name) return dtype.type;
  }
  return std::nullopt;
}

/// Hash of the file with the checksum's own digits taken as zeros.
std::string checksum_of(std::string_view bytes, size_t digits_at) {
  StreamingHash hash;
  hash.update(bytes.substr(0, digits_at));
  hash.update(std::string(kChecksumDigits, '0'));
  hash.update(bytes.substr(digits_at + kChecksumDigits));
  return hash.hex();
}

void store_length(std::string& bytes, uint64_t length) {
  for (size_t i = 0; i < kLengthBytes; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
}

uint64_t load_length(std::string_view bytes) {
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return length;
}

/// What the file says of one tensor.
struct Entry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// Reads one file; every check comes before the allocation that it protects.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  SafetensorsContent read() {
    refuse_other_kinds();
    const Json header = parse_header();
    SafetensorsContent content;
    content.metadata = read_metadata(header);
    check_checksum(content.metadata);
    for (const Entry& entry : read_entries(header)) content.tensors.emplace_back(entry.name, copy_tensor(entry));
    return content;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const { throw ArtifactError(fmt::format("'{}' is not a whole safetensors file: {}", name_, reason)); }

  void refuse_other_kinds() const {
    if (bytes_.starts_with("PK\x03\x04")) {
      throw ArtifactError(fmt::format("'{}' is a TorchScript or zip file, not a checkpoint; nothing in it was run", name_));
    }
    if (bytes_.size() >= 2 && bytes_[0] == '\x80' && bytes_[1] >= 1 && bytes_[1] <= 5) {
      throw ArtifactError(fmt::format("'{}' is a Python pickle, not a checkpoint; nothing in it was run", name_));
    }
  }

  Json parse_header() {
    if (bytes_.size() < kLengthBytes) refuse(fmt::format("{} bytes are too few for a header", bytes_.size()));
    const uint64_t length = load_length(bytes_);
    if (length > kMaxHeaderBytes) refuse(fmt::format("its header claims {} bytes, at most {} are accepted", length, kMaxHeaderBytes));
    if (length > bytes_.size() - kLengthBytes) refuse(fmt::format("its header claims {} bytes, the file has {}", length, bytes_.size()));
    header_ = bytes_.substr(kLengthBytes, length);
    data_ = bytes_.substr(kLengthBytes + length);
    // A flat format: three levels suffice, and a deeper text is stopped before the parser's stack grows with it.
    const auto limit_depth = [](int depth, Json::parse_event_t, Json&) { return depth <= 4; };
    Json header = Json::parse(header_, limit_depth, false);
    if (!header.is_object()) refuse("its header is not a JSON object");
    return header;
  }

  std::map<std::string, std::string> read_metadata(const Json& header) const {
    std::map<std::string, std::string> metadata;
    const auto found = header.find("__metadata__");
    if (found == header.end() || !found->is_object()) refuse("it has no __metadata__ object");
    for (const auto& [key, value] : found->items()) {
      if (!value.is_string()) refuse(fmt::format("metadata '{}' is not a string", key));
      if (!metadata.emplace(key, value.get<std::string>()).second) refuse(fmt::format("metadata '{}' stands twice", key));
    }
    return metadata;
  }

  void check_checksum(std::map<std::string, std::string>& metadata) const {
    const auto found = metadata.find(kChecksumKey);
    if (found == metadata.end() || found->second.size() != kChecksumDigits) refuse("it has no checksum, so damage could not be seen; checkpoints always have one");
    const size_t digits_at = bytes_.find(fmt::format("\"{}\":\"{}\"", kChecksumKey, found->second));
    if (digits_at == std::string_view::npos) refuse("its checksum is not written as this program writes it");
    const size_t skip = std::strlen(kChecksumKey) + 4;
    if (checksum_of(bytes_, digits_at + skip) != found->second) refuse("its checksum does not fit its bytes: it was damaged or changed");
    metadata.erase(found);
  }

  std::vector<Entry> read_entries(const Json& header) const {
    std::vector<Entry> entries;
    std::set<std::string> names;
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") continue;
      if (!names.insert(name).second) refuse(fmt::format("tensor '{}' stands twice", name));
      entries.push_back(read_entry(name, value));
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
    uint64_t position = 0;
    for (const Entry& entry : entries) {
      if (entry.begin != position) refuse(fmt::format("tensor '{}' begins at byte {}, expected {}: tensors overlap or leave a gap", entry.name, entry.begin, position));
      position = entry.end;
    }
    if (position != data_.size()) refuse(fmt::format("its tensors fill {} bytes, the file has {}", position, data_.size()));
    return entries;
  }

  Entry read_entry(const std::string& name, const Json& value) const {
    const auto is_count_list = [](const Json& list) {
      return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_number_unsigned(); });
    };
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value["dtype"].is_string() || !value.contains("shape") ||
        !is_count_list(value["shape"]) || !value.contains("data_offsets") || !is_count_list(value["data_offsets"]) || value["data_offsets"].size() != 2) {
      refuse(fmt::format("tensor '{}' is not described by dtype, shape and data_offsets", name));
    }
    Entry entry;
    entry.name = name;
    const std::optional<at::ScalarType> type = dtype_of(value["dtype"].get<std::string>());
    if (!type) refuse(fmt::format("tensor '{}' has the unknown dtype '{}'", name, value["dtype"].get<std::string>()));
    entry.type = *type;
    entry.begin = value["data_offsets"][0].get<uint64_t>();
    entry.end = value["data_offsets"][1].get<uint64_t>();
    if (entry.begin > entry.end || entry.end > data_.size()) refuse(fmt::format("tensor '{}' lies outside the file", name));
    uint64_t size = c10::elementSize(entry.type);
    if (value["shape"].size() > 16) refuse(fmt::format("tensor '{}' has more than 16 dimensions", name));
    for (const Json& extent : value["shape"]) {
      const uint64_t n = extent.get<uint64_t>();
      if (n > uint64_t{std::numeric_limits<int64_t>::max()} || (n != 0 && size > std::numeric_limits<uint64_t>::max() / n)) {
        refuse(fmt::format("tensor '{}' has an impossible shape", name));
      }
      size *= n;
      entry.shape.push_back(static_cast<int64_t>(n));
    }
    if (size != entry.end - entry.begin) refuse(fmt::format("tensor '{}' needs {} bytes and has {}", name, size, entry.end - entry.begin));
    return entry;
  }

  at::Tensor copy_tensor(const Entry& entry) const {
    at::Tensor tensor = at::empty(entry.shape, entry.type);
    if (entry.end > entry.begin) std::memcpy(tensor.mutable_data_ptr(), data_.data() + entry.begin, entry.end - entry.begin);
    return tensor;
  }

  std::string_view bytes_;
  std::string name_;
  std::string_view header_;
  std::string_view data_;
};

}  // namespace

std::string write_safetensors(const SafetensorsContent& content) {
  Json metadata = Json::object();
  metadata[kChecksumKey] = std::string(kChecksumDigits, '0');  // first: no other text of the file can come before it and look like it
  for (const auto& [key, value] : content.metadata) metadata[key] = value;
  Json header = {{"__metadata__", metadata}};
  uint64_t position = 0;
  for (const auto& [name, tensor] : content.tensors) {
    const uint64_t size = tensor.nbytes();
    header[name] = {{"dtype", dtype_name(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}, {"data_offsets", {position, position + size}}};
    position += size;
  }
  std::string text = header.dump();
  text.append((kAlignment - (kLengthBytes + text.size()) % kAlignment) % kAlignment, ' ');
  std::string bytes(kLengthBytes, '\0');
  store_length(bytes, text.size());
  bytes.reserve(bytes.size() + text.size() + position);
  bytes += text;
  for (const auto& [name, tensor] : content.tensors) {
    const at::Tensor host = tensor.detach().to(at::kCPU).contiguous();
    bytes.append(static_cast<const char*>(host.const_data_ptr()), host.nbytes());
  }
  const size_t digits_at = bytes.find(kChecksumKey) + std::strlen(kChecksumKey) + 3;
  bytes.replace(digits_at, kChecksumDigits, checksum_of(bytes, digits_at));
  return bytes;
}

SafetensorsContent read_safetensors(std::string_view bytes, const std::string& name) { return Reader(bytes, name).read(); }

}  // namespace bernoulli
