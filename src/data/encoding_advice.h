#pragma once

namespace bernoulli {

/// What ends a message about texts that are not UTF-8. Most such files come from Windows, whose code page is
/// Latin-1 and more.
inline constexpr const char* kEncodingAdvice =
    "where they are of Windows or Latin-1, convert the file: iconv -f WINDOWS-1252 -t UTF-8";

}  // namespace bernoulli
