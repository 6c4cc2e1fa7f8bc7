"""What was printed: which papers lie in `print/`, what is on them, and which have to go.

It stands in `print/.made.json`: by it a paper that may no longer be shown, or that nobody receives
any more, is found and taken away.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vigbook.case.manifest import still_recipe
from vigbook.case.models import Size, Use
from vigbook.cycle.context import CycleContext
from vigbook.errors import Problem, show_path
from vigbook.paper.variants import (
    FOR_FAMILIES,
    PAPERS,
    PaperName,
    Variant,
    list_variants,
    most_pages,
    size_for,
)
from vigbook.system.atomic import output_error, publish_bytes
from vigbook.system.reading import read_json

_LARGEST = 10_000_000  # bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPaper:
    """A paper that was printed, and whether anything was said since that may change it."""

    path: Path
    variant: Variant
    stale: bool


def list_printed(context: CycleContext) -> list[PrintedPaper]:
    """Returns the papers that are there and may be looked at, in the order they are listed."""
    folder = context.folder / "print"
    printed = []
    for name, entry in read_state(folder).items():
        with contextlib.suppress(TypeError):  # of a later vigbook
            variant = Variant(**entry.get("variant", {}))
            refused = _holds_refused(context, entry) or _holds_bare(context, entry)
            if _receives(context, variant) and not refused and (folder / name).is_file():
                stale = entry.get("said") != latest(context)
                printed.append(PrintedPaper(path=folder / name, variant=variant, stale=stale))
    order = [*FOR_FAMILIES, *PAPERS]
    return sorted(printed, key=lambda one: (order.index(one.variant.name), one.path.name))


def list_long(context: CycleContext) -> list[Problem]:
    """Returns the papers that have more sides than they should, as they were printed last."""
    state = read_state(context.folder / "print")
    found = []
    for one in list_printed(context):
        pages = state[one.path.name].get("pages")
        size = one.variant.size or size_for(context.case, one.variant.person)
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


def list_earlier_variants(context: CycleContext) -> list[Variant]:
    """Returns the other papers somebody has asked for before, to be kept up to date.

    An old paper beside the new ones could hold a picture that may no longer be shown.
    """
    usual = list_variants(context)
    earlier = []
    for entry in read_state(context.folder / "print").values():
        try:
            variant = Variant(**entry["variant"])
        except (KeyError, TypeError):
            continue
        if variant not in usual and _receives(context, variant):
            earlier.append(variant)
    return earlier


def remove_unreceived(context: CycleContext) -> list[Path]:
    """Deletes the copies of those who no longer receive one, and returns their paths.

    Raises:
        OutputError: one cannot be deleted.
    """

    def unwanted(entry: Mapping[str, Any]) -> bool:
        try:
            return not _receives(context, Variant(**entry["variant"]))
        except (KeyError, TypeError):
            return False

    return _remove_papers(context.folder / "print", unwanted)


def remove_refused(context: CycleContext) -> list[Path]:
    """Deletes the papers that hold a picture which may not be shown there any more.

    That is one of somebody who has not agreed, or one from before part of it was covered; a paper
    with such a one is printed again when the others are.

    Raises:
        OutputError: one cannot be deleted.
    """
    folder = context.folder / "print"
    refused = _remove_papers(folder, lambda entry: _holds_refused(context, entry))
    bare = lambda entry: _holds_bare(context, entry)  # noqa: E731
    return refused + _remove_papers(folder, bare, again=True)


def latest(context: CycleContext) -> str | None:
    """Returns the id of what was said last."""
    return context.journal.lines[-1].id if context.journal.lines else None


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


def _holds_refused(context: CycleContext, entry: Mapping[str, Any]) -> bool:
    variant = entry.get("variant", {})
    use: Use = "service-record" if variant.get("name") == "record" else "take-home"
    if entry.get("everybody") and not context.may_show_everybody(use):
        return True
    for clip_id, number, *_ in entry.get("shown", ()):
        clip = context.cycle.clip(clip_id)
        if clip is None or number > len(clip.stills):
            return True
        if not context.may_show(use, clip, clip.stills[number - 1], variant.get("person")):
            return True
    return False


def _holds_bare(context: CycleContext, entry: Mapping[str, Any]) -> bool:
    """Whether a paper holds a picture of a clip with masks that was not taken with them."""
    for clip_id, number, *recipe in entry.get("shown", ()):
        clip = context.cycle.clip(clip_id)
        still = clip.stills[number - 1] if clip and number <= len(clip.stills) else None
        if clip and still and clip.masks and recipe != [still_recipe(clip, still)]:
            return True
    return False


def _receives(context: CycleContext, variant: Variant) -> bool:
    return variant.person in (None, *(person.id for person in context.case.receivers))


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
        found = read_json(folder / ".made.json", _LARGEST)
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: entry for name, entry in found.items() if isinstance(entry, dict)}
