// A checkpoint. An input that begins like JSON is a header, and behind its first NUL the tensors' bytes:
// length and checksum are put in, so that what lies behind those two checks is reached. Any other input is
// taken as it is.
#include "core/hash.h"
#include "fuzz/fuzz_target.h"
#include "store/raw_checkpoint.h"

namespace bernoulli {
namespace {

constexpr std::string_view kKey = "\"checksum\":\"";

std::string file_of(std::string_view input) {
  const size_t cut = std::min(input.find('\0'), input.size());
  std::string file(8, '\0');
  for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(uint64_t{cut} >> (8 * i));
  file += input.substr(0, cut);
  file += input.substr(std::min(cut + 1, input.size()));
  const size_t at = file.find(kKey);
  if (at == std::string::npos || file.size() - at < kKey.size() + 32) return file;
  file.replace(at + kKey.size(), 32, std::string(32, '0'));
  return file.replace(at + kKey.size(), 32, hash_hex(file));
}

void require_whole(const RawTensor& tensor, std::string_view file) {
  uint64_t size = size_of(tensor.dtype);
  for (const int64_t extent : tensor.shape) {
    fuzz::require(extent >= 0, "extents are counts");
    fuzz::require(!__builtin_mul_overflow(size, static_cast<uint64_t>(extent), &size), "sizes are 64-bit");
  }
  fuzz::require(size == tensor.bytes.size(), "a tensor has the bytes of its shape");
  fuzz::require(
      tensor.bytes.empty() || (tensor.bytes.data() >= file.data() &&
                               tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size()),
      "a tensor lies in its file");
}

void require_same(const std::vector<RawTensor>& a, const std::vector<RawTensor>& b) {
  fuzz::require(a.size() == b.size(), "no tensor is lost");
  for (size_t i = 0; i < a.size(); ++i) {
    fuzz::require(a[i].name == b[i].name && a[i].dtype == b[i].dtype && a[i].shape == b[i].shape &&
                      a[i].bytes == b[i].bytes,
                  "a tensor is written as it was read");
  }
}

void checkpoint(std::string_view input) {
  const std::string file = input.starts_with('{') ? file_of(input) : std::string(input);
  const RawCheckpoint first = read_raw_checkpoint(file, "fuzz");
  for (const auto* tensors : {&first.weights, &first.training}) {
    for (const RawTensor& tensor : *tensors) require_whole(tensor, file);
  }
  fuzz::require(first.step >= 0, "a step is a count");
  const std::string written = write_raw_tensors(content_of(first));
  const RawCheckpoint again = fuzz::must_accept("a written checkpoint is read",
                                                [&] { return read_raw_checkpoint(written, "again"); });
  fuzz::require(
      again.step == first.step && again.state == first.state && again.fingerprints == first.fingerprints,
      "a checkpoint keeps its metadata");
  require_same(again.weights, first.weights);
  require_same(again.training, first.training);
}

}  // namespace

BERNOULLI_FUZZ_TARGET(checkpoint)

}  // namespace bernoulli
