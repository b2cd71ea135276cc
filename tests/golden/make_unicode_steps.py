#!/usr/bin/env python3
"""Writes unicode_steps.json: what the steps on Unicode and the masks of docs/text.md make of texts, by Python's str, re and unicodedata
(Python 3.11, Unicode 14.0.0).

Bytes are hexadecimal. `code_points` holds, of each step on Unicode, every code point that it changes and what it becomes; `cases` lists of
steps with what becomes of each of `texts`. A byte that belongs to no valid UTF-8 is a lone surrogate while Python works on it (surrogateescape).
Run from this folder: python3.11 make_unicode_steps.py
"""

import json
import pathlib
import random
import re
import string
import unicodedata

assert unicodedata.unidata_version == "14.0.0"


def on_characters(change):
    return lambda text: "".join(map(change, text.decode("utf-8", "surrogateescape"))).encode("utf-8", "surrogateescape")


def lowercase(c):
    return "i" if c == "\u0130" else c.lower()  # of one character, str.lower() is the simple mapping but for this one


def without_punctuation(c):
    return "" if c in string.punctuation or unicodedata.category(c).startswith("P") else c


def space(c):
    return " " if c.isspace() and not "\x1c" <= c <= "\x1f" else c  # str.isspace is White_Space and these four


def by_regex(pattern):
    return lambda token: lambda text: re.sub(pattern, lambda _: token, text)


