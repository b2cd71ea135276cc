#include "infer/text_source.h"

#include <algorithm>
#include <stdexcept>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/gzip.h"
#include "support/temporary_folder.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::gzip;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TemporaryFolder;

std::vector<std::string> all_of(TextSource& source, size_t limit = 2) {
  std::vector<std::string> all;
  TextBatch batch;
  while (source.next_batch(batch, limit)) {
    EXPECT_LE(batch.texts.size(), limit);
    EXPECT_EQ(batch.texts.size(), batch.kept.size());
    all.insert(all.end(), batch.texts.begin(), batch.texts.end());
  }
  EXPECT_THAT(batch.texts, IsEmpty());
  return all;
}

/// How a file of this name is read for a model that asks for `column`.
TextInput input_of(const std::string& name, const std::string& column = "text",
                   std::vector<std::string> keep = {}) {
  TextInput input{text_format_of(name), {}, "data.columns.text of the model", std::move(keep)};
  input.columns.text = {column};
  return input;
}

std::vector<std::string> lines_of(const std::string& content, const std::string& name = "texts.txt",
                                  const std::string& column = "text") {
  const TemporaryFolder folder;
  return all_of(*texts_from_file(folder.write(name, content).string(), input_of(name, column)));
}

/// The texts before a fault, and what it says behind the folder; "nothing was thrown" where there was none.
std::vector<std::string> until_fault(const std::string& content, const std::string& name,
                                     const TextInput& input) {
  const TemporaryFolder folder;
  const auto source = texts_from_file(folder.write(name, content).string(), input);
  std::vector<std::string> all;
  try {
    for (TextBatch batch; source->next_batch(batch, 100);)
      all.insert(all.end(), batch.texts.begin(), batch.texts.end());
    all.emplace_back("nothing was thrown");
  } catch (const DataError& error) {
    const std::string text = error.what();
    all.push_back(text.substr(std::min(text.find(name), text.size())));
  }
  return all;
}

std::string fault(const std::string& content, const std::string& name, const std::string& column = "text") {
  return until_fault(content, name, input_of(name, column)).back();
}

/// Texts and kept values as "text|value|value", values that are no strings in <>.
std::vector<std::string> kept_of(const std::string& content, const std::string& name,
                                 const std::vector<std::string>& keep) {
  const TemporaryFolder folder;
  const auto source = texts_from_file(folder.write(name, content).string(), input_of(name, "text", keep));
  std::vector<std::string> all;
  for (TextBatch batch; source->next_batch(batch, 100);) {
    for (size_t i = 0; i < batch.texts.size(); ++i) {
      all.push_back(batch.texts[i]);
      for (const KeptValue& value : batch.kept[i])
        all.back() += "|" + (value.is_string ? value.text : "<" + value.text + ">");
    }
  }
  return all;
}

