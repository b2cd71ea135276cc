// Lines of __label__ words and text.
#include <algorithm>

#include "data/read_source.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"

namespace bernoulli {
namespace {

void label_lines(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  const RawExamples examples = read_label_lines(file.holding(input));
  // The mark of UTF-8, which is dropped: one in the first example is its text.
  std::string lines = "\xEF\xBB\xBF";
  for (const RawExample& example : examples) {
    for (const std::string_view label : example.labels) lines.append("__label__").append(label).append(" ");
    lines.append(example.text).append("\r\n");  // both go; a return before them stays in the text
  }
  // What is only white space is no example, so the text of one that has no label is more than that.
  const RawExamples again = read_label_lines(copy.holding(lines));
  fuzz::require(again.size() == examples.size(), "an example is one line");
  for (size_t i = 0; i < again.size(); ++i)
    fuzz::require(std::ranges::equal(again[i].labels, examples[i].labels),
                  "labels keep their names and order");
}

}  // namespace

BERNOULLI_FUZZ_TARGET(label_lines)

}  // namespace bernoulli
