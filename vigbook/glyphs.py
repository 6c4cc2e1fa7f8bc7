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
# XML has no place for these, and a printed page shows nothing for them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def drop_controls(text: str) -> str:
    """Returns a text without the characters that no page can hold."""
    return _CONTROLS.sub("", text.replace("\u2028", "\n").replace("\u2029", "\n"))


def find_missing_glyphs(text: str, fonts: Path) -> list[str]:
    """Returns the characters of a text that none of the fonts in a folder can print."""
    known = _characters_of(fonts)
    letters = set(_INVISIBLE.sub("", text))
    return sorted(one for one in letters if ord(one) not in known and not _is_unprinted(one))


def glyph_problem(letter: str, where: str | None = None) -> Problem:
    """Returns the problem of a character without a font, and where it was typed."""
    name = unicodedata.name(letter, "no name")
    found = f"no font has the character '{letter}' (U+{ord(letter):04X}, {name})"
    mend = "write it in another way, or put a font that has it into templates/print/fonts"
    return Problem(field=where, found=found, mend=mend)


@functools.lru_cache(maxsize=4)
def _characters_of(fonts: Path) -> frozenset[int]:
    known: set[int] = set()
    for path in sorted(fonts.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            known |= set(font.getBestCmap())
    return frozenset(known)


def _is_unprinted(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") or letter.isspace()
