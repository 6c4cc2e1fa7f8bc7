"""A team's own HTML and Markdown -> what prints: words, lists and tables that pass every check.

Whatever went in, what comes out is paragraphs, headings, lists and tables of equal rows, of words
only: nothing to click, nothing that fetches, nothing nested that a screen reader would stumble on.
It runs in `vigbook.paper.renderer`, since some HTML takes for ever to read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

import mistune
import nh3

from vigbook.errors import PaperError, Problem

# Blocks that are no headings, lists or tables of ours: their words are paragraphs.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "caption", "center", "details", "div", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "legend", "main", "nav",
    "p", "pre", "section", "summary",
})  # fmt: skip
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_ROWS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "th", "td"})
_LISTS = frozenset({"ul", "ol", "menu", "dir", "dl", "li", "dt", "dd"})
_INLINE = {"b": "strong", "strong": "strong", "sup": "sup", "sub": "sub"}
_KNOWN = {*_BLOCKS, *_HEADINGS, *_ROWS, *_LISTS, *_INLINE, "br"}
_SILENT = {
    "script", "style", "svg", "math", "template", "noscript", "noembed", "noframes", "iframe",
    "object", "title", "head", "select", "textarea", "audio", "video", "canvas",
}  # fmt: skip
_LOWEST_HEADING = 4  # the page's own go no further
_MOST_COLUMNS = 8  # beside the row's own header; more stand in further tables below
_MOST_SPAN = 1000
_LONG = 150  # letters of a cell
_MOST_CELLS = 50_000
_DEEPEST_LIST = 3
_BREAK = "<br>"


def tidy_html(html: str, top: int) -> str:
    """Returns HTML with only words, headings, lists and tables in it, each as the standards want.

    Args:
        html: a team's own.
        top: the level of its first heading; others follow it without a gap.

    Raises:
        PaperError: one of its tables is larger than any page.
    """
    clean = nh3.clean(
        html,
        tags=_KNOWN,
        clean_content_tags=_SILENT,
        attributes={"th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}},
        link_rel=None,
    )
    reader = _Reader(top)
    reader.feed(clean)
    reader.close()
    return "\n".join(reader.finish())


def tidy_markdown(text: str, top: int) -> str:
    """Returns Markdown as `tidy_html` would have it. HTML in it is text; a line's end stays one.

    Raises:
        PaperError: as `tidy_html`.
    """
    read = mistune.create_markdown(escape=True, hard_wrap=True, plugins=["table"])
    return tidy_html(str(read(text)), top)


@dataclasses.dataclass(slots=True)
class _Cell:
    """A cell of a table, as it was written."""

    heads: bool
    across: int = 1
    down: int = 1
    html: str = ""


@dataclasses.dataclass(slots=True)
class _Table:
    """A table as it was written: its rows, each with whether it stands in the head."""

    rows: list[tuple[bool, list[_Cell]]] = dataclasses.field(default_factory=list)
    in_head: bool = False


class _Reader(HTMLParser):
    """Reads clean HTML into blocks, one after the other."""

    def __init__(self, top: int) -> None:
        super().__init__(convert_charrefs=True)
        self._top, self._level = top, top - 1
        self._blocks: list[str] = []
        self._text: list[str] = []
        self._open: list[str] = []  # inline tags
        self._kind = "p"
        self._pre = 0
        self._lists: list[str] = []
        self._items: list[tuple[int, str, str]] = []
        self._table: _Table | None = None
        self._inside = 0  # tables in the cells of the one that is read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._text.append(_BREAK)
        elif tag in _INLINE:
            self._open.append(_INLINE[tag])
            self._text.append(f"<{_INLINE[tag]}>")
        elif self._table is not None:
            self._start_in_table(tag, dict(attrs))
        else:
            self._flush()
            self._start_block(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _INLINE:
            if _INLINE[tag] in self._open:
                while self._open:
                    closed = self._open.pop()
                    self._text.append(f"</{closed}>")
                    if closed == _INLINE[tag]:
                        break
        elif self._table is not None:
            self._end_in_table(tag)
        elif tag != "br":
            self._flush()
            self._end_block(tag)

    def handle_data(self, data: str) -> None:
        if self._pre and self._table is None:
            lines = data.replace("\t", "    ").replace("  ", "\u00a0\u00a0").split("\n")
            text = _BREAK.join(escape(line, quote=False) for line in lines)
            self._text.append(text)
        else:
            self._text.append(escape(re.sub(r"\s+", " ", data), quote=False))

    def finish(self) -> list[str]:
        if self._table is not None:
            self._end_table()
        self._flush()
        self._end_lists()
        return self._blocks

    # --- Paragraphs, headings and lists -----------------------------------------------------

    def _start_block(self, tag: str) -> None:
        if tag == "table":
            self._end_lists()
            self._table, self._inside = _Table(), 0
        elif tag in _HEADINGS:
            self._end_lists()
            self._kind = tag
        elif tag in ("ul", "ol", "menu", "dir", "dl"):
            self._lists.append("ol" if tag == "ol" else "ul")
        elif tag in ("li", "dt"):
            if not self._lists:
                self._lists.append("ul")
            self._kind = "li"
        elif tag == "dd":
            self._kind = "more" if self._lists else "p"
        elif tag == "pre":
            self._pre += 1

    def _end_block(self, tag: str) -> None:
        if tag in ("ul", "ol", "menu", "dir", "dl"):
            if self._lists:
                self._lists.pop()
            if not self._lists:
                self._end_lists()
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        self._kind = "more" if self._lists else "p"

    def _flush(self) -> None:
        """Ends the block of words that is being read."""
        text = self._take()
        kind, self._kind = self._kind, "more" if self._lists else "p"
        if not text:
            # An item whose words come in a block of its own is still to come.
            self._kind = kind if kind == "li" and self._lists else self._kind
            return
        if self._lists:
            depth = min(len(self._lists), _DEEPEST_LIST)
            if kind == "more" and self._items and self._items[-1][0] == depth:
                _, name, before = self._items.pop()
                self._items.append((depth, name, f"{before}{_BREAK}{text}"))
            else:
                self._items.append((depth, self._lists[depth - 1], text))
        elif kind in _HEADINGS:
            level = min(self._top + int(kind[1]) - 1, self._level + 1, _LOWEST_HEADING)
            self._level = max(level, self._top)
            self._blocks.append(f"<h{self._level}>{text}</h{self._level}>")
        else:
            self._blocks.append(f"<p>{text}</p>")

    def _take(self) -> str:
        """Returns the words that were read, with every tag in them closed."""
        parts = [*self._text, *(f"</{one}>" for one in reversed(self._open))]
        self._text = [f"<{one}>" for one in self._open]
        text = "".join(parts)
        while (shorter := re.sub(r"<(strong|sup|sub)>\s*</\1>", "", text)) != text:
            text = shorter
        text = re.sub(rf"^(\s|{_BREAK})+|(\s|{_BREAK})+$", "", text)
        return text if re.sub(r"<[^>]*>|[\s\u200b\u00ad]", "", text) else ""

    def _end_lists(self) -> None:
        """Writes the lists that were read, one inside the item before it."""
        if self._items:
            self._blocks.append(_nest(self._items))
        self._items, self._lists = [], []

    # --- Tables -----------------------------------------------------------------------------

    def _start_in_table(self, tag: str, attrs: dict[str, str | None]) -> None:
        table = self._table
        assert table is not None
        if tag == "table":
            self._inside += 1
            self._text.append(_BREAK)
        elif self._inside or tag not in _ROWS:
            # Blocks, lists and tables in a cell are words of it, each on a line of its own.
            self._text.append(" " if tag in ("td", "th") else _BREAK)
        elif tag in ("thead", "tbody", "tfoot"):
            table.in_head = tag == "thead"
        elif tag == "tr":
            self._end_cell()
            table.rows.append((table.in_head, []))
        else:
            self._end_cell()
            if not table.rows:
                table.rows.append((table.in_head, []))
            cell = _Cell(tag == "th", _span(attrs.get("colspan")), _span(attrs.get("rowspan")))
            table.rows[-1][1].append(cell)

    def _end_in_table(self, tag: str) -> None:
        assert self._table is not None
        if tag == "table":
            if self._inside:
                self._inside -= 1
            else:
                self._end_table()
        elif self._inside or tag not in _ROWS:
            self._text.append(" " if tag in ("td", "th") else _BREAK)
        elif tag in ("td", "th"):
            self._end_cell()

    def _end_cell(self) -> None:
        text = re.sub(rf"({_BREAK}\s*)+", _BREAK, self._take())
        assert self._table is not None
        if not text:
            return
        if self._table.rows and self._table.rows[-1][1]:
            cell = self._table.rows[-1][1][-1]
            cell.html = f"{cell.html}{_BREAK}{text}" if cell.html else text
        else:
            self._blocks.append(f"<p>{text}</p>")

    def _end_table(self) -> None:
        self._end_cell()
        table, self._table = self._table, None
        if table:
            self._blocks += _write_table(table)


def _span(text: str | None) -> int:
    found = re.match(r"\s*(\d{1,6})", text or "")
    return min(max(int(found[1]), 1), _MOST_SPAN) if found else 1


def _nest(items: list[tuple[int, str, str]]) -> str:
    """Returns items of lists as lists inside each other; none is deeper than the one before by two.

    Args:
        items: depth, `ul` or `ol`, and words of each.
    """
    out: list[str] = []
    names: list[str] = []
    for wanted, name, text in items:
        depth = min(wanted, len(names) + 1)
        while len(names) > depth:
            out.append(f"</li></{names.pop()}>")
        if len(names) == depth:
            out.append("</li>")
        else:
            out.append(f"<{name}>")
            names.append(name)
        out.append(f"<li>{text}")
    while names:
        out.append(f"</li></{names.pop()}>")
    return "".join(out)


Grid = list[list[tuple[bool, str]]]
"""Rows of equal length; of each cell whether it heads others, and its words."""


def _write_table(table: _Table) -> Iterator[str]:
    head = [cells for in_head, cells in table.rows if in_head]
    body = [cells for in_head, cells in table.rows if not in_head]
    if not head:
        # Without a head of its own, the first rows of headers alone are one.
        while body and body[0] and all(one.heads or not one.html for one in body[0]):
            head.append(body.pop(0))
    top, rows = _square(head), _square(body)
    if not rows:
        top, rows = [], [[(False, text) for _, text in row] for row in top]
    width = max((len(row) for row in (*top, *rows)), default=0)
    top, rows = ([_widen(row, width) for row in part] for part in (top, rows))
    rows = [row for row in rows if any(text for _, text in row)]
    top = [row for row in top if any(text for _, text in row)]
    if not rows:
        return
    lead = _count_leading(rows)
    own = range(lead, width)
    for begin in range(lead, max(width, lead + 1), _MOST_COLUMNS):
        chosen = [*range(lead), *own[begin - lead : begin - lead + _MOST_COLUMNS]]
        yield _write_grid(_choose(top, chosen), _choose(rows, chosen), lead)


def _square(rows: list[list[_Cell]]) -> Grid:
    """Returns rows with a cell in every place: a header stands in each place that it spans."""
    spanned: dict[tuple[int, int], tuple[bool, str]] = {}
    grid: Grid = []
    count = 0
    for down, cells in enumerate(rows):
        row: list[tuple[bool, str]] = []

        def place(down: int = down, row: list[tuple[bool, str]] = row) -> None:
            while (down, len(row)) in spanned:
                row.append(spanned.pop((down, len(row))))

        for cell in cells:
            place()
            tall = min(cell.down, len(rows) - down)
            count += cell.across * tall
            if count > _MOST_CELLS:
                found = f"a table of more than {_MOST_CELLS} cells"
                raise PaperError(Problem(found=found, mend="show less of it, as with df.head()"))
            for right in range(cell.across):
                again = (cell.heads, cell.html if cell.heads else "")
                for below in range(1, tall):
                    spanned.setdefault((down + below, len(row)), again)
                row.append(again if right else (cell.heads, cell.html))
        place()
        grid.append(row)
    return grid


def _choose(grid: Grid, columns: list[int]) -> Grid:
    return [[row[one] for one in columns] for row in grid]


def _widen(row: list[tuple[bool, str]], width: int) -> list[tuple[bool, str]]:
    return [*row, *[(False, "")] * (width - len(row))]


def _count_leading(rows: Grid) -> int:
    """Returns how many columns at the start hold the headers of their rows."""
    width = len(rows[0])
    lead = 0
    while lead < min(width - 1, 3) and all(row[lead][0] or not row[lead][1] for row in rows):
        if not any(row[lead][0] for row in rows):
            break
        lead += 1
    return lead


def _write_grid(top: Grid, rows: Grid, lead: int) -> str:
    """Returns a table in which every cell has a header, or none has."""
    width = len(rows[0])
    # A long text in a table takes for ever, unless every column is as wide as the next.
    look = (
        "ruled long"
        if any(len(one) > _LONG for row in (*top, *rows) for _, one in row)
        else "ruled"
    )
    about = f' class="{look}"'
    headed = bool(top) or lead > 0 or any(heads and text for row in rows for heads, text in row)
    if not headed:
        return _tag("table", "".join(_write_row(row, 0) for row in rows), about)
    if not top and not lead:
        lead = 1 if width > 1 else 0
    out = ""
    if top:
        for column in range(width):
            if column >= lead and not any(row[column][1] for row in top):
                top[-1][column] = (True, "–")
        cells = (
            "".join(_tag("th", text, ' scope="col"') if text else "<td></td>" for _, text in row)
            for row in top
        )
        out = _tag("thead", "".join(_tag("tr", one) for one in cells))
    elif not lead:
        return _tag("table", "".join(_write_row(row, 0) for row in rows), about)
    body = _tag("tbody", "".join(_write_row(row, lead) for row in rows))
    return _tag("table", out + body, about)


def _write_row(row: list[tuple[bool, str]], lead: int) -> str:
    cells = []
    for column, (heads, text) in enumerate(row):
        if column < lead:
            cells.append(_tag("th", text or "–", ' scope="row"'))
        else:
            cells.append(_tag("td", _tag("strong", text) if heads and text else text))
    return _tag("tr", "".join(cells))


def _tag(name: str, inside: str, about: str = "") -> str:
    return f"<{name}{about}>{inside}</{name}>"
