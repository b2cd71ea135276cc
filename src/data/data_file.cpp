#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.h"
#include "core/file.h"
#include "core/stop.h"
#include "data/raw_example.h"
#include "text/utf8.h"

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

  std::string unpack(const std::string& packed) {
    std::string out;
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
      out.append(buffer, 0, buffer.size() - stream_.avail_out);
      if (static_cast<int64_t>(out.size()) > kMaxFileBytes)
        throw DataError(fmt::format("'{}' unpacks to more than {} bytes", name_, kMaxFileBytes));
      if (status != Z_STREAM_END) continue;
      if (stream_.avail_in == 0 && fed == packed.size()) return out;
      ::inflateReset(&stream_);  // gzip files may be joined
    }
  }

 private:
  std::string name_;
  z_stream stream_{};
};

}  // namespace

std::string read_data_file(const std::filesystem::path& file) {
  std::string content = read_file(file);
  if (content.starts_with(kGzipMagic)) content = Inflater(file.string()).unpack(content);
  if (content.starts_with(kByteOrderMark)) content.erase(0, kByteOrderMark.size());
  return content;
}

void DataFaults::add(const std::string& origin, const std::string& message) {
  ++count_;
  if (faults_.size() < kShown) faults_.push_back(fmt::format("{}: {}", origin, message));
}

void DataFaults::throw_if_any() const {
  if (count_ == 0) return;
  std::string text;
  for (const std::string& fault : faults_) text += (text.empty() ? "" : "\n") + fault;
  if (count_ > faults_.size()) text += fmt::format("\nand {} more", count_ - faults_.size());
  throw DataError(text);
}

std::vector<std::string> split_labels(const std::string& cell, const std::string& separator) {
  constexpr const char* kWhitespace = " \t\r\n";
  std::vector<std::string> labels;
  for (size_t begin = 0; begin <= cell.size();) {
    const size_t end = std::min(cell.find(separator, begin), cell.size());
    const std::string part = cell.substr(begin, end - begin);
    const size_t first = part.find_first_not_of(kWhitespace);
    if (first != std::string::npos)
      labels.push_back(part.substr(first, part.find_last_not_of(kWhitespace) - first + 1));
    begin = end + separator.size();
  }
  return labels;
}

}  // namespace bernoulli
