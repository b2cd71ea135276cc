#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bernoulli {

/// Tokens as one text: a newline between neighbours; a token that holds a newline itself stands empty there
/// and in full, in order, in `odd`. So a vocabulary is one string of an exported file instead of thousands,
/// and takes half of the bytes.
struct TokenBlock {
  std::string joined;
  std::vector<std::string> odd;
};

/// @param tokens none of them empty.
TokenBlock join_tokens(const std::vector<std::string>& tokens);

/// What join_tokens took. @throws DataError where `odd` has more or fewer tokens than stand empty.
std::vector<std::string> split_tokens(std::string_view joined, const std::vector<std::string>& odd);

}  // namespace bernoulli
