"""Draws the three rooms: what is behind the figures, and the furniture before their laps."""

from __future__ import annotations

import math

from vigbook.demo.cartoon.furniture import Palette, lamp, plant, shelf, window
from vigbook.demo.cartoon.props import BRICK_COLOURS, brick, otter
from vigbook.demo.cartoon.shapes import INK, Shape, blob, box, limb, mix, oval
from vigbook.demo.cartoon.story import HEIGHT, WIDTH, Scene

_WHITE = "#FFFFFF"
_LAMPS = {"table": (1150, 190), "bed": (150, 250), "floor": (120, 168)}


def furnish_back(scene: Scene) -> list[Shape]:
    """Returns everything behind the figures."""
    c = scene.palette
    x, y = _LAMPS[scene.setting]
    if scene.setting == "table":
        return [*_walls(c, x, y + 40, 590, 0.45), *_kitchen(c), *lamp(c, x, y, 640), *_chair(c)]
    if scene.setting == "bed":
        return [*_walls(c, x, y + 40, 590, 0.12), *lamp(c, x, y, 640), *_bedroom(c)]
    walls, view = _walls(c, x, y + 40, 560, 0.45), window(c, 548, 66, 214, 226, night=False)
    return [*walls, *view, *lamp(c, x, y, 590), *_playroom(c)]


def furnish_front(scene: Scene) -> list[Shape]:
    """Returns the furniture in front of the figures' laps."""
    if scene.setting == "table":
        return _laid_table(scene.palette)
    return _quilt(scene.palette) if scene.setting == "bed" else _pile()


# fmt: off
# Shapes are rows of numbers; one number to a line would hide the drawing.
def _walls(c: Palette, x: int, y: int, skirt: int, pale: float) -> list[Shape]:
    """Returns walls lit from (x, y), a quiet wallpaper, and the floor below `skirt`."""
    glow = [oval(mix(c["wall"], c["light"], 0.0175 * i), x, y, 330 - 8 * i) for i in range(1, 36)]
    dots = [(column + (40 if row % 2 else 0), 30 + row * 70, column)
            for column in range(40, WIDTH, 80) for row in range(9)]
    return [box(c["wall"], 0, 0, WIDTH, HEIGHT, 0), *glow,
            box(c["floor"], 0, skirt, WIDTH, 200, 0),
            *(oval(c["soft"], across, down, 7, 10) for across, down, column in dots
              if down < skirt - 20 and math.dist((column, down), (x, y)) > 150),
            box(mix(c["wall"], _WHITE, pale), 0, skirt - 16, WIDTH, 18, 0)]


def _kitchen(c: Palette) -> list[Shape]:
    return window(c, 540, 84, 214, 236, night=False) + shelf(c, 74, 196, 210)


def _chair(c: Palette) -> list[Shape]:
    """Returns a plant, and the back of the high chair."""
    wood = mix(c["deep"], _WHITE, 0.18)
    return [*plant(112, 560, c["cloth"]), box(wood, 776, 372, 204, 400, 50),
            box(mix(wood, _WHITE, 0.3), 800, 400, 156, 330, 36)]


def _bedroom(c: Palette) -> list[Shape]:
    pillow = "#EADFD3"
    return [*window(c, 560, 70, 210, 224, night=True), *shelf(c, 1010, 190, 216),
            box(c["deep"], 1034, 336, 70, 400, 34),
            box(mix(c["deep"], _WHITE, 0.14), 1046, 350, 46, 380, 24),
            blob(mix(pillow, INK, 0.14), 880, 410, 1010, 390, 1060, 470, 1046, 590, 900, 600,
                 862, 520),
            blob(pillow, 886, 416, 1004, 400, 1046, 470, 1034, 580, 904, 588, 872, 520)]


