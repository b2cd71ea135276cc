#include "store/native_index.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/hex.h"
#include "core/little_endian.h"
#include "core/shallow_json.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kIndexFormat = 1;
constexpr std::string_view kTensorFolder = "archive/data/";
constexpr std::string_view kPickle = "archive/data.pkl";
constexpr uint64_t kMostNumbers = uint64_t{1} << 40;

/// Bytes that the shape needs, or absent where that is more than any file has.
std::optional<uint64_t> needed_bytes(const NativeIndex::Tensor& tensor) {
  uint64_t numbers = 1;
  for (const int64_t extent : tensor.shape) {
    if (extent < 0 || static_cast<uint64_t>(extent) > kMostNumbers / std::max<uint64_t>(numbers, 1))
      return std::nullopt;
    numbers *= static_cast<uint64_t>(extent);
  }
  return numbers * size_of(tensor.dtype);
}

}  // namespace

NativeIndex::Tensor describe(const RawTensor& tensor) {
  return {tensor.name, tensor.dtype, tensor.shape, hash_hex(tensor.bytes)};
}

NativeIndex::Text describe(std::string_view text) { return {text.size(), hash_hex(text)}; }

Json to_json(const NativeIndex& index) {
  Json json{{"format", kIndexFormat}, {"tensors", Json::object()}, {"tokens", nullptr}};
  for (const NativeIndex::Tensor& tensor : index.tensors) {
    json["tensors"][tensor.name] = {
        {"dtype", to_string(tensor.dtype)}, {"shape", tensor.shape}, {"xxh3", tensor.hash}};
  }
  if (!index.tokens) return json;
  json["tokens"] = {
      {"size_bytes", index.tokens->size_bytes}, {"xxh3", index.tokens->hash}, {"odd", Json::array()}};
  for (const std::string& token : index.odd_tokens) json["tokens"]["odd"].push_back(to_hex(token));
  return json;
}

NativeIndex native_index_from_json(const Json& json) {
  if (const auto format = whole_number<int64_t>(json.at("format")); format != kIndexFormat)
    throw ArtifactError(
        fmt::format("its list of weights has format {}, this program reads {}", format, kIndexFormat));
  NativeIndex index;
  for (const auto& [name, value] : json.at("tensors").items()) {
    const auto dtype = dtype_named(value.at("dtype").get<std::string>());
    if (!dtype) throw ArtifactError(fmt::format("tensor '{}' has an unknown dtype", name));
    std::vector<int64_t> shape;
    for (const Json& extent : value.at("shape")) shape.push_back(whole_number<int64_t>(extent));
    index.tensors.push_back({name, *dtype, std::move(shape), value.at("xxh3").get<std::string>()});
  }
  if (json.at("tokens").is_null()) return index;
  const Json& tokens = json.at("tokens");
  index.tokens = {whole_number<uint64_t>(tokens.at("size_bytes")), tokens.at("xxh3").get<std::string>()};
  for (const Json& token : tokens.at("odd")) {
    const auto hex = token.get<std::string>();
    std::optional<std::string> bytes = from_hex(hex);
    if (!bytes) throw ArtifactError(fmt::format("'{}' are no hexadecimal digits of bytes", hex));
    index.odd_tokens.push_back(std::move(*bytes));
  }
  return index;
}

std::vector<RawTensor> find_tensors(const ZipReader& zip, const NativeIndex& index) {
  struct Piece {
    std::string_view bytes;
    std::string hash;
  };
  std::vector<Piece> pieces;
  for (const ZipReader::Entry& entry : zip.entries()) {
    if (!entry.stored || !entry.name.starts_with(kTensorFolder)) continue;
    const std::string_view bytes = zip.content(entry);
    pieces.push_back({bytes, hash_hex(bytes)});
  }
  std::vector<RawTensor> tensors;
  for (const NativeIndex::Tensor& tensor : index.tensors) {
    const auto found = std::find_if(pieces.begin(), pieces.end(), [&](const Piece& piece) {
      return needed_bytes(tensor) == piece.bytes.size() && tensor.hash == piece.hash;
    });
    if (found == pieces.end())
      throw ArtifactError(fmt::format("it does not hold the numbers of '{}'", tensor.name));
    tensors.push_back({tensor.name, tensor.dtype, tensor.shape, found->bytes});
  }
  return tensors;
}

std::string_view find_text(const ZipReader& zip, const NativeIndex::Text& text) {
  // Pickle protocol 2, BINUNICODE: X, the length in four bytes, low byte first, the bytes.
  std::string before = "X";
  append_little_endian(before, static_cast<uint32_t>(text.size_bytes));
  const std::string_view pickle = zip.content(kPickle);
  for (size_t at = pickle.find(before); at != std::string_view::npos; at = pickle.find(before, at + 1)) {
    const std::string_view candidate = pickle.substr(at + before.size(), text.size_bytes);
    if (candidate.size() == text.size_bytes && hash_hex(candidate) == text.hash) return candidate;
  }
  throw ArtifactError("it does not hold its vocabulary where the native path looks for it");
}

}  // namespace bernoulli
