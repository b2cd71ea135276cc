#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each
/// counting 1.
int text_distance(std::string_view a, std::string_view b);

/// The candidate a misspelt word was probably meant to be: the nearest one, if at most a third of the word
/// was mistyped.
std::optional<std::string> closest_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bernoulli
