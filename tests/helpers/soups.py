"""HTML as it comes: tags in any order, half of them never closed."""

from __future__ import annotations

import random

_TAGS = (
        "p",     "div",     "span",     "b",     "strong",     "i",     "em",     "sup",
    "sub",     "br",     "hr",     "h1",     "h2",     "h3",     "h4",     "h5",     "h6",
    "ul",     "ol",     "li",     "dl",     "dt",     "dd",     "menu",     "table",     "thead",
    "tbody",     "tfoot",     "tr",     "th",     "td",     "caption",     "colgroup",     "col",
    "pre",     "code",     "blockquote",     "a",     "img",     "section",     "article",
    "details",     "summary",     "figure",     "figcaption",     "center",     "font",     "svg",
    "math",     "style",     "script",     "form",     "input",     "button",     "select",
    "option",     "textarea",     "iframe",     "object",     "label",     "nobr",     "marquee",
    "x-own",
)  # fmt: skip
_WORDS = (
    "Mia", "waits", "", " ", "  \n ", "3.5", "&amp;", "&lt;b&gt;", "\u00a0", "\u200b",
    "\u0645\u0631\u062d\u0628\u0627",
    "a<b", "]]>", "<!--x", "-->", "{{ 7*7 }}", "{% x %}", "very" * 30, "\u2013",
)  # fmt: skip
_ATTRIBUTES = (
    "", "", "", ' colspan="3"', ' rowspan="2"', ' colspan="999999999"', ' rowspan="0"',
    ' colspan="-1"', ' rowspan="x"', ' scope="row"', ' style="position:fixed"', ' class="x"',
    ' href="http://example.invalid/"', ' src="file:///etc/hostname"', ' id="a"', ' dir="rtl"',
    ' lang="xx-yy-zz"', ' onclick="x()"',
)  # fmt: skip


def make_soup(seed: int) -> str:
    """Returns HTML that nobody would write and every browser shows."""
    chance = random.Random(seed)
    favourites = chance.sample(_TAGS, chance.randint(2, 12))
    parts = []
    for _ in range(chance.randint(1, 60)):
        tag = chance.choice(favourites)
        kind = chance.random()
        if kind < 0.45:
            parts.append(f"<{tag}{chance.choice(_ATTRIBUTES)}>")
        elif kind < 0.65:
            parts.append(f"</{tag}>")
        else:
            parts.append(chance.choice(_WORDS))
    return "".join(parts)


def make_page(body: str) -> str:
    """Returns a record with one cell's own HTML in it."""
    return (
        '<html lang="en" dir="ltr" class="record size-clear"><head><meta charset="utf-8">'
        '<title>Record</title><link rel="stylesheet" href="print.css"></head><body><h1>Record</h1>'
        f'<h2>Clip</h2><div class="free">{body}</div></body></html>'
    )
