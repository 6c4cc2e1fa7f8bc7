"""Markdown of a workbook -> HTML for its live page, with nothing in it that runs or fetches."""

from __future__ import annotations

from typing import Any

import nh3
from voila.exporter import VoilaMarkdownRenderer

# Words, lists, tables and links. No pictures: those that may be shown are the page's own.
_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol",
    "p", "pre", "q", "s", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "u", "ul",
})  # fmt: skip
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"}, "a": {"href"}, "ol": {"start"},
    "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"},
}  # fmt: skip


class CleanMarkdownRenderer(VoilaMarkdownRenderer):  # type: ignore[misc]  # voila has no types
    """Voila's own, whose result is cleaned as a whole."""

    def __call__(self, tokens: Any, state: Any) -> str:
        """Returns the HTML of a Markdown cell."""
        return clean_html(super().__call__(tokens, state))

    def image(self, text: str, *_: Any, **__: Any) -> str:
        """Returns a picture's words: Voila would read the file, whatever it is, into the page."""
        return nh3.clean_text(text)


def clean_html(html: str) -> str:
    """Returns HTML with only words, lists, tables and links in it."""
    return nh3.clean(
        html, tags=set(_TAGS), attributes={name: set(own) for name, own in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer",
    )  # fmt: skip
