"""Draws the toys: a cup, an otter and building bricks."""

from __future__ import annotations

import math

from vigbook.demo.cartoon.shapes import INK, Shape, area, mix, oval

BRICK_COLOURS = ("#D2503F", "#3D7EA6", "#EFB33A", "#5B9468", "#8C5B8C")


def toy(kind: str, x: float, y: float, colour: str, turn: float) -> list[Shape]:
    """Returns the toy that a scene calls `kind`, with its middle at (x, y)."""
    if kind == "otter":
        return otter(x, y - 14, colour, 1.0, turn)
    return brick(x, y, colour, turn) if kind == "brick" else _cup(x, y, colour)


# fmt: off
# Shapes are rows of numbers; one number to a line would hide the drawing.
def otter(x: float, y: float, fur: str, size: float, turn: float = 0.0) -> list[Shape]:
    """Returns a soft toy otter, about 110 pixels tall when `size` is 1."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    pale, dark, scarf = mix(fur, "#FFF3DC", 0.72), mix(fur, INK, 0.4), "#D9553F"
    spots = ((dark, 25, 40, 11, 30, -50), (dark, 0, 16, 31, 41, 0), (fur, 0, 16, 28, 38, 0),
             (pale, 0, 21, 18, 26, 0), (fur, -24, 8, 8, 19, 35), (fur, 24, 8, 8, 19, -35),
             (fur, -14, 51, 13, 9, 0), (fur, 14, 51, 13, 9, 0), (fur, -20, -48, 8, 8, 0),
             (fur, 20, -48, 8, 8, 0), (dark, 0, -31, 31, 28, 0), (fur, 0, -31, 29, 26, 0),
             (pale, 0, -23, 17, 13, 0), (INK, -11, -36, 3.4, 4.2, 0), (INK, 11, -36, 3.4, 4.2, 0),
             (INK, 0, -28, 5, 3.6, 0), (scarf, 0, -6, 23, 6, 0), (scarf, 13, 4, 6, 13, -14))
    return [oval(colour, x + (c * u - s * v) * size, y + (s * u + c * v) * size,
                 round(ru * size, 1), round(rv * size, 1), turn + tilt)
            for colour, u, v, ru, rv, tilt in spots]


def brick(x: float, y: float, colour: str, turn: float = 0.0) -> list[Shape]:
    """Returns a building brick, 70 by 46 pixels."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dark, pale = mix(colour, INK, 0.35), mix(colour, "#FFFFFF", 0.25)
    # Boxes, as left, top, right and bottom from its middle: two studs, and the brick.
    sides = ((dark, -29, -32, -5, -16), (dark, 5, -32, 29, -16), (pale, -27, -30, -7, -18),
             (pale, 7, -30, 27, -18), (dark, -37, -23, 37, 24), (colour, -35, -21, 35, 22),
             (pale, -35, -21, 35, -13))
    return [area(tone, *(p for u, v in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
                         for p in (x + c * u - s * v, y + s * u + c * v)))
            for tone, x0, y0, x1, y1 in sides]


def _cup(x: float, y: float, colour: str) -> list[Shape]:
    dark, pale = mix(colour, INK, 0.3), mix(colour, "#FFFFFF", 0.85)
    dots = ((-16, -10), (4, -4), (20, -14), (-8, 14), (13, 16))
    return [oval(dark, x + 36, y - 4, 19, 20), oval(pale, x + 36, y - 4, 10, 11),
            area(dark, x - 36, y - 38, x + 36, y - 38, x + 29, y + 36, x - 29, y + 36),
            area(colour, x - 33, y - 36, x + 33, y - 36, x + 27, y + 34, x - 27, y + 34),
            oval(dark, x, y - 37, 36, 10), oval(mix(colour, INK, 0.55), x, y - 36, 31, 7),
            *(oval(pale, x + u, y + v, 6) for u, v in dots)]
# fmt: on
