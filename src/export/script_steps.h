#pragma once

#include <string>

#include "text/standardize.h"

namespace bernoulli {

// TorchScript of the steps of standardisation that are more than replacements of bytes (docs/text.md). Only
// operations that take all 256 bytes alike and time linear in the text.

/// The method `strip_html(text)`, or that of a mask, `mask_urls(text, token)`; empty for any other step.
/// @param url_bytes  the expression of url_bytes() in the script
std::string step_method(StandardizeStep::Kind kind, const std::string& url_bytes);
/// Its name; null for any other step.
const char* step_method_name(StandardizeStep::Kind kind);

/// The submodule of a CharacterMap, whose method apply(text) is CharacterMap::apply.
std::string character_map_module(const CharacterMap& characters);

}  // namespace bernoulli
