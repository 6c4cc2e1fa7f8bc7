"""Which characters can be printed: what no font has is an error, never a hole in the page."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

from fontTools.ttLib import TTFont

from vigbook.errors import Problem

# Written by no font: joiners, direction marks, variation selectors and the like.
_INVISIBLE = re.compile("[\u00ad\ufe00-\ufe0f\U000e0000-\U000e01ef]")
# Marks that stand on a letter, as a stress or a tone, or a vowel's sign: all of the left and right
# running scripts up to Tibetan.
_MARKS = "".join(
    chr(code) for code in range(0x300, 0x1000) if unicodedata.category(chr(code))[0] == "M"
)
_MARKED = re.compile(rf"\S[{_MARKS}]+")
# Words that a first font may have only half of, so that they are set in another, whole: with a mark
# that has melted into no letter, or an apostrophe among Cyrillic letters.
_WORD = re.compile("(?:[\\w'\u2019\u02bc\u0300-\u036f-]|&#39;)+")
_HALF = re.compile("[\u0300-\u036f]|[\u0400-\u052f](?:['\u2019\u02bc]|&#39;)")
_TAG = re.compile(r"(<(?:style|title)\b.*?</(?:style|title)>|<[^>]*>)", re.DOTALL)
# XML has no place for these, and a printed page shows nothing for them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def drop_controls(text: str) -> str:
    """Returns a text without the characters that no page can hold."""
    return _CONTROLS.sub("", text.replace("\u2028", "\n").replace("\u2029", "\n"))


def set_in_one_face(html: str) -> str:
    """Returns a page whose words each come from one font, with every mark in its place.

    A letter and its mark become one character where there is one. A font that has the letter and
    not the mark would leave the mark to another, which puts it beside the letter: such a word is
    named to the stylesheet as `class="one-face"`.
    """
    parts = _TAG.split(unicodedata.normalize("NFC", html))
    parts[::2] = [_WORD.sub(_whole, text) for text in parts[::2]]
    return "".join(parts)


def find_missing_glyphs(text: str, fonts: Path) -> list[str]:
    """Returns the characters of a text that none of the fonts in a folder can print.

    A letter with marks on it that no one font has together is one of them: drawn from two, the mark
    would stand beside the letter, or on a dotted circle.
    """
    known = _characters_of(fonts)
    every = frozenset[int]().union(*known)
    whole = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    missing = {one for one in set(whole) if ord(one) not in every and not _is_unprinted(one)}
    for marked in set(_MARKED.findall(whole)):
        if missing.isdisjoint(marked) and not any(
            font.issuperset(map(ord, marked)) for font in known
        ):
            missing.add(marked)
    return sorted(missing)


def glyph_problem(letter: str, where: str | None = None) -> Problem:
    """Returns the problem of a character without a font, and where it was typed."""
    codes = " with ".join(f"U+{ord(one):04X}, {unicodedata.name(one, 'no name')}" for one in letter)
    found = f"no font has the character '{letter}' ({codes})"
    mend = "write it in another way, or put a font that has it into templates/print/fonts"
    return Problem(field=where, found=found, mend=mend)


def _whole(word: re.Match[str]) -> str:
    return f'<span class="one-face">{word[0]}</span>' if _HALF.search(word[0]) else word[0]


@functools.lru_cache(maxsize=4)
def _characters_of(fonts: Path) -> tuple[frozenset[int], ...]:
    """Returns the characters of each font in a folder."""
    known = []
    for path in sorted(fonts.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            known.append(frozenset(font.getBestCmap()))
    return tuple(known)


def _is_unprinted(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") or letter.isspace()
