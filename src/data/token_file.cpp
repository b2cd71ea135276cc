#include "data/token_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json_fault.h"
#include "core/json_text.h"
#include "core/mapped_file.h"
#include "core/memory_advice.h"
#include "core/shallow_json.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic =
    "\x89"
    "BRNTOK\n";
constexpr uint32_t kByteOrder = 0x01020304;
constexpr size_t kAlignment = 64;

/// At the start of the file. The checksum is that of all other bytes.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t byte_order;
  uint64_t file_bytes;
  uint64_t description_bytes;  ///< JSON at the end of the file
  char checksum[32];           ///< XXH3-128, hexadecimal
};
static_assert(sizeof(Header) == kAlignment && std::is_trivially_copyable_v<Header>);
constexpr size_t kUncheckedFrom = offsetof(Header, checksum);

template <class Number>
std::string_view bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

/// Sections one after the other, each at a multiple of kAlignment, then their description, then the header.
class Writer {
 public:
  explicit Writer(const fs::path& path) : file_(path, {.durable = false, .owner_only = true}) {
    file_.append(std::string(sizeof(Header), '\0'));
  }

  void begin(const std::string& name) {
    const auto past = static_cast<size_t>(file_.size()) % kAlignment;
    if (past != 0) append(std::string(kAlignment - past, '\0'));
    name_ = name;
    begin_ = file_.size();
  }
  void append(std::string_view bytes) {
    file_.append(bytes);
    hash_.update(bytes);
  }
  void end() { sections_[name_] = {begin_, file_.size() - begin_}; }

  template <class Number>
  void section(const std::string& name, const std::vector<Number>& numbers) {
    begin(name);
    append(bytes_of(numbers));
    end();
  }

  int64_t finish(Json description) {
    description["sections"] = std::move(sections_);
    const std::string json = compact_json(description);
    append(json);
    Header header{};
    std::copy(kMagic.begin(), kMagic.end(), header.magic);
    header.version = kTokenFileVersion;
    header.byte_order = kByteOrder;
    header.file_bytes = static_cast<uint64_t>(file_.size());
    header.description_bytes = json.size();
    hash_.update({reinterpret_cast<const char*>(&header), kUncheckedFrom});
    const std::string checksum = hash_.hex();
    std::copy(checksum.begin(), checksum.end(), header.checksum);
    file_.overwrite(0, {reinterpret_cast<const char*>(&header), sizeof header});
    file_.commit();
    return file_.size();
  }

 private:
  AtomicFile file_;
  StreamingHash hash_;
  Json sections_ = Json::object();
  std::string name_;
  int64_t begin_ = 0;
};

template <class Id>
void write_rows(Writer& writer, const std::string& name, const TokenView& rows) {
  constexpr size_t kIdsAWrite = size_t{1} << 18;
  std::vector<int64_t> offsets = {0};
  std::vector<int32_t> room;
  std::vector<Id> ids;
  writer.begin(name + ".ids");
  for (int64_t i = 0; i < rows.size(); ++i) {
    const auto size = static_cast<size_t>(rows.row_size(i));
    if (room.size() < size) room.resize(size);
    for (const int32_t id : rows.row(i, room.data())) ids.push_back(static_cast<Id>(id));
    offsets.push_back(offsets.back() + static_cast<int64_t>(size));
    if (ids.size() < kIdsAWrite) continue;
    writer.append(bytes_of(ids));
    ids.clear();
  }
  writer.append(bytes_of(ids));
  writer.end();
  writer.section(name + ".offsets", offsets);
}

void write_strings(Writer& writer, const std::string& name, const StringRows& strings) {
  std::vector<int64_t> offsets = {0};
  writer.begin(name + ".bytes");
  std::string bytes;
  for (int64_t i = 0; i < strings.size(); ++i) {
    bytes += strings[i];
    offsets.push_back(offsets.back() + static_cast<int64_t>(strings[i].size()));
    if (bytes.size() < (size_t{1} << 20)) continue;
    writer.append(bytes);
    bytes.clear();
  }
  writer.append(bytes);
  writer.end();
  writer.section(name + ".offsets", offsets);
}

