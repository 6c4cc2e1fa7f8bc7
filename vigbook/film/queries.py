"""What a film is, and the frame on screen at a time: asked of the process that reads films."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from vigbook.film.facts import FilmFacts, Shown
from vigbook.film.reader import Reader, borrow
from vigbook.system.sandbox import Answer
from vigbook.timecode import Span, Timecode


def probe_film(path: Path, reader: Reader | None = None) -> FilmFacts:
    """Returns what a film is, after its first frames were decoded.

    Args:
        path: the film.
        reader: the process to ask; a new one where there is none.

    Raises:
        FilmError: it is not there, is no film, has no picture that can be decoded, or made the
            process that reads it fall.
    """
    with borrow(reader) as own:
        ((plain, _),) = own.ask("probe", path)
    return FilmFacts.from_json({key: one for key, one in plain.items() if key != "bytes"})


def find_frames(
    path: Path,
    times: Sequence[Timecode],
    reader: Reader | None = None,
    *,
    long_side: int | None = None,
) -> list[Shown]:
    """Returns the frame on screen at each time, in the order of `times`.

    The frame on screen at t is the last that came up at or before t, and before the first frame
    the first. The film is opened once, and no frame decoded that those asked for are not made of.

    Args:
        path: the film.
        times: in film time, in any order.
        reader: the process to ask; a new one where there is none.
        long_side: pictures are made smaller to this many pixels, and their pixels square.

    Raises:
        FilmError: the film cannot be read, or cannot be decoded at one of the times.
    """
    wanted = sorted(set(times))
    found = iter_frames(path, wanted, reader, long_side=long_side)
    by_time = dict(zip(wanted, found, strict=True))
    return [by_time[time] for time in times]


def iter_frames(
    path: Path,
    times: Sequence[Timecode],
    reader: Reader | None = None,
    *,
    long_side: int | None = None,
) -> Iterator[Shown]:
    """Yields what `find_frames` returns, one by one; the times are in order, none of them twice.

    The film is read on while the caller does something with a frame.
    """
    asked = {"times": [str(one.seconds) for one in times], "long_side": long_side}
    if times:
        with borrow(reader) as own:
            yield from map(_unpack, own.ask("frames", path, **asked))


def find_thumbnails(
    path: Path, times: Sequence[Timecode], long_side: int, reader: Reader | None = None
) -> Iterator[Shown]:
    """Yields the key frame at or before each time, made small: quick, and near enough for a strip.

    Args:
        path: the film.
        times: in film time, in order.
        long_side: of the pictures, in pixels; their pixels are square.
        reader: the process to ask; a new one where there is none.

    Raises:
        FilmError: the film cannot be read.
    """
    asked = {"times": [str(one.seconds) for one in times], "long_side": long_side}
    with borrow(reader) as own:
        yield from map(_unpack, own.ask("thumbnails", path, **asked))


def list_levels(
    path: Path, step: Timecode, reader: Reader | None = None
) -> Iterator[tuple[Timecode, float]]:
    """Yields how loud the film's sound is, from 0 to 1, in each step from film time 0 on.

    The loudness is the greatest swing of the first sound track in that step. A film without sound
    gives nothing.

    Raises:
        FilmError: the film cannot be read.
    """
    with borrow(reader) as own:
        for said, _ in own.ask("levels", path, step=str(step.seconds)):
            for at, level in said["levels"]:
                yield Timecode(Fraction(at)), float(level)


def list_frame_times(path: Path, span: Span, reader: Reader | None = None) -> list[Timecode]:
    """Returns the film times of the frames a clip of `span` must hold, without decoding them.

    These are the frame on screen at the span's start (which may have come up before it) and every
    frame after it and before the span's end. Where a film breaks off, those that its index
    promises are among them, at about their times.

    Raises:
        FilmError: the film cannot be read.
    """
    asked = {"start": str(span.start.seconds), "end": str(span.end.seconds)}
    with borrow(reader) as own:
        ((said, _),) = own.ask("times", path, **asked)
    return [Timecode(Fraction(one)) for one in said["times"]]


def find_lead(
    path: Path, time: Timecode, reader: Reader | None = None
) -> tuple[Timecode | None, Timecode | None]:
    """Returns what comes before the frame that comes up at a time.

    Returns:
        The decoding time of the key frame that it is made from, or None where seeking is not exact
        (it may be before film time 0); and when the frame before it came up, or None if there is
        none.

    Raises:
        FilmError: the film cannot be read.
    """
    with borrow(reader) as own:
        ((said, _),) = own.ask("lead", path, times=[str(time.seconds)])
    key, before = (
        Timecode(Fraction(one)) if one is not None else None
        for one in (said["key"], said["before"])
    )
    return key, before


def find_end(path: Path, reader: Reader | None = None) -> Timecode:
    """Returns when the last there is of picture and sound ends, whatever the film promises.

    Raises:
        FilmError: the film cannot be read.
    """
    with borrow(reader) as own:
        ((said, _),) = own.ask("end", path)
    return Timecode(Fraction(said["at"]))


def frames_in(path: Path, reader: Reader | None = None) -> int:
    """Returns how many frames a film holds, by its packets.

    Raises:
        FilmError: it cannot be read.
    """
    with borrow(reader) as own:
        ((said, _),) = own.ask("count", path)
    return int(said["frames"])


def _unpack(answer: Answer) -> Shown:
    said, content = answer
    height, width = said["size"]
    picture = np.frombuffer(content, np.uint8).reshape(height, width, 3)
    return Shown(at=Timecode(Fraction(said["at"])), picture=picture)
