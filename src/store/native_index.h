#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "store/raw_tensors.h"
#include "store/zip_reader.h"

namespace bernoulli {

/// Extra file of an exported model (docs/artifact.md): what its weights and its vocabulary are, for a reader
/// without LibTorch. It says no place: LibTorch decides that when it writes. Pieces are found by their
/// content, so equal ones may stand for each other.
struct NativeIndex {
  struct Tensor {
    std::string name;  ///< as in a checkpoint: "embedding_0.weight"
    Dtype dtype = Dtype::kF32;
    std::vector<int64_t> shape;
    std::string hash;  ///< hash_hex of its bytes
  };
  struct Text {
    uint64_t size_bytes = 0;
    std::string hash;
  };
  std::vector<Tensor> tensors;
  std::optional<Text> tokens;           ///< TokenBlock::joined; absent: hashed buckets
  std::vector<std::string> odd_tokens;  ///< TokenBlock::odd
};

NativeIndex::Tensor describe(const RawTensor& tensor);
NativeIndex::Text describe(std::string_view text);

nlohmann::ordered_json to_json(const NativeIndex& index);
/// @throws nlohmann::json::exception; ArtifactError for a dtype, format or escape that does not exist.
NativeIndex native_index_from_json(const nlohmann::ordered_json& json);

/// The tensors of the index, found below archive/data/ as views of the file.
/// @throws ArtifactError naming the first one that is not there.
std::vector<RawTensor> find_tensors(const ZipReader& zip, const NativeIndex& index);

/// The text as it stands in archive/data.pkl behind its length. Nothing of the pickle is run.
/// @throws ArtifactError where it is not there.
std::string_view find_text(const ZipReader& zip, const NativeIndex::Text& text);

}  // namespace bernoulli
