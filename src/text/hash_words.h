#pragma once

#include <cstdint>

#include "text/byte_scan.h"
#include "text/token_spans.h"

namespace bernoulli {

/// hash_word of each token, of many at once. @param hashes room for tokens.size() of them
void hash_words(const TokenSpans& tokens, ScanKernel kernel, uint32_t* hashes);

}  // namespace bernoulli
