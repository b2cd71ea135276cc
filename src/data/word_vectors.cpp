#include "data/word_vectors.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/parse_number.h"
#include "core/printable.h"
#include "core/spill.h"
#include "core/stop.h"
#include "core/utf8.h"
#include "data/data_file.h"

namespace bernoulli {
namespace {

constexpr int64_t kLinesBetweenStops = 4096;

/// "tokens dim", the first line of word2vec and fastText.
struct FirstLine {
  int64_t num_vectors = 0;
  int64_t dim = 0;
};

std::optional<FirstLine> first_line_of(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto num_vectors = parse_number<int64_t>(line.substr(0, space)),
             dim = parse_number<int64_t>(line.substr(space + 1));
  if (!num_vectors || !dim) return std::nullopt;
  return FirstLine{*num_vectors, *dim};
}

/// The binary forms of word2vec and fastText hold numbers as bytes, many of them 0.
void refuse_binary(std::string_view content, const std::string& file) {
  constexpr size_t kLookedAt = size_t{64} << 10;
  if (content.substr(0, kLookedAt).find('\0') == content.npos) return;
  throw DataError(
      fmt::format("'{}' is no text file of word vectors, for it holds NUL bytes, as the binary forms of "
                  "word2vec and fastText do (expected lines of a token and its numbers: gensim writes them "
                  "by save_word2vec_format(..., binary=False))",
                  file));
}

class VectorReader {
 public:
  VectorReader(std::string file, const Vocabulary& vocabulary, int64_t dim)
      : file_(std::move(file)),
        vocabulary_(vocabulary),
        dim_(dim),
        seen_(static_cast<size_t>(vocabulary.num_ids())) {}

  WordVectors read(std::string_view content) {
    std::optional<FirstLine> header;
    while (!content.empty()) {
      if (number_ % kLinesBetweenStops == 0) throw_if_stopped();
      const size_t end = std::min(content.find('\n'), content.size());
      std::string_view line = content.substr(0, end);
      content.remove_prefix(std::min(end + 1, content.size()));
      ++number_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.ends_with(' ')) line.remove_suffix(1);  // fastText ends its lines so
      if (number_ == 1) header = first_line_of(line);
      if (number_ == 1 ? !header : !line.empty() || !content.empty()) add(line);
    }
    if (header && header->dim != dim_) refuse_dim(1, header->dim);
    if (header && header->num_vectors > found_.num_vectors)
      throw DataError(fmt::format("'{}' holds {} vectors, and its first line says {}: it is cut off", file_,
                                  found_.num_vectors, header->num_vectors));
    if (found_.ids.empty())
      throw DataError(
          fmt::format("'{}' has none of the {} tokens of the vocabulary among its {} (other language, or "
                      "upper and lower case?)",
                      file_, vocabulary_.tokens().size(), found_.num_vectors));
    return std::move(found_);
  }

 private:
  [[noreturn]] void refuse_dim(int64_t line, int64_t dim) const {
    throw DataError(
        fmt::format("{}:{}: has vectors of {} numbers, the table has dim {} (text form expected: a token "
                    "and its numbers between single spaces)",
                    file_, line, dim, dim_));
  }

  /// The token ends before the last `dim` numbers: it may hold spaces itself.
  void add(std::string_view line) {
    const auto spaces = static_cast<int64_t>(std::count(line.begin(), line.end(), ' '));
    if (spaces < dim_) refuse_dim(number_, spaces);
    size_t token_end = line.find(' ');
    for (int64_t left = spaces - dim_; left > 0; --left) token_end = line.find(' ', token_end + 1);
    ++found_.num_vectors;
    const int32_t id = vocabulary_.id(line.substr(0, token_end));
    if (id == kUnknownId || seen_[static_cast<size_t>(id)]) return;
    seen_[static_cast<size_t>(id)] = true;
    found_.ids.push_back(id);
    for (size_t begin = token_end + 1; begin <= line.size();) {
      const size_t end = std::min(line.find(' ', begin), line.size());
      add_number(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  void add_number(std::string_view word) {
    std::optional<float> value = parse_number<float>(word);
    if (!value) {
      const std::optional<double> wide = parse_number<double>(word);
      if (wide && std::fabs(*wide) < 1) value = static_cast<float>(*wide);  // too near to 0 for float32
    }
    if (!value)
      throw DataError(
          fmt::format("{}:{}: '{}' is no finite number", file_, number_, printable(cut_to(word, 40))));
    found_.values.push_back(*value);
  }

  std::string file_;
  const Vocabulary& vocabulary_;
  int64_t dim_;
  std::vector<bool> seen_;
  int64_t number_ = 0;
  WordVectors found_;
};

}  // namespace

WordVectors read_word_vectors(const std::filesystem::path& file, const Vocabulary& vocabulary, int64_t dim) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored))
    throw DataError(fmt::format(
        "'{}' {} (expected a file with word vectors; relative paths start at data.root; move it "
        "with --set data.root=DIR)",
        file.string(), std::filesystem::exists(file, ignored) ? "is not a file" : "does not exist"));
  const DataFile source(file, std::make_shared<SpillSpace>());
  refuse_binary(source.bytes(), file.string());
  WordVectors vectors = VectorReader(file.string(), vocabulary, dim).read(source.bytes());
  vectors.fingerprint = hash_hex(source.bytes());
  return vectors;
}

}  // namespace bernoulli
