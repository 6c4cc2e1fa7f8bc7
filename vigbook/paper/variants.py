"""Which papers there are: those every cycle has, those asked for, and those printed before.

What was printed stands in `print/.made.json`: by it a paper that may no longer be shown, or that
nobody receives any more, is found and taken away.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from vigbook.case.manifest import still_recipe
from vigbook.case.models import Case, Paper, Size, Use
from vigbook.cycle.context import CycleContext
from vigbook.errors import Problem, UsageError, show_path
from vigbook.system.atomic import output_error, publish_bytes

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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A paper that was printed, and whether anything was said since that may change it."""

    path: Path
    variant: Variant
    stale: bool


def most_pages(name: PaperName, size: Size) -> int | None:
    """Returns how many sides a paper should have at most, or None where it may have any number.

    A page for the fridge door: clear print one sheet of two sides, large print two sheets, the easy
    version one side.
    """
    return _MOST_PAGES[size] if name == "take-home" else None


def list_variants(sitting: CycleContext, only: Iterable[PaperName] = ()) -> list[Variant]:
    """Returns the papers that every cycle has: three, and a copy for each who receives one.

    Who has the easy version has the script to read aloud as well.
    """
    case = sitting.case
    chosen = tuple(only) or PAPERS
    variants = [Variant(name=name) for name in PAPERS if name in chosen]
    for name in FOR_FAMILIES:
        readers: list[str | None] = [None, *(person.id for person in case.receivers)]
        for reader in readers:
            easy = name == "script" and not only and _size_for(case, reader) == "easy"
            variant = Variant(name=name, person=reader)
            if (name in chosen or easy) and variant not in variants:
                variants.append(variant)
    return variants


def list_long(sitting: CycleContext) -> list[Problem]:
    """Returns the papers that have more sides than they should, as they were printed last."""
    state = read_state(sitting.folder / "print")
    found = []
    for one in list_standing(sitting):
        pages = state[one.path.name].get("pages")
        size = one.variant.size or _size_for(sitting.case, one.variant.person)
        if problem := long_problem(one.path, one.variant.name, size, pages):
            found.append(problem)
    return found


def long_problem(path: Path, name: PaperName, size: Size, pages: object) -> Problem | None:
    """Returns a sentence on a paper that has more sides than it should, or None."""
    most = most_pages(name, size)
    if most is None or type(pages) is not int or pages <= most:
        return None
    usual = "one" if most == 1 else "two" if most == 2 else "four"
    return Problem(
        file=show_path(path),
        found=f"has {pages} sides, and {usual} would be easier to keep; nothing was cut",
        mend="choose fewer words or pictures together, or hand over all of it",
    )


def _size_for(case: Case, person_id: str | None) -> Size:
    person = case.person(person_id) if person_id else None
    return (person.size if person else None) or case.print.size


def list_earlier_variants(sitting: CycleContext) -> list[Variant]:
    """Returns the other papers somebody has asked for before, to be kept up to date.

    An old paper beside the new ones could hold a picture that may no longer be shown.
    """
    usual = list_variants(sitting)
    earlier = []
    for entry in read_state(sitting.folder / "print").values():
        try:
            variant = Variant(**entry["variant"])
        except (KeyError, TypeError):
            continue
        if variant not in usual and _receives(sitting, variant):
            earlier.append(variant)
    return earlier


def remove_unreceived(sitting: CycleContext) -> list[Path]:
    """Deletes the copies of those who no longer receive one, and returns their paths.

    Raises:
        OutputError: one cannot be deleted.
    """

    def unwanted(entry: Mapping[str, Any]) -> bool:
        try:
            return not _receives(sitting, Variant(**entry["variant"]))
        except (KeyError, TypeError):
            return False

    return _remove_papers(sitting.folder / "print", unwanted)


def remove_refused(sitting: CycleContext) -> list[Path]:
    """Deletes the papers that hold a picture which may not be shown there any more.

    That is one of somebody who has not agreed, or one from before part of it was covered; a paper
    with such a one is printed again when the others are.

    Raises:
        OutputError: one cannot be deleted.
    """
    folder = sitting.folder / "print"
    refused = _remove_papers(folder, lambda entry: _holds_refused(sitting, entry))
    bare = lambda entry: _holds_bare(sitting, entry)  # noqa: E731
    return refused + _remove_papers(folder, bare, again=True)


