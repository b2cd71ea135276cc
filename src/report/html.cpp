#include "report/html.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/utf8.h"

namespace bernoulli::report {
namespace {

/// Colours s1 to s6 keep 4.5:1 against their background, and lines differ in their dashes too.
constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ink:#1c2128;--soft:#59636e;--paper:#fff;--card:#f5f7f9;--rule:#d5dae0;--grid:#e4e8ec;
--s1:#0b63c4;--s2:#c2410c;--s3:#15803d;--s4:#7c3aed;--s5:#8a6100;--s6:#be185d}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa5b1;--paper:#0e1217;--card:#171d24;--rule:#323b46;--grid:#262e37;
--s1:#6cb1ff;--s2:#ff9a5c;--s3:#62d08b;--s4:#b79cff;--s5:#e0b84c;--s6:#f58ac0}}
*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1.2rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.5rem;margin:.2rem 0;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2rem 0 .4rem;
border-top:1px solid var(--rule);padding-top:1rem}h3{font-size:1rem;margin:1.4rem 0 .2rem}p{max-width:62rem}
.note{font-size:1.1rem;background:var(--card);border-left:4px solid var(--s1);padding:.8rem 1rem;margin:1rem 0;max-width:none}
.warning{border-left-color:var(--s2)}.soft{color:var(--soft)}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:.8rem;margin:.8rem 0}
svg{width:100%;max-width:36rem;height:auto;background:var(--card);border-radius:6px}.title{font-size:13px;font-weight:600;fill:var(--ink)}
.tick{font-size:11px;fill:var(--soft)}.key{font-size:11px;fill:var(--ink)}.axis{fill:none;stroke:var(--soft);stroke-width:1}
.grid{fill:none;stroke:var(--grid);stroke-width:1}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.mark{fill:none;stroke:var(--ink);stroke-width:1;stroke-dasharray:3 3}.ref{fill:none;stroke:var(--soft);stroke-width:1;stroke-dasharray:1 3}
.s1{stroke:var(--s1)}.s2{stroke:var(--s2);stroke-dasharray:6 3}.s3{stroke:var(--s3);stroke-dasharray:2 3}
.s4{stroke:var(--s4);stroke-dasharray:9 3 2 3}.s5{stroke:var(--s5);stroke-dasharray:4 2}.s6{stroke:var(--s6);stroke-dasharray:12 4}
.dot,.bar{stroke:none}.s1.dot,.s1.bar{fill:var(--s1)}.s2.dot,.s2.bar{fill:var(--s2)}.s3.dot,.s3.bar{fill:var(--s3)}
.s4.dot,.s4.bar{fill:var(--s4)}.s5.dot,.s5.bar{fill:var(--s5)}.s6.dot,.s6.bar{fill:var(--s6)}
.legend span{white-space:nowrap;margin-right:1.2rem}.legend svg{width:2.2rem;height:.7rem;background:none;vertical-align:middle}
.tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:1rem 0}.tiles div{background:var(--card);border-radius:6px;padding:.5rem 1rem;min-width:7rem}
.tiles b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}.tiles span{color:var(--soft);font-size:.86rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;margin:.5rem 0}
th,td{padding:.25rem .9rem .25rem 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:600}th:first-child,td:first-child,.l{text-align:left}summary{cursor:pointer;margin:.6rem 0}
th,td.l{white-space:normal}td.l{overflow-wrap:break-word;max-width:44rem}.number{white-space:nowrap}code{font-size:.92em;overflow-wrap:anywhere}td code{overflow-wrap:inherit}
.text{min-width:16rem;white-space:pre-wrap;overflow-wrap:anywhere}
pre{background:var(--card);border-radius:6px;padding:.8rem;overflow-x:auto;font-size:.82rem;line-height:1.4}
)";

/// Bytes of the character that `text` starts with; 1 for a byte that starts none.
size_t character_length(std::string_view text) { return std::max<size_t>(1, utf8_sequence_length(text)); }

/// Control characters but line ends and tabs (of one byte, or U+0080 to U+009F), those that reorder what is
/// read (U+202A to U+202E, U+2066 to U+2069), and what is not UTF-8.
bool is_unprintable(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 2) return lead == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
  if (character.size() == 3)
    return (character >= "\u202a" && character <= "\u202e") ||
           (character >= "\u2066" && character <= "\u2069");
  if (character.size() == 4) return false;
  return lead >= 0x7F || (lead < 0x20 && lead != '\n' && lead != '\t');
}

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return "";
  }
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view character = text.substr(0, character_length(text));
    text.remove_prefix(character.size());
    if (is_unprintable(character)) {
      for (const char byte : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      continue;
    }
    const std::string_view entity = character.size() == 1 ? entity_of(character[0]) : "";
    out += entity.empty() ? character : entity;
  }
  return out;
}

std::string shortened(std::string_view text, size_t max_characters) {
  size_t end = 0;
  for (size_t i = 0; i < max_characters && end < text.size(); ++i) end += character_length(text.substr(end));
  return std::string(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

std::string shortened_inside(std::string_view text, size_t max_characters) {
  std::vector<size_t> begins;
  for (size_t at = 0; at < text.size(); at += character_length(text.substr(at))) begins.push_back(at);
  if (begins.size() <= max_characters) return std::string(text);
  const size_t head = max_characters / 2, tail = max_characters - 1 - head;
  return std::string(text.substr(0, begins[head])) + "…" +
         std::string(text.substr(begins[begins.size() - tail]));
}

size_t shown_characters(std::string_view text) {
  size_t count = 0;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, character_length(text));
    text.remove_prefix(character.size());
    count += is_unprintable(character) ? 4 * character.size() : 1;
  }
  return count;
}

Table::Table(const std::vector<std::string>& head, size_t num_left, std::vector<size_t> also_left)
    : num_left_(num_left), also_left_(std::move(also_left)) {
  if (!head.empty()) cells(head, "th");
}

void Table::row(const std::vector<std::string>& row) {
  empty_ = false;
  cells(row, "td");
}

void Table::cells(const std::vector<std::string>& cells, const char* tag) {
  html_ += "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool left = i < num_left_ || std::ranges::find(also_left_, i) != also_left_.end();
    html_ += fmt::format("<{0}{1}>{2}</{0}>", tag, left ? " class=\"l\"" : "", cells[i]);
  }
  html_ += "</tr>\n";
}

std::string details(const std::string& summary, const std::string& body, bool open) {
  return fmt::format("<details{}><summary>{}</summary>{}</details>\n", open ? " open" : "", summary, body);
}

std::string page(std::string_view title, std::string_view kicker, const std::string& body) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>{1}</style></head><body>\n"
      "<p class=\"soft\">{2}</p><h1>{0}</h1>\n{3}</body></html>\n",
      escape_html(title), kStyle, escape_html(kicker), body);
}

}  // namespace bernoulli::report
