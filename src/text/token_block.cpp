#include "text/token_block.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"

namespace bernoulli {

TokenBlock join_tokens(const std::vector<std::string>& tokens) {
  TokenBlock block;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) block.joined += '\n';
    if (tokens[i].find('\n') == std::string::npos) {
      block.joined += tokens[i];
    } else {
      block.odd.push_back(tokens[i]);
    }
  }
  return block;
}

std::vector<std::string> split_tokens(std::string_view joined, const std::vector<std::string>& odd) {
  std::vector<std::string> tokens;
  if (joined.empty() && odd.empty()) return tokens;
  tokens.reserve(static_cast<size_t>(std::count(joined.begin(), joined.end(), '\n')) + 1);
  size_t next_odd = 0;
  for (size_t begin = 0; begin <= joined.size();) {
    const size_t end = std::min(joined.find('\n', begin), joined.size());
    if (end > begin) {
      tokens.emplace_back(joined.substr(begin, end - begin));
    } else {
      if (next_odd == odd.size())
        throw DataError(fmt::format("token {} of a vocabulary is missing", tokens.size() + 1));
      tokens.push_back(odd[next_odd++]);
    }
    begin = end + 1;
  }
  if (next_odd != odd.size())
    throw DataError(fmt::format("a vocabulary has {} tokens too many", odd.size() - next_odd));
  return tokens;
}

}  // namespace bernoulli
