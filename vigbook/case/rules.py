"""What is wrong in a case or a cycle by sense rather than by type: unknown people, doubled ids."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Sequence

from vigbook.case.models import PRACTITIONER, Case, Clip, Cycle

RESERVED_CLIP_IDS = frozenset({"words", "helped", "remember", "try", "goal", "next", "take-home"})
"""Prompts of a whole review begin with these, so no clip may be called so."""

Location = tuple[str | int, ...]
"""The steps from a file's top to a place in it: keys, and numbers in lists."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """Something in a model that is wrong by sense rather than by type, and where it stands.

    Attributes:
        among: the list in which a name was looked up and not found, as `people`.
    """

    at: Location
    found: str
    mend: str
    among: str = dataclasses.field(default="", compare=False)


def nearest(word: str, words: Iterable[str]) -> str:
    """Returns 'did you mean ...?' with the nearest of `words`, or a list of them all."""
    known = sorted(set(words))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return "use one of: " + ", ".join(known) if known else "there is none yet"


def check_case(case: Case) -> Iterator[Finding]:
    """Yields what is wrong in a case by sense: unknown people, doubled ids, values off a scale."""
    ids = [person.id for person in case.people]
    yield from _doubles(("people",), ids)
    if PRACTITIONER in ids:
        row = ("people", ids.index(PRACTITIONER), "id")
        yield Finding(row, f"'{PRACTITIONER}' stands for the worker", "give this person another id")
    for index, consent in enumerate(case.consents):
        yield from _unknown(("consents", index, "person"), consent.person, ids)
        for end, last in (("until", consent.until), ("withdrawn", consent.withdrawn)):
            if last and last < consent.date:
                yield Finding(
                    ("consents", index, end), f"{last} is before the consent was given", "mend it"
                )
    yield from _doubles(("goals",), [goal.id for goal in case.goals])
    for index, goal in enumerate(case.goals):
        at = ("goals", index)
        yield from _unknown((*at, "owner"), goal.owner, [*ids, PRACTITIONER])
        steps = f"the scale goes from {goal.scale.min} to {goal.scale.max}"
        for field, value in (
            (("baseline", "value"), goal.baseline.value if goal.baseline else None),
            (("hoped",), goal.hoped),
        ):
            if value is not None and not goal.scale.min <= value <= goal.scale.max:
                yield Finding((*at, *field), f"{value} is not on the scale", steps)
    if case.retention.media_until and case.closed and case.retention.media_until < case.closed:
        yield Finding(
            ("retention", "media_until"), "is before the day the case was closed", "mend one"
        )


def check_cycle(cycle: Cycle, case: Case | None) -> Iterator[Finding]:
    """Yields what is wrong in a cycle by sense. Without a case, people are not looked up."""
    ids = [person.id for person in case.people] if case else None
    for index, person_id in enumerate(cycle.in_shot):
        yield from _unknown(("in_shot", index), person_id, ids)
    clip_ids = [clip.id for clip in cycle.clips]
    yield from _doubles(("clips",), clip_ids)
    for index, clip in enumerate(cycle.clips):
        yield from _check_clip(("clips", index), clip, ids)
    if cycle.review:
        for index, clip_id in enumerate(cycle.review.clips_shown):
            if clip_id not in clip_ids:
                at = ("review", "clips_shown", index)
                found = f"there is no clip '{clip_id}'"
                yield Finding(at, found, nearest(clip_id, clip_ids), among="clips")


def _check_clip(at: Location, clip: Clip, ids: Sequence[str] | None) -> Iterator[Finding]:
    if clip.id in RESERVED_CLIP_IDS:
        yield Finding(
            (*at, "id"), f"'{clip.id}' is kept for prompts", "call it clip-1, clip-2, ..."
        )
    if clip.end <= clip.start:
        yield Finding(
            (*at, "end"), f"the clip ends at {clip.end}, not after its start {clip.start}",
            "put a later end or an earlier start",
        )  # fmt: skip
    if clip.initiative:
        yield from _unknown((*at, "initiative"), clip.initiative, ids)
    for index, seen in enumerate(clip.principles):
        yield from _unknown((*at, "principles", index, "by"), seen.by, ids)
    for index, person_id in enumerate(clip.in_shot or ()):
        yield from _unknown((*at, "in_shot", index), person_id, ids)
    for index, mask in enumerate(clip.masks):
        if mask.covers:
            yield from _unknown((*at, "masks", index, "covers"), mask.covers, ids)
    for index, still in enumerate(clip.stills):
        if clip.start < clip.end and still.at not in clip.span:
            yield Finding(
                (*at, "stills", index, "at"),
                f"{still.at} is not in the clip, which goes from {clip.start} up to {clip.end}",
                "move the still or widen the clip",
            )
        for place, person_id in enumerate(still.in_shot or ()):
            yield from _unknown((*at, "stills", index, "in_shot", place), person_id, ids)


def _unknown(at: Location, person_id: str, ids: Sequence[str] | None) -> Iterator[Finding]:
    if ids is not None and person_id not in ids:
        found = f"there is nobody '{person_id}' in the family"
        yield Finding(at, found, nearest(person_id, ids), among="people")


def _doubles(at: Location, ids: Sequence[str]) -> Iterator[Finding]:
    before = set[str]()
    for index, one in enumerate(ids):
        if one in before:
            yield Finding((*at, index, "id"), f"'{one}' is used twice", "give each its own id")
        before.add(one)
