"""The data of one review in one file: what a record is read from when no vigbook is left."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import ConfigDict

from vigbook import __version__
from vigbook.case.manifest import Manifest
from vigbook.case.models import Case, Cycle, Model, Service
from vigbook.cycle.context import CycleContext


class ReviewData(Model):
    """The whole of `review.json`: the case with its consents, the cycle, and every answer.

    `answers` are lines of the journal as they were written, oldest first, later keys included: in
    an archive's bag all of them, in the file that a record carries those that stand, the last of
    each prompt and none that was emptied. The worker's own reflection is no part of it.
    """

    model_config = ConfigDict(title="Review")  # for editors
    vigbook: Literal[1] = 1
    made_with: str
    case: Case
    cycle: Cycle
    service: Service
    answers: tuple[dict[str, Any], ...]
    media: Manifest | None


def make_review(context: CycleContext, *, history: bool = True) -> ReviewData:
    """Returns the data of a cycle's review.

    Args:
        context: the cycle.
        history: whether answers that were replaced or emptied since are in it. A record is handed
            about, and what somebody took back is not; the archive keeps how it came to be.
    """
    journal = context.journal
    # A line of the worker's own that came into the wrong file is none of the family's either.
    lines = [one for one in journal.lines if not context.method.is_practitioners(one.prompt)]
    if not history:
        lines = [one for one in lines if journal.last(one.prompt) is one]
    return ReviewData(
        made_with=f"vigbook {__version__}",
        case=context.case,
        cycle=context.cycle,
        service=context.service,
        answers=tuple(_storable(one.as_json()) for one in lines),
        media=context.manifest,
    )


def format_review(review: ReviewData) -> bytes:
    """Returns the bytes of `review.json`: UTF-8, one key a line, the same for the same data."""
    text = review.model_dump_json(by_alias=True, exclude_none=True, indent=1)
    return text.encode() + b"\n"


def _storable(line: dict[str, Any]) -> dict[str, Any]:
    """Returns a line whose half characters, which no file can hold, are question marks."""
    text = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode()
    return dict(json.loads(text))
