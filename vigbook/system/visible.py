r"""Text as it may be shown on a terminal: what would steer the terminal, or hides, is spelt out.

Names of files, what people typed and what other tools say may hold signs that a terminal obeys
(ESC and its kin), that turn the direction of what follows, or that nobody sees. A name could so
rewrite the line above it, and code that is shown to be agreed to could be other code. They are
shown as Python would write them: `\x1b`, `\u202e`.

Chosen by Unicode's categories, so that it holds for what is yet to come: controls (Cc), format
signs (Cf), ends of lines and paragraphs (Zl, Zp) and halves of pairs (Cs) are spelt out, and the
few signs of other categories that are defined to be invisible. Letters, marks and signs of every
script are none of these. Two exceptions among the format signs: those that are drawn, as the Arabic
sign before a number, and the two joiners between letters and marks of scripts that need them
(Arabic, Bengali) or between pictures (a family is several people joined).
"""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_JOINERS = "\u200c\u200d"
_JOINED = ("Lo", "Mn", "Mc", "So", "Sk")
_SPELT_OUT = ("Cc", "Cf", "Cs", "Zl", "Zp")
_PLAIN = re.compile(r"[ -~]*")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def show_signs(text: str, kept: str = "") -> str:
    """Returns a text with what steers a terminal or is not seen spelt out.

    Args:
        text: one line; an end of line in it is spelt out too.
        kept: signs that stay as they are.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(
        sign if sign in kept or _may_be_seen(text, place) else _spell(sign)
        for place, sign in enumerate(text)
    )


def show_signs_in_json(text: str) -> str:
    """Returns JSON that says the same, with what is not to be shown as it is spelt out in it."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(
        sign if sign == "\n" or _may_be_seen(text, place) else _spell_in_json(sign)
        for place, sign in enumerate(text)
    )


def _may_be_seen(text: str, place: int) -> bool:
    sign = text[place]
    if sign in _HIDDEN or "\U000e0000" <= sign <= "\U000e0fff":
        return False
    if unicodedata.category(sign) not in _SPELT_OUT or sign in _DRAWN:
        return True
    beside = (text[place - 1 : place], text[place + 1 : place + 2])
    return sign in _JOINERS and all(
        one and unicodedata.category(one) in _JOINED and one not in _HIDDEN for one in beside
    )


def _spell(sign: str) -> str:
    number = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _spell_in_json(sign: str) -> str:
    pairs = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))
