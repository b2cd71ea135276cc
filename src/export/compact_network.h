#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <ATen/core/Tensor.h>

#include "config/run_config.h"
#include "core/string_rows.h"
#include "metrics/logit_scaling.h"
#include "model/sequential.h"
#include "store/packed_table.h"
#include "text/vectorizer.h"

namespace bernoulli {

/// A trained network as its exported file keeps it (docs/artifact.md, "Small files").
struct CompactNetwork {
  Sequential network;  ///< with the float32 numbers that come of the packed ones; on the CPU
  PackedTable table;
};

/// Folds, leaves out and rounds, in this order. The trained network is not changed.
/// @param used  with form.buckets: used, a flag a row of the table; else empty
/// @throws UsageError where the form does not fit the model
CompactNetwork compact_network(const Sequential& trained, const ExportConfig& form, const TextConfig& text,
                               const std::vector<bool>& used);

/// The float32 table [V, D] of a file's tensors. @throws ArtifactError as TableRows
at::Tensor table_numbers(const std::vector<RawTensor>& tensors, const std::string& prefix,
                         const std::vector<int64_t>& shape);

/// What metadata and summaries say of it: form, rows, and of these how many are stored.
nlohmann::ordered_json describe_table(const PackedTable& table, const ExportConfig& form);

/// Logits N*L of raw texts in the given batches (batch_begins), scaled: the path on
/// which the trainer evaluates. @param model  on the CPU.  @param poll  called before each batch
std::vector<float> answers_of(Sequential& model, const Vectorizer& vectorizer, const StringRows& texts,
                              const std::vector<int64_t>& batches, const LogitScaling& scaling,
                              void (*poll)() = nullptr);

}  // namespace bernoulli