def _playroom(c: Palette) -> list[Shape]:
    sofa, rug, brown = "#8FA8A0", c["cloth"], "#B8654A"
    return [box(mix(sofa, INK, 0.2), 850, 330, 420, 270, 60), box(sofa, 866, 346, 390, 150, 44),
            box(mix(sofa, _WHITE, 0.16), 880, 450, 370, 110, 34),
            oval("#E4B95B", 1180, 430, 44, 46, 10), *plant(1236, 560, brown),
            oval(mix(rug, INK, 0.22), 640, 672, 560, 116), oval(rug, 640, 668, 552, 112),
            oval(brown, 640, 668, 500, 98), oval(rug, 640, 668, 482, 92)]


def _laid_table(c: Palette) -> list[Shape]:
    """Returns a table with a checked cloth and a plate, and the high chair's tray."""
    cloth, wood, steel = "#FBF3E4", mix(c["deep"], _WHITE, 0.18), "#6F8894"
    check = mix(cloth, c["cloth"], 0.35)
    return [box(mix(cloth, INK, 0.2), 40, 566, 730, 30, 14), box(cloth, 40, 560, 730, 200, 16),
            *(box(check, x, 592, 34, 140, 0) for x in range(60, 760, 68)),
            box(mix(cloth, INK, 0.09), 40, 588, 730, 5, 0),
            oval("#C9D5D3", 232, 580, 92, 20), oval(_WHITE, 232, 576, 88, 18),
            oval("#E2EBE8", 232, 577, 60, 11),
            limb("#B98524", 13, 7, 176, 560, 226, 600, 284, 552),
            limb("#F4CB45", 11, 5, 177, 557, 226, 596, 283, 550),
            limb(steel, 5, 5, 372, 590, 446, 578), oval(steel, 460, 576, 20, 9, -8),
            box(mix(wood, INK, 0.25), 716, 566, 282, 40, 20),
            box("#F3DFC0", 716, 556, 282, 40, 20), box(wood, 752, 604, 26, 140, 6),
            box(wood, 938, 604, 26, 140, 6)]


def _quilt(c: Palette) -> list[Shape]:
    """Returns a quilt with flowers, and an open picture book on it."""
    duvet, book, page = c["cloth"], "#46618C", "#F7EEDC"
    shapes = [blob(mix(duvet, INK, 0.25), -60, 580, 200, 560, 560, 566, 700, 540, 850, 548, 1000,
                   572, 1090, 590, 1120, 780, -60, 790),
              blob(duvet, -60, 588, 200, 568, 560, 574, 700, 548, 850, 556, 1000, 580, 1084, 598,
                   1110, 790, -60, 790)]
    tones = [mix(duvet, tone, 0.45) for tone in ("#F0C56A", "#F5E6CF", "#6F8FB5")]
    for i, x in enumerate(range(60, 1040, 110)):
        for row, (across, y) in enumerate(((x, 636), (x + 55, 698))):
            tone = tones[(i + row) % 3]
            shapes += [oval(tone, across + u, y + v, 11)
                       for u, v in ((-12, 0), (12, 0), (0, -12), (0, 12))]
            shapes.append(oval("#F8E7C0", across, y, 7))
    return [*shapes, blob(book, 210, 566, 300, 580, 390, 560, 394, 600, 300, 620, 206, 606),
            blob(page, 216, 556, 260, 556, 300, 574, 300, 608, 256, 594, 214, 598),
            blob(page, 384, 550, 340, 554, 300, 574, 300, 608, 344, 592, 388, 592),
            *otter(258, 576, "#A98566", 0.26), oval("#7FA99B", 344, 574, 20, 11, -10)]


def _pile() -> list[Shape]:
    """Returns the bricks that nobody has taken yet."""
    places = ((172, 640, 0), (136, 672, 8), (212, 668, -6), (250, 696, 4), (96, 694, -9))
    return [shape for i, (x, y, turn) in enumerate(places)
            for shape in brick(x, y, BRICK_COLOURS[(i * 2 + 1) % 5], turn)]
# fmt: on
