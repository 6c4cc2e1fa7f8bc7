"""A file that a PDF carries."""

from __future__ import annotations

import base64
import dataclasses
import datetime
from collections.abc import Mapping
from typing import Self


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that a PDF carries: the data that its page was made from.

    Attributes:
        name: the file's name.
        content: its bytes.
        description: what it is, for who opens the PDF.
        created: when its data began, in UTC; never the clock, or no two PDFs would be the same.
        modified: when its data last changed, in UTC.
    """

    name: str
    content: bytes
    description: str
    created: datetime.datetime
    modified: datetime.datetime

    def as_json(self) -> dict[str, str]:
        """Returns it as plain values, for the process that lays pages out."""
        return {
            "name": self.name,
            "content": base64.b64encode(self.content).decode(),
            "description": self.description,
            "created": self.created.isoformat(),
            "modified": self.modified.isoformat(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, str]) -> Self:
        """Returns what `as_json` made plain values of."""
        return cls(
            name=values["name"],
            content=base64.b64decode(values["content"]),
            description=values["description"],
            created=datetime.datetime.fromisoformat(values["created"]),
            modified=datetime.datetime.fromisoformat(values["modified"]),
        )
