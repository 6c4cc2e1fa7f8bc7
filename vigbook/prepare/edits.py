"""Choosing clips and stills: what the page shows of a cycle, and its edits of `cycle.yaml`.

Each edit is one small step (`steps`). It is checked as `vigbook check` checks,
written whole or not at all with a person's comments kept, and can be undone. Whoever edits says
which content of the file they saw; where another program changed it meanwhile, nothing is written.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vigbook.case.journal import Journal
from vigbook.case.models import Clip, Cycle, Goal
from vigbook.case.rules import nearest
from vigbook.case.yaml_file import edit_file
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, Problem, UsageError
from vigbook.prepare import mask_edits, yaml_edits
from vigbook.prepare.steps import (
    AddClip,
    AddMasks,
    AddStill,
    CheckMasks,
    DeleteClip,
    DeleteMasks,
    DeleteStill,
    FileStep,
    MoveClip,
    PrincipleMark,
    SetClip,
    SetInitiative,
    SetInShot,
    SetMark,
    SetMasks,
    SetPrinciples,
    SetSlow,
    SetSound,
    SetStill,
    SetText,
    StillStep,
    UndoRedo,
)
from vigbook.system.atomic import publish_bytes
from vigbook.system.reading import read_file
from vigbook.timecode import Timecode

MOST_STEPS = 200  # that can be undone
_LARGEST = 2_000_000  # bytes, as of any file of a case
_ONE_STEP_S = 20  # typing on in one field for so long is one step
_MOST_QUOTES = 12
_TEXTS = ("title", "question", "why")

Change = Callable[[yaml_edits.Document], None]
Snap = Callable[[Timecode, bool], Timecode]
"""Returns when the frame came up that is on screen at a time."""


class ChangedError(Exception):
    """Another program changed the file since it was seen: nothing was written."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Undoable:
    """A content of the file before or after a step, and what the step did."""

    content: bytes
    field: object
    at: float


class CycleEditor:
    """The edits of one cycle's file, one at a time, and what they were made on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._past: list[_Undoable] = []
        self._future: list[_Undoable] = []
        self._known = b""

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back that can be done again."""
        return bool(self._future)

    def revision(self) -> str:
        """Returns the SHA-256 of the file as it is on the disk now.

        Raises:
            CaseError: it cannot be read.
        """
        return _revision(self._read())

    def read(self, open_cycle: Callable[[], CycleContext]) -> tuple[CycleContext, str]:
        """Returns the cycle, and the revision of the very content that it was read from.

        Raises:
            VigbookError: it cannot be read.
        """
        while True:
            before = self.revision()
            context = open_cycle()
            if self.revision() == before:
                return context, before

    def edit(
        self, context: CycleContext, step: FileStep | UndoRedo, snap: Snap = lambda at, _: at
    ) -> str | None:
        """Does one step, and returns what a person should know of it, if anything.

        Args:
            context: the cycle, as it is on the disk.
            step: what to do, and to which content: that which was on the screen.
            snap: brings a time to that of its frame; told whether it is where a clip ends.

        Raises:
            ChangedError: the file is not what was on the screen; nothing was written.
            VigbookError: it cannot be done; nothing was written.
        """
        with self._lock:
            content = self._read()
            self._forget_if_changed(content)
            if _revision(content) != step.revision:
                raise ChangedError
            if isinstance(step, UndoRedo):
                self._turn_back(step.do, content)
                return None
            change = _find_change(context, step, snap)

            def write(document: yaml_edits.Document) -> None:
                if self._read() != content:
                    raise ChangedError
                change(document)

            edit_file(self._path, Cycle, write)
            self._remember(content, step)
            return _tell_words_left(context, step)

    def _read(self) -> bytes:
        try:
            return read_file(self._path, _LARGEST)
        except OSError as err:
            problem = Problem(file=self._path.name, found=f"cannot be read: {err.strerror}")
            raise CaseError(problem) from err

    def _forget_if_changed(self, content: bytes) -> None:
        """Steps lead back to contents that another program has changed since: they are over."""
        if self._known and content != self._known:
            self._past.clear()
            self._future.clear()
        self._known = content

    def _remember(self, before: bytes, step: FileStep) -> None:
        field = step.model_dump(include={"do", "clip", "still", "field"})
        typing = field.get("field") in (*_TEXTS, "alt")
        last = self._past[-1] if self._past else None
        goes_on = last and last.field == field and time.monotonic() - last.at < _ONE_STEP_S
        if typing and goes_on and not self._future:
            self._past[-1] = dataclasses.replace(self._past[-1], at=time.monotonic())
        else:
            self._past.append(_Undoable(before, field, time.monotonic()))
        del self._past[:-MOST_STEPS]
        self._future.clear()
        self._known = self._read()

    def _turn_back(self, do: str, content: bytes) -> None:
        """Writes the content before the last step, or that before it was taken back."""
        steps, others = (self._past, self._future) if do == "undo" else (self._future, self._past)
        if not steps:
            raise UsageError("there is nothing to undo" if do == "undo" else "nothing to do again")
        publish_bytes(self._path, steps[-1].content)
        step = steps.pop()
        others.append(dataclasses.replace(step, content=content, at=0.0))
        self._known = step.content


