"""What the family's front page tells: for each film what is ready, what is missing, what to do.

A family may look at it. What is only for the worker (what was left out, and why) is kept apart.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable

from tornado import web

from vigbook.case.folder import find_inside
from vigbook.cycle.checks import list_warnings, list_withheld, split_by_filming
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, VigbookError
from vigbook.method.language import Words, load_words
from vigbook.server.handlers import CYCLE, SessionHandler
from vigbook.server.pages.paper import PaperView, view_papers
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.workbook.build import NOTEBOOK


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CycleView:
    """One film and its looking together, as the front page shows it.

    Attributes:
        folder: the cycle's folder, as `cycle-1`.
        number: of the cycle.
        date: when it was filmed, in words, or None.
        about: what was filmed and where.
        film: "there", "missing", or "refused" where somebody has not agreed to be filmed.
        clips: how many were chosen.
        cut: how many of them are cut.
        workbook: whether there is one to open.
        written: how many questions have an answer.
        papers: what was printed.
        next_date: when the family meets their worker next, in words.
        notes: what the worker should know.
    """

    folder: str
    number: int
    date: str | None
    about: str
    film: str
    clips: int
    cut: int
    workbook: bool
    written: int
    papers: tuple[PaperView, ...]
    next_date: str | None
    notes: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether they can look together."""
        return self.workbook and 0 < self.cut == self.clips


def view_cycle(context: CycleContext, words: Words) -> CycleView:
    """Returns what the front page tells of one cycle."""
    cycle = context.cycle
    agreed, refused = split_by_filming(context)
    cut = [clip for clip in agreed if context.is_cut(clip)]
    said = {line.prompt for line in context.journal.lines if context.journal.last(line.prompt)}
    asked = {key for key, prompt in context.prompts.items() if prompt.kind not in ("marks", "tick")}
    film = cycle.film
    warned = [*refused, *list_withheld(context), *list_warnings(context)]
    return CycleView(
        folder=context.folder.resolve().name,
        number=cycle.cycle,
        date=words.date(film.date),
        about=", ".join(part for part in (film.activity, film.place) if part),
        film=_film_state(context),
        clips=len(agreed),
        cut=len(cut),
        workbook=(context.folder / NOTEBOOK).is_file(),
        written=len(said & asked),
        papers=tuple(view_papers(context)),
        next_date=words.date(cycle.next.date),
        notes=tuple(dict.fromkeys(str(problem) for problem in warned)),
    )


def name_family(contexts: Iterable[CycleContext], words: Words) -> str | None:
    """Returns what the family is called, by the latest cycle that can be read."""
    names = [context.family_name(words) for context in contexts]
    return names[-1] if names else None


def _film_state(context: CycleContext) -> str:
    if not context.may_film():
        return "refused"
    try:
        path = find_inside(context.family.folder, context.folder, context.cycle.film.file)
    except (ValueError, CaseError):
        return "missing"
    return "there" if path.is_file() else "missing"


class FrontHandler(SessionHandler):
    """The family's front page."""

    @web.authenticated
    async def get(self) -> None:
        """Answers with the page."""
        self.finish(await asyncio.to_thread(self._render))

    def _render(self) -> str:
        words = load_words(self.session.templates, "en")
        contexts, broken = [], []
        for folder in self.session.list_cycles():
            try:
                contexts.append(self.session.open(folder.name))
            except VigbookError as err:
                problems = [str(problem) for problem in err.problems]
                broken.append({"folder": folder.name, "problems": problems})
        cycles = [view_cycle(context, words) for context in contexts]
        working = {cycle.folder: self.session.jobs.is_running(cycle.folder) for cycle in cycles}
        worker = next((one.worker for one in contexts if one.worker), None)
        return self.render_page(
            "front.html.j2", family=name_family(contexts, words), worker=worker,
            cycles=cycles, broken=broken, working=working,
        )  # fmt: skip


class WorkHandler(SessionHandler):
    """Builds or prints a cycle when a person presses the button."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers whether it is still at it, and with what was wrong."""
        await self.tell(lambda: self.session.jobs.look(cycle))

    @web.authenticated
    async def post(self, cycle: str) -> None:
        """Starts it."""
        asked = self.read_json().get("do")
        if asked not in ("build", "print") or cycle not in [
            one.name for one in self.session.list_cycles()
        ]:
            raise web.HTTPError(400)
        await self.tell(lambda: self.session.jobs.start(cycle, asked, self.session.command(cycle)))


def list_home_routes(session: FamilySession) -> list[Route]:
    """Returns the routes of the front page."""
    own = {"session": session}
    return [
        Route(
            pattern="vigbook/?", handler=FrontHandler, arguments=own,
            why="the family's front page",
        ),
        Route(
            pattern=rf"vigbook/api/{CYCLE}/work", handler=WorkHandler, arguments=own,
            why="builds and prints at a press of a button",
        ),
    ]  # fmt: skip