/// A source at the end of a pipe, whose writer is the test.
class Pipe {
 public:
  explicit Pipe(TextInput input) {
    if (::pipe(ends_) != 0) throw std::runtime_error("pipe");
    source_ = texts_from_file("/proc/self/fd/" + std::to_string(ends_[0]), std::move(input));
  }
  ~Pipe() {
    close();
    ::close(ends_[0]);
  }
  void write(const std::string& bytes) const {
    ASSERT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  /// Until nothing is left of what was written.
  void wait_until_read() const {
    for (int left = 1; left > 0; std::this_thread::yield()) ASSERT_EQ(::ioctl(ends_[0], FIONREAD, &left), 0);
  }
  void close() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  std::vector<std::string> next() const {
    TextBatch batch;
    source_->next_batch(batch, 100);
    return batch.texts;
  }

 private:
  int ends_[2];
  std::unique_ptr<TextSource> source_;
};

TEST(TextSource, TakesLabelsOutOfFastTextsLines) {
  const std::string content =
      "__label__good a  fine film\r\n\n \t\n__label__bad\nflat __label__bad __label__dull\nplain";
  const std::vector<std::string> texts = {"a  fine film", "", "flat", "plain"};
  for (const char* name : {"reviews.ft", "cooking.train", "cooking.test", "cooking.valid"})
    EXPECT_EQ(lines_of(content, name), texts) << name;
  EXPECT_THAT(lines_of(content, "reviews.txt").front(), StartsWith("__label__good"));
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
  EXPECT_THAT(lines_of("a\r\nb\r"), ElementsAre("a", "b\r")) << "no line end follows";
}

TEST(TextSource, KnowsWhatIsNoTextALine) {
  EXPECT_THAT(lines_of("{\"text\": \"one\"}\n", "texts.ndjson"), ElementsAre("one"));
  EXPECT_THAT(lines_of("text,label\none,1\n", "rows.csv"), ElementsAre("one"));
  EXPECT_THAT(lines_of("label\ttext\n1\tone, two\n", "rows.tsv"), ElementsAre("one, two"));
}

TEST(TextSource, UnpacksWhatGzipMade) {
  for (const char* name : {"texts.txt", "texts.TXT", "texts.txt.gz"})
    EXPECT_THAT(lines_of(gzip("__label__one\n\ntwo"), name), ElementsAre("__label__one", "", "two")) << name;
  EXPECT_THAT(lines_of(gzip("\xef\xbb\xbftext,label\none,1\n"), "rows.csv"), ElementsAre("one"))
      << "the bytes decide, not the name";
  EXPECT_THAT(lines_of(gzip("{\"text\": \"x\"}\n"), "a.jsonl.gz"), ElementsAre("x"));
  EXPECT_THAT(lines_of(gzip("one\nt") + gzip("wo\n") + std::string(300'000, '\0')),
              ElementsAre("one", "two"));
  EXPECT_THAT(lines_of(gzip("")), IsEmpty());
  const std::string a(700'000, 'a'), b(5'000'000, 'b');
  EXPECT_THAT(lines_of(gzip(a + "\n" + b)), ElementsAre(a, b)) << "more than comes at once";
}

TEST(TextSource, UnpacksWhatComesLittleByLittle) {
  Pipe pipe(input_of("texts.txt"));
  const std::string packed = gzip("one\ntwo\n");
  std::thread writer([&] {
    for (const char byte : packed) {
      pipe.write(std::string(1, byte));
      pipe.wait_until_read();
    }
    pipe.close();
  });
  std::vector<std::string> all;
  for (std::vector<std::string> some; !(some = pipe.next()).empty();)
    all.insert(all.end(), some.begin(), some.end());
  writer.join();
  EXPECT_THAT(all, ElementsAre("one", "two"));
}

TEST(TextSource, RefusesDamagedGzipDataByName) {
  const std::string packed = gzip("one\ntwo\n");
  EXPECT_EQ(fault(packed.substr(0, packed.size() - 3), "a.txt"),
            "a.txt' is damaged or cut off gzip data: it ends too early");
  EXPECT_THAT(fault(packed + "tail", "a.txt"), StartsWith("a.txt' is damaged or cut off gzip data: "));
  EXPECT_EQ(fault("\x1f\x8b\x08", "rows.csv"),
            "rows.csv' is damaged or cut off gzip data: it ends too early");
}

TEST(TextSource, JoinsLinesThatAreLongerThanItsBuffer) {
  const std::string a(700000, 'a'), b(262144, 'b');
  EXPECT_THAT(lines_of(a + "\n" + b + "\nc"), ElementsAre(a, b, "c"));
}

TEST(TextSource, DropsAByteOrderMarkAtTheStartAlone) {
  EXPECT_THAT(lines_of("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n"), ElementsAre("one", "\xef\xbb\xbftwo"));
  EXPECT_THAT(lines_of("\xef\xbb\xbf{\"text\": \"x\"}\n", "a.jsonl"), ElementsAre("x"));
}

TEST(TextSource, WaitsForTheRestOfAByteOrderMark) {
  for (const auto& [mark, rest] : {std::pair("\xef", "\xbb\xbfone\n"), std::pair("\xef\xbb", "\xbfone\n")}) {
    Pipe pipe(input_of("texts.txt"));
    pipe.write(mark);
    std::thread writer([&] {
      pipe.wait_until_read();
      pipe.write(rest);
    });
    EXPECT_THAT(pipe.next(), ElementsAre("one"));
    writer.join();
  }
}

TEST(TextSource, TakesTheTextColumnOfJsonLines) {
  EXPECT_THAT(lines_of("{\"text\": \"x\"}\n", "A.JSONL"), ElementsAre("x"));
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
  EXPECT_EQ(fault("{\"text\": \"x\"}\n\n[1]\n", "a.jsonl"), "a.jsonl:3: a JSON array, not an object");
  EXPECT_EQ(fault("{\"a\": 1, \"a\": 2, \"text\": \"x\"}\n{\"text\": \"x\", \"text\": \"y\"}\n", "a.jsonl"),
            "a.jsonl:2: the object has 'text' twice (expected each name once)");
  EXPECT_EQ(fault("{\"text\": \"x\"}\n{\"text\": \n", "a.jsonl"),
            "a.jsonl:2: not JSON at byte 10: unexpected end of input; expected '[', '{', or a literal");
  EXPECT_EQ(fault("{\"body\": \"x\", \"n\": {\"text\": \"\"}}\n", "a.jsonl"),
            "a.jsonl:1: no string under 'text' (data.columns.text of the model); the object has: body, n; "
            "--text-column NAME names another key");
  EXPECT_EQ(fault("{\"text\": 1}\n", "a.jsonl"),
            "a.jsonl:1: 'text' is 1, not a string (data.columns.text of the model); the object has: text; "
            "--text-column NAME names another key");
  EXPECT_THAT(fault("{\"text\": [1, \"a\"]}\n", "a.jsonl"), HasSubstr("'text' is [1,\"a\"], not a string"));
  EXPECT_THAT(fault("{}\n", "a.jsonl"), HasSubstr("the object is empty;"));
  EXPECT_THAT(
      fault("{\"b\":1,\"a\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1}\n",
            "a.jsonl"),
      HasSubstr("has: b, a, c, d, e, f, g, h, i, j and 1 more;"));
  TextInput asked = input_of("a.jsonl", "body");
  asked.text_named_by = "--text-column";
  EXPECT_THAT(until_fault("{\"text\": \"x\"}\n", "a.jsonl", asked),
              ElementsAre(HasSubstr("no string under 'body' (--text-column); the object has: text;")));
}

TEST(TextSource, RefusesUtf16WithTheRemedy) {
  for (const char* mark : {"\xff\xfe", "\xfe\xff"})
    EXPECT_THAT(
        fault(std::string(mark) + "a", "a.txt"),
        HasSubstr("a.txt' begins with a UTF-16 byte order mark; convert it: iconv -f UTF-16 -t UTF-8"));
  EXPECT_THAT(lines_of("\xff\n"), ElementsAre("\xff"));
}

TEST(TextSource, GivesTheTextsBeforeAFault) {
  EXPECT_THAT(until_fault("{\"text\": \"x\"}\n{\"text\": \"y\"}\n7\n", "a.jsonl", input_of("a.jsonl")),
              ElementsAre("x", "y", StartsWith("a.jsonl:3: ")));
  EXPECT_THAT(until_fault("id,text\n1,x\n2,y\n3\n4,z\n", "a.csv", input_of("a.csv")),
              ElementsAre("x", "y",
                          "a.csv:4: 1 fields (expected 2); quote fields that hold delimiters or line ends"));
  EXPECT_THAT(until_fault("id,text\n1,x\n2,\"y\n3,z\n", "a.csv", input_of("a.csv")),
              ElementsAre("x", StartsWith("a.csv:3: a quote opens in this row and never closes")));
}

TEST(TextSource, TakesTheTextColumnOfATable) {
  EXPECT_THAT(lines_of("id,body\n1,one\n2,\"two, \"\"2\"\"\r\nlines\"\r\n\n3,\n4,four", "a.csv", "body"),
              ElementsAre("one", "two, \"2\"\r\nlines", "", "four"));
  EXPECT_THAT(lines_of("\xef\xbb\xbf\"text\",id\rx,1\ry,2\r", "a.csv"), ElementsAre("x", "y"));
  EXPECT_THAT(lines_of("text\none\n\nthree\n", "a.csv"), ElementsAre("one", "", "three"))
      << "a line of one column is never blank";
  EXPECT_THAT(lines_of("text,id\n", "a.csv"), IsEmpty());
  EXPECT_THAT(lines_of("text,id\n\xff\xfe,1\n", "a.csv"), ElementsAre("\xff\xfe"));
}

TEST(TextSource, ReadsATableAsTheModelsColumnsSay) {
  const TemporaryFolder folder;
  TextInput input = input_of("a.tsv", "2");
  input.columns.header = false;
  input.columns.delimiter = ";";
  input.columns.quote = "'";
  input.keep = {"3"};
  const auto source = texts_from_file(folder.write("a.tsv", "1;'a;b';k\n2;\"c\";l\n").string(), input);
  EXPECT_THAT(all_of(*source), ElementsAre("a;b", "\"c\""));
  EXPECT_THAT(until_fault("1;2\n", "a.tsv", input),
              ElementsAre(StartsWith("a.tsv:1: 2 fields (expected 3 or more)")));
}

TEST(TextSource, RefusesATableWithoutTheColumnBeforeAnyText) {
  EXPECT_EQ(fault("id,body\n1,x\n", "a.csv"),
            "a.csv:1: no column 'text' for data.columns.text of the model (the header has: id, body); "
            "--text-column NAME names another");
  EXPECT_THAT(until_fault("id,text\n1,x\n", "a.csv", input_of("a.csv", "text", {"key"})),
              ElementsAre("a.csv:1: no column 'key' for --keep (the header has: id, text)"));
  EXPECT_THAT(
      until_fault("text,text\nx,y\n", "a.csv", input_of("a.csv")),
      ElementsAre(HasSubstr("the header has 'text' (data.columns.text of the model) more than once")));
  EXPECT_THAT(until_fault("", "a.csv", input_of("a.csv")),
              ElementsAre("a.csv' is empty (expected a header row)"));
}

TEST(TextSource, KeepsCellsOfATable) {
  EXPECT_THAT(kept_of("id,text,label\n007,x,\"a\nb\"\n,y,\n", "a.csv", {"label", "id", "text"}),
              ElementsAre("x|a\nb|007|x", "y|||y"));
}

TEST(TextSource, KeepsValuesOfJsonAsTheyAreWritten) {
  EXPECT_THAT(kept_of("{\"id\": 12345678901234567890123, \"text\": \"x\", \"t\": \"1\\n\"}\n"
                      "{\"t\": {\"a\": [ 1.50, \"b\\\"\\u00e9\", [], {}, {\"c\" : null , \"d\":true} ]}, "
                      "\"text\": \"y\", "
                      "\"id\": false}\n",
                      "a.jsonl", {"id", "t", "text"}),
              ElementsAre("x|<12345678901234567890123>|1\n|x",
                          "y|<false>|<{\"a\":[1.50,\"b\\\"\xc3\xa9\",[],{},{\"c\":null,\"d\":true}]}>|y"));
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_THAT(kept_of("{\"text\": \"x\", \"id\": " + deep + "}", "a.jsonl", {"id"}),
              ElementsAre("x|<" + deep + ">"));
}

TEST(TextSource, RefusesALineOfJsonWithoutAKeptKey) {
  EXPECT_THAT(
      until_fault("{\"text\": \"x\", \"id\": null}\n{\"text\": \"y\"}\n", "a.jsonl",
                  input_of("a.jsonl", "text", {"id"})),
      ElementsAre("x", "a.jsonl:2: no 'id' for --keep, which every line must have; the object has: text"));
}

TEST(TextSource, RefusesWhatItCannotRead) {
  const TemporaryFolder folder;
  try {
    texts_from_file((folder / "none").string(), input_of("none"));
    FAIL() << "opened";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), EndsWith("none' does not exist (expected a file of texts, or '-')"));
  }
  try {
    texts_from_file(folder.path().string(), input_of("none"));
    FAIL() << "opened";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), EndsWith("' is a folder (expected a file of texts, or '-')"));
  }
}

