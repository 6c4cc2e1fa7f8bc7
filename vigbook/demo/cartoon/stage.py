"""Everything that moves, at any time of a scene: who holds themselves how, and where."""

from __future__ import annotations

import functools
import math

from vigbook.demo.cartoon.figures import Figure, Seat, draw_figure
from vigbook.demo.cartoon.pace import Beat, ease, find_beat
from vigbook.demo.cartoon.poses import Pose, blend, find_pose
from vigbook.demo.cartoon.rooms import furnish_front
from vigbook.demo.cartoon.shapes import Part
from vigbook.demo.cartoon.story import FPS, HEIGHT, CartoonPerson, Scene, list_syllables
from vigbook.demo.cartoon.toys import place_toys

Layer = tuple[Part, int]
"""A part, and how many pixels it is lifted."""
_EASE_S = 0.8  # a figure takes as long from one pose to the next
_WALK_S = 2.4  # a visitor takes as long to come in, and to go
_SEATS = {
    "table": ((432, 612), (858, 554), (1090, 560)),
    "bed": ((436, 600), (856, 590), (1090, 560)),
    "floor": ((388, 586), (880, 600), (1104, 468)),
}
_TABLES = {"table": (574, 552), "bed": (572, 552), "floor": (HEIGHT, HEIGHT)}


class Stage:
    """Works out the parts of the picture at any time of a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._front: Part = tuple(furnish_front(scene))
        self._syllables = list_syllables(scene)
        # A held pose soon repeats itself: a figure drawn once is kept as long as its stage.
        self._draw_figure = functools.lru_cache(maxsize=2000)(draw_figure)
        visitors = {person.name for person in scene.people if person.role == "visitor"}
        visits = [moment for moment in scene.moments if moment.by in visitors]
        self._visit = (visits[0].start, visits[-1].end) if visits else (math.inf, -math.inf)

    def parts(self, at: float) -> tuple[Layer, ...]:
        """Returns everything that moves at a time, back to front."""
        scene, beat = self._scene, find_beat(self._scene, at)
        came, goes = self._visit
        layers: list[Layer] = []
        if came <= at < goes:
            guest = self._person(2, at, beat)
            layers += [(p, guest.lift) for p in (guest.back, guest.body, guest.head, guest.front)]
        pair = [self._person(0, at, beat), self._person(1, at, beat)]
        for who in pair:
            layers += [(who.back, who.lift), (who.body, who.lift), (who.legs, 0)]
            layers.append((who.head, who.lift))
        layers.append((self._front, 0))
        figures = {p.name: figure for p, figure in zip(scene.people[:2], pair, strict=True)}
        layers += [(toy, 0) for toy in place_toys(scene, beat, figures)]
        layers += [(who.front, who.lift) for who in pair]
        return tuple(layer for layer in layers if layer[0])

    def _person(self, place: int, at: float, beat: Beat) -> Figure:
        who = self._scene.people[place]
        swing = math.sin(2 * math.pi * beat.since * FPS / 16)
        pose = _hold(who, beat, swing)
        # A breath or a bounce moves whole parts, by even steps, and needs no new drawing.
        lift = 2 * round(0.5 + 0.5 * math.sin(2 * math.pi * (at / 3.2 + place * 0.37)))
        if pose.mood == "laugh":
            lift += 2 * round(3 * abs(swing))
        x, y = _SEATS[self._scene.setting][place]
        if who.role == "visitor":
            away = self._away(at)
            x += round(330 * away)
            lift += 2 * round(2 * abs(swing)) if 0.01 < away < 0.99 else 0
        seat = Seat((x, y), 1 if place == 0 else -1, _TABLES[self._scene.setting][min(place, 1)])
        blink = (at + 1.3 * place) % 3.72 < 0.17
        figure = self._draw_figure(who, pose, seat, blink, self._speaks(who, at))
        return figure._replace(lift=lift)

    def _speaks(self, who: CartoonPerson, at: float) -> bool:
        return any(
            name == who.name and start <= at < start + length
            for start, length, name in self._syllables
        )

    def _away(self, at: float) -> float:
        """Returns how far out of the picture the visitor is, 0 to 1."""
        came, goes = self._visit
        return 1 - ease((at - came) / _WALK_S) + ease((at - goes + _WALK_S) / _WALK_S)


def _hold(who: CartoonPerson, beat: Beat, swing: float) -> Pose:
    """Returns a person's pose at a beat: on the way from the one before, with a waving hand."""
    share = ease(beat.since / _EASE_S)
    pose = blend(find_pose(who, beat.before), find_pose(who, beat.moment), share)
    # Few drawings to a swing, so that a held pose soon repeats itself.
    wave = round(pose.wiggle * swing) / 100
    near, far = (pose.near[0], pose.near[1] + wave), (pose.far[0], pose.far[1] - wave / 2)
    return pose._replace(near=near, far=far, wiggle=0)
