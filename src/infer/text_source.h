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

/// kJsonl: a JSON object a line with the text under a key, blank lines skipped as data/ skips them.
enum class TextFormat { kLines, kJsonl };

/// What the name of a file says: .jsonl and .ndjson are kJsonl.
/// @throws DataError for a table by its name, which is neither
TextFormat text_format_of(const std::string& file);

/// The texts of `file`, "-" being standard input. A final line without a newline counts; CR before the
/// newline is dropped. A line may be as long as kLongestLine bytes. @param text_column  the key, for kJsonl
/// @throws IoError, DataError with file and line
std::unique_ptr<TextSource> texts_from_file(const std::string& file, TextFormat format,
                                            const std::string& text_column);

inline constexpr size_t kLongestLine = size_t{1} << 30;

}  // namespace bernoulli
