"""What the local server behind `open` answers: the front page, media, what was typed, and work.

Every handler wants the server's token, and everything it shows asks consent. What takes longer
than a moment runs in a thread or a process of its own, so that saving never waits.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from vigbook.case.folder import find_family, read_case_folder
from vigbook.cycle.answering import save_typed, show_prompt
from vigbook.cycle.context import Sitting, open_sitting
from vigbook.errors import CaseError, VigbookError
from vigbook.method.method import find_template, find_templates, load_words
from vigbook.outcome import Options
from vigbook.server.jobs import Works
from vigbook.workbook.elements import environment

_CYCLE = r"(cycle-[1-9][0-9]{0,3})"
_PAPER = r"[a-z][a-z0-9.-]*\.pdf"
_PREVIEW_PX = 1240  # of a page's width: 150 dots an inch on A4
_STATIC_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2",
                 ".ttf": "font/ttf", ".svg": "image/svg+xml"}  # fmt: skip
_CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The one family that a server is for, and how it was opened."""

    family: Path
    options: Options
    works: Works = dataclasses.field(default_factory=Works)

    @property
    def templates(self) -> tuple[Path, ...]:
        """The folders of templates, a team's own first."""
        return find_templates(self.options.templates)

    def list_cycles(self) -> list[Path]:
        """Returns the folders of the family's cycles, the first first."""
        return find_family(self.family)[1]

    def command(self, cycle: str) -> list[str]:
        """Returns what follows `vigbook build` to do it for one cycle of this family."""
        named = {"--service": self.options.service, "--templates": self.options.templates}
        options = [part for name, value in named.items() if value for part in (name, str(value))]
        today = f"--today={self.options.today.isoformat()}"
        return [str(self.family / cycle), *options, today]

    def open(self, cycle: str) -> Sitting:
        """Returns a cycle as it is on the disk now, by its folder's name.

        Raises:
            VigbookError: its files are wrong, or there is none.
        """
        folder = next((one for one in self.list_cycles() if one.name == cycle), None)
        if folder is None:
            raise CaseError(f"there is no {cycle}")
        files = read_case_folder(self.family, [folder], self.options.service)
        return open_sitting(files, folder, self.templates, self.options.today)


class DeskHandler(JupyterHandler):
    """The base of every handler of ours."""

    def initialize(self, desk: Desk) -> None:
        """Takes the family that the server is for."""
        self.desk = desk

    def set_default_headers(self) -> None:
        """Keeps a page from reaching for anything that is not on this machine."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", _CONTENT_SECURITY)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    @property
    def content_security_policy(self) -> str:
        """The policy that jupyter_server would else lay over ours."""
        return _CONTENT_SECURITY

    def read_json(self) -> dict[str, Any]:
        """Returns the request's JSON object.

        Raises:
            tornado.web.HTTPError: it is none.
        """
        try:
            found = json.loads(self.request.body)
        except ValueError as err:
            raise web.HTTPError(400) from err
        if not isinstance(found, dict):
            raise web.HTTPError(400)
        return found

    async def tell(self, work: Callable[[], Any]) -> None:
        """Does something in a thread, and answers with what it returns, or with what was wrong."""
        try:
            answer = await asyncio.to_thread(work)
        except VigbookError as err:
            self.set_status(409)
            answer = {"refused": "; ".join(str(problem) for problem in err.problems)}
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, ensure_ascii=False))

    def render_page(self, name: str, **values: Any) -> str:
        """Returns a page of `templates/live` in the team's language."""
        words = load_words(self.desk.templates, "en")
        page = environment(self.desk.templates, words).get_template(f"live/{name}")
        # Asked for, so that the cookie is set which saving needs.
        token = self.xsrf_token.decode()
        return page.render(base=self.base_url, xsrf=token, words=words, **values)


class AnswersHandler(DeskHandler):
    """Saves what was typed; no kernel need be there."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with all that was answered to a prompt."""
        prompt = self.get_query_argument("prompt")
        await self.tell(lambda: show_prompt(self.desk.open(cycle), prompt))

    @web.authenticated
    async def post(self, cycle: str) -> None:
        """Saves one answer; see `saving.save_typed`."""
        typed = self.read_json()
        await self.tell(lambda: save_typed(self.desk.open(cycle), typed))


