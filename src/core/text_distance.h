#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours, each
/// counting 1.
int text_distance(std::string_view a, std::string_view b);

/// The candidate that a misspelt word was probably meant to be: the nearest one, if at most a third of the
/// word was mistyped.
std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" of the nearest word; nothing where there is none.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bernoulli
