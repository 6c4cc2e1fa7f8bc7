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

from vigbook.case import Paper, Size, Use
from vigbook.errors import UsageError
from vigbook.publish import output_error, publish_bytes
from vigbook.sitting import Sitting

PaperName = Literal["take-home", "record", "worksheet"]
PAPERS: tuple[PaperName, ...] = ("take-home", "record", "worksheet")


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


def list_variants(sitting: Sitting, only: Iterable[PaperName] = ()) -> list[Variant]:
    """Returns the papers that every cycle has: three, and a copy for each who receives one."""
    chosen = tuple(only) or PAPERS
    variants = [Variant(name=name) for name in PAPERS if name in chosen]
    if "take-home" in chosen:
        receivers = sitting.case.receivers
        variants += [Variant(name="take-home", person=person.id) for person in receivers]
    return variants


def list_earlier_variants(sitting: Sitting) -> list[Variant]:
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


def remove_unreceived(sitting: Sitting) -> list[Path]:
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


def remove_refused(sitting: Sitting) -> list[Path]:
    """Deletes the papers that hold a picture which may not be shown there any more.

    Raises:
        OutputError: one cannot be deleted.
    """
    return _remove_papers(sitting.folder / "print", lambda entry: _holds_refused(sitting, entry))


def choose_variants(
    only: Sequence[str], style: Variant, people: Sequence[str]
) -> Callable[[Sitting], Sequence[Variant]]:
    """Returns a function that lists the papers of a sitting that somebody asked for.

    Args:
        only: names of papers; all of them where there is none.
        style: language, size and so on. The record keeps its own, and only a family's page can be
            private: papers that a style is not for are left out of it.
        people: ids of whose copies are asked for; everybody's where there is none.
    """
    plain = not (style.language or style.size or style.private or style.blank)

    def choose(sitting: Sitting) -> Sequence[Variant]:
        _check_receivers(sitting, people)
        chosen = list_variants(sitting, [one for one in PAPERS if one in only])
        if people:
            chosen = [one for one in chosen if one.person in people or one.name != "take-home"]
        return [
            dataclasses.replace(style, name=one.name, person=one.person)
            for one in chosen
            if plain
            or one.name == "take-home"
            or (one.name == "worksheet" and not (style.private or style.blank))
        ]

    return choose


def _check_receivers(sitting: Sitting, people: Sequence[str]) -> None:
    there = [person.id for person in sitting.case.receivers]
    for person in people:
        if person not in there:
            mend = f"who receives one: {', '.join(there) or 'nobody'}; see 'receives' in case.yaml"
            raise UsageError(f"'{person}' receives no copy", mend)


def list_standing(sitting: Sitting) -> list[Standing]:
    """Returns the papers that are there and may be looked at, in the order they are listed."""
    folder = sitting.folder / "print"
    standing = []
    for name, entry in read_state(folder).items():
        with contextlib.suppress(TypeError):  # of a later vigbook
            variant = Variant(**entry.get("variant", {}))
            kept = _receives(sitting, variant) and not _holds_refused(sitting, entry)
            if kept and (folder / name).is_file():
                stale = entry.get("said") != latest(sitting)
                standing.append(Standing(path=folder / name, variant=variant, stale=stale))
    return sorted(standing, key=lambda one: (PAPERS.index(one.variant.name), one.path.name))


def latest(sitting: Sitting) -> str | None:
    """Returns the id of what was said last."""
    return sitting.journal.lines[-1].id if sitting.journal.lines else None


def _remove_papers(folder: Path, unwanted: Callable[[Mapping[str, Any]], bool]) -> list[Path]:
    state = read_state(folder)
    removed = [folder / name for name, entry in state.items() if unwanted(entry)]
    for path in removed:
        try:
            path.unlink(missing_ok=True)
        except OSError as err:
            raise output_error(path, err) from err
        del state[path.name]
    if removed:
        write_state(folder, state)
    return removed


def _holds_refused(sitting: Sitting, entry: Mapping[str, Any]) -> bool:
    variant = entry.get("variant", {})
    use: Use = "service-record" if variant.get("name") == "record" else "take-home"
    if entry.get("everybody") and not sitting.may_show_everybody(use):
        return True
    for clip_id, number in entry.get("shown", ()):
        clip = sitting.cycle.clip(clip_id)
        if clip is None or number > len(clip.stills):
            return True
        if not sitting.may_show(use, clip, clip.stills[number - 1], variant.get("person")):
            return True
    return False


def _receives(sitting: Sitting, variant: Variant) -> bool:
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
