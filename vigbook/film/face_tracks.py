"""Faces all through a clip -> the masks that would cover each: proposals, for a person to choose.

Pictures are looked at every fifth of a second. What is near what was seen just before is taken for
the same face; a face that is lost for a moment is held. Boxes are grown, since a head is larger
than its face and moves between two looks, and joined into few masks, each of which covers the face
for the whole of its time.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from vigbook.case.models import Clip, Mask
from vigbook.film.face_detector import Box, area, overlap
from vigbook.film.ffmpeg import PartDone
from vigbook.film.film import Film
from vigbook.timecode import Timecode

LOOKED_LONG_SIDE_PX = 640
_STEP_S = Fraction(1, 5)
_HELD_S = Fraction(2)  # a face lost for so long is held to be where it was; then it is another's
_BEYOND_S = Fraction(1, 2)  # covered before it was first seen, and after it was last
_GROWN = 0.3  # of its size, half on either side
_LARGEST = 2.5  # times one look's box: else a moving face would be covered by half the picture
_NEAR = 0.9  # times its size is how far a face moves from one look to the next, at most
_ALIKE = 2.5  # times as large or small is another face
_SURE = 0.5  # how sure one look must be where no other saw that face


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """A face as it was seen once: when, where, and how sure that is, from 0 to 1."""

    at: Timecode
    box: Box
    score: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A face all through a clip.

    Attributes:
        looks: each time it was seen, in order.
        masks: what would cover it.
    """

    looks: tuple[Look, ...]
    masks: tuple[Mask, ...]

    @property
    def best(self) -> Look:
        """Where it is seen most surely, for its small picture."""
        return max(self.looks, key=lambda one: one.score)


def track_faces(film: Film, clip: Clip, progress: PartDone = lambda _: None) -> list[Face]:
    """Returns the faces in a clip, those seen longest first.

    One person may be more than one face here, having gone out of the picture and come back.

    Args:
        film: the film.
        clip: where to look.
        progress: told how much is done, from 0 to 1; to cancel, raise out of it.

    Raises:
        FilmError: the film cannot be read, or what finds faces is not there.
    """
    frames = film.list_frame_times(clip.span)
    times = list(_choose_times(frames, [still.at for still in clip.stills]))
    seen: list[list[Look]] = []
    asked = {"times": [str(one.seconds) for one in times], "long_side": LOOKED_LONG_SIDE_PX}
    for number, (said, _) in enumerate(film.ask("faces", **asked), start=1):
        # When it was asked for: a picture that stands may have come up long before.
        at = times[number - 1]
        seen.append([Look(at, _box(box), score) for box, score in said["faces"]])
        progress(number / len(times))
    faces = [
        Face(looks=tuple(track), masks=tuple(make_masks(track, clip)))
        for track in link_looks(seen)
        if len(track) > 1 or track[0].score >= _SURE
    ]
    return sorted(faces, key=lambda one: -len(one.looks))


def link_looks(seen: Iterable[Sequence[Look]]) -> list[list[Look]]:
    """Returns which looks are of the same face, of all that was seen at one time after another."""
    tracks: list[list[Look]] = []
    for looks in seen:
        pairs = sorted(
            (
                (distance, number, place)
                for number, track in enumerate(tracks)
                for place, look in enumerate(looks)
                if (distance := _distance(track[-1], look)) is not None
            ),
        )
        taken: set[int] = set()
        grown: set[int] = set()
        for _, number, place in pairs:
            if number not in grown and place not in taken:
                tracks[number].append(looks[place])
                grown.add(number)
                taken.add(place)
        tracks += [[look] for place, look in enumerate(looks) if place not in taken]
    return tracks


def make_masks(looks: Sequence[Look], clip: Clip) -> Iterator[Mask]:
    """Yields masks that cover a face from before it was first seen until after it was last.

    Each covers all places that it was seen at within its time, and the next begins where it ends.
    """
    first = max(clip.start, Timecode(max(Fraction(0), looks[0].at.seconds - _BEYOND_S)))
    last = min(clip.end, Timecode(looks[-1].at.seconds + _BEYOND_S))
    start, covered, least = first, looks[0].box, area(looks[0].box)
    for before, look in itertools.pairwise(looks):
        joined = _join(covered, look.box)
        if area(joined) <= _LARGEST * max(least, area(look.box)):
            covered, least = joined, max(least, area(look.box))
            continue
        yield _mask(start, before.at, covered)
        # Between two looks it may be anywhere between their boxes.
        start, covered = before.at, _join(before.box, look.box)
        least = max(area(before.box), area(look.box))
    if start < last:
        yield _mask(start, last, covered)


def _choose_times(frames: Sequence[Timecode], stills: Iterable[Timecode]) -> Iterator[Timecode]:
    """Yields frames a fifth of a second apart, the first, the last, and those of the stills."""
    wanted = {frames[0], frames[-1]} if frames else set()
    wanted |= {max((one for one in frames if one <= at), default=at) for at in stills}
    due = Fraction(0)
    for one in frames:
        if one.seconds >= due:
            wanted.add(one)
            due = one.seconds + _STEP_S
    yield from sorted(wanted)


def _distance(before: Look, look: Look) -> float | None:
    """Returns how far a face would have moved, in its own sizes; None if it is another."""
    waited = look.at.seconds - before.at.seconds
    sizes = [max(box[2] - box[0], box[3] - box[1]) for box in (before.box, look.box)]
    if waited > _HELD_S or max(sizes) > _ALIKE * min(sizes):
        return None
    if overlap(before.box, look.box) > 0:
        return 1 - overlap(before.box, look.box)
    across, down = (
        (look.box[n] + look.box[n + 2] - before.box[n] - before.box[n + 2]) / 2 for n in (0, 1)
    )
    moved = float((across**2 + down**2) ** 0.5 / max(sizes))
    most = _NEAR * max(1.0, float(waited / _STEP_S) ** 0.5)
    return 1 + moved if moved <= most else None


def _join(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
    )  # fmt: skip


def _mask(start: Timecode, end: Timecode, box: Box) -> Mask:
    """Returns the mask of a box, grown, in thousandths of the picture."""
    across, down = box[2] - box[0], box[3] - box[1]
    more_across, more_down = across * _GROWN / 2, down * _GROWN / 2
    left = math.floor(max(0, box[0] - more_across) * 1000)
    top = math.floor(max(0, box[1] - more_down) * 1000)
    right = math.ceil(min(1, box[2] + more_across) * 1000)
    bottom = math.ceil(min(1, box[3] + more_down) * 1000)
    sides = (left, top, max(1, right - left), max(1, bottom - top))
    return Mask.model_validate(
        {"from": start, "to": end, "box": tuple(round(side / 1000, 3) for side in sides)}
    )


def _box(found: Sequence[float]) -> Box:
    left, top, right, bottom = map(float, found)
    return left, top, right, bottom
