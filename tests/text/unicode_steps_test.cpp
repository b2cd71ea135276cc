// The steps on Unicode and the masks against Python's str, re and unicodedata (golden/unicode_steps.json),
// and what of them may be composed with others.
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "text/byte_plan.h"
#include "text/text_config.h"

namespace bernoulli {
namespace {

using ::testing::HasSubstr;
using testing::mask_step;
using testing::replace_step;
using testing::step;
using testing::text_config;
using Json = nlohmann::ordered_json;

const Json& python() {
  static const Json kPython =
      Json::parse(read_file(std::filesystem::path(BERNOULLI_TEST_SOURCE_DIR) / "golden/unicode_steps.json"));
  return kPython;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::string hex_of(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return hex;
}

std::string after_steps(const std::vector<StandardizeStep>& steps, std::string text) {
  std::string scratch = "left over from the text before";
  standardize(steps, text, scratch);
  return text;
}

std::string after_steps(const TextConfig& config, const std::string& text) {
  return after_steps(standardize_steps(config), text);
}

std::string utf8(uint32_t c) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 63))};
  if (c < 0x10000) return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63)),
          byte(0x80 | (c & 63))};
}

/// Whether the step changes just the code points that Python changes.
void expect_code_points(const KindConfig& config, const std::string& name, size_t count) {
  std::unordered_map<std::string, std::string> changed;
  for (const auto& [from, to] : python().at("code_points").at(name).items())
    changed[bytes_of(from)] = bytes_of(to.get<std::string>());
  EXPECT_EQ(changed.size(), count);
  const std::vector<StandardizeStep> steps = standardize_steps(text_config({config}));
  for (uint32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string character = utf8(c);
    const auto found = changed.find(character);
    if (after_steps(steps, character) != (found == changed.end() ? character : found->second))
      FAIL() << fmt::format("U+{:04X}", c);
  }
}

TEST(UnicodeSteps, ChangeTheCodePointsThatPythonChanges) {
  ASSERT_EQ(python().at("unicode"), "14.0.0");
  expect_code_points(step("unicode_lowercase"), "unicode_lowercase", 1433);
  expect_code_points(step("strip_unicode_punctuation"), "strip_unicode_punctuation", 828);
  expect_code_points(step("unicode_whitespace"), "unicode_whitespace", 24);
  expect_code_points(mask_step("mask_numbers", "#"), "mask_numbers", 660);
}

TEST(UnicodeSteps, MakeOfTextsWhatPythonMakes) {
  const Json& texts = python().at("texts");
  ASSERT_GT(texts.size(), 250u);
  ASSERT_EQ(python().at("cases").size(), 9u);
  for (const Json& one : python().at("cases")) {
    TextConfig config;
    for (const Json& kind : one.at("steps"))
      config.standardize.push_back({kind.at("kind").get<std::string>(), kind, ""});
    ASSERT_EQ(one.at("expected").size(), texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string text = bytes_of(texts[i].get<std::string>());
      ASSERT_EQ(hex_of(after_steps(config, text)), one.at("expected")[i].get<std::string>())
          << one.at("steps").dump() << " of text " << i << ": " << ::testing::PrintToString(text);
    }
  }
}

TEST(UnicodeSteps, LowercaseIsTheSimpleMapping) {
  const TextConfig config = text_config({step("unicode_lowercase")});
  EXPECT_EQ(after_steps(config, "\u00C4RGER \u041C\u0418\u0420"), "\u00E4rger \u043C\u0438\u0440");
  EXPECT_EQ(after_steps(config, "\u0130I\u0131"), "ii\u0131");                // not 'i' with a dot above
  EXPECT_EQ(after_steps(config, "\u039F\u03A3"), "\u03BF\u03C3");             // not the final sigma
  EXPECT_EQ(after_steps(config, "\u1E9E \u212A \u023A"), "\u00DF k \u2C65");  // of other lengths in bytes
  EXPECT_EQ(after_steps(config, "\xC3\xC3\x89\xC3"), "\xC3\xC3\xA9\xC3");
}

