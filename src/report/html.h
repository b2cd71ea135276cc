#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bernoulli::report {

/// Any bytes as the text of an element or of a quoted attribute: & < > " ' as entities; control characters
/// but line ends and tabs, and bytes that are not UTF-8, as \xHH.
std::string escape_html(std::string_view text);

/// The first `max_characters` characters, then "…" where there are more. A byte that is not UTF-8 counts as
/// one character. Reads no further than it has to.
std::string shortened(std::string_view text, size_t max_characters);

/// The same with the "…" in the middle: names of one kind often differ at their ends.
std::string shortened_inside(std::string_view text, size_t max_characters);

/// How many characters escape_html shows.
size_t shown_characters(std::string_view text);

/// A table that scrolls sideways where it is too wide. Heads and cells are HTML.
class Table {
 public:
  /// @param head  empty: the rows alone.  @param num_left  the first columns, which hold words; those of
  /// `also_left` do, too, and the others hold numbers and stand to the right. The first column stands to the
  /// left in any case; where it is not among them, its cells are not broken into lines.
  explicit Table(const std::vector<std::string>& head, size_t num_left = 1,
                 std::vector<size_t> also_left = {});
  void row(const std::vector<std::string>& cells);
  bool empty() const { return empty_; }
  std::string html() const { return html_ + "</table></div>\n"; }

 private:
  void cells(const std::vector<std::string>& cells, const char* tag);

  size_t num_left_;
  std::vector<size_t> also_left_;
  bool empty_ = true;
  std::string html_ = "<div class=\"scroll\"><table>";
};

/// `body` folded away under `summary`, both HTML.
std::string details(const std::string& summary, const std::string& body, bool open = false);

/// A whole document that needs neither script nor network, light or dark as the reader's system is. Its style
/// has the classes of plots (plot.h), and: plots (a grid of them), soft, note (a framed sentence), l (a cell
/// of words), number.
/// @param title, kicker  plain text; the kicker stands small above the title. @param body  HTML
std::string page(std::string_view title, std::string_view kicker, const std::string& body);

}  // namespace bernoulli::report
