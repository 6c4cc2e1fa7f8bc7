"""How a figure holds itself: the poses by name, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vigbook.demo.cartoon.story import MOVES, CartoonPerson, Moment


class Pose(NamedTuple):
    """How a figure holds itself.

    Attributes:
        near, far: its hands, in arm lengths (towards the other, up) from the chest.
        mood: `smile`, `keen`, `talk`, `laugh`, `glad`, `unsure` or `soft`.
        lean: of the chest, towards the other, in pixels.
        look: the gaze (towards the other, down), -1 to 1.
        tilt: of the head, in degrees.
        hands: `closed` or `open`.
        wiggle: how far the hands wave, in hundredths of an arm.
    """

    near: tuple[float, float]
    far: tuple[float, float]
    mood: str = "smile"
    lean: float = 0.0
    look: tuple[float, float] = (1.0, 0.0)
    tilt: float = 0.0
    hands: str = "closed"
    wiggle: float = 0.0


_POSES: Mapping[str, Pose] = {
    "watch": Pose((0.30, -0.70), (0.62, -0.62), lean=6, look=(1.0, 0.15)),
    "open": Pose((0.52, -0.46), (0.92, -0.36), "keen", 8, (1.0, 0.2), 4, "open"),
    "lean": Pose((0.48, -0.62), (0.86, -0.52), "smile", 58, (1.0, 0.25), 8),
    "talk": Pose((0.72, -0.16), (0.68, -0.60), "talk", 26, (1.0, 0.1), 3, "open", 7),
    "up": Pose((-0.52, 0.92), (0.86, 0.88), "laugh", 4, (0.75, -0.1), -3, "open", 12),
    "reach": Pose((1.10, 0.34), (1.15, 0.92), "glad", 26, (1.0, -0.55), -8, "open", 5),
    "hold": Pose((0.42, -0.36), (0.66, -0.34), "smile", 8, (0.7, 0.55), 6, wiggle=4),
    "show": Pose((0.46, -0.58), (0.98, 0.60), "glad", 14, (1.0, -0.2), -4, wiggle=6),
    "offer": Pose((1.02, -0.02), (0.62, -0.58), "smile", 36, (1.0, 0.0), 2),
    "take": Pose((0.72, -0.36), (0.96, -0.40), "keen", 30, (1.0, 0.15), 4, "open"),
    "place": Pose((0.92, -0.42), (0.56, -0.62), "keen", 34, (0.9, 0.6), 6),
    "away": Pose((0.16, -0.74), (0.42, -0.74), "unsure", -22, (-1.0, 0.25), -7),
    "still": Pose((0.30, -0.70), (0.62, -0.64), "soft", -6, (1.0, 0.2), 5),
    "soft": Pose((0.44, -0.62), (0.84, -0.50), "soft", 50, (1.0, 0.35), 11, "open"),
    "glance": Pose((0.20, -0.70), (0.46, -0.72), "soft", -8, (0.9, -0.25), -4),
    "greet": Pose((0.30, -0.70), (0.62, -0.62), "glad", 0, (1.0, -0.5), -5),
    "turn": Pose((0.30, -0.66), (0.58, -0.66), "glad", -4, (-0.9, -0.5), 6),
    "wave": Pose((0.30, -0.80), (0.80, 0.70), "glad", 0, (0.8, 0.4), 5, "open", 12),
    "stand": Pose((-0.30, -0.90), (0.42, -0.86), "smile", 0, (0.9, 0.5), 4),
}


def find_pose(who: CartoonPerson, moment: Moment) -> Pose:
    """Returns the pose that a person takes in a moment."""
    move = MOVES[moment.move]
    if who.role == "visitor":
        return _POSES["wave" if moment.by == who.name else "stand"]
    if moment.by in (who.name, "both"):
        return _POSES[move.actor]
    if move.other == "turn" and who.role == "parent":
        return _POSES["greet"]  # The visitor comes from the side the parent faces already.
    return _POSES[move.other]


def blend(one: Pose, two: Pose, share: float) -> Pose:
    """Returns a pose `share` of the way from `one` to `two`; mood and hands change half-way."""

    def mid(a: float, b: float) -> float:
        return a + (b - a) * share

    def pair(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
        return round(mid(a[0], b[0]), 3), round(mid(a[1], b[1]), 3)

    kind = two if share > 0.4 else one
    return Pose(
        pair(one.near, two.near),
        pair(one.far, two.far),
        kind.mood,
        round(mid(one.lean, two.lean)),
        pair(one.look, two.look),
        round(mid(one.tilt, two.tilt)),
        kind.hands,
        mid(one.wiggle, two.wiggle),
    )
