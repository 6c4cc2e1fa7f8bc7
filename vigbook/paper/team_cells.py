"""What a team's own cells show, made fit to stand in the record.

Text, tables and lists print as `vigbook.paper.clean_html` makes them. A picture may show anybody,
so it prints only where everybody in shot said yes to that, or where the cell's tag says that
nobody is in it. Everything else that a notebook can show on a screen prints as the plain text
that came with it, or not at all, and the record says so.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping

from vigbook.errors import PaperError, Problem, show_path
from vigbook.paper.page import Page, View
from vigbook.paper.renderer import PageRenderer, Tidied
from vigbook.workbook.build import NOTEBOOK, Output

NO_PEOPLE = "no-people"
"""The tag of a cell whose pictures show nobody, as a plot: it is the worker's word for it."""

_PICTURES = ("image/png", "image/jpeg")
# What shows a picture, or could, and never prints.
_SEEN_ONLY = re.compile(r"<(img|svg|canvas|video|object|embed|iframe|picture)\b", re.IGNORECASE)
_DRAWN_IN = re.compile(r"!\[[^\]]*\]\(")
_MOST_LETTERS = 500_000  # of one output
_MOST_PICTURE_BYTES = 30 * 2**20
_MOST_PICTURES = 100


def show_cell(
    page: Page, output: Output, heading_level: int, renderer: PageRenderer
) -> Iterator[View]:
    """Yields what one output of a team's own cell shows in the record.

    Args:
        page: the record.
        output: the output.
        heading_level: what the first heading in it may be.
        renderer: the process that makes it safe.

    Raises:
        PaperError: there is far too much of it, or its picture is broken, and where.
    """
    say = page.words.say
    data = {kind: text for kind in output.data if (text := _text_of(output.data[kind])) is not None}
    picture = next((kind for kind in _PICTURES if kind in data), None)
    plain = data.get("text/plain") or ""
    html, markdown = data.get("text/html"), False
    if html is None and picture is None and data.get("text/markdown", "").strip():
        html, markdown = data["text/markdown"], True
    if html is not None:
        _check_letters(page, output, html)
        if (_DRAWN_IN if markdown else _SEEN_ONLY).search(html):
            yield _leave_out(page, say("it is part of a table or text"))
        with _named(page, output):
            tidied = renderer.tidy_html(html, heading_level, markdown=markdown)
        if tidied:
            yield {"kind": "html", "id": "", "html": tidied}
    elif picture:
        yield _show_picture(page, output, data[picture], renderer)
    elif "image/svg+xml" in data and _says_little(plain):
        yield _leave_out(page, say("drawings are not printed; show it as PNG"))
    elif plain.strip():
        _check_letters(page, output, plain)
        yield {"kind": "text", "id": "", "text": plain}


def _text_of(value: object) -> str | None:
    """Returns what an output holds of one kind as text; None for what is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "".join(value)
    return None


def _says_little(plain: str) -> bool:
    """Whether a text is only the name of an object, as `<Figure size 640x480 with 1 Axes>`."""
    return not plain.strip() or re.fullmatch(r"<[^<>]*>", plain.strip()) is not None


def _check_letters(page: Page, output: Output, text: str) -> None:
    if len(text) > _MOST_LETTERS:
        found = f"shows {len(text)} letters, and a record takes up to {_MOST_LETTERS} of one cell"
        mend = "show less of it, as with df.head()"
        raise PaperError(dataclasses.replace(_place(page, output), found=found, mend=mend))


def _place(page: Page, output: Output) -> Problem:
    file = show_path(page.context.folder / NOTEBOOK)
    return Problem(file=file, field=f"cells[{output.cell}]", found="")


@contextlib.contextmanager
def _named(page: Page, output: Output) -> Iterator[None]:
    """Puts the cell's name before what is wrong with it."""
    try:
        yield
    except PaperError as err:
        place = _place(page, output)
        raise PaperError(
            dataclasses.replace(place, found=one.found, mend=one.mend) for one in err.problems
        ) from err


def _show_picture(page: Page, output: Output, text: str, renderer: PageRenderer) -> View:
    if NO_PEOPLE not in output.tags:
        decision = page.context.may_show_everybody(page.use)
        if not decision:
            reasons = "; ".join(decision.reasons)
            mend = f"give the cell the tag '{NO_PEOPLE}' if nobody can be seen, as in a plot"
            found = f"a picture left out of the record: {reasons}"
            place = _place(page, output)
            page.withheld.own.append(dataclasses.replace(place, found=found, mend=mend))
            return _leave_out(page, reasons)
        page.own_people = True
    if len(text) > _MOST_PICTURE_BYTES * 4 // 3 or len(page.own_pictures) >= _MOST_PICTURES:
        found = "shows a picture that is too large, or too many of them"
        mend = f"up to {_MOST_PICTURES}, each up to {_MOST_PICTURE_BYTES >> 20} MB"
        raise PaperError(dataclasses.replace(_place(page, output), found=found, mend=mend))
    try:
        content = base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    with _named(page, output):
        tidied = renderer.tidy_picture(content)
    return _place_picture(page, output, tidied)


def _place_picture(page: Page, output: Output, tidied: Tidied) -> View:
    # Named by what is in it: the page is another once the picture is.
    name = hashlib.sha256(tidied.content).hexdigest()[:16] + tidied.suffix
    page.own_pictures[name] = tidied.content
    return {
        "kind": "image",
        "id": "",
        "src": f"../cells/{name}",
        "alt": _alt(output) or page.words.say("A picture from the team's own notebook"),
        "width": tidied.width,
        "height": tidied.height,
    }


def _alt(output: Output) -> str | None:
    """Returns the words for who cannot see a picture: the output's own, or else the cell's."""
    places: list[object] = [output.metadata.get(kind) for kind in _PICTURES]
    for place in (*places, output.metadata, output.cell_metadata):
        alt = place.get("alt") if isinstance(place, Mapping) else None
        if isinstance(alt, str) and alt.strip():
            return " ".join(alt.split())[:1000]
    return None


def _leave_out(page: Page, reason: str) -> View:
    sentence = page.words.say("A picture was left out here: %(reason)s", reason=reason)
    return {"kind": "text", "id": "", "text": sentence, "left_out": sentence}
