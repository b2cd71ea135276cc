#include "infer/text_source.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "config/schema.h"
#include "core/error.h"
#include "core/json_fault.h"
#include "core/utf8.h"
#include "data/label_lines.h"
#include "data/table.h"
#include "data/text_columns.h"
#include "infer/input_stream.h"
#include "infer/json_row.h"

namespace bernoulli {
namespace {

constexpr size_t kBatchBytes = size_t{16} << 20;  ///< a batch ends with the text that reaches so many

class ListSource : public TextSource {
 public:
  explicit ListSource(std::vector<std::string> texts) : texts_(std::move(texts)) {}

  bool next_batch(TextBatch& batch, size_t limit) override {
    batch = {};
    while (position_ < texts_.size() && batch.texts.size() < limit) batch.add(texts_[position_++]);
    return !batch.texts.empty();
  }

 private:
  std::vector<std::string> texts_;
  size_t position_ = 0;
};

/// What all formats share: waiting for input only while there is nothing to give, and faults in their place.
class StreamSource : public TextSource {
 public:
  explicit StreamSource(const std::string& file) : input_(file) {}

  bool next_batch(TextBatch& batch, size_t limit) override {
    batch = {};
    if (fault_) std::rethrow_exception(fault_);
    try {
      fill_batch(batch, limit);
    } catch (const Error&) {
      if (batch.texts.empty()) throw;
      fault_ = std::current_exception();
    }
    return !batch.texts.empty();
  }

 protected:
  /// Takes the next record out of input_, which may hold a text or none; false where it has not all arrived.
  virtual bool take(TextBatch& batch) = 0;

  InputStream input_;

 private:
  void fill_batch(TextBatch& batch, size_t limit) {
    size_t bytes = 0;
    while (batch.texts.size() < limit && bytes < kBatchBytes) {
      const size_t before = batch.texts.size();
      if (take(batch)) {
        if (batch.texts.size() > before) bytes += batch.texts.back().size();
        continue;
      }
      if (input_.ended() || (!batch.texts.empty() && !input_.ready())) return;
      input_.fill();
    }
  }

  std::exception_ptr fault_;  ///< behind the texts that were given last
};

class LineSource : public StreamSource {
 public:
  using StreamSource::StreamSource;

 protected:
  virtual void take_line(std::string_view line, TextBatch& batch) { batch.add(std::string(line)); }
  /// "file:line" of the line that is being taken.
  std::string place() const { return fmt::format("{}:{}", input_.name(), line_number_); }

 private:
  bool take(TextBatch& batch) override {
    const std::string_view bytes = input_.bytes();
    const size_t newline = bytes.find('\n', searched_);
    searched_ = bytes.size();
    if (newline == std::string_view::npos) {
      if (bytes.size() > kLongestLine)
        throw DataError(fmt::format("{}:{}: the line is longer than {} bytes", input_.name(),
                                    line_number_ + 1, kLongestLine));
      if (bytes.empty() || !input_.ended()) return false;
    }
    ++line_number_;
    std::string_view line = bytes.substr(0, newline);
    if (newline != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    take_line(line, batch);
    input_.drop(std::min(newline, bytes.size() - 1) + 1);
    searched_ = 0;
    return true;
  }

  size_t searched_ = 0;  ///< so many bytes of the input hold no newline
  int64_t line_number_ = 0;
};

class LabelLineSource : public LineSource {
 public:
  using LineSource::LineSource;

 private:
  void take_line(std::string_view line, TextBatch& batch) override {
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    parse_label_line(line, parsed_);
    batch.add(parsed_.text);
  }

  LabelLine parsed_;
};

class JsonSource : public LineSource {
 public:
  JsonSource(const std::string& file, TextInput input)
      : LineSource(file),
        named_by_(std::move(input.text_named_by)),
        separator_(std::move(input.columns.text_separator)),
        num_texts_(input.columns.text.size()),
        keys_(std::move(input.columns.text)) {
    keys_.insert(keys_.end(), input.keep.begin(), input.keep.end());
  }

 private:
  void take_line(std::string_view line, TextBatch& batch) override {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    if (!read_json_row(line, keys_, row_))
      throw DataError(fmt::format("{}: {}", place(), json_object_fault(line)));
    if (!row_.repeated.empty())
      throw DataError(fmt::format("{}: {}", place(), json_repeated_name_fault(row_.repeated)));
    for (size_t i = 0; i < num_texts_; ++i) check_text(keys_[i], row_.values[i]);
    std::vector<KeptValue> kept;
    for (size_t i = num_texts_; i < keys_.size(); ++i) {
      const auto first = std::find(keys_.begin(), keys_.end(), keys_[i]);  // a text may be kept, too
      const std::optional<KeptValue>& value = row_.values[static_cast<size_t>(first - keys_.begin())];
      if (!value) {
        throw DataError(fmt::format("{}: no '{}' for --keep, which every line must have; {}", place(),
                                    keys_[i], row_.keys_in_words()));
      }
      kept.push_back(*value);
    }
    batch.add(take_text(), std::move(kept));
  }

