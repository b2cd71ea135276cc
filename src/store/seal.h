#pragma once

#include <string>
#include <string_view>

namespace bernoulli {

/// LibTorch does not check the checksums inside its zip files, so a flipped bit of a weight loads without a
/// word. A sealed file ends in a zip comment, "bernoulli-xxh3-128:" and 32 hexadecimal digits: the hash of
/// everything before the digits. Zip readers, torch.jit.load among them, pass over the comment.
/// @param zip  a zip archive without a comment. @throws InternalError if it is none.
std::string seal_zip(std::string zip);

/// @param name stands for the file in messages.
/// @throws ArtifactError if the file is no zip archive, has no seal, or differs in any bit from what was
/// sealed.
void check_seal(std::string_view file, const std::string& name);

/// The 32 digits of a file that check_seal found whole.
std::string seal_of(std::string_view file);

}  // namespace bernoulli
