#include "infer/text_source.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

std::vector<std::string> all_of(TextSource& source, size_t limit = 2) {
  std::vector<std::string> all, batch;
  while (source.next_batch(batch, limit)) {
    EXPECT_LE(batch.size(), limit);
    all.insert(all.end(), batch.begin(), batch.end());
  }
  EXPECT_THAT(batch, IsEmpty());
  return all;
}

std::vector<std::string> lines_of(const std::string& content, const std::string& name = "texts.txt",
                                  const std::string& column = "text") {
  const TemporaryFolder folder;
  return all_of(*texts_from_file(folder.write(name, content).string(), text_format_of(name), column));
}

template <class Expected>
std::string fault(const std::string& content, const std::string& name, const std::string& column = "text") {
  try {
    lines_of(content, name, column);
  } catch (const Expected& error) {
    const std::string text = error.what();
    return text.substr(text.find(name));
  }
  return "nothing was thrown";
}

TEST(TextSource, GivesAListInBatches) {
  EXPECT_THAT(all_of(*texts_from_list({"a", "", "c"})), ElementsAre("a", "", "c"));
  EXPECT_THAT(all_of(*texts_from_list({})), IsEmpty());
}

TEST(TextSource, GivesATextALine) {
  EXPECT_THAT(lines_of("one\ntwo\r\n\nfour"), ElementsAre("one", "two", "", "four"));
  EXPECT_THAT(lines_of("one\n"), ElementsAre("one"));
  EXPECT_THAT(lines_of("\n"), ElementsAre(""));
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of(std::string("a\0b\rc\n", 6)), ElementsAre(std::string("a\0b\rc", 5)));
}

TEST(TextSource, KnowsWhatIsNoTextALine) {
  EXPECT_THAT(lines_of("{\"text\": \"one\"}\n", "texts.ndjson"), ElementsAre("one"));
  EXPECT_THAT(fault<DataError>("text,label\n", "rows.csv"), HasSubstr("is a table by its name"));
  EXPECT_THAT(fault<DataError>("text\tlabel\n", "rows.tsv"), HasSubstr("--input lines"));
  EXPECT_THAT(fault<DataError>("\x1f\x8b\x08", "texts.txt.gz"), HasSubstr("is compressed by gzip"));
}

TEST(TextSource, JoinsLinesThatAreLongerThanItsBuffer) {
  const std::string a(700000, 'a'), b(262144, 'b');
  EXPECT_THAT(lines_of(a + "\n" + b + "\nc"), ElementsAre(a, b, "c"));
}

TEST(TextSource, DropsAByteOrderMarkAtTheStartAlone) {
  EXPECT_THAT(lines_of("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n"), ElementsAre("one", "\xef\xbb\xbftwo"));
  EXPECT_THAT(lines_of("\xef\xbb\xbf{\"text\": \"x\"}\n", "a.jsonl"), ElementsAre("x"));
}

TEST(TextSource, TakesTheTextColumnOfJsonLines) {
  EXPECT_THAT(lines_of("{\"body\": \"x\\ny\", \"n\": 1}\n{\"body\": \"\"}", "a.jsonl", "body"),
              ElementsAre("x\ny", ""));
  EXPECT_THAT(lines_of("{\"body\": 1}\n", "a.txt", "body"), ElementsAre("{\"body\": 1}"));
}

TEST(TextSource, SkipsBlankLinesOfJsonLinesAlone) {
  EXPECT_THAT(lines_of("\n{\"text\": \"x\"}\n \t\r\n{\"text\": \"\"}\n\n", "a.jsonl"), ElementsAre("x", ""));
  EXPECT_THAT(lines_of("\n\n", "a.jsonl"), IsEmpty());
  EXPECT_THAT(lines_of("\n\n"), ElementsAre("", ""));
}

TEST(TextSource, NamesFileAndLineOfARowWithoutText) {
  EXPECT_EQ(fault<DataError>("{\"text\": \"x\"}\n\n[1]\n", "a.jsonl"),
            "a.jsonl:3: a JSON array, not an object");
  EXPECT_EQ(fault<DataError>("{\"text\": \"x\"}\n{\"text\": \n", "a.jsonl"),
            "a.jsonl:2: not JSON at byte 10: unexpected end of input; expected '[', '{', or a literal");
  EXPECT_EQ(fault<DataError>("{\"body\": \"x\"}\n", "a.jsonl"),
            "a.jsonl:1: no string under 'text', the configured text column");
  EXPECT_EQ(fault<DataError>("{\"text\": 1}\n", "a.jsonl"),
            "a.jsonl:1: no string under 'text', the configured text column");
}

TEST(TextSource, RefusesWhatItCannotRead) {
  const TemporaryFolder folder;
  try {
    texts_from_file((folder / "none").string(), TextFormat::kLines, "text");
    FAIL() << "opened";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), EndsWith("none': No such file or directory"));
  }
  try {
    texts_from_file(folder.path().string(), TextFormat::kLines, "text");
    FAIL() << "opened";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), EndsWith("': it is a folder, not a file"));
  }
}

TEST(TextSource, AnswersWhatIsThereWhenTheWriterPauses) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto source = texts_from_file("/proc/self/fd/" + std::to_string(ends[0]), TextFormat::kLines, "text");
  std::vector<std::string> batch;
  ASSERT_EQ(::write(ends[1], "one\ntwo\n", 8), 8);
  ASSERT_TRUE(source->next_batch(batch, 100));
  EXPECT_THAT(batch, ElementsAre("one", "two"));
  ASSERT_EQ(::write(ends[1], "three", 5), 5);
  ::close(ends[1]);
  ASSERT_TRUE(source->next_batch(batch, 100));
  EXPECT_THAT(batch, ElementsAre("three"));
  EXPECT_FALSE(source->next_batch(batch, 100));
  ::close(ends[0]);
}

}  // namespace
}  // namespace bernoulli