TEST(TextSource, AnswersWhatIsThereWhenTheWriterPauses) {
  Pipe pipe(input_of("-"));
  pipe.write("one\ntwo\nthr");
  EXPECT_THAT(pipe.next(), ElementsAre("one", "two"));
  pipe.write("ee\nfour");
  EXPECT_THAT(pipe.next(), ElementsAre("three"));
  pipe.close();
  EXPECT_THAT(pipe.next(), ElementsAre("four"));
  EXPECT_THAT(pipe.next(), IsEmpty());
}

TEST(TextSource, AnswersEveryRowThatIsThereWhenTheWriterPauses) {
  Pipe pipe(input_of("a.csv"));
  pipe.write("\xef\xbb\xbfid,text\r\n1,one\r\n2,\"tw");
  EXPECT_THAT(pipe.next(), ElementsAre("one"));
  pipe.write("o\n\"\r");
  EXPECT_THAT(pipe.next(), ElementsAre("two\n"));
  pipe.write("\n3,three\n4,fo");
  EXPECT_THAT(pipe.next(), ElementsAre("three"));
  pipe.close();
  EXPECT_THAT(pipe.next(), ElementsAre("fo"));
  EXPECT_THAT(pipe.next(), IsEmpty());
}

TEST(TextSource, ReadsRowsAcrossItsBuffer) {
  const std::string long_cell(700000, 'a'), chunk(262144, 'b');
  EXPECT_THAT(lines_of("id,text\n1,\"" + long_cell + "\"\n2," + chunk + "\n\"\n\"\"\",c\n", "a.csv"),
              ElementsAre(long_cell, chunk, "c"));
  std::string rows = "text,id\n";
  std::vector<std::string> texts;
  for (int i = 0; i < 40000; ++i) {
    texts.push_back("\"" + std::to_string(i) + "\r\n,");
    rows += "\"\"" + texts.back() + "\"," + std::to_string(i) + "\n";
  }
  EXPECT_EQ(lines_of(rows, "a.csv"), texts);
}

