"""What the local server answers while clips are chosen: the page, the film, pictures and edits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado import web

from vigbook.case.models import Clip
from vigbook.cycle.context import CycleContext
from vigbook.errors import ConsentError, UsageError, VigbookError
from vigbook.prepare.edits import ChangedError, CycleEditor, show_cycle
from vigbook.prepare.face_search import crop_face
from vigbook.prepare.mask_edits import list_cut
from vigbook.prepare.steps import (
    CheckMasks,
    Faces,
    SetClip,
    SetStill,
    Step,
    StepError,
    WantCopy,
    parse_step,
)
from vigbook.server.handlers import CYCLE, SessionHandler
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.timecode import Timecode

if TYPE_CHECKING:
    from vigbook.prepare.film_session import FilmSession

_FARTHEST_S = 60  # frames are told of so much before and after a time at once
# Fields by which nothing is cut otherwise: what is being cut goes on.
_ONLY_SAID = ("title", "question", "why", "alt", "initiative", "principles")
# By what the film is inside, since some browsers go by the name they are told.
_FILM_TYPES = {".webm": "video/webm", ".mkv": "video/webm"}


class OpenCycles:
    """The family's cycles whose clips are being chosen: each has its edits and its film."""

    def __init__(self, session: FamilySession) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._open: dict[str, tuple[CycleEditor, FilmSession]] = {}

    def open(self, cycle: str) -> tuple[CycleContext, CycleEditor, FilmSession, str]:
        """Returns a cycle as it is on the disk, its edits, its film, and the revision of its file.

        Raises:
            VigbookError: its files are wrong, or there is none.
        """
        from vigbook.prepare.film_session import (
            FilmSession,  # numpy and Pillow: `open` goes without them
        )

        if cycle not in self._open:
            folder = self.session.open(cycle).folder  # or a sentence: there is none
            with self._lock:
                if cycle not in self._open:
                    film = FilmSession(folder, self.session.options)
                    self.session.closing.callback(film.close)
                    film.cut_soon()
                    self._open[cycle] = (CycleEditor(folder / "cycle.yaml"), film)
        editor, film = self._open[cycle]
        context, revision = editor.read(lambda: self.session.open(cycle))
        return context, editor, film, revision


class _ChoosingHandler(SessionHandler):
    """The base of the handlers here."""

    def initialize(self, session: FamilySession, cycles: OpenCycles) -> None:  # type: ignore[override]
        """Takes the family that the server is for, and what is being worked on."""
        super().initialize(session)
        self.cycles = cycles

    def moment(self, name: str = "at") -> Timecode:
        """Returns the time that was asked for.

        Raises:
            tornado.web.HTTPError: it is no time.
        """
        try:
            return Timecode.parse(self.get_query_argument(name))
        except ValueError as err:
            raise web.HTTPError(400) from err

    def box(self) -> tuple[float, ...]:
        """Returns the box that was asked for: left, top, width and height in 0..1.

        Raises:
            tornado.web.HTTPError: it is none.
        """
        try:
            box = tuple(float(one) for one in self.get_query_argument("box").split(","))
        except ValueError as err:
            raise web.HTTPError(400) from err
        if len(box) != 4 or not all(0 <= one <= 1 for one in box) or min(box[2:]) <= 0:
            raise web.HTTPError(400)
        return box

    def clip(self, context: CycleContext) -> Clip | None:
        """Returns the clip that was asked for, if one was."""
        return context.cycle.clip(self.get_query_argument("clip", ""))

    async def send(self, kind: str, work: Callable[[], bytes | None]) -> None:
        """Makes a file in a thread and answers with it; 404 where there is none to be had."""
        try:
            content = await asyncio.to_thread(work)
        except VigbookError as err:
            raise web.HTTPError(404) from err
        if content is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", kind)
        self.finish(content)


class PageHandler(_ChoosingHandler):
    """The page on which clips are chosen."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with the page; it fetches what it shows."""
        if cycle not in [one.name for one in self.session.list_cycles()]:
            raise web.HTTPError(404)
        number = cycle.removeprefix("cycle-")
        family = self.session.family.name
        self.finish(self.render_page("prepare.html.j2", cycle=cycle, number=number, family=family))


class StepHandler(_ChoosingHandler):
    """What the page shows, and the edits of it."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with how far the work is, and with the clips if they are not those `seen`."""
        seen = self.get_query_argument("seen", "")
        await self.tell(lambda: self._show(cycle, seen))

    @web.authenticated
    async def post(self, cycle: str) -> None:
        """Does one step; see `edits.CycleEditor.edit`."""
        try:
            step = parse_step(self.read_json())
        except StepError as err:
            raise web.HTTPError(400) from err
        await self.tell(lambda: self._edit(cycle, step))

    def _show(self, cycle: str, seen: str = "") -> dict[str, Any]:
        context, editor, film, revision = self.cycles.open(cycle)
        shown: dict[str, Any] = {"revision": revision, "film": film.look(context)}
        shown["cut"] = list_cut(context)
        if revision != seen:
            shown["cycle"] = show_cycle(context)
            shown["undo"], shown["redo"] = editor.can_undo, editor.can_redo
        return shown

    def _edit(self, cycle: str, step: Step) -> dict[str, Any]:
        context, editor, film, revision = self.cycles.open(cycle)
        if isinstance(step, WantCopy):
            film.want_copy(context)
            return self._show(cycle)
        if isinstance(step, Faces):
            return self._seek(cycle, context, film, step)
        try:
            if revision != step.revision:
                raise ChangedError
            note = editor.edit(context, step, lambda at, ends: _snap(film, context, at, ends))
        except ChangedError:
            return {**self._show(cycle), "changed": True}
        except VigbookError as err:
            return {**self._show(cycle), "refused": err.as_sentences()}
        only_said = isinstance(step, SetClip | SetStill) and step.field in _ONLY_SAID
        if not only_said and not isinstance(step, CheckMasks):
            film.cut_soon()
        return {**self._show(cycle), "note": note}

    def _seek(
        self, cycle: str, context: CycleContext, film: FilmSession, step: Faces
    ) -> dict[str, Any]:
        film.faces.close()
        clip = context.cycle.clip(step.clip or "")
        if step.do == "seek-faces" and clip:
            try:
                if path := film.source(context, "film"):
                    film.faces.begin(path, clip)
            except VigbookError as err:
                return {**self._show(cycle), "refused": err.as_sentences()}
        return self._show(cycle)


