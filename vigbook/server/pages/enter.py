"""The door: a browser that brings a ticket gets the cookie that opens this family's pages."""

from __future__ import annotations

import secrets

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from vigbook.server.handlers import SessionHandler
from vigbook.server.route import Route
from vigbook.server.session import FamilySession
from vigbook.server.tickets import Tickets


class _TicketsHandler(SessionHandler):
    """The base of the handlers here."""

    def initialize(self, session: FamilySession, tickets: Tickets) -> None:  # type: ignore[override]
        """Takes the family that the server is for, and its tickets."""
        super().initialize(session)
        self.tickets = tickets


class EnterHandler(_TicketsHandler):
    """Takes a ticket, and gives the cookie and the page that it leads to."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Answers with a page that goes on to the family's.

        Raises:
            tornado.web.HTTPError: the ticket was used before, or is too old.
        """
        page = self.tickets.redeem(self.get_query_argument("ticket", ""))
        if page is None:
            raise web.HTTPError(403)
        user = self.identity_provider.generate_anonymous_user(self)
        self.identity_provider.set_login_cookie(self, user)
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; script-src 'nonce-{nonce}'; img-src data:"
        self.set_header("Content-Security-Policy", policy)
        # Whole, so that however the page is written it is one of this server's.
        address = f"{self.request.protocol}://{self.request.host}{self.base_url}{page}"
        self.finish(self.render_page("enter.html.j2", nonce=nonce, address=address))


class TicketHandler(_TicketsHandler):
    """Makes a ticket for a second `vigbook open`, which knows the token."""

    @web.authenticated
    async def post(self) -> None:
        """Answers with the file to start a browser with."""
        if not self.identity_provider.is_token_authenticated(self):
            raise web.HTTPError(403)
        page = str(self.read_json().get("page", ""))
        await self.tell(lambda: {"file": str(self.tickets.issue(page))})


def list_enter_routes(session: FamilySession, tickets: Tickets) -> list[Route]:
    """Returns the routes of the door."""
    own = {"session": session, "tickets": tickets}
    return [
        Route(
            pattern="vigbook/enter", handler=EnterHandler, arguments=own,
            why="gives the cookie for a ticket", who="the browser that vigbook starts",
        ),
        Route(
            pattern="vigbook/api/ticket", handler=TicketHandler, arguments=own,
            why="a second 'vigbook open' of this family starts its browser by it",
            who="a command of this user's, which knows the token",
        ),
    ]  # fmt: skip