TEST(TextSource, EndsABatchOfLongTextsEarly) {
  const TemporaryFolder folder;
  const std::string text(size_t{9} << 20, 'x');
  const auto source = texts_from_file(folder.write("a.txt", text + "\n" + text + "\n" + text + "\n").string(),
                                      input_of("a.txt"));
  TextBatch batch;
  ASSERT_TRUE(source->next_batch(batch, 100));
  EXPECT_EQ(batch.texts.size(), 2u);
  ASSERT_TRUE(source->next_batch(batch, 100));
  EXPECT_EQ(batch.texts.size(), 1u);
}

TextInput title_and_body(const std::string& name, std::vector<std::string> keep = {}) {
  TextInput input = input_of(name, "", std::move(keep));
  input.columns.text = {"title", "body"};
  return input;
}

std::vector<std::string> joined(const std::string& content, const std::string& name) {
  const TemporaryFolder folder;
  return all_of(*texts_from_file(folder.write(name, content).string(), title_and_body(name)));
}

TEST(TextSource, JoinsSeveralColumnsAsTrainingDoes) {
  EXPECT_THAT(joined("body,id,title\ny,1,x\n,2,x\ny,3,\n,4,\n", "a.csv"), ElementsAre("x y", "x", "y", ""));
  EXPECT_THAT(joined("{\"title\": \"x\", \"body\": \"y\"}\n{\"body\": \"\", \"title\": \"\"}\n", "a.jsonl"),
              ElementsAre("x y", ""));
  EXPECT_THAT(joined("as it is\n", "a.txt"), ElementsAre("as it is")) << "a line is the whole text";
}

