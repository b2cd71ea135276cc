#include "infer/text_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_fault.h"
#include "core/stop.h"
#include "text/utf8.h"

namespace bernoulli {
namespace {

class ListSource : public TextSource {
 public:
  explicit ListSource(std::vector<std::string> texts) : texts_(std::move(texts)) {}

  bool next_batch(std::vector<std::string>& texts, size_t limit) override {
    texts.clear();
    while (position_ < texts_.size() && texts.size() < limit) texts.push_back(texts_[position_++]);
    return !texts.empty();
  }

 private:
  std::vector<std::string> texts_;
  size_t position_ = 0;
};

/// Lines of a file descriptor with one buffer; knows when more input would have to be waited for.
class LineReader {
 public:
  explicit LineReader(const std::string& file) : name_(file == "-" ? "standard input" : file) {
    fd_ = file == "-" ? ::dup(STDIN_FILENO) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) throw IoError(fmt::format("cannot open '{}': {}", name_, std::strerror(errno)));
    struct stat status {};
    if (::fstat(fd_, &status) == 0 && S_ISDIR(status.st_mode)) {
      ::close(fd_);
      throw IoError(fmt::format("cannot read '{}': it is a folder, not a file", name_));
    }
  }
  ~LineReader() { ::close(fd_); }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  const std::string& name() const { return name_; }
  int64_t line_number() const { return line_number_; }

  /// False at the end of the input.
  bool next(std::string& line) {
    while (true) {
      const size_t newline = buffer_.find('\n', searched_);
      if (newline != std::string::npos) return take(line, newline, 1);
      searched_ = buffer_.size();
      if (buffer_.size() - begin_ > kLongestLine) {
        throw DataError(
            fmt::format("{}:{}: the line is longer than {} bytes", name_, line_number_ + 1, kLongestLine));
      }
      if (!fill()) return buffer_.size() > begin_ && take(line, buffer_.size(), 0);
    }
  }

  /// True where next() would return without waiting for whoever writes the input.
  bool ready() const {
    if (buffer_.find('\n', begin_) != std::string::npos) return true;
    pollfd wait{fd_, POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0;
  }

 private:
  bool take(std::string& line, size_t end, size_t newline_bytes) {
    size_t length = end - begin_;
    if (newline_bytes == 1 && length > 0 && buffer_[end - 1] == '\r') --length;
    line.assign(buffer_, begin_, length);
    if (line_number_ == 0 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    begin_ = end + newline_bytes;
    searched_ = begin_;
    ++line_number_;
    return true;
  }

  bool fill() {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    constexpr size_t kChunk = size_t{1} << 18;
    const size_t old_size = buffer_.size();
    buffer_.resize(old_size + kChunk);
    ssize_t got;
    while ((got = ::read(fd_, buffer_.data() + old_size, kChunk)) < 0 && errno == EINTR) {
      if (stop_signal() != 0) break;
    }
    const int error = errno;
    buffer_.resize(old_size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    throw_if_stopped();
    if (got < 0) throw IoError(fmt::format("cannot read '{}': {}", name_, std::strerror(error)));
    if (line_number_ == 0 && old_size == 0 && buffer_.starts_with("\x1f\x8b"))
      throw DataError(fmt::format("'{}' is compressed by gzip: give what 'gunzip -c' makes of it", name_));
    return got > 0;
  }

  std::string name_;
  int fd_ = -1;
  std::string buffer_;
  size_t begin_ = 0;
  size_t searched_ = 0;
  int64_t line_number_ = 0;
};

class FileSource : public TextSource {
 public:
  FileSource(const std::string& file, std::string text_column)
      : reader_(file), text_column_(std::move(text_column)) {}

  bool next_batch(std::vector<std::string>& texts, size_t limit) override {
    texts.clear();
    std::string line;
    while (texts.size() < limit && (texts.empty() || reader_.ready()) && reader_.next(line)) {
      if (text_column_.empty()) {
        texts.push_back(line);
      } else if (line.find_first_not_of(" \t") != std::string::npos) {
        texts.push_back(text_of_json(line));
      }
    }
    return !texts.empty();
  }

 private:
  std::string text_of_json(const std::string& line) const {
    const nlohmann::json row = nlohmann::json::parse(line, nullptr, false);
    if (!row.is_object())
      throw DataError(
          fmt::format("{}:{}: {}", reader_.name(), reader_.line_number(), json_object_fault(line)));
    const auto text = row.find(text_column_);
    if (text == row.end() || !text->is_string()) {
      throw DataError(fmt::format("{}:{}: no string under '{}', the configured text column", reader_.name(),
                                  reader_.line_number(), text_column_));
    }
    return text->get<std::string>();
  }

  LineReader reader_;
  std::string text_column_;  ///< empty: plain lines
};

}  // namespace

std::unique_ptr<TextSource> texts_from_list(std::vector<std::string> texts) {
  return std::make_unique<ListSource>(std::move(texts));
}

TextFormat text_format_of(const std::string& file) {
  for (const char* table : {".csv", ".tsv"}) {
    if (file.ends_with(table))
      throw DataError(
          fmt::format("'{}' is a table by its name, and its lines are no texts: give the texts alone, one a "
                      "line, or as JSONL; "
                      "--input lines reads it as lines all the same",
                      file));
  }
  return file.ends_with(".jsonl") || file.ends_with(".ndjson") ? TextFormat::kJsonl : TextFormat::kLines;
}

std::unique_ptr<TextSource> texts_from_file(const std::string& file, TextFormat format,
                                            const std::string& text_column) {
  return std::make_unique<FileSource>(file, format == TextFormat::kJsonl ? text_column : "");
}

}  // namespace bernoulli
