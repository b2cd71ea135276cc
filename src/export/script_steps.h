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

/// Methods of the submodule of a CharacterMap, for its attributes `training: bool`, `sources: str` and
/// `targets: str` (pairs, each list joined by newlines), and `leads: List[str]`, `prefixes: Dict[str,
/// List[str]]` and `pairs: Dict[str, List[Tuple[str, str]]]`, which __setstate__ fills. apply(text) is
/// CharacterMap::apply.
extern const char* const kCharacterMapMethods;
/// The submodule's name.
std::string character_map_module(const CharacterMap& characters);

}  // namespace bernoulli
