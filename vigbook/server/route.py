"""One row of the table of what the local server answers: see `vigbook.server.routes`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tornado import web

READ = ("GET", "HEAD")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An address that is answered, and why it is.

    Attributes:
        pattern: a regular expression for what follows the server's address.
        handler: what answers, if it is ours.
        arguments: what that is given.
        why: what a page needs it for.
        who: for whom it is.
    """

    pattern: str
    handler: type[web.RequestHandler]
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    why: str
    who: str = "a page of this family's"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRoute:
    """An address that Voila or Jupyter answers, and that a page of ours needs.

    Attributes:
        pattern: as the library has it, without the server's address.
        handler: the library's, as `module.Class`.
        methods: the HTTP methods that are let through; all others are off.
        why: what a page needs it for.
        who: for whom it is.
    """

    pattern: str
    handler: str
    methods: tuple[str, ...] = READ
    why: str
    who: str = "a page of this family's"
