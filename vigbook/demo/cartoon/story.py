"""What a film tells: its people, whose turn it is when, and what each move means."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

WIDTH, HEIGHT = 1280, 720
"""Of the picture, in pixels; every length in this package is in these pixels."""
FPS = 25
"""Frames a second; times are in seconds."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CartoonPerson:
    """One figure and how it looks.

    Attributes:
        name: as moments call it.
        role: `parent`, `child` or `visitor`.
        skin, hair, top, legs, trim: colours, as `#RRGGBB`.
        style: of the hair: `bun`, `puffs`, `beard`, `curls` or `scarf`.
        pattern: of the top: `plain`, `stripes` or `spots`.
    """

    name: str
    role: str
    skin: str
    hair: str
    style: str
    top: str
    legs: str
    trim: str
    pattern: str = "plain"


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What happens from `start` to `end` and whose turn it is.

    Attributes:
        start, end: in seconds from the film's start.
        what: in words.
        by: the name of a person, or `both`.
        move: which of `MOVES` it is.
    """

    start: float
    end: float
    what: str
    by: str
    move: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A film to draw.

    Attributes:
        seconds: how long it lasts.
        people: first the parent, second the child, then a visitor if one comes.
        palette: the colours of the room, as `#RRGGBB`, by what they colour.
        setting: `table`, `bed` or `floor`.
        prop: the toy: `cup`, `otter` or `brick`.
        moments: one after another, without gaps.
    """

    seconds: float
    people: tuple[CartoonPerson, ...]
    palette: Mapping[str, str]
    setting: str
    prop: str
    moments: tuple[Moment, ...]


class Move(NamedTuple):
    """What a move looks and sounds like.

    Attributes:
        what: in words.
        actor, other: the poses of the one whose turn it is and of the one who follows.
        prop: who has the toy: `actor`, `other`, `rest` (between them) or `tower`.
        syllables: how many the actor says.
    """

    what: str
    actor: str
    other: str
    prop: str
    syllables: int


MOVES: Mapping[str, Move] = {
    "play": Move("plays with the {prop}", "hold", "watch", "actor", 2),
    "reach": Move("reaches up", "reach", "lean", "rest", 3),
    "show": Move("holds the {prop} up to show", "show", "lean", "actor", 3),
    "offer": Move("holds out the {prop}", "offer", "take", "actor", 2),
    "ask": Move("reaches up for the {prop}", "reach", "show", "other", 3),
    "take": Move("takes the {prop}", "hold", "watch", "actor", 0),
    "wait": Move("waits with open hands, watching", "open", "hold", "other", 0),
    "invite": Move("waits with open hands, watching", "open", "glance", "rest", 0),
    "talk": Move("talks, and leaves room for an answer", "talk", "watch", "rest", 4),
    "name": Move("leans in and names what is happening", "lean", "hold", "other", 4),
    "answer": Move("answers", "talk", "lean", "rest", 3),
    "build": Move("puts a {prop} on the tower", "place", "watch", "tower", 2),
    "ready": Move("picks a {prop} and looks up", "hold", "open", "actor", 2),
    "laugh": Move("laugh with arms up", "up", "up", "rest", 5),
    "topple": Move("laugh as the tower comes down", "up", "up", "rest", 5),
    "away": Move("looks away", "away", "still", "rest", 0),
    "soft": Move("leans in softly and waits", "soft", "away", "rest", 2),
    "back": Move("looks back", "glance", "soft", "rest", 2),
    "joins": Move("comes in and says hello", "wave", "turn", "rest", 3),
    "cheers": Move("watches and cheers", "wave", "turn", "rest", 3),
    "leaves": Move("waves goodbye and goes", "wave", "turn", "rest", 2),
}


class Syllable(NamedTuple):
    """A sound that somebody makes, in seconds."""

    start: float
    length: float
    name: str


def tell(prop: str, script: str) -> tuple[Moment, ...]:
    """Returns lines of `seconds name move` as moments that follow on from one another."""
    moments: list[Moment] = []
    now = 0.0
    for line in script.split(","):
        length, by, move = line.split()
        what = MOVES[move].what.format(prop=prop)
        moments.append(Moment(now, now + float(length), what, by, move))
        now += float(length)
    return tuple(moments)


def find_holder(scene: Scene, moment: Moment) -> str:
    """Returns the name of whoever has the toy in a moment, or `rest` or `tower`."""
    place = MOVES[moment.move].prop
    parent, child = (person.name for person in scene.people[:2])
    if place == "tower":
        return "tower"
    if place == "rest" or moment.by not in (parent, child):
        return "rest"
    if place == "actor":
        return moment.by
    return child if moment.by == parent else parent


def list_syllables(scene: Scene) -> list[Syllable]:
    """Returns every sound that the people of a scene make."""
    syllables: list[Syllable] = []
    parent, child = (person.name for person in scene.people[:2])
    for index, moment in enumerate(scene.moments):
        names = (child, parent) if moment.by == "both" else (moment.by,)
        for turn, name in enumerate(names):
            at = moment.start + 0.55 + 0.17 * turn
            for i in range(MOVES[moment.move].syllables):
                length = 0.16 if moment.by == "both" else 0.24 + 0.07 * ((index + i) % 3)
                syllables.append(Syllable(at, length, name))
                at += length + 0.09 + 0.05 * ((index * 2 + i) % 3)
    return syllables
