#include "data/table.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using ::testing::ElementsAre;

/// Every row as "line: [cell][cell]", then the fault that ended them, if any. The content arrives in pieces
/// of `chunk` bytes, and what the reader is done with is taken away each time.
std::vector<std::string> rows_of(const std::string& content, size_t chunk, TableFormat format = {}) {
  RowReader reader("a.csv", format, "do that");
  std::vector<std::string> rows;
  std::string window;
  size_t arrived = 0;
  try {
    while (true) {
      switch (reader.next()) {
        case RowReader::Step::kRow:
          rows.push_back(std::to_string(reader.row().line) + ": ");
          for (const std::string_view cell : reader.row().cells) rows.back().append("[").append(cell) += "]";
          break;
        case RowReader::Step::kMore:
          // A string of its own each time: nothing may point into what was fed before.
          window = window.substr(reader.consumed()) + content.substr(arrived, chunk);
          arrived = std::min(arrived + chunk, content.size());
          reader.feed(window, arrived == content.size());
          break;
        case RowReader::Step::kEnd:
          return rows;
      }
    }
  } catch (const DataError& error) {
    rows.emplace_back(error.what());
  }
  return rows;
}

/// The same whole and in pieces of any size.
std::vector<std::string> rows_of(const std::string& content, TableFormat format = {}) {
  const std::vector<std::string> whole = rows_of(content, content.size() + 1, format);
  for (size_t chunk = 1; chunk <= content.size(); ++chunk)
    EXPECT_EQ(rows_of(content, chunk, format), whole) << "pieces of " << chunk << " bytes";
  return whole;
}

TEST(RowReader, GivesTheSameRowsHoweverTheyArrive) {
  EXPECT_THAT(rows_of("id,text\n1,\"a, \"\"b\"\"\r\nc\"\n2,\n"),
              ElementsAre("1: [id][text]", "2: [1][a, \"b\"\r\nc]", "4: [2][]"));
  EXPECT_THAT(rows_of("a;'b''';c", {';', '\''}), ElementsAre("1: [a][b'][c]"));
  EXPECT_THAT(rows_of("\"a\tb\"\n", {'\t', '\0'}), ElementsAre("1: [\"a][b\"]"));
  EXPECT_THAT(rows_of("\"\"\"\"\n\"\""), ElementsAre("1: [\"]", "2: []"));
}

TEST(RowReader, TakesEveryLineEnd) {
  for (const char* content : {"a,b\nc,d\n", "a,b\r\nc,d\r\n", "a,b\rc,d\r", "a,b\r\nc,d", "a,b\nc,d"})
    EXPECT_THAT(rows_of(content), ElementsAre("1: [a][b]", "2: [c][d]")) << content;
  EXPECT_THAT(rows_of("\n\r\n\r"), ElementsAre("1: []", "2: []", "3: []"));
  EXPECT_THAT(rows_of("a,"), ElementsAre("1: [a][]"));
  EXPECT_THAT(rows_of(""), ElementsAre());
}

TEST(RowReader, NamesTheLineOfAQuoteHoweverItArrives) {
  EXPECT_THAT(rows_of("a\n\"b\n\nc"),
              ElementsAre("1: [a]",
                          "a.csv:2: a quote opens in this row and never closes (or do that where "
                          "quotes are ordinary)"));
  EXPECT_THAT(rows_of("a\n\"b\nc\"d\n"),
              ElementsAre("1: [a]",
                          "a.csv:3: text after a closing quote (double a quote inside a quoted "
                          "field, or do that)"));
}

TEST(RowReader, GivesARowAsSoonAsItsLineEnds) {
  for (const char* end : {"\n", "\r", "\r\n"}) {
    RowReader reader("a.csv", {}, "");
    const std::string content = std::string("a,b") + end;
    reader.feed(content, false);
    EXPECT_EQ(reader.next(), RowReader::Step::kRow);
    EXPECT_THAT(reader.row().cells, ElementsAre("a", "b"));
    EXPECT_EQ(reader.next(), RowReader::Step::kMore);
    EXPECT_EQ(reader.consumed(), content.size());
    reader.feed("", true);
    EXPECT_EQ(reader.next(), RowReader::Step::kEnd);
  }
}

}  // namespace
}  // namespace bernoulli
