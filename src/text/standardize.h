#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/run_config.h"
#include "text/character_map.h"

namespace bernoulli {

/// Space, \t, \n, \v, \f, \r: what tf.strings.split takes for white space, whatever the locale.
inline constexpr std::string_view kWhitespace = " \t\n\v\f\r";
/// The bytes that are is_punctuation().
inline constexpr std::string_view kPunctuation = R"(!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~)";

constexpr bool is_whitespace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Runs of bytes that are no white space.
int64_t count_words(std::string_view text);

/// One change to the bytes of a text; docs/text.md says exactly which.
struct StandardizeStep {
  enum class Kind {
    kLowercase,
    kReplace,
    kStripPunctuation,
    kCollapseWhitespace,
    kStripHtml,
    kMapCharacters,
    kMaskUrls,
    kMaskEmails,
    kMaskMentions,
    kMaskNumbers
  };
  Kind kind = Kind::kLowercase;
  std::string from = {};                     ///< kReplace only, not empty
  std::string to = {};                       ///< of kReplace, and the token of a mask
  const CharacterMap* characters = nullptr;  ///< kMapCharacters only
};

/// The steps of a configuration, in order. Those on Unicode become two or more: what they do above ASCII, as
/// a CharacterMap, then what they do to ASCII, as steps that every reader of bytes knows.
/// @throws UsageError for an unknown step, a replace without something to look for, or a mask without a
/// token.
std::vector<StandardizeStep> standardize_steps(const TextConfig& config);

/// Applies the steps in order to `text`, in place. `scratch` keeps its memory from call to call.
void standardize(const std::vector<StandardizeStep>& steps, std::string& text, std::string& scratch);

}  // namespace bernoulli
