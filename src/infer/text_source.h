#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/run_config.h"
#include "infer/kept_value.h"

namespace bernoulli {

struct TextBatch {
  std::vector<std::string> texts;
  std::vector<std::vector<KeptValue>> kept;  ///< one a text, in the order of TextInput::keep

  void add(std::string text, std::vector<KeptValue> values = {}) {
    texts.push_back(std::move(text));
    kept.push_back(std::move(values));
  }
};

/// Texts to classify, in order.
class TextSource {
 public:
  virtual ~TextSource() = default;
  /// Replaces `batch` by up to `limit` further ones; false at the end. Does not wait for a full batch when
  /// the source pauses. A fault is thrown once all texts before it were given.
  virtual bool next_batch(TextBatch& batch, size_t limit) = 0;
};

std::unique_ptr<TextSource> texts_from_list(std::vector<std::string> texts);

/// kJsonl: a JSON object a line with the text under a key, blank lines skipped as data/ skips them. kCsv,
/// kTsv: a table with the text in a column. kFasttext: a line without its words that begin with __label__,
/// blank lines skipped as data/ skips them.
enum class TextFormat { kLines, kJsonl, kCsv, kTsv, kFasttext };

/// What the name of a file says; kLines where it says nothing, and for .txt.
TextFormat text_format_of(const std::string& file);

/// How a file is read. Of `columns`: `text` and what joins several of them, for tables and kJsonl; how tables
/// are written, as for training.
struct TextInput {
  TextFormat format = TextFormat::kLines;
  ColumnsConfig columns;
  std::string text_named_by;      ///< who named columns.text, for messages
  std::vector<std::string> keep;  ///< further columns of tables and kJsonl, all different
};

/// The texts of `file`, "-" being standard input. A final line without a newline counts; CR before the
/// newline is dropped. A line, or a row of a table, may be as long as kLongestLine bytes, and no more than
/// that and a batch is in memory.
/// @throws IoError, DataError with file and line
std::unique_ptr<TextSource> texts_from_file(const std::string& file, TextInput input);

inline constexpr size_t kLongestLine = size_t{1} << 30;

}  // namespace bernoulli
