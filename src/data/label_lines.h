#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// What a word of fastText's lines begins with that is a label.
inline constexpr std::string_view kLabelPrefix = "__label__";

/// A line of fastText's taken apart.
struct LabelLine {
  std::string text;
  std::vector<std::string> labels;
};

/// Takes the words that are labels out of the line; what is left, with its spacing, is the text. Labels at
/// the end take the space before them along.
void parse_label_line(std::string_view line, LabelLine& parsed);

}  // namespace bernoulli
