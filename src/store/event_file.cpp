#include "store/event_file.h"

#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/little_endian.h"
#include "core/protobuf_writer.h"

namespace bernoulli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "events.out.tfevents.";

/// Numbers of fields in tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
namespace field {
constexpr uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;  // of Event
constexpr uint32_t kStatus = 1;                 // of SessionLog
constexpr uint32_t kValue = 1;                  // of Summary
constexpr uint32_t kTag = 1, kSimpleValue = 2;  // of Summary.Value
}  // namespace field

constexpr uint64_t kStart = 1;  // SessionLog.START

/// TFRecord's masking: a CRC over data that hold CRCs themselves would be weak.
uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

std::string record_of(const ProtobufWriter& event) {
  const std::string& content = event.encoded();
  std::string record;
  append_little_endian(record, uint64_t{content.size()});
  append_little_endian(record, masked_crc(record));
  record += content;
  append_little_endian(record, masked_crc(content));
  return record;
}

ProtobufWriter event_at(double wall_time, int64_t step) {
  ProtobufWriter event;
  event.float64(field::kWallTime, wall_time);
  if (step != 0) event.signed_varint(field::kStep, step);  // as protobuf's own writers leave a zero out
  return event;
}

std::string beginning(double wall_time) {
  ProtobufWriter version = event_at(wall_time, 0), start = event_at(wall_time, 0), status;
  version.bytes(field::kFileVersion, "brain.Event:2");
  status.varint(field::kStatus, kStart);
  start.message(field::kSessionLog, status);
  return record_of(version) + record_of(start);
}

/// Our files in the folder, oldest first. Others' have a time, a host and more behind the prefix.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& path : list_folder(folder)) {
    const std::string name = path.filename().string();
    const bool numbered = name.starts_with(kPrefix) && name.size() == kPrefix.size() + 6 &&
                          name.find_first_not_of("0123456789", kPrefix.size()) == std::string::npos;
    if (numbered) files.push_back(path);
  }
  return files;
}

}  // namespace

EventFile::EventFile(const fs::path& folder, double wall_time) {
  const std::vector<fs::path> earlier = files_in(folder);
  const int number =
      earlier.empty() ? 0 : std::stoi(earlier.back().filename().string().substr(kPrefix.size()));
  file_ = std::make_unique<LineFile>(folder / fmt::format("{}{:06}", kPrefix, number + 1));
  file_->append_record(beginning(wall_time));
  for (const fs::path& path : earlier) {
    std::error_code error;
    fs::remove(path, error);
    if (error) throw IoError(fmt::format("cannot remove '{}': {}", path.string(), error.message()));
  }
}

void EventFile::add(double wall_time, int64_t step, const Scalars& scalars) {
  if (scalars.empty()) return;
  ProtobufWriter summary;
  for (const auto& [name, number] : scalars) {
    ProtobufWriter value;
    value.bytes(field::kTag, name);
    value.float32(field::kSimpleValue, static_cast<float>(number));
    summary.message(field::kValue, value);
  }
  ProtobufWriter event = event_at(wall_time, step);
  event.message(field::kSummary, summary);
  file_->append_record(record_of(event));
}

}  // namespace bernoulli
