"""Draws people: a build, arms that bend, clothes, and what is seen of the legs."""

from __future__ import annotations

import math
from typing import NamedTuple

from vigbook.demo.cartoon.heads import Head, draw_head
from vigbook.demo.cartoon.poses import Pose
from vigbook.demo.cartoon.shapes import INK, Part, Shape, blob, limb, mix, oval
from vigbook.demo.cartoon.story import HEIGHT, CartoonPerson

_Point = tuple[float, float]


class Seat(NamedTuple):
    """Where a figure is.

    Attributes:
        hip: its place.
        face: 1 when the other is to the right, else -1.
        table: how far down hands rest; at the foot of the picture is nothing to rest on, and
            the legs are seen.
    """

    hip: tuple[int, int]
    face: int
    table: int


class Figure(NamedTuple):
    """A figure drawn: its parts, and where the toy is that it holds.

    Attributes:
        back, body, legs, head, front: the parts from back to front; a part may be empty.
        hand: where the toy is.
        lift: how many pixels all but the legs are lifted.
    """

    back: Part
    body: Part
    legs: Part
    head: Part
    front: Part
    hand: _Point
    lift: int = 0


class _Build(NamedTuple):
    """The measures of a figure: chest above hip, half width, arm, limb and head radii, neck."""

    chest: float
    half: float
    arm: float
    limb: float
    head: float
    neck: float


_BUILDS = {
    "parent": _Build(218, 84, 238, 27, 86, 112),
    "child": _Build(132, 62, 164, 20, 80, 92),
    "visitor": _Build(205, 70, 190, 22, 76, 98),
}


def draw_figure(who: CartoonPerson, pose: Pose, seat: Seat, blink: bool, speaking: bool) -> Figure:
    """Returns the parts of one figure."""
    build, hip, face = _BUILDS[who.role], seat.hip, seat.face
    lean = pose.lean * (0.62 if who.role == "child" else 1.0)
    nod = max(0.0, lean) * 0.35
    chest = (round(hip[0] + face * lean), round(hip[1] - build.chest + abs(lean) * 0.28))
    top = (round(chest[0] + face * (6 + nod)), round(chest[1] - build.neck + nod * 0.5))
    back, far_hand = _arm(who, pose, seat, chest, far=True)
    front, hand = _arm(who, pose, seat, chest, far=False)
    r = build.head * 0.32
    neck = limb(mix(who.skin, INK, 0.2), r, r, chest[0], chest[1] - 22, *top)
    body = [neck, *_torso(who, build, hip, chest, face)]
    if who.style != "scarf":  # A scarf lies over the neck, a collar below it.
        body.append(neck)
    if pose.near[1] > 0.1 and pose.near[0] > 0.3:  # A raised arm passes behind the chin.
        body, front = [*body, *front], ()
    sits = seat.table >= HEIGHT and who.role != "visitor"
    legs = tuple(_lap(who, build, hip, face)) if sits else ()
    head = draw_head(
        who, Head(*top, build.head, face, pose.look, pose.tilt), pose.mood, blink, speaking
    )
    # The toy sits in the higher hand, or between the hands when neither is higher.
    share = min(1.0, max(0.0, 0.5 + 2.5 * (pose.near[1] - pose.far[1])))
    held = (
        hand[0] * share + far_hand[0] * (1 - share),
        hand[1] * share + far_hand[1] * (1 - share),
    )
    return Figure(back, tuple(body), legs, head, front, held)


def _arm(
    who: CartoonPerson, pose: Pose, seat: Seat, chest: _Point, *, far: bool
) -> tuple[Part, _Point]:
    """Returns the near or far arm, and the place in its hand."""
    build, face, r = _BUILDS[who.role], seat.face, _BUILDS[who.role].limb
    if far:
        root = (chest[0] + face * build.half * 0.72, chest[1] + 22)
        (u, v), lowest = pose.far, seat.table - 28
        cloth, skin = mix(who.top, INK, 0.14), mix(who.skin, INK, 0.08)
    else:
        root = (chest[0] - face * build.half * 0.5, chest[1] + 26)
        (u, v), lowest, cloth, skin = pose.near, seat.table, who.top, who.skin
    target = (
        round(chest[0] + face * u * build.arm),
        round(min(lowest, chest[1] + 26 - v * build.arm)),
    )
    (ex, ey), (hx, hy) = _bend(build.arm, root, target, face)
    wrist = max(1.0, math.hypot(hx - ex, hy - ey))
    wx, wy = (hx - ex) / wrist, (hy - ey) / wrist
    angle = math.atan2(wy, wx)
    palm = (hx + wx * r * 0.75, hy + wy * r * 0.75)
    cuff = (hx + wx * r * 0.1, hy + wy * r * 0.1)
    bones, line = (*root, ex, ey, hx, hy), mix(cloth, INK, 0.28)
    part = (
        limb(line, r + 2, r * 0.74 + 2, *bones),
        limb(cloth, r, r * 0.74, *bones),
        *_hand(skin, r, palm, angle, face, pose.hands == "open"),
        oval(who.trim, *cuff, round(r * 0.34, 1), round(r * 0.86, 1), math.degrees(angle)),
        oval(cloth, *root, r + 1.5),  # The shoulder runs on into the body.
    )
    return part, (palm[0] + wx * r * 0.4, palm[1] + wy * r * 0.4)


