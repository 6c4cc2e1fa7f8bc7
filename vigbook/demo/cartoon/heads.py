"""Draws heads: hair, face and mood, on a head that turns with its gaze."""

from __future__ import annotations

import math

from vigbook.demo.cartoon.shapes import INK, Part, Shape, blob, limb, mix, oval
from vigbook.demo.cartoon.story import CartoonPerson

_WHITE = "#FFFFFF"


class Head:
    """Places features on a head that is turned (`look`) and tilted, in head radii."""

    def __init__(
        self, x: float, y: float, r: float, face: int, look: tuple[float, float], tilt: float
    ) -> None:
        self.side = 1 if look[0] * face >= 0 else -1
        self._x, self._y, self._r, self._turn = x, y, r, tilt * face
        self._shift = (look[0] * face * 0.30, look[1] * 0.20)

    def oval(
        self,
        colour: str,
        u: float,
        v: float,
        ru: float,
        rv: float,
        follow: float = 0.0,
        turn: float = 0.0,
    ) -> Shape:
        """Returns an ellipse at (u, v); `follow` 1 moves it fully with the gaze, 0 not at all."""
        x, y = self._at(u, v, follow)
        rx, ry = round(ru * self._r, 1), round(rv * self._r, 1)
        return oval(colour, x, y, rx, ry, self._turn + turn)

    def line(self, colour: str, width: float, *uv: float) -> Shape:
        """Returns a line on the face."""
        r = round(width * self._r, 1)
        return limb(colour, r, r, *self._ends(uv))

    def blob(self, colour: str, *uv: float) -> Shape:
        """Returns a round shape on the face."""
        return blob(colour, *self._ends(uv))

    def _ends(self, uv: tuple[float, ...]) -> list[float]:
        pairs = zip(uv[::2], uv[1::2], strict=True)
        return [value for u, v in pairs for value in self._at(u, v, 1)]

    def _at(self, u: float, v: float, follow: float) -> tuple[float, float]:
        sx, sy = self._shift[0] * follow, self._shift[1] * follow
        # The side of the face that is turned away looks narrower.
        u, v = sx + u * (1 - abs(sx) * (1.2 if u * sx > 0 else 0.2)), v + sy
        c, s = math.cos(math.radians(self._turn)), math.sin(math.radians(self._turn))
        return self._x + (c * u - s * v) * self._r, self._y + (s * u + c * v) * self._r


def draw_head(who: CartoonPerson, head: Head, mood: str, blink: bool, speaking: bool) -> Part:
    """Returns a head with a mood, its eyes shut in a blink and its mouth open when speaking."""
    low = 0.08 if who.role == "child" else 0.0  # A child's features sit lower.
    lip = "#D9897B" if who.style == "beard" else "#6E2A2C"
    return (
        *_hair_behind(who, head),
        *_skull(who, head, low),
        *_eyes(who, head, mood, low, blink),
        head.line(mix(who.skin, INK, 0.24), 0.045,
                  0.02 * head.side, 0.16 + low, 0.06 * head.side, 0.2 + low),
        *_mouth(head, mood, low, speaking, lip),
        *_hair_before(who, head),
    )  # fmt: skip


# fmt: off
# Shapes are rows of numbers; one number to a line would hide the drawing.
def _hair_behind(who: CartoonPerson, h: Head) -> list[Shape]:
    hair, s = who.hair, h.side
    if who.style == "bun":
        return [h.oval(hair, -0.62 * s, -0.98, 0.42, 0.40),
                h.oval(hair, -0.1 * s, -0.06, 1.08, 1.1),
                h.oval(who.trim, -0.46 * s, -0.82, 0.2, 0.1, turn=-40 * s)]
    if who.style == "puffs":
        return [*(h.oval(hair, u, -0.74, 0.46, 0.44) for u in (-0.92, 0.86)),
                h.oval(hair, 0, -0.1, 1.03, 1.0)]
    if who.style == "curls":
        turns = (-1.75 + 0.4375 * i for i in range(9))
        return [h.oval(hair, math.sin(a) * 0.86, -math.cos(a) * 0.86 - 0.08, 0.32, 0.32)
                for a in turns]
    if who.style == "scarf":
        return [h.oval(mix(hair, INK, 0.22), -0.34 * s, 0.62, 0.86, 0.86),
                h.oval(hair, -0.06 * s, 0, 1.1, 1.14), h.oval(hair, 0.02, 1.02, 0.84, 0.46)]
    return [h.oval(hair, -0.08 * s, -0.12, 1.05, 1.02)]


