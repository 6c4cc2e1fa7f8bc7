"""What a terminal would obey, or nobody sees, is spelt out; every script stays readable."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from vigbook.system.visible import show_signs, show_signs_in_json

HIDES = {
    "\x1b[2Jgone": r"\x1b[2Jgone", "\x9b31m": r"\x9b31m", "a\rb": r"a\rb", "a\x08b": r"a\x08b",
    "\x07": r"\x07", "a\u202eb": r"a\u202eb", "\u2066x\u2069": r"\u2066x\u2069",
    "\u200e\u200f\u061c": r"\u200e\u200f\u061c", "a\u200bb\ufeff": r"a\u200bb\ufeff",
    "a\u200db": r"a\u200db", "\U000e0041": r"\U000e0041", "a\u2028b": r"a\u2028b",
    "a\u3164b": r"a\u3164b", "a\u034fb": r"a\u034fb", "\ud800": r"\ud800", "a\nb": r"a\nb",
    "\u2800": r"\u2800", "\u00ad": r"\xad", "\x7f": r"\x7f",
}  # fmt: skip
READS = (
    "أحبّ أن نلعب معًا", "আমি খুশি", "র\u200d্যাব", "می\u200cخواهم", "👩\u200d❤️\u200d👨", "👍🏽",
    "👨\u200d👩\u200d👧\u200d👦", "Ich frage, ob’s geht: ¿qué?", "Мія чекає", "क्\u200dष",
    "\u0600123", "Sioned ŵ", "日本語、",
)  # fmt: skip


@pytest.mark.parametrize("text", HIDES)
def test_what_steers_or_hides_is_spelt_out(text: str) -> None:
    assert show_signs(text) == HIDES[text]


@pytest.mark.parametrize("text", READS)
def test_every_script_stays_as_it_is(text: str) -> None:
    assert show_signs(text) == text


def test_no_sign_of_unicode_that_is_not_seen_gets_through() -> None:
    """Every one of them, by itself and between letters: only joiners of scripts that have them."""
    for number in range(sys.maxunicode + 1):
        sign = chr(number)
        if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp"):
            assert sign not in show_signs(f"ب{sign}ب")
        if unicodedata.bidirectional(sign) in BIDI or 0xE0000 <= number < 0xE1000:
            assert sign not in show_signs(f"ب{sign}ب")


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize("text", [*HIDES, *READS])
def test_json_says_the_same_and_hides_nothing(text: str) -> None:
    shown = show_signs_in_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(shown) == [text]
    assert shown.strip() == show_signs(shown.strip())
