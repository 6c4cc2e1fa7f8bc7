"""Every frame of a scene: the room, what moves before it, and a counter in the corner."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vigbook.demo.cartoon.rooms import furnish_back
from vigbook.demo.cartoon.shapes import box
from vigbook.demo.cartoon.sprites import Sprite, draw_sprite, yuv
from vigbook.demo.cartoon.stage import Layer, Stage
from vigbook.demo.cartoon.story import FPS, HEIGHT, WIDTH, Scene

Frame = NDArray[np.uint8]
"""Planar 8-bit 4:2:0, limited-range BT.709, as one row of bytes."""
_COUNTER_X, _COUNTER_Y = WIDTH - 232, HEIGHT - 46
_BLACK = "#111111"


def draw_frames(scene: Scene) -> Iterator[Frame]:
    """Yields every frame of a scene, drawn anew on every second frame.

    It is the same buffer each time, changed: use a frame before asking for the next.
    """
    stage, counter = Stage(scene), _Counter()
    # A part drawn once is kept, so that a film of two minutes is drawn in seconds.
    draw = functools.lru_cache(maxsize=1500)(draw_sprite)
    room = draw_sprite(tuple(furnish_back(scene)))
    frame = np.zeros(WIDTH * HEIGHT * 3 // 2, np.uint8)
    shown: tuple[Layer, ...] | None = None
    for number in range(round(scene.seconds * FPS)):
        if number % 2 == 0 and (layers := stage.parts(number / FPS)) != shown:
            shown = layers
            y, cb, cr = (plane.copy() for plane in room.planes)
            for part, lift in layers:
                draw(part).paste((y, cb, cr), lift)
            counter.ground.paste((y, cb, cr))
            np.concatenate([np.asarray(plane).reshape(-1) for plane in (y, cb, cr)], out=frame)
        counter.write(frame, number)
        yield frame


class _Counter:
    """The frame's number and film time, in the bottom right corner."""

    def __init__(self) -> None:
        self.ground: Sprite = draw_sprite((box(_BLACK, _COUNTER_X, _COUNTER_Y, 212, 32, 8),))
        font = ImageFont.load_default(size=20)
        self._glyphs: dict[str, Frame] = {}
        for sign in "0123456789:. ":
            width = {":": 7, ".": 7, " ": 30}.get(sign, 12)
            glyph = Image.new("L", (width, 26), yuv(_BLACK)[0])
            ImageDraw.Draw(glyph).text((width / 2, 20), sign, fill=226, font=font, anchor="ms")
            self._glyphs[sign] = np.asarray(glyph)

    def write(self, frame: Frame, number: int) -> None:
        """Writes a frame's number (0 is the first) and time on its luma."""
        ms = round(number * 1000 / FPS)
        text = f"{number:05d} {ms // 60000:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
        strip = np.hstack([self._glyphs[sign] for sign in text])
        height, width = strip.shape
        x, y = _COUNTER_X + 10, _COUNTER_Y + 3
        luma = frame[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
        luma[y : y + height, x : x + width] = strip