def _bend(arm: float, root: _Point, target: _Point, face: int) -> tuple[_Point, _Point]:
    """Returns the elbow and wrist of an arm in two bends, never longer than it is."""
    dx, dy = target[0] - root[0], target[1] - root[1]
    length = max(1.0, math.hypot(dx, dy))
    reach = min(length, arm * 0.98)
    ux, uy = dx / length, dy / length
    hx, hy = root[0] + ux * reach, root[1] + uy * reach
    out = math.sqrt(max(0.0, (arm / 2) ** 2 - (reach / 2) ** 2)) * 1.25
    if dy < 0:  # The elbow of a raised arm points away from the head.
        out *= max(-1.0, min(1.0, dx * face / (0.25 * arm)))
    elbow = ((root[0] + hx) / 2 - uy * out * face, (root[1] + hy) / 2 + ux * out * face)
    return elbow, (hx, hy)


def _hand(skin: str, r: float, palm: _Point, angle: float, face: int, spread: bool) -> list[Shape]:
    """Returns a palm with its thumb, and with the other fingers when they are spread."""
    px, py = palm
    fingers = [(-0.55, 0.95), (-0.18, 1.15), (0.18, 1.15), (0.52, 0.95)] if spread else []
    fingers.append((-1.25 * face, 0.75 if spread else 0.55))
    shapes: list[Shape] = []
    for colour, grow in ((mix(skin, INK, 0.3), 1.6), (skin, 0.0)):
        for turn, far in fingers:
            tip = (
                px + math.cos(angle + turn) * r * far * 1.25,
                py + math.sin(angle + turn) * r * far * 1.25,
            )
            shapes.append(limb(colour, r * 0.27 + grow, r * 0.22 + grow, px, py, *tip))
        shapes.append(oval(colour, px, py, r * 0.82 + grow))
    return shapes


# fmt: off
# Shapes are rows of numbers; one number to a line would hide the drawing.
def _torso(
    who: CartoonPerson, build: _Build, hip: _Point, chest: _Point, face: int
) -> list[Shape]:
    (hx, hy), (cx, cy), w = hip, chest, build.half
    long = 150.0 if who.role == "visitor" else 0.0  # A visitor stands, in a long dress.
    shoes = [limb(INK, 15, 13, hx + u, hy + 186, hx + u + face * 16, hy + 190) for u in (-30, 30)]
    cloth = blob(who.top, cx - w * 0.5, cy - 20, cx + w * 0.5, cy - 20, cx + w * 0.98, cy + 18,
                 hx + w * 1.08, hy - 40, hx + w * 1.1, hy + 20 + long, hx, hy + 42 + long,
                 hx - w * 1.1, hy + 20 + long, hx - w * 1.08, hy - 40, cx - w * 0.98, cy + 18)
    return [*(shoes if long else ()), cloth, *_pattern(who, build, hip, chest, face)]


def _pattern(
    who: CartoonPerson, build: _Build, hip: _Point, chest: _Point, face: int
) -> list[Shape]:
    """Returns what is on the cloth: stripes, spots, or a seam with buttons."""
    (hx, hy), (cx, cy), w = hip, chest, build.half
    if who.pattern == "plain":
        mid, seam = cx + face * w * 0.16, mix(who.top, INK, 0.16)
        return [limb(seam, 2, 2, mid, cy + 10, hx + face * w * 0.2, hy + 10),
                *(oval(who.trim, mid + (hx - cx) * t, cy + build.chest * t, 6)
                  for t in (0.22, 0.45, 0.68))]
    shapes: list[Shape] = []
    rows = 4 if who.role == "child" else 6
    for row in range(1, rows):
        t = row / rows
        x, y = cx + (hx - cx) * t, cy + (hy - cy) * t
        if who.pattern == "stripes":
            shapes.append(limb(who.trim, 4.5, 4.5, x - w * 0.97, y - 3, x, y + 9,
                               x + w * 0.97, y - 3))
            continue
        for i in range(-2, 3):
            across = x + i * w * 0.4 + (w * 0.2 if row % 2 else 0)
            if abs(across - x) < w * 0.9:
                shapes.append(oval(who.trim, across, y, 5))
    return shapes


def _lap(who: CartoonPerson, build: _Build, hip: _Point, face: int) -> list[Shape]:
    """Returns legs of someone sitting on the floor: an adult's crossed, a child's out in front."""
    x, y, r = *hip, build.limb * 1.5
    dark, sock = mix(who.legs, INK, 0.25), who.trim
    if who.role == "parent":
        return [limb(dark, r + 2, r, x - 60, y + 14, x - 158, y + 24, x - 30, y + 64),
                limb(sock, 20, 18, x - 34, y + 66, x + 4, y + 70),
                limb(dark, r + 2, r, x + 60, y + 14, x + 172, y + 22, x + 40, y + 66),
                limb(who.legs, r, r - 4, x + 60, y + 14, x + 172, y + 22, x + 40, y + 64),
                limb(sock, 21, 19, x + 38, y + 68, x - 6, y + 72)]
    legs: list[Shape] = []
    for side, drop in ((-18, 16), (26, 34)):
        fx, fy = x + face * (118 - side * 0.5), y + drop + 10
        legs += [limb(dark, r + 2, r * 0.8, x + side, y + drop, fx, fy),
                 limb(who.legs, r, r * 0.8 - 2, x + side, y + drop, fx, fy),
                 limb(sock, 20, 17, fx + face * 14, fy + 2, fx + face * 22, fy - 18)]
    return legs
# fmt: on
