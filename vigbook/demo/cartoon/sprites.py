"""Draws parts: shapes are made three times too large, shrunk for smooth edges, and pasted."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from vigbook.demo.cartoon.shapes import Part, Shape, rgb
from vigbook.demo.cartoon.story import HEIGHT, WIDTH

Planes = tuple[Image.Image, Image.Image, Image.Image]
"""Luma, and the two colour planes of half its size."""
_Points = list[tuple[float, float]]
_Discs = list[tuple[float, float, float]]
_FINE = 3  # how many times too large shapes are drawn
_CURVE = [((1 - t) ** 2, 2 * t * (1 - t), t * t, t) for t in (i / 13 for i in range(14))]


class Sprite(NamedTuple):
    """A part drawn: where its top left goes, its planes, and its cover for luma and colour."""

    x: int
    y: int
    planes: Planes
    covers: tuple[Image.Image, Image.Image]

    def paste(self, planes: Planes, lift: int = 0) -> None:
        """Pastes it on a picture, `lift` pixels (an even number) higher than it was drawn."""
        x, y = self.x, self.y - lift
        half = (x // 2, y // 2)
        planes[0].paste(self.planes[0], (x, y), self.covers[0])
        planes[1].paste(self.planes[1], half, self.covers[1])
        planes[2].paste(self.planes[2], half, self.covers[1])


class _Trace(NamedTuple):
    """A shape worked out: its corners, and for a limb the discs along it."""

    shape: Shape
    corners: _Points
    discs: _Discs


def draw_sprite(part: Part) -> Sprite:
    """Returns a part drawn, cropped to itself."""
    traces = [_trace(shape) for shape in part]
    x0, y0, x1, y1 = _bounds(traces)
    size = (max(2, x1 - x0) * _FINE, max(2, y1 - y0) * _FINE)
    # Four plain channels (Y, Cb, Cr, cover): an alpha mode would be converted at full size.
    image = Image.new("CMYK", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for trace in traces:
        _paint(draw, trace, x0, y0)
    small = image.reduce(_FINE)
    y, _, _, cover = _solid(small)
    _, cb, cr, cover_half = _solid(small.reduce(2))
    return Sprite(x0, y0, (y, cb, cr), (cover, cover_half))


@functools.lru_cache(maxsize=4096)
def yuv(colour: str) -> tuple[int, int, int, int]:
    """Returns a colour in the film's own terms, limited-range BT.709 Y, Cb, Cr, and full cover."""
    r, g, b = (v / 255 for v in rgb(colour))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    cb, cr = (b - y) / 1.8556, (r - y) / 1.5748
    return round(16 + 219 * y), round(128 + 224 * cb), round(128 + 224 * cr), 255


def _trace(shape: Shape) -> _Trace:
    data = shape.data
    if shape.kind == "limb":
        discs = _discs(data)
        return _Trace(shape, _band(discs), discs)
    if shape.kind == "oval":
        return _Trace(shape, _ellipse(*data), [])
    if shape.kind == "box":
        x, y, width, height, _ = data
        return _Trace(shape, [(x, y), (x + width, y + height)], [])
    points = list(zip(data[::2], data[1::2], strict=True))
    return _Trace(shape, _smooth(points) if shape.kind == "blob" else points, [])


def _discs(data: tuple[float, ...]) -> _Discs:
    """Returns discs (x, y, radius) along a limb: a line through two points, a curve by three."""
    r0, r1, x0, y0, x1, y1 = data[:6]
    if len(data) == 6:
        return [(x0, y0, r0), (x1, y1, r1)]
    x2, y2 = data[6:]
    return [
        (a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2, r0 + (r1 - r0) * t)
        for a, b, c, t in _CURVE
    ]


def _band(discs: _Discs) -> _Points:
    """Returns the corners of the band that a limb's discs sweep."""
    left: _Points = []
    right: _Points = []
    last = len(discs) - 1
    for i, (x, y, r) in enumerate(discs):
        (ax, ay, _), (bx, by, _) = discs[max(0, i - 1)], discs[min(last, i + 1)]
        far = max(0.01, math.hypot(bx - ax, by - ay))
        nx, ny = (ay - by) / far * r, (bx - ax) / far * r
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def _ellipse(x: float, y: float, rx: float, ry: float, turn: float) -> _Points:
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return [
        (x + c * rx * u - s * ry * v, y + s * rx * u + c * ry * v)
        for u, v in _ring(40 if rx < 120 else 200)
    ]


@functools.lru_cache
def _ring(corners: int) -> _Points:
    turn = 2 * math.pi / corners
    return [(math.cos(i * turn), math.sin(i * turn)) for i in range(corners)]


def _smooth(points: _Points) -> _Points:
    """Returns a closed Catmull-Rom curve through points."""
    ring = np.array(points)
    a, b, c, d = (np.roll(ring, s, 0)[:, None] for s in (1, 0, -1, -2))
    t = np.linspace(0, 1, 10, endpoint=False)[None, :, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return [(x, y) for x, y in curve.reshape(-1, 2).tolist()]


def _bounds(traces: list[_Trace]) -> tuple[int, int, int, int]:
    """Returns left, top, right and bottom of shapes, on even pixels as colour has half the size."""
    lows: _Points = []
    highs: _Points = []
    for shape, corners, _ in traces:
        grow = max(shape.data[:2]) if shape.kind == "limb" else 1.0
        xs, ys = zip(*corners, strict=True)
        lows.append((min(xs) - grow, min(ys) - grow))
        highs.append((max(xs) + grow, max(ys) + grow))
    left, top = (int(max(0, min(values)) // 2 * 2) for values in zip(*lows, strict=True))
    right, bottom = (max(values) + 2 for values in zip(*highs, strict=True))
    return left, top, int(min(WIDTH, right) // 2 * 2), int(min(HEIGHT, bottom) // 2 * 2)


def _paint(draw: ImageDraw.ImageDraw, trace: _Trace, left: int, top: int) -> None:
    k, fill = _FINE, yuv(trace.shape.colour)
    flat = [((x - left) * k, (y - top) * k) for x, y in trace.corners]
    if trace.shape.kind == "box":
        draw.rounded_rectangle((*flat[0], *flat[1]), trace.shape.data[4] * k, fill=fill)
        return
    draw.polygon(flat, fill=fill)
    for x, y, r in trace.discs:
        cx, cy, rk = (x - left) * k, (y - top) * k, r * k
        draw.ellipse((cx - rk, cy - rk, cx + rk, cy + rk), fill=fill)


def _solid(image: Image.Image) -> tuple[Image.Image, ...]:
    """Returns the four channels, the first three freed from the share of empty ground in them."""
    return Image.merge("RGBa", image.split()).convert("RGBA").split()
