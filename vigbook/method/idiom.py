"""Dates and lists as people of a language write them, where the tables of babel leave that open."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list

# Stands for the last of two or more names while it is found out which "and" goes before it.
_HOLD = "\ue000"


def write_date(day: datetime.date, locale: Locale) -> str:
    """Returns a day as a sentence holds it: '14 March 2026'."""
    text = str(format_date(day, format="long", locale=locale))
    if locale.language == "fr" and day.day == 1:
        return text.replace("1", "1er", 1)
    if locale.language == "uk":
        # An abbreviation's full stop would meet that of the sentence.
        return re.sub(r"\s+р\.$", "\u00a0року", text)
    return text


def join_names(names: Iterable[str], locale: Locale) -> str:
    """Returns names as people list them: 'Mia, Sam and Pat'.

    'And' follows the sound of the name after it: Spanish 'y' and 'e', Welsh 'a' and 'ac', Ukrainian
    'і' and 'та'. Sounds are guessed from the spelling.
    """
    every = [*names]
    if len(every) < 2:
        return str(format_list(every, locale=locale))
    joined = str(format_list([*every[:-1], _HOLD], locale=locale))
    before, _, after = joined.partition(_HOLD)
    last = every[-1]
    if locale.language == "cy":
        # babel has 'a(c)' for both.
        before = before.replace("a(c) ", "ac " if _starts(last, "[aeiouâêîôû]|y[^aeiou]") else "a ")
    elif locale.language == "es" and _starts(last, "h?i(?![aeo])|y[^aeiou]"):
        before = re.sub(r"\by $", "e ", before)
    elif locale.language == "uk" and _starts(last, "[іїйєюя]"):
        before = re.sub(r"\bі $", "та ", before)
    return before + last + after


def _starts(name: str, pattern: str) -> bool:
    return re.match(pattern, name.strip(), re.IGNORECASE) is not None
