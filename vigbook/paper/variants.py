"""Which papers there are: those that every cycle has, and those that somebody asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from vigbook.case.models import Case, Paper, Size
from vigbook.cycle.context import CycleContext
from vigbook.errors import UsageError

PaperName = Literal["take-home", "script", "record", "worksheet"]
PAPERS: tuple[PaperName, ...] = ("take-home", "record", "worksheet")
"""What every cycle has."""
FOR_FAMILIES: tuple[PaperName, ...] = ("take-home", "script")
"""What a family holds, each who receives one a copy of their own."""
_MOST_PAGES: dict[Size, int] = {"clear": 2, "easy": 1, "large": 4}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One paper to print: which, for whom and how.

    Attributes:
        name: which of the papers.
        person: the id of whom this copy is for, or None for the family's or the team's.
        language: of the fixed words; the reader's own where None.
        size: of the type; the reader's own where None.
        paper: the reader's own where None.
        private: without pictures, logo, dates of visits and places.
        blank: with nothing filled in.
    """

    name: PaperName
    person: str | None = None
    language: str | None = None
    size: Size | None = None
    paper: Paper | None = None
    private: bool = False
    blank: bool = False


def most_pages(name: PaperName, size: Size) -> int | None:
    """Returns how many sides a paper should have at most, or None where it may have any number.

    A page for the fridge door: clear print one sheet of two sides, large print two sheets, the easy
    version one side.
    """
    return _MOST_PAGES[size] if name == "take-home" else None


def list_variants(context: CycleContext, only: Iterable[PaperName] = ()) -> list[Variant]:
    """Returns the papers that every cycle has: three, and a copy for each who receives one.

    Who has the easy version has the script to read aloud as well.
    """
    case = context.case
    chosen = tuple(only) or PAPERS
    variants = [Variant(name=name) for name in PAPERS if name in chosen]
    for name in FOR_FAMILIES:
        readers: list[str | None] = [None, *(person.id for person in case.receivers)]
        for reader in readers:
            easy = name == "script" and not only and size_for(case, reader) == "easy"
            variant = Variant(name=name, person=reader)
            if (name in chosen or easy) and variant not in variants:
                variants.append(variant)
    return variants


def size_for(case: Case, person_id: str | None) -> Size:
    """Returns the size of type that somebody has chosen, or that the family has."""
    person = case.person(person_id) if person_id else None
    return (person.size if person else None) or case.print.size


def choose_variants(
    only: Sequence[str], style: Variant, people: Sequence[str]
) -> Callable[[CycleContext], Sequence[Variant]]:
    """Returns a function that lists the papers of a cycle that somebody asked for.

    Args:
        only: names of papers; all of them where there is none.
        style: language, size and so on. The record keeps its own, and only a family's page can be
            private: papers that a style is not for are left out of it.
        people: ids of whose copies are asked for; everybody's where there is none.
    """
    plain = not (style.language or style.size or style.private or style.blank)

    def choose(context: CycleContext) -> Sequence[Variant]:
        _check_receivers(context, people)
        chosen = list_variants(context, [one for one in (*PAPERS, "script") if one in only])
        if people:
            chosen = [one for one in chosen if one.person in people or one.name not in FOR_FAMILIES]
        wanted = [
            dataclasses.replace(style, name=one.name, person=one.person)
            for one in chosen
            if plain
            or one.name in FOR_FAMILIES
            or (one.name == "worksheet" and not (style.private or style.blank))
        ]
        if not wanted:
            # Nothing chosen is not everything chosen.
            raise UsageError(
                f"there is no {' or '.join(only)} in this style",
                "only a family's page can be private or blank, and the record keeps the language "
                "and size of the team's own file, service.yaml",
            )
        return wanted

    return choose


def _check_receivers(context: CycleContext, people: Sequence[str]) -> None:
    there = [person.id for person in context.case.receivers]
    for person in people:
        if person not in there:
            mend = f"who receives one: {', '.join(there) or 'nobody'}; see 'receives' in case.yaml"
            raise UsageError(f"'{person}' receives no copy", mend)
