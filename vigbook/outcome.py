"""What was asked for beside the cases themselves, and what came of each cycle."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from vigbook.errors import Problem

EngineName = Literal["vigbook", "nbclient"]
"""What runs a workbook's cells: a copy of this process, or a Jupyter kernel."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for, beside the cases themselves.

    Attributes:
        service: the team's file, where it is not beside the family.
        templates: a team's own folder of templates.
        today: the day for which consent is asked, where that is not the clock's (`--today`).
        fresh: whether to replace a workbook that somebody changed.
        rehash: whether to read every file again to see whether it changed (`plan`).
        engine: what runs the workbook's cells.
        wait_s: for how many seconds at most another program at work on a family is waited for.
    """

    service: Path | None = None
    templates: Path | None = None
    today: datetime.date | None = None
    fresh: bool = False
    rehash: bool = False
    engine: EngineName = "vigbook"
    wait_s: float = 600  # cutting ten minutes of film takes less


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """What is being done just now, for whoever waits; its words are found where it is shown.

    Attributes:
        kind: what is being done.
        thing: what it is done to: a clip's id, a paper's name, a film; empty for the whole.
        done: how much of it, from 0 to 1, where that is known.
    """

    kind: Literal["looking", "waiting", "drawing", "cutting", "running", "printing"]
    thing: str = ""
    done: float | None = None


Progress = Callable[[Event], None]


@dataclasses.dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one cycle.

    Attributes:
        case: the family's folder, as it was named.
        cycle: its number, or None where the whole family could not be read.
        errors, warnings: problems, with what to do about them.
        withheld: what was left out for want of consent, and why.
        suggestions: how the worker's words could be gentler; None where nobody looked.
        made: files that were written just now.
        kept: files that were up to date.
        seconds: how long each stage took.
        reasons: why it was built, in words; None where nothing was to be built.
        day: the day for which consent was asked; the earlier, where it ran over midnight.
        until: the next day on which the calendar alone changes what comes of it.
        zone: where it is today for the team (`service.yaml`), or None for this computer's own.
        beside: what was read from outside the family's folder: the team's file, its logo.
    """

    case: str
    cycle: int | None = None
    errors: list[Problem] = dataclasses.field(default_factory=list)
    warnings: list[Problem] = dataclasses.field(default_factory=list)
    withheld: list[Problem] = dataclasses.field(default_factory=list)
    suggestions: list[Problem] | None = None
    made: list[str] = dataclasses.field(default_factory=list)
    kept: list[str] = dataclasses.field(default_factory=list)
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    reasons: tuple[str, ...] | None = None
    day: datetime.date | None = None
    until: datetime.date | None = None
    zone: str | None = None
    beside: tuple[Path, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong; what was left out for want of consent is not wrong."""
        return not self.errors

    def as_json(self) -> dict[str, object]:
        """Returns the outcome as `--json` prints it."""
        shown: dict[str, object] = {
            "case": self.case,
            "cycle": self.cycle,
            "ok": self.ok,
            "errors": [problem.as_json() for problem in self.errors],
            "warnings": [problem.as_json() for problem in self.warnings],
            "withheld": [problem.as_json() for problem in self.withheld],
            "made": self.made,
        }
        if self.reasons is not None:
            shown["reasons"] = [*self.reasons]
        if self.suggestions is not None:
            shown["suggestions"] = [problem.as_json() for problem in self.suggestions]
        return shown
