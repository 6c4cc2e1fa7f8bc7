"""A film: what it is, and the frame on screen at a time, asked of the process that reads it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from vigbook.film.facts import FilmFacts, Shown
from vigbook.film.reader import Reader
from vigbook.system.sandbox import Reply
from vigbook.timecode import Span, Timecode


@dataclasses.dataclass(frozen=True, slots=True)
class Film:
    """A film and the process that reads it; making one asks nothing yet.

    Every question raises a FilmError where the film is not there, is none, cannot be read, or made
    the process that reads it fall. The process answers one question after the other: what is
    yielded one by one is taken to its end, or left, before the next is asked.

    Attributes:
        path: where the film lies.
        reader: the process to ask. It belongs to whoever made it, who ends it too.
    """

    path: Path
    reader: Reader

    def beside(self, path: Path) -> Film:
        """Returns another film that the same process reads, as a clip that was just cut."""
        return Film(path, self.reader)

    def probe(self) -> FilmFacts:
        """Returns what the film is, after its first frames were decoded.

        Raises:
            FilmError: it is not there, is no film, has no picture that can be decoded, or made the
                process that reads it fall.
        """
        ((plain, _),) = self.ask("probe")
        return FilmFacts.from_json(plain)

    def find_frames(
        self, times: Sequence[Timecode], *, long_side: int | None = None
    ) -> list[Shown]:
        """Returns the frame on screen at each time, in the order of `times`.

        The frame on screen at t is the last that came up at or before t, and before the first frame
        the first. The film is opened once, and no frame decoded that those asked for are not made
        of.

        Args:
            times: in film time, in any order.
            long_side: pictures are made smaller to this many pixels, and their pixels square.

        Raises:
            FilmError: the film cannot be read, or cannot be decoded at one of the times.
        """
        wanted = sorted(set(times))
        found = self.iter_frames(wanted, long_side=long_side)
        by_time = dict(zip(wanted, found, strict=True))
        return [by_time[time] for time in times]

    def iter_frames(
        self, times: Sequence[Timecode], *, long_side: int | None = None
    ) -> Iterator[Shown]:
        """Yields what `find_frames` returns, one by one; times are in order, none of them twice.

        The film is read on while the caller does something with a frame.
        """
        asked = {"times": [str(one.seconds) for one in times], "long_side": long_side}
        if times:
            yield from map(_unpack, self.ask("frames", **asked))

    def iter_thumbnails(self, times: Sequence[Timecode], long_side: int) -> Iterator[Shown]:
        """Yields the key frame at or before each time, made small: quick, near enough for a strip.

        Args:
            times: in film time, in order.
            long_side: of the pictures, in pixels; their pixels are square.

        Raises:
            FilmError: the film cannot be read.
        """
        asked = {"times": [str(one.seconds) for one in times], "long_side": long_side}
        yield from map(_unpack, self.ask("thumbnails", **asked))

    def iter_levels(self, step: Timecode) -> Iterator[tuple[Timecode, float]]:
        """Yields how loud the film's sound is, from 0 to 1, in each step from film time 0 on.

        The loudness is the greatest swing of the first sound track in that step. A film without
        sound gives nothing.

        Raises:
            FilmError: the film cannot be read.
        """
        for said, _ in self.ask("levels", step=str(step.seconds)):
            for at, level in said["levels"]:
                yield Timecode(Fraction(at)), float(level)

    def list_frame_times(self, span: Span) -> list[Timecode]:
        """Returns the film times of the frames a clip of `span` must hold, without decoding them.

        These are the frame on screen at the span's start (which may have come up before it) and
        every frame after it and before the span's end. Where a film breaks off, those that its
        index promises are among them, at about their times.

        Raises:
            FilmError: the film cannot be read.
        """
        asked = {"start": str(span.start.seconds), "end": str(span.end.seconds)}
        ((said, _),) = self.ask("times", **asked)
        return [Timecode(Fraction(one)) for one in said["times"]]

    def find_lead(self, time: Timecode) -> tuple[Timecode | None, Timecode | None]:
        """Returns what comes before the frame that comes up at a time.

        Returns:
            The decoding time of the key frame that it is made from, or None where seeking is not
            exact (it may be before film time 0); and when the frame before it came up, or None if
            there is none.

        Raises:
            FilmError: the film cannot be read.
        """
        ((said, _),) = self.ask("lead", times=[str(time.seconds)])
        key, before = (
            Timecode(Fraction(one)) if one is not None else None
            for one in (said["key"], said["before"])
        )
        return key, before

    def find_end(self) -> Timecode:
        """Returns when the last there is of picture and sound ends, whatever the film promises.

        Raises:
            FilmError: the film cannot be read.
        """
        ((said, _),) = self.ask("end")
        return Timecode(Fraction(said["at"]))

    def count_frames(self) -> int:
        """Returns how many frames the film holds, by its packets.

        Raises:
            FilmError: it cannot be read.
        """
        ((said, _),) = self.ask("count")
        return int(said["frames"])

    def ask(self, do: str, **details: Any) -> Iterator[Reply]:
        """Yields the answers to one request about the film as they come; see `Reader.ask`.

        Raises:
            FilmError: the film cannot be read, or reading it went beyond the limits.
        """
        return self.reader.ask(do, self.path, **details)


@contextlib.contextmanager
def open_film(path: Path) -> Iterator[Film]:
    """Gives a film with a process of its own, which ends with the block."""
    with Reader() as reader:
        yield Film(path, reader)


def _unpack(answer: Reply) -> Shown:
    said, content = answer
    height, width = said["size"]
    picture = np.frombuffer(content, np.uint8).reshape(height, width, 3)
    return Shown(at=Timecode(Fraction(said["at"])), picture=picture)
