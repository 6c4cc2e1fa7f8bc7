"""Changes of the clips in a `cycle.yaml` as ruamel.yaml holds it, each comment kept in its place.

A comment on lines of its own is about what comes after it. ruamel.yaml hangs it on what stands
before; so a clip that moves leaves behind what is about the next one, and takes along its own.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

Document: TypeAlias = CommentedMap
"""A whole file."""

# The order in which a person writes a clip, as the starter shows it.
_CLIP_KEYS = ("id", "title", "start", "end", "initiative", "principles", "question", "why",
              "stills", "in_shot", "sound", "slow", "quality", "masks",
              "masks_checked")  # fmt: skip


def add_clip(document: Document, clip: Mapping[str, Any], place: int) -> None:
    """Puts a new clip into the list, at a place counted from 0."""
    clips = document.get("clips")
    if not isinstance(clips, CommentedSeq) or not clips:
        # `clips: []`, and what a person wrote about it stays.
        clips = CommentedSeq()
        document["clips"] = clips
    clips.fa.set_block_style()
    if any(isinstance(one, CommentedMap) and one.fa.flow_style() for one in clips):
        clips.insert(place, _flow(clip))
        return
    _rearrange(clips, lambda order: order.insert(place, CommentedMap(clip)))


def move_clip(document: Document, index: int, place: int) -> None:
    """Moves a clip to another place of the list, both counted from 0."""
    _rearrange(document["clips"], lambda order: order.insert(place, order.pop(index)))


def delete_clip(document: Document, index: int) -> None:
    """Takes a clip out of the list; what is written between the others stays."""
    _rearrange(document["clips"], lambda order: order.pop(index))
    if not document["clips"]:
        document["clips"].fa.set_flow_style()  # `clips: []`


def set_clip(document: Document, index: int, field: str, value: Any) -> None:
    """Writes one field of a clip; None takes the line out.

    Args:
        document: the file.
        index: which clip, counted from 0.
        field: as the file calls it.
        value: text, true, a list of ids, or a list of mappings, written on one line.
    """
    clip = document["clips"][index]
    with _keeping(document["clips"], index):
        if isinstance(value, Sequence) and not isinstance(value, str):
            entries = [_flow(one) if isinstance(one, Mapping) else one for one in value]
            value = CommentedSeq(entries)
            value.fa.set_flow_style()
        _put(clip, field, _flow(value) if isinstance(value, Mapping) else value, _CLIP_KEYS)


def add_still(document: Document, index: int, place: int, still: Mapping[str, Any]) -> None:
    """Puts a new still into a clip, at a place counted from 0."""
    clip = document["clips"][index]
    with _keeping(document["clips"], index):
        if not isinstance(clip.get("stills"), CommentedSeq) or not clip["stills"]:
            _put(clip, "stills", CommentedSeq(), _CLIP_KEYS)
        clip["stills"].insert(place, _flow(still))


def set_still(document: Document, index: int, number: int, field: str, value: str | None) -> None:
    """Writes one field of a clip's still, both counted from 0; None takes it out."""
    with _keeping(document["clips"], index):
        _put(document["clips"][index]["stills"][number], field, value, ("at", "alt", "in_shot"))


def delete_still(document: Document, index: int, number: int) -> None:
    """Takes a still out of a clip, both counted from 0."""
    clip = document["clips"][index]
    with _keeping(document["clips"], index):
        del clip["stills"][number]
        if not clip["stills"]:
            del clip["stills"]


def add_masks(document: Document, index: int, masks: Sequence[Mapping[str, Any]]) -> None:
    """Puts new masks behind those of a clip, each on a line of its own."""
    clip = document["clips"][index]
    with _keeping(document["clips"], index):
        if not isinstance(clip.get("masks"), CommentedSeq) or not clip["masks"]:
            _put(clip, "masks", CommentedSeq(), _CLIP_KEYS)
        clip["masks"].extend(_flow(one) for one in masks)


def set_mask(document: Document, index: int, number: int, fields: Mapping[str, Any]) -> None:
    """Writes fields of a clip's mask, both counted from 0; None takes one out."""
    with _keeping(document["clips"], index):
        for field, value in fields.items():
            mask = document["clips"][index]["masks"][number]
            _put(mask, field, _flowing(value), ("from", "to", "box", "covers"))


