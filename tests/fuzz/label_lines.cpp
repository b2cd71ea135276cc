// Lines of __label__ words and text.
#include "data/raw_example.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/memory_file.h"

namespace bernoulli {
namespace {

void label_lines(std::string_view input) {
  static const fuzz::MemoryFile file, copy;
  for (const RawExample& example : read_label_lines(file.holding(input))) {
    std::string line = "\xEF\xBB\xBF";  // the mark of UTF-8, which is dropped: one in the example is its text
    for (const std::string& label : example.labels) line += "__label__" + label + " ";
    line += example.text + "\r\n";  // both go; a return before them stays in the text
    // What is only white space is no example, so the text of one that has no label is more than that.
    const std::vector<RawExample> again = read_label_lines(copy.holding(line));
    fuzz::require(again.size() == 1, "an example is one line");
    fuzz::require(again[0].labels == example.labels, "labels keep their names and order");
  }
}

}  // namespace

BERNOULLI_FUZZ_TARGET(label_lines)

}  // namespace bernoulli
