#!/usr/bin/env python3
"""Writes src/text/unicode_tables.cpp from this Python's unicodedata, which must be of Unicode 14.0.0 (Python 3.11).

The version is fixed: with another one, texts that were fine yesterday would get other ids, and trained models would be wrong.

    python3.11 scripts/make_unicode_tables.py
"""

import pathlib
import unicodedata

VERSION = "14.0.0"
TARGET = pathlib.Path(__file__).parent.parent / "src/text/unicode_tables.cpp"
ABOVE_ASCII = [c for c in range(0x80, 0x110000) if not 0xD800 <= c <= 0xDFFF]


def simple_lowercase(code_point):
    """UnicodeData.txt, field 13. str.lower() of one character is the full mapping, which differs for U+0130 alone: 'i' and U+0307."""
    lower = chr(code_point).lower()
    return ord("i") if code_point == 0x130 else ord(lower)


def is_white_space(code_point):
    """The property White_Space. str.isspace() takes U+001C to U+001F as well, which are below those asked for here."""
    return chr(code_point).isspace()


def case_ranges():
    """[first, last, stride, offset]: code points first, first + stride .. last become themselves plus offset."""
    ranges = []
    for c in ABOVE_ASCII:
        offset = simple_lowercase(c) - c
        if offset == 0:
            continue
        if ranges:
            first, last, stride, previous = ranges[-1]
            if previous == offset and c - last in (1, 2) and (first == last or c - last == stride):
                ranges[-1] = [first, c, c - last, offset]
                continue
        ranges.append([c, c, 1, offset])
    return ranges


def ranges_of(belongs):
    ranges = []
    for c in filter(belongs, ABOVE_ASCII):
        if ranges and ranges[-1][1] == c - 1:
            ranges[-1][1] = c
        else:
            ranges.append([c, c])
    return ranges


def text_of(numbers):
    return "{" + ", ".join([f"0x{n:X}" for n in numbers[:2]] + [str(n) for n in numbers[2:]]) + "}"


def table(type_name, name, ranges):
    lines = [f"constexpr {type_name} {name}[] = {{"]
    for entry in map(text_of, ranges):
        if len(lines) == 1 or len(lines[-1]) + len(entry) + 2 > 110:
            lines.append("   ")
        lines[-1] += f" {entry},"
    return "\n".join(lines + ["};"])


def main():
    assert unicodedata.unidata_version == VERSION, f"Unicode {unicodedata.unidata_version}; the tables are those of {VERSION}"
    category = lambda c: unicodedata.category(chr(c))
    TARGET.write_text(f"""// Written by scripts/make_unicode_tables.py of Unicode {VERSION}.
#include "text/unicode_tables.h"

namespace bernoulli {{
namespace {{

// clang-format off
{table("CaseRange", "kLowercase", case_ranges())}

{table("CodePointRange", "kPunctuationPoints", ranges_of(lambda c: category(c).startswith("P")))}

{table("CodePointRange", "kWhiteSpacePoints", ranges_of(is_white_space))}

{table("CodePointRange", "kDigitPoints", ranges_of(lambda c: category(c) == "Nd"))}
// clang-format on

}}  // namespace

std::span<const CaseRange> lowercase_ranges() {{ return kLowercase; }}
std::span<const CodePointRange> punctuation_ranges() {{ return kPunctuationPoints; }}
std::span<const CodePointRange> white_space_ranges() {{ return kWhiteSpacePoints; }}
std::span<const CodePointRange> digit_ranges() {{ return kDigitPoints; }}

}}  // namespace bernoulli
""")


if __name__ == "__main__":
    main()
