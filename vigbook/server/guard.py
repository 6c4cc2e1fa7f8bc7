"""What holds for every answer of the local server, ours, Voila's and Jupyter's: `GuardedHandler`.

A page asks nothing of any other place, no other page may read or frame it, and where something is
wrong the person gets a page of ours, in words.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from vigbook.errors import VigbookError
from vigbook.method.language import load_words
from vigbook.method.rendering import environment

if TYPE_CHECKING:
    from vigbook.server.session import FamilySession

# The names by which a browser on this machine reaches it: another name is another's trick.
HOSTS = r"(127\.0\.0\.1|localhost)"
OWN_POLICY = (
    "default-src 'self'; script-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
# JupyterLab makes scripts of strings and styles of its own: it cannot be held to more than this.
LAB_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; connect-src 'self' ws: data:; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_WRONG = {
    403: ("This page needs its key", "Close it, and open the family again with vigbook."),
    404: ("There is nothing here", "It may have been moved, or may not be shown."),
    405: ("There is nothing here", "It may have been moved, or may not be shown."),
}
_OURS = ("vigbook itself failed", "Nothing is lost. Go back, and try it again.")


class GuardedHandler(web.RequestHandler):
    """Comes first among the bases of every handler that the server has.

    Attributes:
        session: the family that the server is for.
        policy: what the page may load.
    """

    session: FamilySession
    policy = OWN_POLICY

    def set_default_headers(self) -> None:
        """Keeps a page from reaching for anything else, and others from reaching for it."""
        super().set_default_headers()
        for name, value in _HEADERS.items():
            self.set_header(name, value)
        if self.policy is LAB_POLICY:  # its exports go by where they were asked from
            self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Content-Security-Policy", self.content_security_policy)

    @property
    def content_security_policy(self) -> str:
        """The policy that jupyter_server would else lay over ours."""
        return self.policy

    def set_cors_headers(self) -> None:
        """Lets no other origin read an answer, not even one that has the token."""

    def get_login_url(self) -> NoReturn:
        """Answers that there is no key: nobody is sent on to another page.

        Raises:
            tornado.web.HTTPError: always.
        """
        raise web.HTTPError(403)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answers with a page that says what is wrong, or with JSON where no page was asked for."""
        if isinstance(self, APIHandler):  # its JSON is what JupyterLab reads
            super().write_error(status_code, **kwargs)
            return
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        title, words = _WRONG.get(status_code, _OURS)
        # jupyter_server wraps what an exporter raises.
        for one in (error, getattr(error, "__cause__", None)):
            if isinstance(one, VigbookError):
                title, words = "This cannot be opened", str(one)
        self.set_header("Cache-Control", "no-store")
        if "text/html" not in self.request.headers.get("Accept", ""):
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.finish(json.dumps({"message": f"{title}. {words}"}, ensure_ascii=False))
            return
        known = bool(getattr(self, "current_user", None))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self._render_wrong(title, words.splitlines(), known))

    def _render_wrong(self, title: str, lines: list[str], known: bool) -> str:
        words = load_words(self.session.templates, "en")
        page = environment(self.session.templates, words).get_template("live/error.html.j2")
        base = self.settings["base_url"]
        return page.render(base=base, title=title, lines=lines, known=known, words=words)


def guard(
    handler: type[web.RequestHandler],
    session: FamilySession,
    methods: tuple[str, ...],
    policy: str = OWN_POLICY,
) -> type[web.RequestHandler]:
    """Returns a handler of Voila's or Jupyter's that is guarded and answers only some methods."""
    own = {"session": session, "policy": policy, "SUPPORTED_METHODS": methods}
    return type(handler.__name__, (GuardedHandler, handler), own)


class NothingHandler(GuardedHandler, JupyterHandler):
    """Answers whatever is in no table, and whoever calls this machine by another name or path."""

    def initialize(self, session: FamilySession) -> None:
        """Takes the family that the server is for."""
        self.session = session

    def check_xsrf_cookie(self) -> None:
        """Asks for nothing: whoever asks gets the same answer."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Answers that there is nothing, with the way back for who has the key.

        Raises:
            tornado.web.HTTPError: always.
        """
        await super().prepare()  # knows who asks
        known = re.fullmatch(HOSTS, self.request.host_name)
        raise web.HTTPError(404 if known and self.request.path.startswith(self.base_url) else 403)