class MediaHandler(DeskHandler, web.StaticFileHandler):
    """Gives out clips and stills that may be shown when looking together, in ranges."""

    def initialize(self, desk: Desk) -> None:  # type: ignore[override]
        """Takes the family that the server is for."""
        DeskHandler.initialize(self, desk)
        web.StaticFileHandler.initialize(self, str(desk.family))

    @web.authenticated
    async def get(self, cycle: str, name: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Answers with a file of `media`, or part of it."""
        try:
            sitting = await asyncio.to_thread(self.desk.open, cycle)
        except VigbookError as err:
            raise web.HTTPError(404) from err
        clip_id, _, number = name.rpartition(".")[0].rpartition("-")
        clip = sitting.cycle.clip(name.removesuffix(".mp4"))
        still = None
        if name.endswith(".jpg"):
            clip = sitting.cycle.clip(clip_id)
            if clip is None or not 1 <= int(number) <= len(clip.stills):
                raise web.HTTPError(404)
            still = clip.stills[int(number) - 1]
        if clip is None or not sitting.may_show("shared-review", clip, still):
            raise web.HTTPError(404)
        stands = sitting.still_record(clip, int(number)) if still else sitting.is_cut(clip)
        if clip.masks and not stands:  # it was cut before this was covered
            raise web.HTTPError(404)
        await web.StaticFileHandler.get(self, f"{cycle}/media/{name}", include_body)

    def head(self, cycle: str, name: str) -> Any:  # type: ignore[override]
        """Answers as `get`, without the file."""
        return self.get(cycle, name, include_body=False)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Returns the path, if it is a file and no link leads out of the family's folder."""
        path = Path(absolute_path)
        if not path.is_file() or not path.resolve().is_relative_to(self.desk.family.resolve()):
            raise web.HTTPError(404)
        return web.StaticFileHandler.validate_absolute_path(self, root, str(path))


class FrontHandler(DeskHandler):
    """The family's front page."""

    @web.authenticated
    async def get(self) -> None:
        """Answers with the page."""
        self.finish(await asyncio.to_thread(self._render))

    def _render(self) -> str:
        from vigbook.server.pages.home import name_family, view_cycle

        words = load_words(self.desk.templates, "en")
        sittings, broken = [], []
        for folder in self.desk.list_cycles():
            try:
                sittings.append(self.desk.open(folder.name))
            except VigbookError as err:
                problems = [str(problem) for problem in err.problems]
                broken.append({"folder": folder.name, "problems": problems})
        cycles = [view_cycle(sitting, words) for sitting in sittings]
        working = {cycle.folder: self.desk.works.is_running(cycle.folder) for cycle in cycles}
        worker = next((one.worker for one in sittings if one.worker), None)
        return self.render_page(
            "front.html.j2", family=name_family(sittings, words), worker=worker,
            cycles=cycles, broken=broken, working=working,
        )  # fmt: skip


class WorkHandler(DeskHandler):
    """Builds or prints a cycle when a person presses the button."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers whether it is still at it, and with what was wrong."""
        await self.tell(lambda: self.desk.works.look(cycle))

    @web.authenticated
    async def post(self, cycle: str) -> None:
        """Starts it."""
        asked = self.read_json().get("do")
        if asked not in ("build", "print") or cycle not in [
            one.name for one in self.desk.list_cycles()
        ]:
            raise web.HTTPError(400)
        await self.tell(lambda: self.desk.works.start(cycle, asked, self.desk.command(cycle)))


class PaperHandler(DeskHandler):
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
        from vigbook.server.page_images import count_pages, draw_page
        from vigbook.server.pages.home import view_papers

        sitting = self.desk.open(cycle)
        paper = next((one for one in view_papers(sitting) if one.file == name), None)
        if paper is None:
            raise CaseError(f"there is no {name} that may be shown")
        path = sitting.folder / "print" / name
        if part is None:
            return "application/pdf", path.read_bytes()
        if part:
            number = int(part.removesuffix(".png"))
            return "image/png", draw_page(path, number, _PREVIEW_PX, grey=grey)
        page = self.render_page(
            "paper.html.j2", cycle=cycle, paper=paper, pages=count_pages(path), grey=grey,
            family=sitting.family_name(load_words(self.desk.templates, "en")),
        )  # fmt: skip
        return "text/html", page


class LiveFileHandler(DeskHandler):
    """Scripts, styles and fonts of the pages."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Answers with a file of `templates/live`, a team's own first."""
        try:
            path = find_template(self.desk.templates, f"live/{name}")
        except VigbookError as err:
            raise web.HTTPError(404) from err
        self.set_header("Content-Type", _STATIC_TYPES[path.suffix])
        _ = self.xsrf_token  # asked for, so that the cookie is set which saving needs
        self.finish(path.read_bytes())


def list_handlers(base: str, desk: Desk) -> list[tuple[str, type[DeskHandler], dict[str, Any]]]:
    """Returns the server's handlers of ours, below `base`."""
    own = {"desk": desk}
    return [
        (rf"{base}vigbook/?", FrontHandler, own),
        (rf"{base}vigbook/live/([a-z-]+\.(?:js|css|woff2|ttf|svg))", LiveFileHandler, own),
        (rf"{base}vigbook/media/{_CYCLE}/([a-z][a-z0-9-]*\.mp4|[a-z][a-z0-9-]*-[0-9]+\.jpg)",
         MediaHandler, own),
        (rf"{base}vigbook/api/{_CYCLE}/answers", AnswersHandler, own),
        (rf"{base}vigbook/api/{_CYCLE}/work", WorkHandler, own),
        (rf"{base}vigbook/papers/{_CYCLE}/({_PAPER})", PaperHandler, own),
        (rf"{base}vigbook/papers/{_CYCLE}/({_PAPER})/((?:[1-9][0-9]?\.png)?)", PaperHandler, own),
    ]  # fmt: skip
