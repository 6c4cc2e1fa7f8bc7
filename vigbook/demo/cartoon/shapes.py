"""What pictures are made of: shapes as rows of numbers, and the mixing of their colours."""

from __future__ import annotations

import functools
from typing import NamedTuple

INK = "#33262B"
"""The darkest colour: eyes, shoes, and a share of every outline."""


class Shape(NamedTuple):
    """One shape in one colour.

    Attributes:
        kind: `oval` (x, y, rx, ry, turn), `box` (x, y, width, height, radius of its corners),
            `limb` (radius at its start, at its end, points), `area` or `blob` (points; a blob
            is round).
        colour: as `#RRGGBB`.
        data: those numbers.
    """

    kind: str
    colour: str
    data: tuple[float, ...]


Part = tuple[Shape, ...]
"""Shapes that move together, from back to front; drawn once and then kept."""


def oval(colour: str, x: float, y: float, rx: float, ry: float = 0, turn: float = 0) -> Shape:
    """Returns an ellipse, or a circle if `ry` is not given; `turn` is in degrees."""
    return Shape("oval", colour, (round(x, 1), round(y, 1), rx, ry or rx, round(turn)))


def limb(colour: str, r0: float, r1: float, *points: float) -> Shape:
    """Returns a round-ended band through two points, or along a curve of three."""
    return Shape("limb", colour, (r0, r1, *(round(point, 1) for point in points)))


def area(colour: str, *points: float) -> Shape:
    """Returns a shape with straight sides."""
    return Shape("area", colour, tuple(round(point, 1) for point in points))


def blob(colour: str, *points: float) -> Shape:
    """Returns a shape with a smooth curve through its points."""
    return Shape("blob", colour, tuple(round(point, 1) for point in points))


def box(colour: str, x: float, y: float, width: float, height: float, radius: float) -> Shape:
    """Returns an upright box with round corners; (x, y) is its top left."""
    return Shape("box", colour, (x, y, width, height, radius))


@functools.lru_cache(maxsize=4096)
def mix(one: str, two: str, share: float) -> str:
    """Returns colour `one` with `share` (0 to 1) of colour `two` in it."""
    pairs = zip(rgb(one), rgb(two), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def rgb(colour: str) -> tuple[int, int, int]:
    """Returns the red, green and blue of a colour, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
