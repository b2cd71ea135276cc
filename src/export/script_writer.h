#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"
#include "text/character_map.h"

namespace bernoulli {

/// TorchScript methods for torch::jit::Module::define, and the attributes that they read.
struct VectorizerScript {
  std::string methods;
  std::vector<std::string> byte_strings;            ///< the value of the attribute `byte_strings: List[str]`
  std::vector<const CharacterMap*> character_maps;  ///< each a submodule (script_steps.h)
};

/// The submodule whose attribute `ids: Dict[str, int]` holds the ids where the configuration has a
/// vocabulary. It is saved as one string (text/token_block.h) and filled again when the file is loaded.
inline constexpr const char* kVocabularyModule = "vocabulary";
inline constexpr const char* kByteStringsAttribute = "byte_strings";

/// Writes methods that turn texts into ids exactly as text/vectorizer.h does (docs/text.md):
///   token_ids(text: str) -> List[int]               ids of one text, truncated, not padded
///   encode(texts: List[str]) -> List[List[int]]     token_ids of each
///   pad(rows: List[List[int]]) -> Tensor            [N, T] int64 on the CPU, padded with 0 on the right
///   vectorize(texts: List[str]) -> Tensor           pad(encode(texts))
/// T is sequence_length, else the longest row, at least 1.
/// TorchScript's strings are bytes; only operations that treat all 256 values alike, and take time linear in
/// the text, are used.
/// @throws UsageError for a step, split or n-gram width that does not exist.
VectorizerScript write_vectorizer_script(const TextConfig& config);

}  // namespace bernoulli