void write_split(Writer& writer, const std::string& name, const EncodedDataset& data, int64_t num_ids) {
  num_ids <= kNarrowIds ? write_rows<uint16_t>(writer, name, data.rows)
                        : write_rows<int32_t>(writer, name, data.rows);
  writer.section(name + ".targets", data.targets);
  writer.section(name + ".weights", data.weights);
  write_strings(writer, name + ".origins", data.origins);
}

/// What is read of a file that keeps its word, or a reason why it does not.
class Reader {
 public:
  Reader(const fs::path& path, std::shared_ptr<const MappedFile> file) : path_(path), file_(std::move(file)) {
    check_header();
    const auto begin = bytes().size() - static_cast<size_t>(header_.description_bytes);
    description_ = parse_shallow_json(bytes().substr(begin));
    if (!description_.is_object()) damaged("its description is no JSON");
  }

  const Json& description() const { return description_; }
  bool has(const std::string& section) const { return description_.at("sections").contains(section); }

  template <class Number>
  std::span<const Number> section(const std::string& name) const {
    const Json& place = description_.at("sections").at(name);
    const auto begin = whole_number<uint64_t>(place.at(0)), size = whole_number<uint64_t>(place.at(1));
    if (begin % kAlignment != 0 || begin > bytes().size() || size > bytes().size() - begin ||
        size % sizeof(Number) != 0)
      damaged(fmt::format("section {} is not inside the file", name));
    return {reinterpret_cast<const Number*>(bytes().data() + begin),
            static_cast<size_t>(size) / sizeof(Number)};
  }

  /// Offsets of rows that together are `total` long.
  std::span<const int64_t> offsets(const std::string& name, size_t total) const {
    const auto offsets = section<int64_t>(name);
    if (offsets.empty() || offsets.front() != 0 || offsets.back() != static_cast<int64_t>(total) ||
        !std::is_sorted(offsets.begin(), offsets.end()))
      damaged(fmt::format("section {} does not cut its rows", name));
    return offsets;
  }

  template <class Id>
  TokenView rows(const std::string& name, int64_t num_ids) const {
    const auto ids = section<Id>(name + ".ids");
    std::make_unsigned_t<Id> largest = 0;
    for (const Id id : ids) largest = std::max(largest, static_cast<std::make_unsigned_t<Id>>(id));
    if (!ids.empty() && largest >= num_ids) damaged(fmt::format("an id of {} is {}", name, largest));
    expect_random_reads(
        {reinterpret_cast<const char*>(ids.data()), ids.size_bytes()});  // an epoch is shuffled
    return {ids.data(), offsets(name + ".offsets", ids.size()), file_};
  }

  StringRows strings(const std::string& name) const {
    const auto text = section<char>(name + ".bytes");
    return {text.data(), offsets(name + ".offsets", text.size()), file_};
  }

  EncodedDataset split(const std::string& name, int64_t num_ids, int64_t num_labels) const {
    EncodedDataset data;
    data.num_labels = num_labels;
    data.rows = num_ids <= kNarrowIds ? rows<uint16_t>(name, num_ids) : rows<int32_t>(name, num_ids);
    const auto targets = section<float>(name + ".targets"), weights = section<float>(name + ".weights");
    data.targets.assign(targets.begin(), targets.end());
    data.weights.assign(weights.begin(), weights.end());
    data.origins = strings(name + ".origins");
    const auto size = static_cast<size_t>(data.size());
    if (targets.size() != size * static_cast<size_t>(num_labels) ||
        (!weights.empty() && weights.size() != size) || data.origins.size() != data.size())
      damaged(fmt::format("the sections of {} differ in their number of examples", name));
    return data;
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw ArtifactError(fmt::format("'{}' is damaged: {}", path_.string(), what));
  }

 private:
  std::string_view bytes() const { return file_->bytes(); }