/// Of a digit in two bytes and of capitals in two and three, each with a lead that real ones have.
TEST(UnicodeSteps, LeaveAFormThatIsTooLongForItsCodePoint) {
  for (const char* digit : {"\xE0\x99\xA3", "\xF0\x80\x99\xA3"})
    EXPECT_EQ(after_steps(text_config({mask_step("mask_numbers", "#")}), digit), digit);
  for (const char* capital : {"\xF0\x80\x83\x89", "\xF0\x81\xBA\x9E"})
    EXPECT_EQ(after_steps(text_config({step("unicode_lowercase")}), capital), capital);
}

TEST(UnicodeSteps, StripUnicodePunctuationKeepsSymbolsAboveAscii) {
  const TextConfig config = text_config({step("strip_unicode_punctuation")});
  EXPECT_EQ(after_steps(config, "\u201EGro\u00DF\u201C \u2013 $5 + \u20AC5 \u00B0\U0001F600\u3002"),
            "Gro\u00DF  5  \u20AC5 \u00B0\U0001F600");
  // A character that the step itself brings together was not there to be deleted.
  EXPECT_EQ(after_steps(config, "\xE2\x80\u2014\x94 \xC3!\x89"), "\u2014 \u00C9");
}

TEST(UnicodeSteps, MasksReplaceByTheirToken) {
  const auto masked = [](const char* kind, const char* token, const std::string& text) {
    return after_steps(text_config({mask_step(kind, token)}), text);
  };
  EXPECT_EQ(masked("mask_urls", "URL", "(http://a.b/c?d) awww.no www.a.b"), "(URL awww.no URL");
  EXPECT_EQ(masked("mask_urls", "URL", "\u770Bhttp://t.cn/a\uFF0C\u597D"), "\u770BURL\uFF0C\u597D");
  EXPECT_EQ(masked("mask_urls", "http://", "http://a http:/http://b"), "http:// http:/http://");
  EXPECT_EQ(masked("mask_numbers", "N", "3.14, 1,000. 1..2 v2.0 \u0663\u0664"), "N, N. N..N vN N");
  EXPECT_EQ(masked("mask_mentions", "USER", "@a_1: x@y \u597D@b @ @-"), "USER: x@y \u597DUSER @ @-");
  EXPECT_EQ(masked("mask_emails", "EMAIL", "a.b+c@d.e-f.org. a@b @c.d"), "EMAIL. a@b @c.d");
}

TEST(UnicodeSteps, RefuseAMaskWithoutAToken) {
  try {
    standardize_steps(text_config({{"mask_urls", Json::object(), "run.yaml:3:5"}}));
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("run.yaml:3:5: text.standardize: mask_urls has no token; write mask_urls: TOKEN"));
  }
}

TEST(UnicodeSteps, LeaveToThePlanWhatTheyDoToAscii) {
  const auto compiled = [](const TextConfig& config) { return compile_steps(standardize_steps(config)); };
  const auto expect_maps = [&](const TextConfig& config, size_t num_maps) {
    EXPECT_EQ(compiled(config).before.size(), num_maps);
    EXPECT_TRUE(compiled(config).only_maps_before);
  };
  expect_maps(text_config({step("unicode_lowercase")}), 1);
  expect_maps(text_config({step("unicode_whitespace"), step("unicode_lowercase"), replace_step("<br />", " "),
                           step("strip_unicode_punctuation")}),
              3);
  expect_maps(text_config({step("lowercase"), step("strip_unicode_punctuation")}), 1);
  // "<br\u00A0/>" is a break only where white space comes first, "k" may come of the Kelvin sign, and
  // deleting may bring broken bytes together.
  EXPECT_FALSE(
      compiled(text_config({replace_step("<br />", " "), step("unicode_whitespace")})).only_maps_before);
  EXPECT_FALSE(compiled(text_config({replace_step("k", "c"), step("unicode_lowercase")})).only_maps_before);
  EXPECT_FALSE(
      compiled(text_config({step("strip_punctuation"), step("unicode_lowercase")})).only_maps_before);
  EXPECT_FALSE(compiled(text_config({replace_step("a", ""), step("unicode_lowercase")})).only_maps_before);
  EXPECT_FALSE(
      compiled(text_config({replace_step("a", "\u00C9"), step("unicode_lowercase")})).only_maps_before);
  EXPECT_FALSE(compiled(text_config({mask_step("mask_urls", "URL")})).only_maps_before);
}

}  // namespace
}  // namespace bernoulli
