"""How time runs: the moment a film is in, counted in whole drawings, and the easing of moves."""

from __future__ import annotations

import math
from typing import NamedTuple

from vigbook.demo.cartoon.story import FPS, Moment, Scene


class Beat(NamedTuple):
    """Where a film is in its story.

    Attributes:
        number: of the moment, from 0, in the scene's moments.
        moment: it.
        before: the moment before it; the first has itself.
        since: seconds since it began, in whole drawings, so that like moments have like pictures.
    """

    number: int
    moment: Moment
    before: Moment
    since: float


def find_beat(scene: Scene, at: float) -> Beat:
    """Returns where a scene is in its story at a time; after the last moment, still in it."""
    moments = scene.moments
    last = len(moments) - 1
    number = next((i for i, moment in enumerate(moments) if at < moment.end), last)
    moment = moments[number]
    since = math.floor((at - moment.start) * FPS / 2 + 1e-6) * 2 / FPS
    return Beat(number, moment, moments[max(0, number - 1)], since)


def ease(share: float) -> float:
    """Returns how far a move has come when `share` of its time has passed: slow at both ends."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)
