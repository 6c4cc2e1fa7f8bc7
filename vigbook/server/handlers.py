"""What every page of the local server needs: answers, clips and stills, scripts and styles.

Every handler wants the server's token, and everything it shows asks consent. What takes longer
than a moment runs in a thread or a process of its own, so that saving never waits.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.iostream import StreamClosedError

from vigbook.case.folder import CYCLE_FOLDER
from vigbook.cycle.answering import save_typed, show_prompt
from vigbook.errors import VigbookError
from vigbook.method.language import load_words
from vigbook.method.rendering import environment
from vigbook.method.templates import find_template
from vigbook.server.guard import GuardedHandler
from vigbook.server.media import list_media
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.system.reading import parse_json
from vigbook.system.visible import show_signs
from vigbook.workbook.live_modules import name_modules

CYCLE = f"({CYCLE_FOLDER})"
MEDIA = r"([a-z][a-z0-9-]*\.mp4|[a-z][a-z0-9-]*-[0-9]{1,4}\.jpg)"
_STATIC_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2",
                 ".ttf": "font/ttf", ".svg": "image/svg+xml"}  # fmt: skip


class SessionHandler(GuardedHandler, JupyterHandler):
    """The base of every handler of ours."""

    def initialize(self, session: FamilySession) -> None:
        """Takes the family that the server is for."""
        self.session = session

    def set_default_headers(self) -> None:
        """Keeps what is shown out of every cache."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Tells of a fault of ours on the terminal; what was asked wrongly is no news there."""
        # A page that was closed meanwhile is no fault of anybody's; what is wrong with a case is
        # told on the page.
        if isinstance(value, VigbookError):
            return
        if not isinstance(value, web.HTTPError | StreamClosedError):
            place = self.request.path.removeprefix(self.base_url)  # which is a secret
            print(
                show_signs(
                    f"vigbook: a fault of its own at {place}: {type(value).__name__}: "
                    f"{value}; what was being saved is kept in the browser"
                ),
                file=sys.stderr, flush=True,
            )  # fmt: skip
        super().log_exception(typ, value, tb)

    def read_json(self) -> dict[str, Any]:
        """Returns the request's JSON object.

        Raises:
            tornado.web.HTTPError: it is none.
        """
        try:
            found = parse_json(self.request.body, numbers_only=True)
            # A browser counts half signs, so that what it cuts may end in one; no file holds that.
            whole = json.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass")
            found = json.loads(whole.decode("utf-16", "replace"))
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
            # With its place: what is wrong may stand in any file of the family's.
            answer = {"refused": str(err)}
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, ensure_ascii=False))

    def render_page(self, name: str, **values: Any) -> str:
        """Returns a page of `templates/live`, in English."""
        words = load_words(self.session.templates, "en")
        page = environment(self.session.templates, words).get_template(f"live/{name}")
        # Asked for, so that the cookie is set which saving needs.
        token = self.xsrf_token.decode()
        return page.render(base=self.base_url, xsrf=token, words=words, **values)


class AnswersHandler(SessionHandler):
    """Saves what was typed; no kernel need be there."""

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with all that was answered to a prompt."""
        prompt = self.get_query_argument("prompt")
        await self.tell(lambda: show_prompt(self.session.open(cycle), prompt))

    @web.authenticated
    async def post(self, cycle: str) -> None:
        """Saves one answer; see `answering.save_typed`."""
        typed = self.read_json()
        await self.tell(lambda: save_typed(self.session.open(cycle), typed))


class LiveFileHandler(SessionHandler):
    """Modules, styles and fonts of the pages."""

    @web.authenticated
    async def get(self, modules: str | None, name: str) -> None:
        """Answers with a file of `templates/live`, a team's own first.

        `modules` is the name of the set that a widget's module belongs to. Where that is not the
        set of today, there is none: vigbook was changed since, and the page must be opened again.
        """
        if modules and modules != name_modules(self.session.templates):
            raise web.HTTPError(404)
        try:
            path = find_template(self.session.templates, f"live/{name}")
        except VigbookError as err:
            raise web.HTTPError(404) from err
        self.set_header("Content-Type", _STATIC_TYPES[path.suffix])
        _ = self.xsrf_token  # asked for, so that the cookie is set which saving needs
        self.finish(path.read_bytes())


class MediaHandler(SessionHandler, web.StaticFileHandler):
    """Gives out clips and stills that may be shown when looking together, in ranges."""

    def initialize(self, session: FamilySession) -> None:  # type: ignore[override]
        """Takes the family that the server is for."""
        SessionHandler.initialize(self, session)
        web.StaticFileHandler.initialize(self, str(session.family))

    @web.authenticated
    async def get(self, cycle: str, name: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Answers with a file of `media`, or part of it."""
        try:
            context = await asyncio.to_thread(self.session.open, cycle)
        except VigbookError as err:
            raise web.HTTPError(404) from err
        if name not in list_media(context):
            raise web.HTTPError(404)
        await web.StaticFileHandler.get(self, f"{cycle}/media/{name}", include_body)

    def head(self, cycle: str, name: str) -> Any:  # type: ignore[override]
        """Answers as `get`, without the file."""
        return self.get(cycle, name, include_body=False)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Returns the path, if it is a file and no link leads out of the family's folder."""
        path = Path(absolute_path)
        if not path.is_file() or not path.resolve().is_relative_to(self.session.family.resolve()):
            raise web.HTTPError(404)
        return web.StaticFileHandler.validate_absolute_path(self, root, str(path))


def list_shared_routes(session: FamilySession) -> list[Route]:
    """Returns the routes that every page needs."""
    own = {"session": session}
    return [
        Route(
            pattern=r"vigbook/live/(?:([0-9a-f]{12})/)?([a-z-]+\.(?:js|css|woff2|ttf|svg))",
            handler=LiveFileHandler, arguments=own,
            why="modules, styles and fonts, of the templates alone",
        ),
        Route(
            pattern=f"vigbook/media/{CYCLE}/{MEDIA}", handler=MediaHandler, arguments=own,
            why="clips and stills, each after its consents were asked",
        ),
        Route(
            pattern=rf"vigbook/api/{CYCLE}/answers", handler=AnswersHandler, arguments=own,
            why="saves what is typed, and shows what was",
        ),
    ]  # fmt: skip