# --- Steps ----------------------------------------------------------------------------------


def _find_change(context: CycleContext, step: FileStep, snap: Snap) -> Change:
    """Returns what a step does to the file's document; whom and what it names is looked up here."""
    if isinstance(step, AddClip):
        clip = {"id": next_id(context), "start": _time(step.start, snap).format(),
                "end": _time(step.end, snap, ends=True).format()}  # fmt: skip
        _check_marks(clip["start"], clip["end"], ())
        return lambda document: yaml_edits.add_clip(document, clip, len(context.cycle.clips))
    index, clip_now = _find_clip(context, step.clip)
    match step:
        case AddMasks() | SetMasks() | DeleteMasks() | CheckMasks():
            return mask_edits.find_change(context, index, step, lambda at: _time(at, snap))
        case AddStill() | DeleteStill() | SetStill():
            return _change_still(index, clip_now, step, snap)
        case MoveClip():
            place = min(max(0, step.to), len(context.cycle.clips) - 1)
            return lambda document: yaml_edits.move_clip(document, index, place)
        case DeleteClip():
            _check_not_shown(context, clip_now)
            return lambda document: yaml_edits.delete_clip(document, index)
        case _:
            value = _clip_value(context, clip_now, step, snap)
            return _set_clip(index, clip_now, step.field, value)


def _change_still(index: int, clip: Clip, step: StillStep, snap: Snap) -> Change:
    if isinstance(step, AddStill):
        at = _still_time(clip, step.at, snap)
        place = sum(one.at < at for one in clip.stills)
        still = {"at": at.format()}
        return lambda document: yaml_edits.add_still(document, index, place, still)
    if not 1 <= step.still <= len(clip.stills):
        raise UsageError("that still is not there any more")
    number = step.still - 1
    if isinstance(step, DeleteStill):
        return lambda document: yaml_edits.delete_still(document, index, number)
    if step.field == "at":
        value: str | None = _still_time(clip, step.value, snap).format()
    else:
        value = _text(step.value)
    return lambda document: yaml_edits.set_still(document, index, number, step.field, value)


def _set_clip(index: int, clip: Clip, field: str, value: Any) -> Change:
    moves = field in ("start", "end")
    masks = mask_edits.follow_mark(clip, field, Timecode.parse(value)) if moves else []

    def change(document: yaml_edits.Document) -> None:
        yaml_edits.set_clip(document, index, field, value)
        for number, times in masks:
            yaml_edits.set_mask(document, index, number, times)

    return change


def next_id(context: CycleContext) -> str:
    """Returns the id of the next new clip: clip-1, clip-2 and so on, never from its title.

    One that words were said about is never given to another clip, though the clip is gone.
    """
    said = [line.prompt.partition(".")[0] for line in context.journal.lines]
    borne = [*(clip.id for clip in context.cycle.clips), *said]
    numbers = [int(found[1]) for one in borne if (found := re.fullmatch(r"clip-(\d{1,6})", one))]
    return f"clip-{max(numbers, default=0) + 1}"


def _find_clip(context: CycleContext, clip_id: str) -> tuple[int, Clip]:
    for index, clip in enumerate(context.cycle.clips):
        if clip.id == clip_id:
            return index, clip
    raise UsageError("that clip is not there any more")


def _time(written: object, snap: Snap, *, ends: bool = False) -> Timecode:
    """Returns the time of the frame that is on screen at a time, or at which a clip ends."""
    try:
        return snap(Timecode.parse(str(written)), ends)
    except ValueError as err:
        raise UsageError("that is no time in a film", "write it as 00:01:23.400") from err


def _still_time(clip: Clip, written: object, snap: Snap) -> Timecode:
    # What is written is a time to the millisecond, and that is what must lie in the clip.
    at = Timecode.parse(_time(written, snap).format())
    if at not in clip.span:
        found = f"{at} is not in this clip, which goes from {clip.start} up to {clip.end}"
        raise UsageError(found, "go to a moment inside the clip, or move its marks")
    return at


def _check_marks(start: str, end: str, stills: tuple[Timecode, ...]) -> None:
    first, last = Timecode.parse(start), Timecode.parse(end)
    if last <= first:
        raise UsageError(f"the clip would end at {end}, and not after its start at {start}")
    outside = [at.format() for at in stills if not first <= at < last]
    if outside:
        found = f"the still at {outside[0]} would lie outside the clip"
        raise UsageError(found, "delete that still first, or leave the mark")


def _check_not_shown(context: CycleContext, clip: Clip) -> None:
    review = context.cycle.review
    if review and clip.id in review.clips_shown:
        found = f"'{clip.title or clip.id}' was looked at together, and the record says so"
        raise UsageError(found, "take it out of clips_shown in cycle.yaml first")


