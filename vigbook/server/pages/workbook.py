"""A workbook's live page, by Voila: what is judged is what runs, under a content policy."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from jupyter_server.services.contents.manager import ContentsManager
from tornado import web
from voila.tornado.handler import TornadoVoilaHandler

from vigbook.errors import VigbookError
from vigbook.server.guard import GuardedHandler
from vigbook.server.handlers import CYCLE
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.system.settings import read_approvals
from vigbook.workbook.build import NOTEBOOK
from vigbook.workbook.judged import read_judged

# Voila's sign of life during a cell that takes long: a script that says nothing to anybody.
_HEARTBEAT = "<script>window.voila_heartbeat()</script>\n"


class JudgedContents(ContentsManager):  # type: ignore[misc]  # it has no types
    """What Voila reads workbooks through: it knows one of each cycle, read once and judged.

    Nothing is written by it: what it does not answer here, it does not do.
    """

    def __init__(self, session: FamilySession | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._session = session

    async def get(self, path: str, *_: Any, **__: Any) -> dict[str, Any]:
        """Returns a workbook's model.

        Raises:
            tornado.web.HTTPError: it is no cycle's workbook.
            VigbookError: the cycle cannot be opened, or its workbook may not run.
        """
        cycle, _slash, name = path.strip("/").partition("/")
        if self._session is None or name != NOTEBOOK:
            raise web.HTTPError(404)
        node = await asyncio.to_thread(_read, self._session, cycle)
        return {"name": name, "path": path, "type": "notebook", "format": "json", "content": node}

    def file_exists(self, path: str = "") -> bool:  # noqa: ARG002  # the library's name for it
        """Answers that there is none: Voila asks only for what it would put into a page whole."""
        return False

    dir_exists = is_hidden = file_exists


def _read(session: FamilySession, cycle: str) -> Any:
    context = session.open(cycle)
    judged = read_judged(context.folder / NOTEBOOK, context.templates)
    judged.check(read_approvals() if judged.strange else ())
    return judged.node


class WorkbookHandler(GuardedHandler, TornadoVoilaHandler):  # type: ignore[misc]
    """Runs a cycle's workbook for a page, and answers with the page as it comes."""

    def initialize(self, session: FamilySession, **voila: Any) -> None:
        """Takes the family that the server is for, and what Voila gives its own handler."""
        super().initialize(**voila)
        self.session = session
        self._nonce = secrets.token_urlsafe(16)
        # Voila hands this on to the template, as the one thing of a request's own.
        self.page_config_hook: Callable[..., dict[str, Any]] = lambda page_config, **_: {
            **page_config, "nonce": self._nonce,
        }  # fmt: skip

    @property
    def contents_manager(self) -> ContentsManager:
        """What a workbook is read through."""
        return JudgedContents(self.session)

    @web.authenticated
    async def get(self, cycle: str) -> None:
        """Answers with the page, or with one that says why the workbook may not run."""
        # `blob:` is how anywidget loads its modules; the web socket is named for older browsers.
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'nonce-{self._nonce}' blob:; "
            f"connect-src 'self' ws://{self.request.host}; img-src 'self' data: blob:; "
            "media-src 'self' blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
            "object-src 'none'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'",
        )
        async for html in self.get_generator(f"{cycle}/{NOTEBOOK}"):
            if html != _HEARTBEAT:
                self.write(html)
                await self.flush()

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Tells of a fault of ours; what is wrong with a case is told on the page."""
        if not isinstance(value, VigbookError):
            super().log_exception(typ, value, tb)


def list_workbook_routes(session: FamilySession) -> list[Route]:
    """Returns the route of a workbook's page; Voila's own settings are still to be added to it."""
    return [
        Route(
            pattern=f"voila/render/{CYCLE}/{NOTEBOOK}", handler=WorkbookHandler,
            arguments={"session": session}, why="a workbook, live, once it was judged",
        ),
    ]  # fmt: skip
