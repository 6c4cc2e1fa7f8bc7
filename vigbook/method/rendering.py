"""Templates -> Jinja's environment, in which our fixed words are those of one language.

Workbooks, the server's pages and papers are all filled in from it; what papers' templates may call
besides, `vigbook.paper.page_templates` gives them.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from vigbook.method.language import Words

_MOST_OVERLAYS = 16


# An overlay compiles its templates anew, so it is kept, with the words that it speaks.
@functools.lru_cache(maxsize=_MOST_OVERLAYS)
def environment(templates: tuple[Path, ...], words: Words) -> jinja2.Environment:
    """Returns the templates' environment: everything escaped, fixed words in one language."""
    loaded = _environment(templates)
    overlay = loaded.overlay()
    overlay.globals = {
        **loaded.globals,
        "_": lambda english, **names: _say(words, english, names),
        "dir_of": direction_of,
    }
    return overlay


def direction_of(text: str | None, fallback: str = "ltr") -> str:
    """Returns `ltr` or `rtl`: which way the first letter of a text runs, as browsers decide."""
    for letter in text or "":
        kind = unicodedata.bidirectional(letter)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return fallback


def _say(words: Words, english: str, names: Mapping[str, Any]) -> Any:
    """Returns a fixed sentence for a page; names are escaped unless they are markup already."""
    sentence = words.say(english)
    if not names:
        return sentence
    return Markup(escape(sentence)) % names


@functools.lru_cache(maxsize=4)
def _environment(templates: tuple[Path, ...]) -> jinja2.Environment:
    places = [str(place) for place in templates]
    # `print/` as well, so that page templates name each other as they do their stylesheets.
    places += [str(place / "print") for place in templates]
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(places),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
