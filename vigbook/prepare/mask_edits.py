"""Steps that cover a face or an area of a clip, and what the page shows of what is covered.

They are steps of `edits`: each is checked, written whole, and can be undone. What a person
confirmed of a clip goes with any change of its masks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vigbook.case.manifest import clip_recipe
from vigbook.case.masks import seal_masks
from vigbook.case.models import Clip, Mask
from vigbook.cycle.context import CycleContext
from vigbook.errors import UsageError
from vigbook.prepare import yaml_edits
from vigbook.prepare.steps import AddMasks, CheckMasks, MaskStep, SetMasks
from vigbook.timecode import Timecode

_MOST_MASKS = 200  # in one clip: each is a filter, and Windows takes no longer command
_TOO_MANY = "a clip can have so many boxes and no more: cover a larger area instead"

Change = Callable[[yaml_edits.Document], None]
Read = Callable[[object], Timecode]
"""Returns the time of the frame that is on screen at what a person typed."""


def find_change(context: CycleContext, index: int, step: MaskStep, read: Read) -> Change:
    """Returns what a step about masks does to the file's document.

    Args:
        context: the cycle, as it is on the disk.
        index: of the clip, from 0.
        step: what to do.
        read: brings a time to that of its frame.

    Raises:
        UsageError: it cannot be done.
    """
    clip = context.cycle.clips[index]
    if isinstance(step, CheckMasks):
        checked = _confirm(context, clip)
        return lambda document: yaml_edits.set_clip(document, index, "masks_checked", checked)
    if isinstance(step, AddMasks):
        drawn = [one.model_dump(by_alias=True, exclude_unset=True) for one in step.masks]
        masks = [_entry(context, clip, one, read) for one in drawn]
        if not masks or len(clip.masks) + len(masks) > _MOST_MASKS:
            raise UsageError(_TOO_MANY)
        return _unchecked(index, lambda document: yaml_edits.add_masks(document, index, masks))
    places = sorted({number - 1 for number in step.masks}, reverse=True)
    if not places or not 0 <= min(places) <= max(places) < len(clip.masks):
        raise UsageError("that box is not there any more")
    asked: dict[str, Any] = {}
    changed: dict[int, dict[str, Any]] = {}
    if isinstance(step, SetMasks):
        asked = step.set.model_dump(by_alias=True, exclude_unset=True)
    for place in places if isinstance(step, SetMasks) else ():
        now = clip.masks[place]
        whole = {"from": now.start, "to": now.end, "box": now.box, "covers": now.covers}
        entry = _entry(context, clip, {**whole, **asked}, read)
        changed[place] = {key: entry.get(key) for key in asked}

    def write(document: yaml_edits.Document) -> None:
        for place in places:
            if place in changed:
                yaml_edits.set_mask(document, index, place, changed[place])
            else:
                yaml_edits.delete_mask(document, index, place)

    return _unchecked(index, write)


def follow_mark(clip: Clip, field: str, at: Timecode) -> list[tuple[int, dict[str, str]]]:
    """Returns which boxes go along when a clip's start or end moves out, and their new times.

    One that covered the clip from its start, or up to its end, still does: whoever makes a clip
    longer does not mean to show a face.
    """
    start = field == "start"
    return [
        (number, {"from" if start else "to": at.format()})
        for number, mask in enumerate(clip.masks)
        if (start and at < mask.start <= clip.start) or (not start and clip.end <= mask.end < at)
    ]


def show_masks(context: CycleContext, clip: Clip) -> dict[str, Any]:
    """Returns a clip's masks as the page takes them, and whether somebody has confirmed them."""
    return {
        "masks": [
            {
                "from": mask.start.format(), "from_s": float(mask.start.seconds),
                "to": mask.end.format(), "to_s": float(mask.end.seconds),
                "box": list(mask.box), "covers": mask.covers,
            }
            for mask in clip.masks
        ],
        "checked": context.masks_checked(clip),
    }  # fmt: skip


def list_cut(context: CycleContext) -> dict[str, str]:
    """Returns what each clip is cut by, of those that are cut as they are marked now."""
    return {clip.id: clip_recipe(clip) for clip in context.cycle.clips if context.is_cut(clip)}


def _confirm(context: CycleContext, clip: Clip) -> dict[str, Any]:
    if not clip.masks:
        raise UsageError("nothing is covered in this clip")
    if context.manifest is None or not context.is_cut(clip):
        raise UsageError("the covered clip is not cut yet", "wait a moment, then watch it through")
    seal = seal_masks(clip, context.manifest.film.sha256)
    return {"date": context.today, "of": seal}


def _unchecked(index: int, change: Change) -> Change:
    def write(document: yaml_edits.Document) -> None:
        change(document)
        yaml_edits.set_clip(document, index, "masks_checked", None)

    return write


def _entry(context: CycleContext, clip: Clip, one: Mapping[str, Any], read: Read) -> dict[str, Any]:
    """Returns a mask as the file holds it."""
    covers = one.get("covers") or None
    if covers is not None and context.case.person(str(covers)) is None:
        raise UsageError(f"there is nobody '{covers}' in the family")
    times = {
        key: _time(clip, one.get(key), getattr(clip, edge), read)
        for key, edge in (("from", "start"), ("to", "end"))
    }
    try:
        mask = Mask.model_validate({**times, "box": _inside(one["box"])})
    except (ValueError, TypeError) as err:
        if mark := [times[key] for key in times if times[key]]:
            found = f"the box would cover nothing between {mark[0]} and {mark[1]}"
            raise UsageError(found, "it ends after it begins, and lies in the picture") from err
        raise
    entry = {"from": mask.start.format(), "to": mask.end.format(), "box": list(mask.box)}
    return {**entry, "covers": covers} if covers else entry


def _time(clip: Clip, value: object, edge: Timecode, read: Read) -> Timecode:
    """Returns a time of a mask; None is the clip's own edge, and what is in the file stays."""
    if value is None:
        return edge
    if isinstance(value, Timecode):
        return value
    known = {str(one): one for mask in clip.masks for one in (mask.start, mask.end)}
    known |= {str(clip.start): clip.start, str(clip.end): clip.end}
    return known.get(str(value)) or read(value)


def _inside(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Returns a box that lies in the picture, its sides in thousandths of it."""
    left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    left, top = (min(max(0.0, float(side)), 0.99) for side in (left, top))
    right, bottom = (min(1.0, float(side)) for side in (right, bottom))
    sides = (left, top, right - left, bottom - top)
    across, down = (max(0.01, side) for side in sides[2:])
    return round(left, 3), round(top, 3), round(across, 3), round(down, 3)
