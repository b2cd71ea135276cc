#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "core/printable.h"
#include "report/html.h"
#include "report/run_page.h"
#include "report/sections.h"

namespace bernoulli::report {
namespace {

constexpr size_t kShownToken = 40;     ///< characters of a token
constexpr size_t kOpenLabels = 3;      ///< the tables of further labels are folded away
constexpr size_t kNamesLeftOut = 100;  ///< labels that are named as left out

/// Cut before anything is made of it: a token may have megabytes. A space at an end would not be seen.
std::string token_cell(const std::string& token) {
  std::string shown = printable(shortened(token, kShownToken), "");
  if (shown.starts_with(' ')) shown.replace(0, 1, "\\x20");
  if (shown.ends_with(' ')) shown.replace(shown.size() - 1, 1, "\\x20");
  return fmt::format("<code dir=\"auto\">{}</code>", escape_html(shown));
}

void add_cells(const std::vector<TokenScore>& tokens, size_t row, bool from_texts,
               std::vector<std::string>& cells) {
  const bool there = row < tokens.size();
  cells.push_back(there ? token_cell(tokens[row].token) : "");
  cells.push_back(there ? fmt::format("{:+.4g}", tokens[row].score) : "");
  if (from_texts) cells.push_back(there ? grouped(tokens[row].texts) : "");
}

/// The largest scores on the left, the smallest on the right.
std::string table_of_tokens(const LabelTokens& tokens, bool from_texts) {
  std::vector<std::string> head = {"largest", "score"};
  if (from_texts) head.emplace_back("texts");
  const size_t second = head.size();
  head.insert(head.end(), {"smallest", "score"});
  if (from_texts) head.emplace_back("texts");
  Table table(head, 1, {second});
  const size_t rows = std::max(tokens.largest.size(), tokens.smallest.size());
  for (size_t row = 0; row < rows; ++row) {
    std::vector<std::string> cells;
    add_cells(tokens.largest, row, from_texts, cells);
    add_cells(tokens.smallest, row, from_texts, cells);
    table.row(cells);
  }
  return table.html();
}

/// What a score is, and whose are shown.
std::string explained(const RunReport& run) {
  const DecidingTokens& tokens = *run.tokens;
  std::string text = fmt::format(
      "<p>A score is what <code>predict --explain</code> gives a text of this token alone: its logit{} less "
      "that of an empty text. {} N-grams are tokens, too. ",
      run.record.is_binary() ? "" : " of the label",
      tokens.divided ? "The model takes a mean: in a text a score counts each time that its token occurs, "
                       "divided by the number of tokens of the text; here it stands undivided."
                     : "In a text a score counts each time that its token occurs.");
  text += tokens.from_texts
              ? fmt::format(
                    "Shown are the largest and the smallest scores of those tokens that at least {} of "
                    "the {} texts have; <i>texts</i> is how many do.",
                    DecidingTokens::kLeastTexts, run.answers ? run.answers->name : "held-out")
              : std::string(
                    "Shown are the largest and the smallest scores of the vocabulary: no texts were read.");
  if (tokens.hashed) text += " Tokens that share a hash bucket share its score.";
  if (tokens.left_out > 0)
    text += fmt::format(" {} {} were left out, to save time: those that the fewest texts have.",
                        grouped(tokens.left_out), tokens.hashed ? "buckets" : "tokens");
  return text + "</p>\n";
}

/// Binary: of the positive label.
std::string name_of_output(const RunRecord& record, size_t output) {
  return record.label_names().at(record.is_binary() ? 1 : output);
}

std::string names_left_out(const std::vector<std::string>& names, size_t shown) {
  if (names.size() <= shown) return "";
  std::string list;
  const size_t end = std::min(names.size(), shown + kNamesLeftOut);
  for (size_t i = shown; i < end; ++i)
    list += (i == shown ? "" : ", ") + escape_html(shortened(names[i], kShownLabel));
  if (end < names.size())
    list += fmt::format(" and {} more", grouped(static_cast<int64_t>(names.size() - end)));
  return details(
      fmt::format("Left out: the other {} labels", grouped(static_cast<int64_t>(names.size() - shown))),
      "<p>" + list + "</p>");
}

}  // namespace

Json tokens_json(const RunReport& run) {
  Json json = Json::object();
  const DecidingTokens& tokens = *run.tokens;
  for (size_t label = 0; label < tokens.labels.size(); ++label) {
    Json& list = json[name_of_output(run.record, label)] = Json::array();
    const auto add = [&](const TokenScore& token) {
      list.push_back({{"token", token.token},
                      {"score", token.score},
                      {"texts", tokens.from_texts ? Json(token.texts) : Json(nullptr)}});
    };
    std::ranges::for_each(tokens.labels[label].largest, add);
    std::ranges::for_each(tokens.labels[label].smallest | std::views::reverse, add);
  }
  return json;
}

std::string tokens_section(const RunReport& run) {
  if (!run.tokens) return "";
  const DecidingTokens& tokens = *run.tokens;
  std::string text = "<h2>Tokens that decide</h2>\n" + explained(run);
  for (size_t label = 0; label < tokens.labels.size(); ++label) {
    const LabelTokens& of_label = tokens.labels[label];
    const std::string name = escape_html(shortened(name_of_output(run.record, label), kShownLabel));
    const bool none = of_label.largest.empty() && of_label.smallest.empty();
    const std::string table = none ? "<p>None.</p>\n" : table_of_tokens(of_label, tokens.from_texts);
    text += run.record.is_binary() ? fmt::format("<h3>{}</h3>\n", name) + table
                                   : details(name, table, label < kOpenLabels);
  }
  return text +
         (run.record.is_binary() ? "" : names_left_out(run.record.label_names(), tokens.labels.size()));
}

}  // namespace bernoulli::report
