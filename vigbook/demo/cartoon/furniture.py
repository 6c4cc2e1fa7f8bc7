"""Draws what stands and hangs in a room: window, lamp, plant and shelf."""

from __future__ import annotations

from collections.abc import Mapping

from vigbook.demo.cartoon.shapes import INK, Shape, area, blob, box, limb, mix, oval

Palette = Mapping[str, str]
_WHITE = "#FFFFFF"


# fmt: off
# Shapes are rows of numbers; one number to a line would hide the drawing.
def window(c: Palette, x: float, y: float, w: float, h: float, *, night: bool) -> list[Shape]:
    """Returns a window with a view, between two curtains."""
    frame, near = c["soft"] if night else mix(c["light"], _WHITE, 0.4), mix(c["far"], INK, 0.18)
    return [box(frame, x - 14, y - 14, w + 28, h + 28, 16), box(c["sky"], x, y, w, h, 6),
            *(_night(c, x, y, w, h) if night else _day(c, x, y, w, h)),
            area(c["far"], x, y + h * 0.72, x + w * 0.3, y + h * 0.6, x + w * 0.7, y + h * 0.7,
                 x + w, y + h * 0.62, x + w, y + h, x, y + h),
            area(near, x, y + h * 0.88, x + w * 0.5, y + h * 0.8, x + w, y + h * 0.9, x + w,
                 y + h, x, y + h),
            box(frame, x + w / 2 - 5, y, 10, h, 0), box(frame, x, y + h * 0.46, w, 9, 0),
            box(mix(frame, INK, 0.12), x - 26, y + h + 10, w + 52, 16, 8),
            *_curtain(c["cloth"], x - 34, 1, y, h), *_curtain(c["cloth"], x + w + 34, -1, y, h),
            limb(c["deep"], 6, 6, x - 64, y - 28, x + w + 64, y - 28)]


def _night(c: Palette, x: float, y: float, w: float, h: float) -> list[Shape]:
    """Returns a new moon and stars."""
    stars = ((0.2, 0.2, 3), (0.35, 0.45, 2.4), (0.14, 0.6, 2.4), (0.44, 0.14, 2.2),
             (0.85, 0.62, 3), (0.62, 0.62, 2))
    return [oval(c["light"], x + w * 0.68, y + h * 0.30, 27),
            oval(c["sky"], x + w * 0.68 + 12, y + h * 0.30 - 8, 23),
            *(oval(c["light"], x + w * u, y + h * v, r) for u, v, r in stars)]


def _day(c: Palette, x: float, y: float, w: float, h: float) -> list[Shape]:
    """Returns the sun and a cloud."""
    return [oval(c["light"], x + w * 0.74, y + h * 0.28, 24),
            oval(_WHITE, x + w * 0.26, y + h * 0.3, 26, 11),
            oval(_WHITE, x + w * 0.36, y + h * 0.25, 20, 12)]


def _curtain(drape: str, edge: float, side: int, y: float, h: float) -> list[Shape]:
    return [blob(drape, edge - side * 12, y - 26, edge + side * 66, y - 26, edge + side * 46,
                 y + h * 0.5, edge + side * 20, y + h * 0.72, edge + side * 40, y + h + 34,
                 edge - side * 14, y + h + 34),
            limb(mix(drape, INK, 0.14), 2.5, 2.5, edge + side * 14, y - 10, edge + side * 8,
                 y + h * 0.66)]


def lamp(c: Palette, x: float, top: float, foot: float) -> list[Shape]:
    """Returns a standing lamp; its light is part of the wall."""
    shade = mix(c["light"], "#E8963F", 0.30)
    return [limb(c["deep"], 5, 5, x, top + 60, x, foot), oval(c["deep"], x, foot, 42, 9),
            area(shade, x - 34, top, x + 34, top, x + 62, top + 78, x - 62, top + 78),
            area(mix(shade, INK, 0.14), x - 58, top + 68, x + 58, top + 68, x + 62, top + 78,
                 x - 62, top + 78)]


def plant(x: float, y: float, pot: str) -> list[Shape]:
    """Returns a plant with five leaves in a pot."""
    dark, pale = "#5F8F62", "#7BA86F"
    leaves = ((dark, -40, 6, -48), (pale, 40, 6, 48), (dark, -20, 26, -20), (pale, 22, 26, 22),
              (dark, 0, 34, 0))
    return [*(oval(green, x + u, y - 62 - v, 15, 44, turn) for green, u, v, turn in leaves),
            area(pot, x - 40, y - 40, x + 40, y - 40, x + 29, y + 30, x - 29, y + 30),
            box(mix(pot, _WHITE, 0.2), x - 45, y - 50, 90, 18, 7)]


def shelf(c: Palette, x: float, y: float, w: float) -> list[Shape]:
    """Returns a shelf of books with a small pot at the end."""
    colours = (c["cloth"], "#E3A94F", "#6E8FA8", "#C96A58", "#F0DDB8", "#7D9B76")
    books: list[Shape] = []
    at = x + 14.0
    for i in range(7):
        width, tall = 15 + (i * 7) % 11, 50 + (i * 13) % 27
        books.append(box(colours[i % 6], at, y - tall, width, tall, 3))
        at += width + 3
    return [*books, oval("#7BA86F", x + w - 40, y - 44, 24, 20),
            box("#E9D3B0", x + w - 58, y - 34, 36, 34, 6), box(c["deep"], x, y, w, 12, 4)]
# fmt: on
