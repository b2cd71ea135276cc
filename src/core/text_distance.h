#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each
/// counting 1.
int text_distance(std::string_view a, std::string_view b);

/// "; did you mean 'x'?" of the candidate that a misspelt word was probably meant to be: the nearest one, if
/// at most a third of the word was mistyped. Else nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bernoulli
