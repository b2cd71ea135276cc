#pragma once

#include <memory>
#include <string>
#include <vector>

namespace bernoulli {

/// Texts to classify, in order.
class TextSource {
 public:
  virtual ~TextSource() = default;
  /// Replaces `texts` by up to `limit` further ones; false at the end. Does not wait for a full batch when
  /// the source pauses.
  virtual bool next_batch(std::vector<std::string>& texts, size_t limit) = 0;
};

std::unique_ptr<TextSource> texts_from_list(std::vector<std::string> texts);

/// A text a line from `file`, "-" being standard input; a name ending in .jsonl is read as JSON objects with
/// the text under `text_column`, blank lines skipped as data/ skips them. A final line without a newline
/// counts; CR before the newline is dropped. A line may be as long as kLongestLine bytes.
/// @throws IoError, DataError with file and line
std::unique_ptr<TextSource> texts_from_file(const std::string& file, const std::string& text_column);

inline constexpr size_t kLongestLine = size_t{1} << 30;

}  // namespace bernoulli
