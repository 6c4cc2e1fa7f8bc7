"""What a film is and what will be done about it, in a practitioner's words."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from vigbook.errors import Problem, show_path
from vigbook.film.clips import LONG_SIDE_PX
from vigbook.film.facts import FilmFacts, Told
from vigbook.film.film import Film, open_film
from vigbook.film.previews import codec_name, needs_proxy
from vigbook.timecode import Span, Timecode

_COARSE_PX = 640  # on the width of a page, 100 dots an inch
_LOOKED_AT = Timecode(Fraction(10))  # from a film's start, for how evenly its pictures come
_MISSED = Fraction(2)  # seconds without a picture at the end, from which on it is looked into
_TELLS: dict[Told, str] = {
    "place": "the place where it was filmed",
    "camera": "the make of the camera",
    "date": "the day it was filmed",
    "title": "words somebody wrote into it",
    "data": "a track of the camera's own data, which may hold places",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A film described.

    Attributes:
        facts: what it is.
        says: what it is, in sentences.
        will: what vigbook will do about it, in sentences.
        tells: what it tells of people, in words; none of it goes into what is made of it.
        warnings: what a person should know or do.
    """

    path: Path
    facts: FilmFacts
    says: tuple[str, ...]
    will: tuple[str, ...]
    tells: tuple[str, ...]
    warnings: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """Returns the description as `--json` prints it."""
        return {
            "file": show_path(self.path),
            "ok": True,
            "says": list(self.says),
            "will": list(self.will),
            "tells": list(self.tells),
            "errors": [],
            "warnings": [problem.as_json() for problem in self.warnings],
            "facts": self.facts.as_json(),
        }


def describe_film(path: Path) -> Description:
    """Returns what a film is and what will be done about it.

    Raises:
        FilmError: it cannot be read.
    """
    with open_film(path) as film:
        facts = film.probe()
        times = film.list_frame_times(Span(Timecode(Fraction(0)), _LOOKED_AT))
        return describe_facts(path, facts, _is_uneven(times), tuple(_warn(film, facts)))


def describe_facts(
    path: Path, facts: FilmFacts, uneven: bool, warnings: tuple[Problem, ...] = ()
) -> Description:
    """Returns in words what is known of a film.

    Args:
        path: where it lies.
        facts: what it is.
        uneven: whether its pictures come at uneven times.
        warnings: what a person should know or do.
    """
    return Description(
        path=path,
        facts=facts,
        says=tuple(_say(facts, uneven)),
        will=tuple(_will(facts, uneven)),
        tells=tuple(_TELLS[one] for one in facts.tells),
        warnings=warnings,
    )


def check_size(path: Path, facts: FilmFacts) -> list[Problem]:
    """Returns a warning where a film's pictures have too few dots for the width of a page."""
    if max(facts.width, facts.height) >= _COARSE_PX:
        return []
    size = f"{facts.width} by {facts.height} dots"
    found = f"its pictures are small ({size}), and print small or they would look coarse"
    return [Problem(file=show_path(path), found=found, mend="film with a higher setting next time")]


def _say(facts: FilmFacts, uneven: bool) -> Iterator[str]:
    about = "about " if uneven else ""
    rate = f", {about}{_rate(facts.frame_rate)} pictures a second" if facts.frame_rate else ""
    yield f"It is {_length(facts)} long, {facts.width} by {facts.height} dots{rate}."
    if not facts.sounds:
        yield "It has no sound."
    elif len(facts.sounds) > 1:
        yield f"It has {len(facts.sounds)} sound tracks; the first is used."
    else:
        yield "It has sound."
    bits = f", {facts.bits} bit" if facts.bits > 8 else ""
    yield f"It is recorded as {codec_name(facts.video_codec)}{bits}."


def _will(facts: FilmFacts, uneven: bool) -> Iterator[str]:
    if lies := _lies(facts):
        yield f"Its pictures are stored {lies}: clips and stills come out upright."
    if facts.interlaced:
        yield "Its pictures are woven of two halves (interlaced): they are made whole."
    if facts.pixel_aspect != 1:
        yield "Its dots are not square: clips and stills are stretched to their right shape."
    if facts.hdr:
        yield "It is brighter than a page or most screens can show (HDR): it is toned down to fit."
    if uneven:
        yield "Its pictures come at uneven times: each is found and cut by its own time."
    if max(facts.width, facts.height) > LONG_SIDE_PX:
        yield f"Clips are made smaller, {LONG_SIDE_PX} dots along the longer side."
    if any(one.channels > 2 for one in facts.sounds[:1]):
        yield "Its sound has more than two channels: clips have two."
    if why := needs_proxy(facts):
        yield f"For choosing clips, a copy that every browser plays is made once: {why}."
    yield "Clips play in every browser, and begin and end with exactly the pictures you mark."


def _length(facts: FilmFacts) -> str:
    minutes, seconds = divmod(round(facts.length.seconds), 60)
    if minutes:
        return f"{minutes} min {seconds} s"
    return f"{seconds} s" if seconds else "less than a second"


def _rate(rate: Fraction) -> str:
    return f"{float(rate):.2f}".rstrip("0").rstrip(".")


def _lies(facts: FilmFacts) -> str:
    """Returns how a film's pictures lie in its file, where that is not upright."""
    turned = {90: "on their side", 180: "upside down", 270: "on their side"}.get(facts.turned)
    return " and ".join(how for how in (turned, "mirrored" if facts.mirrored else None) if how)


def _warn(film: Film, facts: FilmFacts) -> Iterator[Problem]:
    yield from check_size(film.path, facts)
    last = film.find_frames([facts.length], long_side=16)[0].at
    if facts.length.seconds - last.seconds > _MISSED:
        end = film.find_end()
        if facts.length.seconds - end.seconds > _MISSED:
            found = f"says it is {facts.length.short()} long and breaks off at {end.short()}"
            mend = "copy it from the camera again, or choose clips before that"
            yield Problem(file=show_path(film.path), found=found, mend=mend)


def _is_uneven(times: list[Timecode]) -> bool:
    gaps = [(later - one).seconds for one, later in itertools.pairwise(times)]
    return bool(gaps) and max(gaps) > min(gaps) * Fraction(3, 2)
