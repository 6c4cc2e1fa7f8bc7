"""Edits of a family's cycle, as the page on which clips are chosen makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from families import CYCLE, open_first

from vigbook.prepare.edits import CycleEditor
from vigbook.prepare.steps import Faces, FileStep, UndoRedo, WantCopy, parse_step


def read_edit(sent: dict[str, Any]) -> FileStep | UndoRedo:
    """Returns a step that was sent, as the server reads it, of those that edit."""
    step = parse_step(sent)
    assert not isinstance(step, WantCopy | Faces)
    return step


class Bench:
    """The edits of one family's first cycle."""

    def __init__(self, family: Path, text: str = CYCLE) -> None:
        self.family = family
        self.path = family / "cycle-1" / "cycle.yaml"
        self.path.write_text(text, "utf-8")
        self.editor = CycleEditor(self.path)

    def do(self, do: str, **typed: Any) -> str | None:
        """Does one step on what is on the disk."""
        revision = typed.pop("revision", None) or self.editor.revision()
        return self.editor.edit(
            open_first(self.family), read_edit({"do": do, "revision": revision, **typed})
        )

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def clips(self) -> list[str]:
        return [clip.id for clip in open_first(self.family).cycle.clips]
