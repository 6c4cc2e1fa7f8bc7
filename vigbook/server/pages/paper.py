"""One printed paper: itself, a page that shows it, and pictures of its sides."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from tornado import web

from vigbook.case.models import PRACTITIONER
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, VigbookError
from vigbook.method.language import load_words
from vigbook.paper.printed import list_printed
from vigbook.paper.variants import Variant
from vigbook.server.handlers import CYCLE, SessionHandler
from vigbook.server.route import Route
from vigbook.server.session import FamilySession

_PAPER = r"[a-z][a-z0-9.-]*\.pdf"
_PREVIEW_PX = 1240  # of a page's width: 150 dots an inch on A4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """One printed paper: its file, what it is called, and whether something was said since."""

    file: str
    title: str
    stale: bool


def view_papers(context: CycleContext) -> Iterable[PaperView]:
    """Yields the printed papers of a cycle that may be looked at."""
    for one in list_printed(context):
        title = _name_paper(context, one.path, one.variant)
        yield PaperView(file=one.path.name, title=title, stale=one.stale)


def _name_paper(context: CycleContext, path: Path, variant: Variant) -> str:
    name = {
        "take-home": "The page to take home", "script": "The page to read aloud",
        "record": "The team's record", "worksheet": "The sheet for pen and paper",
    }[variant.name]  # fmt: skip
    if variant.person and variant.person != PRACTITIONER:
        aloud = " to read aloud" if variant.name == "script" else ""
        name = f"The page{aloud} for {context.name_of(variant.person)}"
    extra = path.stem.split(".")[1:]
    return f"{name} ({', '.join(extra)})" if extra else name


class PaperHandler(SessionHandler):
    """Gives out printed papers, and pictures of their pages."""

    @web.authenticated
    async def get(self, cycle: str, name: str, part: str | None = None) -> None:
        """Answers with the PDF, with a page that shows it, or with one page of it as PNG.

        With `?grey=1` the pictures are as a black-and-white printer prints them.
        """
        grey = self.get_query_argument("grey", "") == "1"
        try:
            kind, content = await asyncio.to_thread(self._read, cycle, name, part, grey)
        except VigbookError as err:
            raise web.HTTPError(404) from err
        self.set_header("Content-Type", kind)
        self.finish(content)

    def _read(self, cycle: str, name: str, part: str | None, grey: bool) -> tuple[str, bytes | str]:
        from vigbook.server.page_images import count_pages, draw_page  # PDFium

        context = self.session.open(cycle)
        paper = next((one for one in view_papers(context) if one.file == name), None)
        if paper is None:
            raise CaseError(f"there is no {name} that may be shown")
        path = context.folder / "print" / name
        if part is None:
            return "application/pdf", path.read_bytes()
        if part:
            number = int(part.removesuffix(".png"))
            return "image/png", draw_page(path, number, _PREVIEW_PX, grey=grey)
        page = self.render_page(
            "paper.html.j2", cycle=cycle, paper=paper, pages=count_pages(path), grey=grey,
            family=context.family_name(load_words(self.session.templates, "en")),
        )  # fmt: skip
        return "text/html", page


def list_paper_routes(session: FamilySession) -> list[Route]:
    """Returns the routes of printed papers."""
    own = {"session": session}
    return [
        Route(
            pattern=rf"vigbook/papers/{CYCLE}/({_PAPER})", handler=PaperHandler, arguments=own,
            why="a printed paper, after its consents were asked",
        ),
        Route(
            pattern=rf"vigbook/papers/{CYCLE}/({_PAPER})/((?:[1-9][0-9]?\.png)?)",
            handler=PaperHandler, arguments=own,
            why="a page that shows a printed paper, and its pictures",
        ),
    ]  # fmt: skip