def choose_variants(
    only: Sequence[str], style: Variant, people: Sequence[str]
) -> Callable[[CycleContext], Sequence[Variant]]:
    """Returns a function that lists the papers of a sitting that somebody asked for.

    Args:
        only: names of papers; all of them where there is none.
        style: language, size and so on. The record keeps its own, and only a family's page can be
            private: papers that a style is not for are left out of it.
        people: ids of whose copies are asked for; everybody's where there is none.
    """
    plain = not (style.language or style.size or style.private or style.blank)

    def choose(sitting: CycleContext) -> Sequence[Variant]:
        _check_receivers(sitting, people)
        chosen = list_variants(sitting, [one for one in (*PAPERS, "script") if one in only])
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


def _check_receivers(sitting: CycleContext, people: Sequence[str]) -> None:
    there = [person.id for person in sitting.case.receivers]
    for person in people:
        if person not in there:
            mend = f"who receives one: {', '.join(there) or 'nobody'}; see 'receives' in case.yaml"
            raise UsageError(f"'{person}' receives no copy", mend)


def list_standing(sitting: CycleContext) -> list[Standing]:
    """Returns the papers that are there and may be looked at, in the order they are listed."""
    folder = sitting.folder / "print"
    standing = []
    for name, entry in read_state(folder).items():
        with contextlib.suppress(TypeError):  # of a later vigbook
            variant = Variant(**entry.get("variant", {}))
            refused = _holds_refused(sitting, entry) or _holds_bare(sitting, entry)
            if _receives(sitting, variant) and not refused and (folder / name).is_file():
                stale = entry.get("said") != latest(sitting)
                standing.append(Standing(path=folder / name, variant=variant, stale=stale))
    order = [*FOR_FAMILIES, *PAPERS]
    return sorted(standing, key=lambda one: (order.index(one.variant.name), one.path.name))


def latest(sitting: CycleContext) -> str | None:
    """Returns the id of what was said last."""
    return sitting.journal.lines[-1].id if sitting.journal.lines else None


def _remove_papers(
    folder: Path, unwanted: Callable[[Mapping[str, Any]], bool], *, again: bool = False
) -> list[Path]:
    state = read_state(folder)
    removed = [folder / name for name, entry in state.items() if unwanted(entry)]
    for path in removed:
        try:
            path.unlink(missing_ok=True)
        except OSError as err:
            raise output_error(path, err) from err
        entry = state.pop(path.name)
        if again:
            state[path.name] = {"variant": entry.get("variant", {}), "shown": []}
    if removed:
        write_state(folder, state)
    return removed


def _holds_refused(sitting: CycleContext, entry: Mapping[str, Any]) -> bool:
    variant = entry.get("variant", {})
    use: Use = "service-record" if variant.get("name") == "record" else "take-home"
    if entry.get("everybody") and not sitting.may_show_everybody(use):
        return True
    for clip_id, number, *_ in entry.get("shown", ()):
        clip = sitting.cycle.clip(clip_id)
        if clip is None or number > len(clip.stills):
            return True
        if not sitting.may_show(use, clip, clip.stills[number - 1], variant.get("person")):
            return True
    return False


def _holds_bare(sitting: CycleContext, entry: Mapping[str, Any]) -> bool:
    """Whether a paper holds a picture of a clip with masks that was not taken with them."""
    for clip_id, number, *recipe in entry.get("shown", ()):
        clip = sitting.cycle.clip(clip_id)
        still = clip.stills[number - 1] if clip and number <= len(clip.stills) else None
        if clip and still and clip.masks and recipe != [still_recipe(clip, still)]:
            return True
    return False


def _receives(sitting: CycleContext, variant: Variant) -> bool:
    return variant.person in (None, *(person.id for person in sitting.case.receivers))


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Writes what is known of the papers in a folder.

    Raises:
        OutputError: it cannot be written.
    """
    text = json.dumps(state, indent=1, sort_keys=True) + "\n"
    publish_bytes(folder / ".made.json", text.encode())


def read_state(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns what is known of the papers in a folder, by their files' names."""
    try:
        found = json.loads((folder / ".made.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
