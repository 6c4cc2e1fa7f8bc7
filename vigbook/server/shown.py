"""What may be shown now: a page that is open asks, and takes down what may be shown no longer.

Somebody writes a no into `case.yaml`, or the last day of a yes ends, while a page shows a clip.
Every door is shut from then on; what a page has already is taken down by the page. It asks again
and again, so an answer is worked out anew only where a file or the day is another.
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from tornado import web

from vigbook.case.folder import FileState, stat_file, stat_files
from vigbook.cycle.context import CycleContext
from vigbook.paper.printed import list_printed
from vigbook.server.handlers import CYCLE, SessionHandler
from vigbook.server.media import list_media
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.system import clock

_MADE = ("media", "media/manifest.json", "print", "print/.made.json")


@dataclasses.dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, and what it was worked out from."""

    files: tuple[FileState, ...]
    day: datetime.date
    zone: str | None
    answer: dict[str, Any]


class ShownNow:
    """What may be shown of each cycle of a family."""

    def __init__(self, session: FamilySession) -> None:
        self._session = session
        self._kept: dict[str, _Kept] = {}

    def find(self, cycle: str) -> dict[str, Any]:
        """Returns which media, papers and film of a cycle may be shown now, and never why not.

        Raises:
            VigbookError: its files are wrong, or there is none: nothing is said of what it shows.
        """
        folder, options = self._session.find(cycle), self._session.options
        written = stat_files(self._session.family, folder, options.service)
        files = (*written, *(stat_file(folder / name) for name in _MADE))
        kept = self._kept.get(cycle)
        if kept and kept.files == files and kept.day == (options.today or clock.today(kept.zone)):
            return kept.answer
        context = self._session.open(cycle)
        answer = _show(context, cycle)
        self._kept[cycle] = _Kept(files, context.today, context.service.zone, answer)
        return answer


def _show(context: CycleContext, cycle: str) -> dict[str, Any]:
    return {
        "media": [f"{cycle}/{name}" for name in list_media(context)],
        "papers": [one.path.name for one in list_printed(context)],
        "film": bool(context.may_film()),
    }


class ShownHandler(SessionHandler):
    """Tells open pages what may be shown."""

    def initialize(self, session: FamilySession, shown: ShownNow) -> None:  # type: ignore[override]
        """Takes the family that the server is for, and what may be shown of it."""
        super().initialize(session)
        self.shown = shown

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with what may be shown of a cycle now."""
        await self.tell(lambda: self.shown.find(cycle))


def list_shown_routes(session: FamilySession) -> list[Route]:
    """Returns the route of what may be shown."""
    return [
        Route(
            pattern=f"vigbook/api/{CYCLE}/shown", handler=ShownHandler,
            arguments={"session": session, "shown": ShownNow(session)},
            why="a page that is open takes down what may be shown no longer",
        ),
    ]  # fmt: skip
