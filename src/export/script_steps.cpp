#include "export/script_steps.h"

#include <fmt/format.h>

#include "text/masks.h"

namespace bernoulli {
namespace {

using Kind = StandardizeStep::Kind;

constexpr const char* kStripHtml = R"(
def strip_html(self, text: str) -> str:
    pieces = text.split("<")
    kept = [pieces[0]]
    for piece in pieces[1:]:
        end = piece.find(">")
        if end < 0:
            kept.append("<")
            kept.append(piece)
        else:
            kept.append(" ")
            kept.append(piece[end + 1:])
    return "".join(kept)
)";

// No two beginnings of a URL overlap, so that cutting at one after the other finds all. A URL may hold
// others, and so go on over several pieces.
constexpr const char* kMaskUrls = R"(
def mask_urls(self, text: str, token: str) -> str:
    if text.find("://") < 0 and text.find("www.") < 0:
        return text
    kept: List[str] = []
    before = ""
    inside = False
    secure = ""
    for part in text.split("https://"):
        plain = secure
        for smaller in part.split("http://"):
            begin = plain
            for piece in smaller.split("www."):
                last = before[-1:]
                if inside:
                    rest = piece.lstrip({url})
                elif len(begin) > 0 and (begin != "www." or len(last) == 0 or len(last.lstrip("{word}")) > 0):
                    kept.append(token)
                    inside = True
                    rest = piece.lstrip({url})
                else:
                    kept.append(begin)
                    rest = piece
                inside = inside and len(rest) == 0
                kept.append(rest)
                before = piece
                begin = "www."
            plain = "http://"
        secure = "https://"
    return "".join(kept)
)";

constexpr const char* kMaskEmails = R"(
def mask_emails(self, text: str, token: str) -> str:
    pieces = text.split("@")
    kept: List[str] = []
    before = pieces[0]
    for piece in pieces[1:]:
        rest = before.rstrip("{mailbox}")
        run = piece[:len(piece) - len(piece.lstrip("{host}"))]
        host = run.split("..")[0]
        if host.endswith("."):
            host = host[:len(host) - 1]
        if len(rest) < len(before) and host.find(".") > 0:
            kept.append(rest)
            kept.append(token)
            before = piece[len(host):]
        else:
            kept.append(before)
            kept.append("@")
            before = piece
    kept.append(before)
    return "".join(kept)
)";

constexpr const char* kMaskMentions = R"(
def mask_mentions(self, text: str, token: str) -> str:
    pieces = text.split("@")
    before = pieces[0]
    kept = [before]
    for piece in pieces[1:]:
        rest = piece.lstrip("{name}")
        last = before[-1:]
        if len(rest) < len(piece) and (len(last) == 0 or len(last.lstrip("{name}")) > 0):
            kept.append(token)
            kept.append(rest)
        else:
            kept.append("@")
            kept.append(piece)
        before = piece
    return "".join(kept)
)";

// All digits are masked, so that all may become the same one, runs of it one, and a number of several runs
// too.
constexpr const char* kMaskNumbers = R"(
def mask_numbers(self, text: str, token: str) -> str:
    for digit in ["1", "2", "3", "4", "5", "6", "7", "8", "9"]:
        text = text.replace(digit, "0")
    while text.find("00") >= 0:
        text = "0".join(text.split("00"))
    while text.find("0.0") >= 0 or text.find("0,0") >= 0:
        text = "0".join("0".join(text.split("0.0")).split("0,0"))
    return token.join(text.split("0"))
)";

}  // namespace

std::string step_method(Kind kind, const std::string& url_bytes) {
  switch (kind) {
    case Kind::kStripHtml:
      return kStripHtml;
    case Kind::kMaskUrls:
      return fmt::format(kMaskUrls, fmt::arg("url", url_bytes), fmt::arg("word", kLettersAndDigits));
    case Kind::kMaskEmails:
      return fmt::format(kMaskEmails, fmt::arg("mailbox", kMailboxBytes), fmt::arg("host", kHostBytes));
    case Kind::kMaskMentions:
      return fmt::format(kMaskMentions, fmt::arg("name", kNameBytes));
    case Kind::kMaskNumbers:
      return kMaskNumbers;
    default:
      return "";
  }
}

const char* step_method_name(Kind kind) {
  switch (kind) {
    case Kind::kStripHtml:
      return "strip_html";
    case Kind::kMaskUrls:
      return "mask_urls";
    case Kind::kMaskEmails:
      return "mask_emails";
    case Kind::kMaskMentions:
      return "mask_mentions";
    case Kind::kMaskNumbers:
      return "mask_numbers";
    default:
      return nullptr;
  }
}

std::string character_map_module(const CharacterMap& characters) { return characters.name() + "_map"; }

}  // namespace bernoulli