def delete_mask(document: Document, index: int, number: int) -> None:
    """Takes a mask out of a clip, both counted from 0."""
    clip = document["clips"][index]
    with _keeping(document["clips"], index):
        del clip["masks"][number]
        if not clip["masks"]:
            del clip["masks"]


def _flowing(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    written = CommentedSeq(value)
    written.fa.set_flow_style()
    return written


def _flow(entry: Mapping[str, Any]) -> CommentedMap:
    written = CommentedMap({key: _flowing(one) for key, one in entry.items()})
    written.fa.set_flow_style()
    return written


def _put(mapping: CommentedMap, field: str, value: Any, order: Sequence[str]) -> None:
    if value is None:
        mapping.pop(field, None)
    elif field in mapping:
        mapping[field] = value
    else:
        before = order[: order.index(field)]
        place = max((n for n, key in enumerate(mapping, start=1) if key in before), default=0)
        mapping.insert(place, field, value)


def _rearrange(clips: CommentedSeq, change: Callable[[list[Any]], object]) -> None:
    """Changes the order of a list, each entry with the lines of comment that stand before it."""
    after = [_take_after(one) for one in clips]
    above = {id(one): lines for one, lines in zip(clips[1:], after, strict=False)}
    own = {id(one): clips.ca.items.get(place) for place, one in enumerate(clips)}
    order = list(clips)
    change(order)
    clips.ca.items.clear()
    clips[:] = order
    for place, one in enumerate(order):
        if own.get(id(one)):
            clips.ca.items[place] = own[id(one)]
    # What was above a clip that is gone, or that is now the first, is about something all the same.
    left = "".join(above[key] for key in above if key not in {id(one) for one in order[1:]})
    for one, following in itertools.pairwise(order):
        _give_after(one, left + above.get(id(following), ""))
        left = ""
    if order:
        _give_after(order[-1], left + (after[-1] if after else ""))


@contextlib.contextmanager
def _keeping(clips: CommentedSeq, index: int) -> Iterator[None]:
    """Keeps the lines of comment after a clip behind it, whatever becomes its last line."""
    lines = _take_after(clips[index])
    yield
    _give_after(clips[index], lines)


def _last_slot(entry: Any) -> tuple[CommentedMap | CommentedSeq, Any, int] | None:
    """Returns where ruamel.yaml hangs what follows an entry: a container, its key, the slot."""
    found = None
    node = entry
    while isinstance(node, CommentedMap | CommentedSeq) and node and not node.fa.flow_style():
        is_map = isinstance(node, CommentedMap)
        key = list(node)[-1] if is_map else len(node) - 1
        found = (node, key, 2 if is_map else 0)
        node = node[key]
    return found


def _take_after(entry: Any) -> str:
    """Takes the lines of comment after an entry out of it, and returns them."""
    where = _last_slot(entry)
    lines = ""
    token = _token(where) if where else None
    if where is not None and token is not None:
        beside, _, lines = token.value.partition("\n")
        if beside.strip():
            token.value = beside + "\n"
        else:
            where[0].ca.items[where[1]][where[2]] = None
    # After a list whose last line ends without a comment, they hang on the list itself.
    node = entry
    while isinstance(node, CommentedMap | CommentedSeq) and node and not node.fa.flow_style():
        lines += "".join(" " * one.start_mark.column + one.value for one in node.ca.end or ())
        node.ca.end = []
        node = node[list(node)[-1] if isinstance(node, CommentedMap) else len(node) - 1]
    return lines


def _give_after(entry: Any, lines: str) -> None:
    where = _last_slot(entry)
    if where is None or not lines:
        return
    token = _token(where)
    if token is not None:
        token.value += lines
        return
    slots = where[0].ca.items.setdefault(where[1], [None, None, None, None])
    slots[where[2]] = CommentToken("\n" + lines, CommentMark(0), None)


def _token(where: tuple[CommentedMap | CommentedSeq, Any, int]) -> CommentToken | None:
    container, key, slot = where
    slots = container.ca.items.get(key)
    return slots[slot] if slots else None