def mask_numbers(token):
    numbers = re.compile(r"\d+(?:[.,]\d+)*")  # \d of a str pattern is category Nd
    return lambda text: numbers.sub(lambda _: token.decode(), text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


UNICODE_STEPS = {"unicode_lowercase": lowercase, "strip_unicode_punctuation": without_punctuation, "unicode_whitespace": space}
MASKS = {
    "mask_urls": by_regex(rb'(?:https?://|(?<![A-Za-z0-9])www\.)[^\t-\r "<>\xe3-\xef]*'),
    "mask_emails": by_regex(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    "mask_mentions": by_regex(rb"(?<![A-Za-z0-9_])@[A-Za-z0-9_]+"),
    "mask_numbers": mask_numbers,
}

TEXTS = [
    "Stra\u00dfe, \u00c4RGER und \u00dcBERMUT \u2013 \u201eGro\u00df\u201c (1.234,50\u00a0\u20ac)!", "GRO\u1e9eE STRA\u1e9eE", "\u041f\u0440\u0438\u0432\u0435\u0442, \u041c\u0418\u0420! \u0401\u043b\u043a\u0430 \u2014 \u00ab\u0434\u0430\u00bb\u2026",
    "\u0130STANBUL ISPARTA \u0131\u011fd\u0131r \u011e\u00dcZEL \u00c7OK", "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u03a3 \u03a3\u03a3", "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3000\uff21\uff22\uff23\uff11\uff12\uff13\uff01\uff5e", "\u0634\u0643\u0631\u0627\u060c \u0663\u066b\u0661\u0664 \u0661\u066c\u0660\u0660\u0660 \u061f",
    "\u0928\u092e\u0938\u094d\u0924\u0947\u0964 \u0967\u0968.\u0969", "caf\u00e9 \U0001f600 \u20ac5 \u00b0C \u2122 \u00bfqu\u00e9? \u00a1no!", "\u212a\u212b\u2126 \u023a\u023e \u2c62\ua78d \U00010400\U0001e900 \u13a0\u10a0", "a\u00a0b\u0085c\u2003d\u2028e\u3000f\u200bg\ufeffh\u1680i\x1cj\x1fk\x0bl",
    "see http://a.b/c?d=e#f, (https://x.y) or www.z.de/K\u00f6ln.", "\u770b\u8fd9\u91cchttp://t.cn/a1\uff0c\u7136\u540e\u770bhttps://t.cn/b\u3002", '<a href="http://a.b">www.c</a>', "awww.nice www. www.a www.www.a \u00e9www.b _www.c 1www.d",
    "http://web.archive.org/http://foo.de/https://x hhttp://y HTTP://z http:/ /www.", "ttp://http:/http://", "x@y.de, first.last+tag@mail.example.org. a@b a@b..c @x.y a@.b.c a@b@c.d", "@user: hi @a_b1, x@y @@z @ @- \u8c22\u8c22@li\u5929 _@no",
    "3.14 1,000 1.000,50 1..2 .5 5. 1,2,3,,4 v2.0b 2020-01-31 00 10:30 -7 5%", "\u0663.\u0661\u0664 \uff11\uff0c\uff10 \uff11,\uff10 \u0967\u0968 1\u0662\uff13 \u00b2 \u2460 \u4e00\u5343", "007 0 0.0 0,0.0 000.000 0.0.", "", " ", "ASCII only: A-Z, a-z.",
]
BROKEN = [
    b"\xc3", b"\xc3A\x89", b"\xc3!\x89", b"\xe2\x80\xe2\x80\x94\x94", b"\xe2\x80 \x94 \xe2\x80", b"\xc3\xe2\x80\x94\x89Z", b"\xed\xa0\x80\xc3\x89", b"\xf4\x90\x80\x80\xd0\x90", b"\xc0\x80\xd0", b"\xd0\xd0\x90\x90", b"\xff\xfe\xc2\xa0\xa0",
    bytes(range(256)), b"\xe2\x84\xe2\x84\xaa\xaa", b"\xd9\xd9\xa3\xa31", b"1\xc2\x2e2\xa0", b"www.\xe2\xe3www.x\xff http://\x00\x01 z", b"\xc3\x89\xcc\x81@\xc3x@a\xffb@c.d\x80",
]
TOKEN_STEPS = [("mask_urls", " URL "), ("mask_emails", "EMAIL"), ("mask_mentions", "\u00abNAME\u00bb"), ("mask_numbers", "7 @x 1")]


def random_texts(seed, pieces, count):
    draw = random.Random(seed)
    return [b"".join(draw.choice(pieces) for _ in range(draw.randrange(40))) for _ in range(count)]


def inputs():
    changed = sorted({c for c in map(chr, range(0x80, 0x110000)) if not 0xD800 <= ord(c) <= 0xDFFF and any(f(c) != c for f in UNICODE_STEPS.values())})
    draw = random.Random(14)
    pieces = [draw.choice(changed).encode() for _ in range(150)] + [b"a", b"K", b" ", b"!", b"\xc3", b"\xe2\x80", b"\x89", b"\xd0", b"\n"] * 6
    marks = [b"http://", b"https://", b"www.", b"http", b"s://", b"@", b".", b",", b"0", b"19", b" ", b"a", b"Z_", b"-", b"..", b'"', b">", b"\xc3\xa9", b"\xe4\xbd\xa0", b"\xef\xbc\x8c", b"\xd9\xa3", b"\xd9", b"\xa3", b"\t", b"/", b"%"]
    return [t.encode() for t in TEXTS] + BROKEN + random_texts(1, pieces, 60) + random_texts(2, marks, 150) + random_texts(3, [bytes([b]) for b in range(256)], 40)


def case(steps, texts):
    """@param steps  names, or (mask, token)"""
    apply = [(MASKS[s[0]](s[1].encode()) if isinstance(s, tuple) else on_characters(UNICODE_STEPS[s])) for s in steps]
    for step in apply:
        texts = [step(text) for text in texts]
    return {"steps": [{"kind": s[0], "token": s[1]} if isinstance(s, tuple) else {"kind": s} for s in steps], "expected": [t.hex() for t in texts]}


def code_points(change):
    return {c.encode().hex(): change(c).encode().hex() for c in map(chr, range(0x110000)) if not 0xD800 <= ord(c) <= 0xDFFF and change(c) != c}


def main():
    digits = {c.encode().hex(): "23" for c in map(chr, range(0x110000)) if unicodedata.category(c) == "Nd"}
    lists = [[name] for name in UNICODE_STEPS] + [[step] for step in TOKEN_STEPS]
    lists.append(["unicode_whitespace", "unicode_lowercase", ("mask_urls", "URL"), ("mask_emails", "EMAIL"), ("mask_mentions", "USER"), ("mask_numbers", "NUMBER"), "strip_unicode_punctuation"])
    lists.append(["strip_unicode_punctuation", ("mask_numbers", "n"), "unicode_lowercase", "unicode_whitespace"])
    texts = inputs()
    golden = {"unicode": unicodedata.unidata_version, "texts": [t.hex() for t in texts], "code_points": {name: code_points(f) for name, f in UNICODE_STEPS.items()} | {"mask_numbers": digits}, "cases": [case(s, texts) for s in lists]}
    target = pathlib.Path(__file__).with_name("unicode_steps.json")
    target.write_text(json.dumps(golden, separators=(",", ":")).replace('"cases"', '\n"cases"').replace('{"steps"', '\n{"steps"') + "\n")


if __name__ == "__main__":
    main()