def _snap(film: FilmSession, context: CycleContext, at: Timecode, ends: bool) -> Timecode:
    try:
        return film.snap(context, at, ends)
    except ConsentError:
        raise
    except VigbookError as err:
        found = "a time can be marked only while the film is there"
        raise UsageError(found, err.as_sentences().rstrip(".")) from err


class MomentsHandler(_ChoosingHandler):
    """Times of frames."""

    @web.authenticated
    async def get(self, cycle: str, which: str) -> None:
        """Answers with frames near a time, those beside it, or the sharpest near it."""
        at = self.moment()
        reach = (
            min(Fraction(_FARTHEST_S), self.moment("reach").seconds) if which == "moments" else 0
        )

        def work() -> Any:
            context, _, film, _ = self.cycles.open(cycle)
            if which == "moments":
                return {"moments": film.list_moments(context, at, Fraction(reach))}
            if which == "neighbours":
                return {"moments": film.list_neighbours(context, at, self.clip(context))}
            return film.find_sharpest(context, at)

        await self.tell(work)


class PictureHandler(_ChoosingHandler):
    """Pictures of the film, as the machine makes them."""

    @web.authenticated
    async def get(self, cycle: str, which: str) -> None:
        """Answers with the still that a build writes, a picture for the screen, or the strip."""
        at = self.moment() if which != "strip" else None
        box = self.box() if which == "face" else ()

        def work() -> bytes | None:
            context, _, film, _ = self.cycles.open(cycle)
            if at is None:
                return film.strip(context)
            if which == "still":
                return film.take_still(context, at, self.clip(context))
            if which == "face":
                return crop_face(film.take_picture(context, at), box)
            return film.take_picture(context, at)

        await self.send("image/jpeg", work)


class LevelsHandler(_ChoosingHandler):
    """How loud the film is."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with a byte for each step of time."""

        def work() -> bytes | None:
            context, _, film, _ = self.cycles.open(cycle)
            return film.levels(context)

        await self.send("application/octet-stream", work)


class FilmHandler(_ChoosingHandler, web.StaticFileHandler):
    """Gives out the film, or its copy that browsers play, in ranges."""

    def initialize(self, session: FamilySession, cycles: OpenCycles) -> None:  # type: ignore[override]
        """Takes the family that the server is for, and what is being worked on."""
        _ChoosingHandler.initialize(self, session, cycles)
        web.StaticFileHandler.initialize(self, str(session.family))

    @web.authenticated
    async def get(self, cycle: str, which: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Answers with the film, or part of it."""

        def work() -> str | None:
            context, _, film, _ = self.cycles.open(cycle)
            path = film.source(context, which)
            family = self.session.family.resolve()
            return path.resolve().relative_to(family).as_posix() if path else None

        try:
            name = await asyncio.to_thread(work)
        except VigbookError as err:
            raise web.HTTPError(404) from err
        if name is None:
            raise web.HTTPError(404)
        await web.StaticFileHandler.get(self, name, include_body)

    def head(self, cycle: str, which: str) -> Any:  # type: ignore[override]
        """Answers as `get`, without the file."""
        return self.get(cycle, which, include_body=False)

    def compute_etag(self) -> str | None:
        """Returns the file's size and time: the whole of a long film would be read for more."""
        state = Path(self.absolute_path or "").stat()
        return f'"{state.st_size}-{state.st_mtime_ns}"'

    def get_content_type(self) -> str:
        """Returns what browsers know the film by."""
        suffix = Path(self.absolute_path or "").suffix.lower()
        return _FILM_TYPES.get(suffix, "video/mp4")


def list_prepare_routes(session: FamilySession) -> list[Route]:
    """Returns the routes for choosing clips."""
    own = {"session": session, "cycles": OpenCycles(session)}
    api = f"vigbook/api/{CYCLE}/"
    who = "the page on which clips are chosen"
    return [
        Route(pattern=pattern, handler=handler, arguments=own, why=why, who=who)
        for pattern, handler, why in (
            (f"vigbook/prepare/{CYCLE}/?", PageHandler, "the page itself"),
            (f"vigbook/film/{CYCLE}/(film|proxy|covered/[a-z][a-z0-9-]*)", FilmHandler,
             "the film, or its copy, where filming was agreed to"),
            (f"{api}prepare", StepHandler, "shows and changes the clips"),
            (f"{api}(moments|neighbours|sharpest)", MomentsHandler, "times of the film's frames"),
            (rf"{api}(still|picture|face|strip)\.jpg", PictureHandler, "pictures of the film"),
            (f"{api}levels", LevelsHandler, "how loud the film is"),
        )
    ]  # fmt: skip
