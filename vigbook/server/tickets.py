"""How a browser that we start gets the key: by a ticket in a private file.

What a browser is started with can be read by every user of the computer. So it is started with the
name of a file that only this user can read, which sends it on with a ticket; the ticket is good
once and for a minute, and the file is gone as soon as it was used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import html
import json
import os
import secrets
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

GOOD_S = 60
_FILE = """<!doctype html>
<meta charset="utf-8"><title>vigbook</title><meta name="referrer" content="no-referrer">
<p><a href="{link}">Open the family</a></p>
<script>location.replace({address})</script>
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Ticket:
    """One ticket: where it leads, its file, and until when by the monotonic clock."""

    page: str
    file: Path
    until: float


class Tickets:
    """The tickets of one server that were not used yet.

    Args:
        folder: a private one, which is taken away with the server.
        entry: the address that takes a ticket.
        now: a clock that nobody sets, in seconds.
    """

    def __init__(self, folder: Path, entry: str, now: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._entry, self._now = folder, entry, now
        self._issued: dict[str, _Ticket] = {}

    def issue(self, page: str) -> Path:
        """Returns a file that opens a page when a browser is started with it.

        Args:
            page: below the server's address.
        """
        self.remove_old()
        ticket = secrets.token_urlsafe(32)
        address = f"{self._entry}?{urllib.parse.urlencode({'ticket': ticket})}"
        path = self._folder / f"open-{secrets.token_hex(4)}.html"
        content = _FILE.format(link=html.escape(address), address=json.dumps(address))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
        self._issued[ticket] = _Ticket(page=page, file=path, until=self._now() + GOOD_S)
        return path

    def redeem(self, ticket: str) -> str | None:
        """Returns the page that a ticket leads to, once; None where it is not good any more."""
        self.remove_old()
        found = self._issued.pop(ticket, None)
        if found is None:
            return None
        with contextlib.suppress(OSError):
            found.file.unlink(missing_ok=True)
        return found.page

    def remove_old(self) -> None:
        """Takes away the tickets whose time is over, and their files."""
        for ticket, one in [*self._issued.items()]:
            if one.until < self._now():
                with contextlib.suppress(OSError):
                    one.file.unlink(missing_ok=True)
                self._issued.pop(ticket, None)  # another thread may have been quicker
