#include "config/yaml_reader.h"

#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/text_gate.h"

namespace bernoulli::config {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::optional<Node> read(const std::string& text, std::string& message) {
  Faults faults;
  auto node = read_yaml(text, std::make_shared<const std::string>("f"), faults);
  message.clear();
  try {
    faults.throw_if_any();
  } catch (const UsageError& error) {
    message = told(error);
  }
  return node;
}

std::string fault(const std::string& text) {
  std::string message;
  read(text, message);
  return message;
}

std::string repeat(const std::string& piece, size_t size) {
  std::string text;
  while (text.size() + piece.size() <= size) text += piece;
  return text;
}

TEST(YamlReader, KeepsScalarsAsWrittenWithTheirPlaces) {
  std::string message;
  const auto root = read("# comment\na: 1e5\nb:\n  - \"x\"\n  - 'y z'\nc: {d: ~, e: }\n", message);
  ASSERT_TRUE(root) << message;
  EXPECT_EQ(root->find("a")->scalar, "1e5");
  EXPECT_FALSE(root->find("a")->quoted);
  EXPECT_EQ(root->find("a")->place.text(), "f:2:4");
  EXPECT_EQ(root->find("b")->items[0].scalar, "x");
  EXPECT_TRUE(root->find("b")->items[0].quoted);
  EXPECT_EQ(root->find("b")->items[1].scalar, "y z");
  EXPECT_TRUE(root->find("c")->find("d")->is_null());
  EXPECT_TRUE(root->find("c")->find("e")->is_null());
  EXPECT_EQ(root->find("f"), nullptr);
}

TEST(YamlReader, TakesByteOrderMarksAndForeignLineBreaks) {
  std::string message;
  for (const char* text : {"\xef\xbb\xbf"
                           "a: 1\nb: 2\n",
                           "a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r"}) {
    const auto root = read(text, message);
    ASSERT_TRUE(root) << message;
    EXPECT_EQ(root->find("a")->scalar, "1");
    EXPECT_EQ(root->find("b")->scalar, "2");
    EXPECT_EQ(root->find("b")->place.text(), "f:2:4");
  }
}

TEST(YamlReader, RefusesWhatIsNotPlainUtf8Text) {
  EXPECT_EQ(fault("a: 1\nb: \xff"), "f:2:4: byte 0xff is not UTF-8 (save the file as UTF-8)");
  EXPECT_EQ(fault("\xff\xfe"
                  "a"),
            "f:1:1: byte 0xff is not UTF-8 (save the file as UTF-8)")
      << "UTF-16";
  EXPECT_EQ(fault(std::string("a: \0b", 5)), "f:1:4: control character 0x00 (a configuration is plain text)");
  EXPECT_EQ(fault("a: \x1b[1m"), "f:1:4: control character 0x1b (a configuration is plain text)");
  for (const char* bad :
       {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_THAT(fault(bad), HasSubstr("is not UTF-8"))
        << "overlong, surrogate, beyond U+10FFFF, or cut short";
  }
  EXPECT_EQ(fault("k: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "");
}

TEST(YamlReader, RefusesWhatTheParserWouldNotGiveAsWritten) {
  for (const char* escape : {"a: [x, \"\\N\"]", "a: [x, \"\\_\"]", "a: [x, \"b\\_\"]"})
    EXPECT_THAT(fault(escape), StartsWith("f:1:8: an escape stands for a byte that is not UTF-8")) << escape;
  EXPECT_THAT(fault("\"\\_\": 1"), HasSubstr("an escape stands for a byte that is not UTF-8")) << "a key";
  for (const char* quoted : {"a: '\n\n  '", "a: \"\n\n\""})
    EXPECT_THAT(fault(quoted), StartsWith("f:1:4: a quoted text of line breaks alone")) << quoted;
  for (const char* open : {"\xc3\xa4: 1\na: 'b''\nc: 1\n", "\xc3\xa4: 1\na: \"b\\\"\nc: 1\n",
                           "\xc3\xa4: 1\na: \"\n", "\xc3\xa4: 1\na: \""})
    EXPECT_EQ(fault(open), "f:2:4: the quote that opens here never closes") << open;
  EXPECT_EQ(fault("\"b: 1\n"), "f:1:1: the quote that opens here never closes");
  std::string message;
  const auto root = read("a: [\"\\u00a0\", \"\\u0085\", \"\\L\", \"\\n\", '', \"\"]", message);
  ASSERT_TRUE(root) << message;
  const std::vector<std::string> expected = {"\xc2\xa0", "\xc2\x85", "\xe2\x80\xa8", "\n", "", ""};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(root->find("a")->items[i].scalar, expected[i]) << i;
}

TEST(YamlReader, RefusesMoreThanAMebibyte) {
  EXPECT_EQ(fault(std::string((1 << 20) + 1, '#')),
            "f: is 1048577 bytes long (a configuration has at most 1048576)");
  EXPECT_EQ(fault(std::string(1 << 20, '#')), "");
}

TEST(YamlReader, RefusesDepthBeyondSixtyFour) {
  const auto nested = [](int levels) {
    return std::string(static_cast<size_t>(levels), '[') + std::string(static_cast<size_t>(levels), ']');
  };
  EXPECT_EQ(fault(nested(64)), "");
  EXPECT_EQ(fault(nested(65)), "f:1:65: nested deeper than 64 levels");
  EXPECT_THAT(fault(repeat("[", 100000)), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(fault(repeat("- ", 100000)), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(fault(repeat("{a: ", 100000)), HasSubstr("nested deeper than 64 levels"));
  std::string stairs;
  for (int i = 0; i < 70; ++i) stairs += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(fault(stairs), HasSubstr("nested deeper than 64 levels"));
}

TEST(YamlReader, RefusesWhatConfigurationsDoNotUse) {
  EXPECT_THAT(fault("a: &x 1\n"), StartsWith("f:1:4: anchors (&) and aliases (*) are not used"));
  EXPECT_THAT(fault("a: &x [1]\n"), HasSubstr("anchors (&) and aliases (*)"));
  EXPECT_THAT(fault("a: &x\nb: 1\n"), HasSubstr("anchors (&) and aliases (*)"));
  EXPECT_THAT(fault("a: *x\n"), HasSubstr("f:1:4: "));
  EXPECT_THAT(fault("a: !!str 3\n"), HasSubstr("tags are not used in configurations"));
  EXPECT_THAT(fault("a: !python/object {b: 1}\n"),
              StartsWith("f:1:4: tag '!python/object' (tags are not used"));
  EXPECT_THAT(fault("a: !2\n"), HasSubstr("tag '!2'"));
  EXPECT_THAT(fault("a:\n  <<: {b: 1}\n"), StartsWith("f:2:3: merge keys (<<) are not used"));
  EXPECT_THAT(fault("a: 1\n---\nb: 2\n"), HasSubstr("a second document begins"));
  EXPECT_THAT(fault("? [a]\n: b\n"), StartsWith("f:1:3: a list or map stands where a key is expected"));
  EXPECT_THAT(fault(": b\n"), StartsWith("f:1:1: a key is missing before ':'"));
}

TEST(YamlReader, NamesBothLinesOfADuplicateKeyAndGoesOn) {
  EXPECT_EQ(fault("a: 1\nb: {c: 1, c: 2}\na: 3\n"),
            "f:2:11: b.c: duplicate key, as in line 2, column 5 (each key stands once)\n"
            "f:3:1: a: duplicate key, as in line 1, column 1 (each key stands once)");
}

TEST(YamlReader, RefusesMapsOfMoreThanAThousandKeys) {
  std::string text;
  for (int i = 0; i < 1001; ++i) text += fmt::format("k{}: 1\n", i);
  EXPECT_EQ(fault(text), "f:1001:1: more than 1000 keys in one map");
}

TEST(YamlReader, SyntaxErrorsHaveAPlace) {
  EXPECT_THAT(fault("a: [1\nb: 2\n"), HasSubstr("not valid YAML: end of sequence flow not found"));
  EXPECT_THAT(fault("a: b: c\n"), StartsWith("f:1:5: not valid YAML: "));
  EXPECT_THAT(fault("a:\n\tb: 1\n"), HasSubstr("(the line begins with a tab: indent with spaces)"));
  for (const char* text : {"[:",   "{foo:", "[",       "{",         "]",     "}",
                           "a: ]", "{a",    "[a,",     "- a\nb: c", "a: 'x", "%YAML 9.9\n---\na",
                           "\t",   "a: |x", "@",       "`",         "a: @b", "{?",
                           "? ",   "\\",    "- - - [", "!<"}) {
    Faults faults;
    EXPECT_NO_THROW(read_yaml(text, std::make_shared<const std::string>("f"), faults)) << text;
  }
  EXPECT_NE(fault("[:"), "");
  EXPECT_NE(fault("{foo:"), "");
}

/// What nests may cost the stack, so there is a mebibyte of it; of the rest a sixteenth.
TEST(YamlReader, SurvivesAMebibyteOfAnyPattern) {
  const auto survives = [](const std::string& piece, size_t size) {
    Faults faults;
    EXPECT_NO_THROW(read_yaml(repeat(piece, size), std::make_shared<const std::string>("f"), faults))
        << piece;
  };
  for (const char* piece :
       {"[", "{", "- ", "? ", "a: ", "[a,", "{a,", "[:", "{foo:", "key:\n ", "[\n", "- |\n", "{?", ": "})
    survives(piece, 1 << 20);
  for (const char* piece : {"\"", "'", "a: b\n", "- a\n", "&a ", "*a ", "!a ", "---\n", "\\", "|\n", "\t"})
    survives(piece, 1 << 16);
}

/// Changes valid configurations at random places. Whatever comes out loads or is refused as a usage error:
/// nothing else is thrown, and what loads also loads again from its resolved form.
TEST(Load, AnyBytesLoadOrAreRefused) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces{"[",
                                        "]",
                                        "{",
                                        "}",
                                        ":",
                                        ": ",
                                        "- ",
                                        "\n",
                                        "\n  ",
                                        ",",
                                        "\"",
                                        "'",
                                        "#",
                                        "&a",
                                        "*a",
                                        "!t",
                                        "|",
                                        ">",
                                        "?",
                                        "%",
                                        "null",
                                        "1e999",
                                        "-1",
                                        ".nan",
                                        "0x1",
                                        "true",
                                        "\xff",
                                        "\xc3\xa4",
                                        std::string(1, '\0'),
                                        "<<",
                                        "~",
                                        "base",
                                        "\t",
                                        "---\n",
                                        "auto",
                                        "99999999999999999999"};
  const std::string seed = minimal() +
                           "loss: {pos_weight: auto}\noptimizer:\n  sgd:\n    lr: 0.1\n  clip_norm: 1\n"
                           "text:\n  standardize:\n    - replace: [\"a\", b]\n    - lowercase\n  ngrams: "
                           "2\nmetrics: {threshold: max_f1}\n";
  int loaded = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text = seed;
    for (size_t n = random() % 3 + 1; n > 0; --n) {
      const size_t at = random() % text.size();
      const size_t take = random() % 4;
      text.replace(at, std::min<size_t>(take, text.size() - at),
                   random() % 5 == 0 ? "" : pieces[random() % pieces.size()]);
    }
    try {
      const LoadedConfig config = load_text(text);
      ++loaded;
      ASSERT_EQ(load_text(config.run.resolved_yaml).resolved, config.resolved) << text;
    } catch (const UsageError&) {
    } catch (const std::exception& error) {
      FAIL() << error.what() << "\n" << text;
    }
  }
  EXPECT_GT(loaded, 100);
}

}  // namespace
}  // namespace bernoulli::config