def _hair_before(who: CartoonPerson, h: Head) -> list[Shape]:
    hair, s = who.hair, h.side
    if who.style == "bun":
        shine = mix(hair, _WHITE, 0.14)
        return [h.oval(hair, 0.42 * s, -0.80, 0.62, 0.34, 0.3, 24 * s),
                h.oval(hair, -0.55 * s, -0.70, 0.58, 0.42, 0.3, -38 * s),
                h.line(shine, 0.02, -0.5 * s, -0.92, -0.1 * s, -1.0, 0.2 * s, -0.95)]
    if who.style == "puffs":
        return [h.oval(hair, 0.36, -0.74, 0.5, 0.24, 0.3, 24),
                h.oval(hair, -0.4, -0.74, 0.5, 0.24, 0.3, -24),
                h.oval("#E8604C", -0.68, -0.66, 0.09, 0.2, turn=42),
                h.oval("#E8604C", 0.64, -0.66, 0.09, 0.2, turn=-42)]
    if who.style == "curls":
        return [h.oval(hair, u, -0.78 + abs(u) * 0.22, 0.25, 0.23, 0.3)
                for u in (-0.66, -0.34, 0.0, 0.34, 0.66)]
    if who.style == "beard":
        return [h.oval(hair, 0.1 * s, -0.86, 0.78, 0.28, 0.3, 8 * s),
                h.oval(hair, -0.62 * s, -0.62, 0.34, 0.36, 0.3)]
    return []


def _skull(who: CartoonPerson, h: Head, low: float) -> list[Shape]:
    """Returns ears, face, beard and cheeks."""
    skin, rosy, shade = who.skin, mix(who.skin, "#E2473F", 0.38), mix(who.skin, INK, 0.24)
    ear = (-0.93 * h.side, 0.14)
    shapes = [h.oval(skin, *ear, 0.19, 0.24), h.oval(shade, *ear, 0.09, 0.13)]
    if who.style == "scarf":
        shapes = [h.oval(skin, 0, 0.12, 0.82, 0.88, 0.2)]
    elif who.style == "beard":
        shapes += [h.oval(who.hair, 0, 0.22, 0.93, 0.86, 0.25),
                   h.oval(skin, 0, -0.10, 0.86, 0.66, 0.35),
                   h.oval(who.hair, 0, 0.43, 0.4, 0.16, 1)]
    else:
        shapes.append(h.oval(skin, 0, 0.12, 0.92, 0.88, 0.2))
    return [*shapes, *(h.oval(rosy, u, 0.30 + low, 0.17, 0.12, 1) for u in (-0.50, 0.50))]


def _eyes(who: CartoonPerson, h: Head, mood: str, low: float, blink: bool) -> list[Shape]:
    """Returns eyes and brows."""
    brow = INK if who.style == "scarf" else who.hair
    rise = {"glad": -0.07, "keen": -0.09, "laugh": -0.06, "soft": -0.02}.get(mood, 0.0)
    slant = {"unsure": 0.055, "soft": 0.045}.get(mood, 0.025)
    y = -0.27 + low + rise
    shapes: list[Shape] = []
    for u, inner in ((-0.31, 0.13), (0.31, -0.13)):
        if mood == "laugh":
            shapes.append(h.line(INK, 0.04, u - 0.11, 0.05 + low, u, -0.12 + low, u + 0.11,
                                 0.05 + low))
        elif blink:
            shapes.append(h.line(INK, 0.035, u - 0.1, 0.01 + low, u, 0.09 + low, u + 0.1,
                                 0.01 + low))
        else:
            shapes += [h.oval(INK, u, low, 0.085, 0.115, 1.12),
                       h.oval(_WHITE, u + 0.03, -0.04 + low, 0.028, 0.034, 1.12)]
        shapes.append(h.line(brow, 0.03, u - inner, y + slant * 0.7, u, y - 0.08, u + inner,
                             y - slant))
    return shapes


def _mouth(h: Head, mood: str, low: float, speaking: bool, lip: str) -> list[Shape]:
    y = 0.42 + low * 0.6
    if mood in ("laugh", "glad") or (speaking and mood != "unsure"):
        w, d = {"laugh": (0.30, 0.30), "glad": (0.23, 0.20)}.get(mood, (0.15, 0.15))
        d = d if speaking or mood != "glad" else d * 0.7
        return [h.blob("#7E2B30", -w, y - 0.03, 0, y + 0.01, w, y - 0.03, w * 0.7, y + d * 0.7,
                       0, y + d, -w * 0.7, y + d * 0.7),
                h.oval("#E58077", 0, y + d * 0.72, w * 0.5, d * 0.2, 1)]
    if mood == "unsure":
        return [h.line(lip, 0.032, -0.11, y + 0.05, 0, y + 0.015, 0.11, y + 0.05)]
    w = {"soft": 0.17, "keen": 0.2}.get(mood, 0.23)
    return [h.line(lip, 0.034, -w, y - 0.02, 0, y + w * 0.85, w, y - 0.02)]
# fmt: on
