"""Every address that the local server answers by a handler of ours."""

from __future__ import annotations

from typing import Any

from vigbook.server.handlers import SessionHandler, list_handlers
from vigbook.server.pages.home import list_home_handlers
from vigbook.server.pages.paper import list_paper_handlers
from vigbook.server.pages.prepare import list_prepare_handlers
from vigbook.server.session import FamilySession


def list_routes(
    base: str, session: FamilySession
) -> list[tuple[str, type[SessionHandler], dict[str, Any]]]:
    """Returns pattern, handler and what it is given of each, below `base`."""
    pages = (list_handlers, list_home_handlers, list_paper_handlers, list_prepare_handlers)
    return [route for list_own in pages for route in list_own(base, session)]
