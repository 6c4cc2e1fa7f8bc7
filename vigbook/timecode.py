"""Exact times in a film, and spans of time.

A film's times are fractions of a second (a frame of 29.97 pictures a second lasts 1001/30000 s),
so they are held as fractions: no float ever stands for a time inside vigbook.
"""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction

# Four digits of hours, since seven of seconds are written as four: what is written can be read.
_CLOCK = re.compile(r"(?:(?P<h>\d{1,4}):)?(?P<m>\d{1,3}):(?P<s>\d{1,2})(?P<fraction>\.\d{1,9})?")
_SECONDS = re.compile(r"\d{1,7}(?:\.\d{1,9})?")


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Timecode:
    """A moment in a film, counted from its beginning, in exact seconds."""

    seconds: Fraction

    @classmethod
    def parse(cls, text: str | int | float) -> Timecode:
        """Returns the time that a person wrote.

        Args:
            text: `hh:mm:ss.mmm`, `mm:ss.mmm` or seconds. A float is taken by the digits it prints
                as, which are the digits somebody typed.

        Raises:
            ValueError: it is not a time, or minutes or seconds are over 59.
        """
        written = str(text).strip()
        if _SECONDS.fullmatch(written):
            return cls(Fraction(written))
        match = _CLOCK.fullmatch(written)
        if not match:
            raise ValueError(f"'{written}' is not a time")
        hours, minutes = int(match["h"] or 0), int(match["m"])
        seconds = Fraction(match["s"] + (match["fraction"] or ""))
        if seconds >= 60 or (match["h"] is not None and minutes > 59):
            raise ValueError(f"'{written}' is not a time")
        return cls(hours * 3600 + minutes * 60 + seconds)

    def format(self) -> str:
        """Returns `hh:mm:ss.mmm`, to the nearest millisecond: as a mark it finds the same frame."""
        total, ms = divmod(int(self.seconds * 1000 + Fraction(1, 2)), 1000)
        minutes, seconds = divmod(total, 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{ms:03}"

    def short(self) -> str:
        """Returns the time as a person says it: `1:23`, or `1:02:03` from an hour on."""
        minutes, seconds = divmod(int(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def __add__(self, other: Timecode) -> Timecode:
        return Timecode(self.seconds + other.seconds)

    def __sub__(self, other: Timecode) -> Timecode:
        return Timecode(self.seconds - other.seconds)

    def __str__(self) -> str:
        return self.format()


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of a film: `start` is in it, `end` is not."""

    start: Timecode
    end: Timecode

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"the end {self.end} is not after the start {self.start}")

    @property
    def length(self) -> Timecode:
        """How long the span lasts."""
        return self.end - self.start

    def __contains__(self, moment: Timecode) -> bool:
        return self.start <= moment < self.end
