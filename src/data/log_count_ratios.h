#pragma once

#include <cstdint>
#include <vector>

#include "data/encoded_dataset.h"

namespace bernoulli {

/// What tells the texts of a label from the others, token by token. Legend: V ids, L labels.
struct LogCountRatios {
  std::vector<float> ratios;    ///< [V, L]; row 0, padding, is 0
  std::vector<float> log_odds;  ///< [L]: label_log_odds
};

/// [L]: log((alpha + N1) / (alpha + N0)), N1 and N0 the weights of the examples with the label and without.
std::vector<float> label_log_odds(const EncodedDataset& data, double alpha);

/// For label l and id j, log((p_j / sum p) / (q_j / sum q)), where p_j is alpha plus the number of texts with
/// the label that have the token at least once, q_j the same of the texts without it, and sums go over all
/// ids but padding. An example counts as often as its weight says. The unknown token is a token like others;
/// one that no text has gets what the sums leave of its formula. Computed in float64, in the order of the
/// texts: the same bits on every run.
/// Source: Wang & Manning, "Baselines and Bigrams", ACL 2012 (binarised counts).
LogCountRatios log_count_ratios(const EncodedDataset& data, int64_t num_ids, double alpha);

}  // namespace bernoulli
