"""The data of one review in one file: what a record is read from when no vigbook is left."""

from __future__ import annotations

import json
from typing import Any, Literal

from vigbook import __version__
from vigbook.case import Case, Cycle, Model, Service
from vigbook.manifest import Manifest
from vigbook.sitting import Sitting


class Review(Model):
    """The whole of `review.json`: the case with its consents, the cycle, and every answer.

    `answers` are the journal's lines as they were written, oldest first, later keys included. The
    worker's own reflection is no part of it.
    """

    vigbook: Literal[1] = 1
    made_with: str
    case: Case
    cycle: Cycle
    service: Service
    answers: tuple[dict[str, Any], ...]
    media: Manifest | None


def make_review(sitting: Sitting) -> Review:
    """Returns the data of a cycle's review."""
    return Review(
        made_with=f"vigbook {__version__}",
        case=sitting.case,
        cycle=sitting.cycle,
        service=sitting.service,
        answers=tuple(_storable(answer.as_json()) for answer in sitting.journal.lines),
        media=sitting.manifest,
    )


def format_review(review: Review) -> bytes:
    """Returns the bytes of `review.json`: UTF-8, one key a line, the same for the same data."""
    text = review.model_dump_json(by_alias=True, exclude_none=True, indent=1)
    return text.encode() + b"\n"


def _storable(line: dict[str, Any]) -> dict[str, Any]:
    """Returns a line whose half characters, which no file can hold, are question marks."""
    text = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode()
    return dict(json.loads(text))
