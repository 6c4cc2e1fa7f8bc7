"""Where the toy is at any moment: on its way from hand to hand, or a brick of the tower."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from vigbook.demo.cartoon.figures import Figure
from vigbook.demo.cartoon.pace import Beat, ease
from vigbook.demo.cartoon.props import BRICK_COLOURS, brick, toy
from vigbook.demo.cartoon.shapes import Part
from vigbook.demo.cartoon.story import Scene, find_holder

_REST = {"table": (662.0, 548.0), "bed": (650.0, 520.0), "floor": (640.0, 676.0)}
_HAND_OVER_S = 0.8
_PLACED_S = 1.7  # from then on a brick that is being put on the tower stands there
_TOWER = (668.0, 660.0)
_STOREY = 46.0
_ASKEW = (-3, 4, 0, -4, 3)
_FALLEN = ((548, 682, -8), (624, 690, 5), (708, 688, -4), (784, 692, 9), (470, 690, 7))


class _Way(NamedTuple):
    """From where to where a toy goes, and how much of that way it has come."""

    start: tuple[float, float]
    end: tuple[float, float]
    share: float


def place_toys(scene: Scene, beat: Beat, figures: Mapping[str, Figure]) -> list[Part]:
    """Returns the toy as it is at a beat, and in a scene with bricks the tower."""
    if scene.prop != "brick":
        start = _held(scene, find_holder(scene, beat.before), figures)
        end = _held(scene, find_holder(scene, beat.moment), figures)
        way = _Way(start, end, ease(beat.since / _HAND_OVER_S))
        return [_on_its_way(scene.prop, way, scene.palette["prop"])]
    standing, fallen = _count_bricks(scene, beat)
    parts = _lie(fallen, beat) if fallen else _stand(standing)
    brick_way = _brick_way(scene, beat, figures, len(standing))
    if brick_way is None:
        return parts
    laid = sum(moment.move == "build" for moment in scene.moments[: beat.number])
    return [*parts, _on_its_way("brick", brick_way, BRICK_COLOURS[laid % 5])]


def _held(scene: Scene, holder: str, figures: Mapping[str, Figure]) -> tuple[float, float]:
    if holder in figures:
        x, y = figures[holder].hand
        return x, y - 8 - figures[holder].lift
    return _REST[scene.setting]


def _on_its_way(kind: str, way: _Way, colour: str) -> Part:
    (x0, y0), (x1, y1), share = way
    arc = math.sin(math.pi * share)
    x, y = round(x0 + (x1 - x0) * share), round(y0 + (y1 - y0) * share - 26 * arc)
    return tuple(toy(kind, x, y, colour, round(10 * arc) if way.start != way.end else 0))


def _brick_way(scene: Scene, beat: Beat, figures: Mapping[str, Figure], built: int) -> _Way | None:
    """Returns the way of the brick in play; there may be none."""
    holder = find_holder(scene, beat.moment)
    if holder == "rest" or (holder == "tower" and beat.since >= _PLACED_S):
        return None
    if holder == "tower":
        top = (_TOWER[0], _TOWER[1] - _STOREY * built)
        hand = _held(scene, beat.moment.by, figures)
        return _Way(hand, top, ease((beat.since - 1.0) / 0.6))
    before = find_holder(scene, beat.before)
    start = _held(scene, before, figures)
    if before in ("rest", "tower"):  # A new brick comes from the holder's own pile.
        side = -1 if holder == scene.people[0].name else 1
        start = (figures[holder].hand[0] + side * 150, 670.0)
    return _Way(start, _held(scene, holder, figures), ease(beat.since / _HAND_OVER_S))


def _count_bricks(scene: Scene, beat: Beat) -> tuple[range, range]:
    """Returns the bricks that stand and those that lie where a topple left them, by number."""
    standing = fallen = range(0)
    for i, moment in enumerate(scene.moments[: beat.number + 1]):
        if moment.move == "topple":
            standing, fallen = range(standing.stop, standing.stop), standing
        elif moment.move == "build":
            placed = i < beat.number or beat.since >= _PLACED_S
            standing, fallen = range(standing.start, standing.stop + placed), range(0)
    return standing, fallen


def _stand(bricks: range) -> list[Part]:
    x, y = _TOWER
    return [
        tuple(brick(x + _ASKEW[k % 5], y - _STOREY * level, BRICK_COLOURS[k % 5]))
        for level, k in enumerate(bricks)
    ]


def _lie(bricks: range, beat: Beat) -> list[Part]:
    """Returns bricks that are falling in a topple, or lie there since."""
    drop = ease(beat.since / 0.9) if beat.moment.move == "topple" else 1.0
    parts: list[Part] = []
    for level, k in enumerate(bricks):
        x1, y1, turn = _FALLEN[level % len(_FALLEN)]
        x = _TOWER[0] + (x1 - _TOWER[0]) * drop
        y = _TOWER[1] - _STOREY * level
        y += (y1 - y) * drop**2 - 50 * math.sin(math.pi * drop)
        parts.append(tuple(brick(round(x), round(y), BRICK_COLOURS[k % 5], round(turn * drop))))
    return parts
