#!/usr/bin/env python3
"""Remakes text.json with Python's unicodedata: python3 make_text.py > text.json

Texts, and what Python makes of them by lower, casefold, normal form C and joined spaces; "folded" holds every
character whose case folding is another text.
"""
import json
import sys
import unicodedata


def narrowed(text):
    return "".join(chr(ord(c) - 0xFF01 + ord("!")) if 0xFF01 <= ord(c) <= 0xFF5E else
                   " " if c == "\u3000" else c for c in text)


def lowered(text):
    # Each character by itself: Python's own lower() looks at a sigma's neighbours.
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def main():
    texts = ["", " ", "\u3000\t\u00a0", "Basic", "  BASIC\tplan \n", "Ｂａｓｉｃ　Ｐｌａｎ！～", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ",
             "Привет  МИР", "Ünï\u0301 A\u030a", "客户　套餐", "e\u0301", "é", "Ǆ ﬁ ŉ", "\u2003x\u2028\u205fy\u1680", "한국어",
             "\u1112\u1161\u11ab", "İstanbul"[1:], "a\u200bb", "𐐀𐐁", "①②", "ｶﾀｶﾅ"]
    characters = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
    print(json.dumps({
        "made_with": f"Python's unicodedata {unicodedata.unidata_version}",
        "texts": texts,
        "narrowed": [narrowed(t) for t in texts],
        "lowered": [lowered(t) for t in texts],
        "case_folded": [t.casefold() for t in texts],
        "composed": [unicodedata.normalize("NFC", t) for t in texts],
        "trimmed": [t.strip() for t in texts],
        "joined": [" ".join(narrowed(t).split()) for t in texts],
        "folded": {c: c.casefold() for c in characters if c.casefold() != c},
    }))


if __name__ == "__main__":
    main()