def _clip_value(context: CycleContext, clip: Clip, step: SetClip, snap: Snap) -> Any:
    """Returns a field's value as the file holds it; None where its line goes."""
    match step:
        case SetMark():
            at = _time(step.value, snap, ends=step.field == "end").format()
            marks = {"start": clip.start.format(), "end": clip.end.format(), step.field: at}
            _check_marks(marks["start"], marks["end"], tuple(one.at for one in clip.stills))
            return at
        case SetText():
            return _text(step.value)
        case SetInitiative():
            return _person(context, step.value) if step.value else None
        case SetSound():
            return step.value if step.value != "keep" else None
        case SetSlow():
            return True if step.value else None
        case SetInShot():
            people = [_person(context, one) for one in step.value]
            if not people:
                raise UsageError("somebody must be in the picture", "choose at least one person")
            return people if people != list(context.cycle.in_shot) else None
        case SetPrinciples():
            return [_principle(context, one) for one in step.value] or None


def _text(typed: str | None) -> str | None:
    """Returns words on one line, without signs that nothing can show; None for none."""
    line = " ".join((typed or "").split())
    return "".join(one for one in line if unicodedata.category(one) != "Cc") or None


def _person(context: CycleContext, value: object) -> str:
    known = [person.id for person in context.case.people]
    if value not in known:
        raise UsageError(f"there is nobody '{value}' in the family", nearest(str(value), known))
    return str(value)


def _principle(context: CycleContext, seen: PrincipleMark) -> dict[str, str]:
    if seen.id not in [one.id for one in context.method.file.principles]:
        raise UsageError("there is no such principle")
    return {"id": seen.id, "by": _person(context, seen.by)}


def _tell_words_left(context: CycleContext, step: FileStep) -> str | None:
    """Returns a sentence where words were said about a clip that was just deleted."""
    if not isinstance(step, DeleteClip):
        return None
    owner = f"{step.clip}."
    said = {line.prompt for line in context.journal.lines if line.prompt.startswith(owner)}
    if not any(context.journal.last(one) for one in said):
        return None
    return "Words were said about this clip. They are kept, but print nowhere without it."


def _revision(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- What the page shows --------------------------------------------------------------------


def show_cycle(context: CycleContext) -> dict[str, Any]:
    """Returns the clips of a cycle, and what can be chosen for them, as the page takes it."""
    cycle, case = context.cycle, context.case
    return {
        "number": cycle.cycle,
        "family": context.family.folder.name,
        "question": context.helping_question,
        "activity": cycle.film.activity,
        "people": [{"id": one.id, "name": one.name} for one in case.people],
        "in_shot": list(cycle.in_shot),
        "principles": [
            {"id": one.id, "heading": one.heading, "look_for": one.look_for}
            for one in context.method.file.principles
        ],
        "clips": [
            {**_show_clip(clip), **mask_edits.show_masks(context, clip)} for clip in cycle.clips
        ],
        "earlier": show_earlier(context),
    }


def show_time(at: Timecode) -> dict[str, Any]:
    """Returns a time as it is written, and in seconds for the player."""
    return {"at": at.format(), "s": float(at.seconds)}


def _show_clip(clip: Clip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "start": show_time(clip.start),
        "end": show_time(clip.end),
        "initiative": clip.initiative,
        "principles": [{"id": one.id, "by": one.by} for one in clip.principles],
        "in_shot": list(clip.in_shot) if clip.in_shot else None,
        "sound": clip.sound,
        "slow": clip.slow,
        "stills": [{**show_time(one.at), "alt": one.alt} for one in clip.stills],
        **{field: getattr(clip, field) for field in _TEXTS},
    }


def show_earlier(context: CycleContext) -> dict[str, Any]:
    """Returns what the last cycle left to do: goals, the next step, and the family's own words."""
    last = context.earlier[0] if context.earlier else Journal()
    steps = [last.last(f"try.{one}") for one in ("what", "where", "when")]
    return {
        "cycle": context.cycle.cycle - 1 if context.earlier else None,
        "goals": [_show_goal(context, goal) for goal in context.case.goals],
        "step": [str(one.value) for one in steps if one],
        "quotes": list(_list_quotes(context, last))[:_MOST_QUOTES],
    }


def _show_goal(context: CycleContext, goal: Goal) -> dict[str, Any]:
    rated = [found for one in context.earlier if (found := one.last(f"goal.{goal.id}.now"))]
    begun = goal.baseline.value if goal.baseline else None
    return {
        "wording": goal.wording,
        "owner": context.name_of(goal.owner),
        "now": rated[0].value if rated else begun,
        "hoped": goal.hoped,
    }


def _list_quotes(context: CycleContext, journal: Journal) -> Iterator[dict[str, Any]]:
    """Yields words that somebody said or wrote: only those stand in quotation marks."""
    passed = ("words.", "try.", "goal.", "next.", "take-home.")
    prompts = dict.fromkeys(line.prompt for line in journal.lines)
    for prompt in prompts:
        answer = journal.last(prompt)
        if answer is None or not answer.quotable or prompt.startswith(passed):
            continue
        values = answer.value if isinstance(answer.value, list) else [answer.value]
        for value in values:
            if isinstance(value, str) and value.strip():
                yield {"text": value.strip(), "by": context.name_of(answer.by)}
