#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// The archive that LibTorch wrote, with what is not a tensor deflated where that makes it smaller. Tensors
/// stay stored, and begin at multiples of 64 bytes as LibTorch has them. The same archive gives the same
/// bytes. @throws ArtifactError as ZipReader for what is no such archive
std::string deflate_zip(std::string_view zip);

}  // namespace bernoulli
