#pragma once

#include <string>
#include <vector>

namespace bernoulli {

/// Why a text got its logits, where the model is linear in its tokens: logit[l] = base[l] + sum of shares[l].
struct Explanation {
  std::vector<double> base;         ///< L: the logits of an empty text
  std::vector<std::string> tokens;  ///< T
  std::vector<double> shares;       ///< T*L row-major
};

}  // namespace bernoulli
