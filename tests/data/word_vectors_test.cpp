#include "data/word_vectors.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Vocabulary& vocabulary() {
  static const Vocabulary tokens({"the", "film", "good film", "caf\xc3\xa9"});  // ids 2 to 5
  return tokens;
}

WordVectors read(const std::string& content, int64_t dim) {
  const testing::TemporaryFolder folder;
  return read_word_vectors(folder.write("some.vec", content), vocabulary(), dim);
}

std::string fault(const std::string& content, int64_t dim) {
  try {
    read(content, dim);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(WordVectors, OfGloveHaveATokenAndItsNumbersALine) {
  const WordVectors vectors = read("of 1 2\ncaf\xc3\xa9 0.5 -1e-3\nThe 3 4\nthe -7 8.25\n", 2);
  EXPECT_THAT(vectors.ids, ElementsAre(5, 2));
  EXPECT_THAT(vectors.values, ElementsAre(0.5f, -1e-3f, -7, 8.25f));
  EXPECT_EQ(vectors.num_vectors, 4);
}

TEST(WordVectors, OfWord2vecAndFastTextBeginWithTheirCounts) {
  const WordVectors vectors = read("2 3\nfilm 1 2 3 \nof 4 5 6 \n", 3);
  EXPECT_THAT(vectors.ids, ElementsAre(3));
  EXPECT_THAT(vectors.values, ElementsAre(1, 2, 3));
  EXPECT_EQ(vectors.num_vectors, 2);
  EXPECT_THAT(read("2 3\nfilm 1 2 3\nof 4 5 6\n\n", 3).ids, ElementsAre(3)) << "an empty last line";
  EXPECT_THAT(fault("film 1 2 3\n\nof 4 5 6\n", 3), ::testing::HasSubstr("some.vec:2: has vectors of 0"));
  EXPECT_THAT(read("2 3\r\nfilm 1 2 3\r\nof 4 5 6", 3).ids, ElementsAre(3)) << "other line ends, and none";
}

TEST(WordVectors, OfTokensWithSpacesAreTheirs) {
  const WordVectors vectors = read("good film 1 2\nfilm 3 4\nthe very film 5 6\n", 2);
  EXPECT_THAT(vectors.ids, ElementsAre(4, 3));
  EXPECT_THAT(vectors.values, ElementsAre(1, 2, 3, 4));
}

TEST(WordVectors, OfATokenThatComesTwiceAreTheFirst) {
  const WordVectors vectors = read("the 1\nthe 2\n", 1);
  EXPECT_THAT(vectors.ids, ElementsAre(2));
  EXPECT_THAT(vectors.values, ElementsAre(1));
}

TEST(WordVectors, ChangeTheirFingerprintWithAnyByte) {
  EXPECT_EQ(read("the 1\n", 1).fingerprint, read("the 1\n", 1).fingerprint);
  EXPECT_NE(read("the 1\n", 1).fingerprint, read("the 1\nof 1\n", 1).fingerprint);
}

TEST(WordVectors, ThatDoNotFitAreRefusedWithTheirLine) {
  EXPECT_THAT(fault("the 1 2\nfilm 3\n", 2),
              HasSubstr("some.vec:2: has vectors of 1 numbers, the table has dim 2"));
  EXPECT_THAT(fault("2 3\nthe 1 2 3\nof 1 2 3\n", 4), HasSubstr("some.vec:2: has vectors of 3 numbers"));
  EXPECT_THAT(fault("1 9\nthe 1 2 3\n", 3), HasSubstr("some.vec:1: has vectors of 9 numbers"));
  for (const std::string number : {"nan", "inf", "1e99", "0x1", "1,5", "", "two"})
    EXPECT_THAT(fault("of 1 2\nthe 1 " + number + "\n", 2), HasSubstr("some.vec:2: ")) << number;
  EXPECT_THAT(fault("3 1\nthe 1\nof 1\n", 1),
              HasSubstr("holds 2 vectors, and its first line says 3: it is cut off"));
  EXPECT_THAT(fault("THE 1\nof 1\n", 1),
              HasSubstr("has none of the 4 tokens of the vocabulary among its 2 "));
  EXPECT_THAT(fault("", 1), HasSubstr("has none of the 4 tokens"));
  EXPECT_THAT(fault("the 1\n\nfilm 2\n", 1), HasSubstr("some.vec:2: has vectors of 0 numbers"));
}

TEST(WordVectors, TakeNumbersBelowTheRangeOfFloatForZero) {
  EXPECT_THAT(read("the 1e-50 -1e-300\n", 2).values, ElementsAre(0, 0));
}

TEST(WordVectors, InBinaryFormAreRefusedAsSuch) {
  const std::string numbers("\x00\x00\x80\x3f", 4);
  EXPECT_THAT(fault("1 1\nfilm " + numbers + "\n", 1),
              HasSubstr("some.vec' is no text file of word vectors, for it holds NUL bytes"));
  EXPECT_THAT(fault("\xba\x16\x4f\x2f" + numbers, 1), HasSubstr("is no text file of word vectors"));
}

TEST(WordVectors, ThatAreNotThereAreRefusedWithWhereThePathStarts) {
  const testing::TemporaryFolder folder;
  for (const auto& path : {folder / "absent.vec", folder.path()}) {
    try {
      read_word_vectors(path, vocabulary(), 1);
      ADD_FAILURE() << path;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("relative paths start at data.root"));
    }
  }
}

}  // namespace
}  // namespace bernoulli