  void check_header() {
    if (bytes().size() < sizeof(Header) || !bytes().starts_with(kMagic))
      damaged("it does not begin like a token file");
    std::memcpy(&header_, bytes().data(), sizeof header_);
    if (header_.version != kTokenFileVersion || header_.byte_order != kByteOrder)
      damaged(fmt::format("it has version {} (expected {}) or another byte order", header_.version,
                          kTokenFileVersion));
    if (header_.file_bytes != bytes().size())
      damaged(fmt::format("it has {} bytes, and was written with {}", bytes().size(), header_.file_bytes));
    if (header_.description_bytes > bytes().size() - sizeof(Header))
      damaged("its description is not inside the file");
    StreamingHash hash;
    hash.update(bytes().substr(sizeof(Header)));
    hash.update(bytes().substr(0, kUncheckedFrom));
    if (hash.hex() != std::string_view(header_.checksum, sizeof header_.checksum))
      damaged("its checksum differs");
  }

  fs::path path_;
  std::shared_ptr<const MappedFile> file_;
  Header header_{};
  Json description_;
};

TokenizedData read_data(const Reader& reader) {
  const Json& json = reader.description();
  TokenizedData data;
  data.labels.kind =
      json.at("multi_label").get<bool>() ? TaskConfig::Kind::kMultiLabel : TaskConfig::Kind::kBinary;
  const StringRows labels = reader.strings("labels");
  for (int64_t i = 0; i < labels.size(); ++i) data.labels.names.emplace_back(labels[i]);
  if (data.labels.kind == TaskConfig::Kind::kBinary && labels.size() != 2)
    reader.damaged(fmt::format("a binary task with {} labels", labels.size()));
  data.num_ids = whole_number<int64_t>(json.at("num_ids"));
  if (data.num_ids < 1 || data.num_ids > std::numeric_limits<int32_t>::max())
    reader.damaged(fmt::format("its ids would be below {}", data.num_ids));
  const auto vocabulary = reader.section<char>("vocabulary");
  data.vocabulary_text.assign(vocabulary.begin(), vocabulary.end());
  const auto split = [&](const std::string& name) {
    return reader.split(name, data.num_ids, data.labels.num_outputs());
  };
  data.train = split("train");
  if (reader.has("validation.ids")) data.validation = split("validation");
  if (reader.has("test.ids")) data.test = split("test");
  data.test_absent_reason = json.at("test_absent_reason").get<std::string>();
  data.reference_texts = reader.strings("reference");
  data.reference_split = json.at("reference_split").get<std::string>();
  data.audit = json.at("audit");
  data.fingerprint = json.at("fingerprint").get<std::string>();
  return data;
}

}  // namespace

int64_t write_token_file(const fs::path& path, const std::string& identity, const TokenizedData& data) {
  Writer writer(path);
  write_split(writer, "train", data.train, data.num_ids);
  if (data.validation) write_split(writer, "validation", *data.validation, data.num_ids);
  if (data.test) write_split(writer, "test", *data.test, data.num_ids);
  write_strings(writer, "reference", data.reference_texts);
  write_strings(writer, "labels", data.labels.names);
  writer.begin("vocabulary");
  writer.append(data.vocabulary_text);
  writer.end();
  return writer.finish({{"identity", identity},
                        {"multi_label", data.labels.kind == TaskConfig::Kind::kMultiLabel},
                        {"num_ids", data.num_ids},
                        {"test_absent_reason", data.test_absent_reason},
                        {"reference_split", data.reference_split},
                        {"audit", data.audit},
                        {"fingerprint", data.fingerprint}});
}

TokenizedData open_token_file(const fs::path& path, const std::string& identity) {
  const Reader reader(path, std::make_shared<const MappedFile>(path));
  try {
    const auto written = reader.description().at("identity").get<std::string>();
    if (written != identity) throw StaleTokenFile{written};
    return read_data(reader);
  } catch (const nlohmann::json::exception& error) {
    reader.damaged(json_cause(error));
  }
}

}  // namespace bernoulli