  void check_text(const std::string& key, const std::optional<KeptValue>& text) const {
    if (text && text->is_string) return;
    const std::string found = text ? fmt::format("'{}' is {}, not a string", key,
                                                 text->text.empty() ? "empty" : cut_to(text->text, 40))
                                   : fmt::format("no string under '{}'", key);
    throw DataError(fmt::format("{}: {} ({}); {}; --text-column NAME names another key", place(), found,
                                named_by_, row_.keys_in_words()));
  }

  std::string take_text() {
    if (num_texts_ == 1) return std::move(row_.values[0]->text);
    std::string text;
    for (size_t i = 0; i < num_texts_; ++i) join_text(text, row_.values[i]->text, separator_);
    return text;
  }

  std::string named_by_;
  std::string separator_;
  size_t num_texts_;
  std::vector<std::string> keys_;  ///< of the text, then those to keep
  JsonRow row_;
};

class TableSource : public StreamSource {
 public:
  TableSource(const std::string& file, TextInput input)
      : StreamSource(file),
        options_(std::move(input)),
        format_(table_format(options_.columns, options_.format == TextFormat::kTsv ? '\t' : ',')),
        reader_(input_.name(), format_, "give the texts as JSONL") {}

 private:
  bool take(TextBatch& batch) override {
    if (hungry_) reader_.feed(input_.bytes(), input_.ended());
    hungry_ = false;
    switch (reader_.next()) {
      case RowReader::Step::kRow:
        take_row(reader_.row(), batch);
        return true;
      case RowReader::Step::kMore:
        wait_for_more();
        return false;
      case RowReader::Step::kEnd:
        break;
    }
    if (options_.columns.header && !width_)
      throw DataError(fmt::format("'{}' is empty (expected a header row)", input_.name()));
    return false;
  }

  void wait_for_more() {
    input_.drop(reader_.consumed());
    hungry_ = true;
    if (input_.bytes().size() > kLongestLine) {
      throw DataError(
          fmt::format("{}:{}: the row is longer than {} bytes; a quote that opens in it may "
                      "never close",
                      input_.name(), reader_.row().line, kLongestLine));
    }
  }

  void take_row(const TableRow& row, TextBatch& batch) {
    if (!width_) {
      find_columns(row);
      if (options_.columns.header) return;
    }
    if (width_->is_no_row(row)) return;
    if (const std::string fault = width_->fault(row, furthest_); !fault.empty()) {
      const char* remedy = format_.quote == '\0' ? "" : "; quote fields that hold delimiters or line ends";
      throw DataError(fmt::format("{}:{}: {}{}", input_.name(), row.line, fault, remedy));
    }
    std::vector<KeptValue> kept;
    for (const size_t column : keep_) kept.push_back({std::string(row.cells[column])});
    batch.add(text_of(row), std::move(kept));
  }

  std::string text_of(const TableRow& row) const {
    std::string text;
    for (const size_t column : text_) join_text(text, row.cells[column], options_.columns.text_separator);
    return text;
  }

  void find_columns(const TableRow& first) {
    const TableColumns columns(input_.name(), options_.columns.header ? &first : nullptr);
    for (const std::string& column : options_.columns.text) {
      text_.push_back(columns.find(options_.text_named_by, column, "; --text-column NAME names another"));
      furthest_ = std::max(furthest_, text_.back());
    }
    for (const std::string& column : options_.keep) {
      keep_.push_back(columns.find("--keep", column));
      furthest_ = std::max(furthest_, keep_.back());
    }
    width_.emplace(columns.size());
  }

  TextInput options_;
  TableFormat format_;
  RowReader reader_;
  bool hungry_ = true;             ///< the reader has not seen all that input_ holds
  std::optional<RowWidth> width_;  ///< absent before the first row
  std::vector<size_t> text_;
  std::vector<size_t> keep_;
  size_t furthest_ = 0;
};

}  // namespace

std::unique_ptr<TextSource> texts_from_list(std::vector<std::string> texts) {
  return std::make_unique<ListSource>(std::move(texts));
}

TextFormat text_format_of(const std::string& file) {
  const std::string format = config::format_by_name(file);
  if (format == "csv") return TextFormat::kCsv;
  if (format == "tsv") return TextFormat::kTsv;
  if (format == "fasttext" && config::data_extension(file) != ".txt") return TextFormat::kFasttext;
  return format == "jsonl" ? TextFormat::kJsonl : TextFormat::kLines;
}

std::unique_ptr<TextSource> texts_from_file(const std::string& file, TextInput input) {
  switch (input.format) {
    case TextFormat::kLines:
      return std::make_unique<LineSource>(file);
    case TextFormat::kFasttext:
      return std::make_unique<LabelLineSource>(file);
    case TextFormat::kJsonl:
      return std::make_unique<JsonSource>(file, std::move(input));
    default:
      return std::make_unique<TableSource>(file, std::move(input));
  }
}

}  // namespace bernoulli
