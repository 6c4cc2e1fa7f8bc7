"""What the family's front page tells: for each film what is ready, what is missing, what to do.

A family may look at it. What is only for the worker (what was left out, and why) is kept apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from vigbook.case.consent import may_use
from vigbook.case.folder import find_inside
from vigbook.case.models import PRACTITIONER
from vigbook.cycle.checks import list_warnings, list_withheld, split_by_filming
from vigbook.cycle.context import Sitting
from vigbook.errors import CaseError
from vigbook.method.method import Words
from vigbook.paper.variants import Variant, list_standing
from vigbook.workbook.build import NOTEBOOK


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """One printed paper: its file, what it is called, and whether something was said since."""

    file: str
    title: str
    stale: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CycleView:
    """One film and its looking together, as the front page shows it.

    Attributes:
        folder: the cycle's folder, as `cycle-1`.
        number: of the cycle.
        date: when it was filmed, in words, or None.
        about: what was filmed and where.
        film: "there", "missing", or "refused" where somebody has not agreed to be filmed.
        clips: how many were chosen.
        cut: how many of them are cut.
        workbook: whether there is one to open.
        written: how many questions have an answer.
        latest: when the latest was given, in words.
        papers: what was printed.
        next_date: when the family meets their worker next, in words.
        notes: what the worker should know.
    """

    folder: str
    number: int
    date: str | None
    about: str
    film: str
    clips: int
    cut: int
    workbook: bool
    written: int
    papers: tuple[PaperView, ...]
    next_date: str | None
    notes: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether they can look together."""
        return self.workbook and 0 < self.cut == self.clips


def view_cycle(sitting: Sitting, words: Words) -> CycleView:
    """Returns what the front page tells of one cycle."""
    cycle = sitting.cycle
    agreed, refused = split_by_filming(sitting)
    cut = [clip for clip in agreed if sitting.is_cut(clip)]
    said = {line.prompt for line in sitting.journal.lines if sitting.journal.last(line.prompt)}
    asked = {key for key, prompt in sitting.prompts.items() if prompt.kind not in ("marks", "tick")}
    film = cycle.film
    warned = [*refused, *list_withheld(sitting), *list_warnings(sitting)]
    return CycleView(
        folder=sitting.folder.resolve().name,
        number=cycle.cycle,
        date=words.date(film.date),
        about=", ".join(part for part in (film.activity, film.place) if part),
        film=_film_state(sitting),
        clips=len(agreed),
        cut=len(cut),
        workbook=(sitting.folder / NOTEBOOK).is_file(),
        written=len(said & asked),
        papers=tuple(view_papers(sitting)),
        next_date=words.date(cycle.next.date),
        notes=tuple(dict.fromkeys(str(problem) for problem in warned)),
    )


def name_family(sittings: Iterable[Sitting], words: Words) -> str | None:
    """Returns what the family is called, by the latest cycle that can be read."""
    names = [sitting.family_name(words) for sitting in sittings]
    return names[-1] if names else None


def _film_state(sitting: Sitting) -> str:
    if not may_use(sitting.case, sitting.cycle.in_shot, "filming", sitting.today):
        return "refused"
    try:
        path = find_inside(sitting.family.folder, sitting.folder, sitting.cycle.film.file)
    except (ValueError, CaseError):
        return "missing"
    return "there" if path.is_file() else "missing"


def view_papers(sitting: Sitting) -> Iterable[PaperView]:
    """Yields the printed papers of a cycle that may be looked at."""
    for one in list_standing(sitting):
        title = _name_paper(sitting, one.path, one.variant)
        yield PaperView(file=one.path.name, title=title, stale=one.stale)


def _name_paper(sitting: Sitting, path: Path, variant: Variant) -> str:
    name = {
        "take-home": "The page to take home", "script": "The page to read aloud",
        "record": "The team's record", "worksheet": "The sheet for pen and paper",
    }[variant.name]  # fmt: skip
    if variant.person and variant.person != PRACTITIONER:
        aloud = " to read aloud" if variant.name == "script" else ""
        name = f"The page{aloud} for {sitting.name_of(variant.person)}"
    extra = path.stem.split(".")[1:]
    return f"{name} ({', '.join(extra)})" if extra else name