TEST(TextSource, KeepsAColumnThatIsPartOfTheText) {
  const TemporaryFolder folder;
  for (const auto& [name, content] : {std::pair("a.csv", "title,body,n\nx,y,1\n"),
                                      std::pair("a.jsonl", R"({"title": "x", "body": "y", "n": "1"})")}) {
    const auto source =
        texts_from_file(folder.write(name, content).string(), title_and_body(name, {"body", "n"}));
    TextBatch batch;
    ASSERT_TRUE(source->next_batch(batch, 9)) << name;
    EXPECT_EQ(batch.texts[0], "x y");
    EXPECT_EQ(batch.kept[0][0].text, "y");
    EXPECT_EQ(batch.kept[0][1].text, "1");
  }
}

TEST(TextSource, NamesTheColumnOfTheTextThatIsNotThere) {
  EXPECT_THAT(until_fault("title\nx\n", "a.csv", title_and_body("a.csv")),
              ElementsAre(HasSubstr("a.csv:1: no column 'body' for data.columns.text of the model")));
  EXPECT_THAT(
      until_fault("{\"title\": \"x\", \"body\": \"y\"}\n{\"title\": \"x\"}\n", "a.jsonl",
                  title_and_body("a.jsonl")),
      ElementsAre("x y", HasSubstr("a.jsonl:2: no string under 'body' (data.columns.text of the model)")));
}

}  // namespace
}  // namespace bernoulli
