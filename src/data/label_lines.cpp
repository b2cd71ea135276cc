#include "data/label_lines.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/stop.h"
#include "data/data_file.h"
#include "data/read_source.h"

namespace bernoulli {
void parse_label_line(std::string_view line, LabelLine& parsed) {
  parsed.text.clear();
  parsed.labels.clear();
  for (size_t begin = 0; begin < line.size();) {
    const size_t word_end = std::min(line.find_first_of(" \t", begin), line.size());
    const std::string_view word = line.substr(begin, word_end - begin);
    const size_t next = std::min(line.find_first_not_of(" \t", word_end), line.size());
    if (word.starts_with(kLabelPrefix) && word.size() > kLabelPrefix.size()) {
      parsed.labels.emplace_back(word.substr(kLabelPrefix.size()));
      if (next == line.size()) parsed.text.erase(parsed.text.find_last_not_of(" \t") + 1);
    } else {
      parsed.text.append(line.substr(begin, next - begin));
    }
    begin = next;
  }
}

RawExamples read_label_lines(const std::filesystem::path& file, std::shared_ptr<TextStore> store) {
  RawExamples examples(std::move(store));
  const DataFile source(file, examples.store()->space());
  const std::string_view content = source.bytes();
  LabelLine parsed;
  int64_t number = 0;
  for (size_t begin = 0; begin < content.size();) {
    throw_if_stopped();
    const size_t end = std::min(content.find('\n', begin), content.size());
    std::string_view line = content.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    parse_label_line(line, parsed);
    examples.add(parsed.text, parsed.labels, std::nullopt, fmt::format("{}:{}", file.string(), number));
  }
  return examples;
}

}  // namespace bernoulli
