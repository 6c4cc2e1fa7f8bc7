"""How large things are on a paper: what its templates ask for, so that they hold markup alone.

Lengths are in millimetres (`_mm`), areas in square millimetres (`_mm2`). A picture is what a page
says of one: its `width` and `height` in dots count here. A page's `fit` says how much closer than
usual it is set, in steps from 0; `vigbook.paper.printing` takes the roomiest that keeps to the
sides a paper should have. What follows from `print.css` says so.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from vigbook.case.models import Size

FITS = 4
"""How closely a page may be set, in steps, before another sheet is added to it."""

# Between the margins of `@page`, 18 mm each; less a hair, since widths are rounded when printed.
_LINE_MM = {"a4": 173.9, "letter": 179.8}

DOT_MM = 0.254
"""No dot of a picture is printed larger, 100 an inch: a small picture stays small and sharp."""

# The type at the foot of a page, as `font-size` and `--small` in print.css, and letters on a line.
_FOOT_LETTER_MM = {"clear": 4.94, "easy": 5.64, "large": 6.35}
_FOOT_LETTERS_A_LINE = {"clear": 56, "easy": 48, "large": 42}
_RECORD_FOOT_LETTER_MM, _RECORD_FOOT_LETTERS_A_LINE = 3.36, 90  # it has small print of its own
_FOOT_LEADING = 1.3  # as `.furniture` in print.css
_FOOT_MOST_LINES = 4
_FOOT_EDGES_MM, _FOOT_EDGES_CLOSE_MM = 12, 11  # above the foot and below it

STRIP_GAP_MM = 3
"""Between the pictures of a strip."""

_BESIDE_GAP_MM = 6  # between a picture and the words beside it

# A goal's steps, and the words at both ends of them.
_STEP_MM = 18
_ANCHOR_LETTER_MM = {"clear": 2.7, "easy": 3.1, "large": 3.5}
_ANCHOR_GAP_MM = 6  # a mark under a step is wider than the step

# How many letters somebody's words have that are set larger, or smaller, than usual.
_SHORT_LETTERS = 90
_LONG_LETTERS, _LONG_LETTERS_BESIDE_MANY = 320, 150
_MANY_PICTURES = 3
_TOGETHER_LETTERS = 1_000

# By how closely the page is set: a picture beside words, where there are two moments, or more.
_OF_TWO_MM2 = (4300, 3400, 2600, 1900)
_OF_MORE_MM2 = (2750, 2000, 1700, 1400)
_OF_MORE_LONG_MM2 = 2250  # beside long words, where the page is not set closer yet
_MOMENT_WIDEST_MM, _MOMENT_TALLEST_MM = 90, 82

# By the same: one picture above words, a strip of them, and the one of the easy page.
_ALONE_TALLEST_MM = (110, 95, 80, 65)
_STRIP_TALLEST_MM = (60, 34, 30, 25)
_EASY_TALLEST_MM = (97, 84, 66, 50)
_EASY_WIDEST_MM = 174  # the line of A4

_WORKSHEET_MM2, _WORKSHEET_WIDEST_MM = 1900, 58
_RECORD_MM2, _RECORD_WIDEST_MM = 1570, 53


class PictureSize(TypedDict):
    """A picture's size in dots."""

    width: int
    height: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BesideWords:
    """A picture that stands beside words.

    Attributes:
        width_mm, height_mm: the picture's.
        indent_mm: how far in the words begin, to leave the picture and a gap free.
    """

    width_mm: float
    height_mm: float
    indent_mm: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TakeHomeSizes:
    """How large the words and pictures of a take-home are, for all its moments alike.

    Attributes:
        words: how the parent's words are set: `short` ones larger than usual, `long` ones smaller.
        beside_mm2: the area of a picture beside words; 0 where pictures stand above them instead.
        alone_mm: how tall a picture above words may be.
        strip_mm: how tall a strip of pictures may be.
    """

    words: Literal["short", "usual", "long"]
    beside_mm2: float
    alone_mm: float
    strip_mm: float


def format_mm(length_mm: float, places: int = 1) -> str:
    """Returns a length as a style has it: '61.7mm'."""
    return f"{length_mm:.{places}f}mm"


def foot_height_mm(lines: Iterable[str | None], *, size: Size, fit: int, record: bool) -> float:
    """Returns the height of a page's foot, which is its lower margin: room for up to four lines.

    A margin box knows no size of type, so it is worked out from the letters on each line.

    Args:
        lines: what stands there, line by line; nothing is no line.
        size: of the type.
        fit: how much closer than usual the page is set.
        record: whether it is the record, whose small print is smaller.
    """
    own = record and size == "clear"
    letter_mm = _RECORD_FOOT_LETTER_MM if own else _FOOT_LETTER_MM[size]
    letters = _RECORD_FOOT_LETTERS_A_LINE if own else _FOOT_LETTERS_A_LINE[size]
    count = sum(math.ceil(len(line) / letters) for line in lines if line)
    shown = min(max(count, 1), _FOOT_MOST_LINES)
    edges_mm = _FOOT_EDGES_CLOSE_MM if fit else _FOOT_EDGES_MM
    return edges_mm + letter_mm * _FOOT_LEADING * shown


def picture_width_mm(
    picture: PictureSize, area_mm2: float, widest_mm: float, tallest_mm: float
) -> float:
    """Returns the width of a picture of an area: a portrait and a landscape look equally large.

    It is smaller where the picture would be wider or taller than it may be, or has few dots.
    """
    ratio = picture["width"] / picture["height"]
    equal_mm: float = (area_mm2 * ratio) ** 0.5
    return min(equal_mm, _most_width_mm(picture, widest_mm, tallest_mm))


def strip_widths_mm(
    pictures: Sequence[PictureSize], paper: Literal["a4", "letter"], tallest_mm: float
) -> list[float]:
    """Returns the width of each picture of a strip: all have one height, and fill the line.

    They stay lower where the line would make them taller than they may be, or one has few dots.
    """
    line_mm = _LINE_MM[paper] - STRIP_GAP_MM * (len(pictures) - 1)
    ratios = sum(picture["width"] / picture["height"] for picture in pictures)
    fewest_dots = min(picture["height"] for picture in pictures)
    height_mm = min(line_mm / ratios, tallest_mm, fewest_dots * DOT_MM)
    return [height_mm * picture["width"] / picture["height"] for picture in pictures]


def place_in_moment(picture: PictureSize, area_mm2: float) -> BesideWords:
    """Returns the place of a picture beside the words of a moment, of an area."""
    width_mm = picture_width_mm(picture, area_mm2, _MOMENT_WIDEST_MM, _MOMENT_TALLEST_MM)
    return _place_beside(picture, width_mm)


def place_on_worksheet(picture: PictureSize) -> BesideWords:
    """Returns the place of a clip's picture beside what is asked of the clip on the worksheet."""
    most_mm = _WORKSHEET_WIDEST_MM
    return _place_beside(picture, picture_width_mm(picture, _WORKSHEET_MM2, most_mm, most_mm))


def still_width_mm(picture: PictureSize) -> float:
    """Returns the width of a still in the record, where those of a clip stand in rows."""
    return picture_width_mm(picture, _RECORD_MM2, _RECORD_WIDEST_MM, _RECORD_WIDEST_MM)


def easy_width_mm(picture: PictureSize, fit: int) -> float:
    """Returns the width of the one picture of the easy page: as large as the page has room for."""
    return _most_width_mm(picture, _EASY_WIDEST_MM, _EASY_TALLEST_MM[fit])


def take_home_sizes(
    moments: Sequence[Mapping[str, Any]], fit: int, *, private: bool
) -> TakeHomeSizes:
    """Returns how large words and pictures are: fewer moments, larger pictures.

    One moment alone has its pictures over the width of the page. Long words want a wide column, and
    the more so beside many pictures. A page that would not hold everything has smaller pictures.

    Args:
        moments: the page's, each with its `pictures`, and its `words` with their `text`, or None.
        fit: how much closer than usual the page is set.
        private: whether pictures stay off.
    """
    longest = max((len(one["words"]["text"]) for one in moments if one["words"]), default=0)
    pictured = 0 if private else sum(bool(one["pictures"]) for one in moments)
    many = pictured >= _MANY_PICTURES
    long = longest > (_LONG_LETTERS_BESIDE_MANY if many else _LONG_LETTERS)
    if len(moments) < 2:
        beside_mm2 = 0
    elif len(moments) == 2:
        beside_mm2 = _OF_TWO_MM2[fit]
    else:
        beside_mm2 = _OF_MORE_LONG_MM2 if long and not fit else _OF_MORE_MM2[fit]
    return TakeHomeSizes(
        words="short" if longest <= _SHORT_LETTERS else "long" if long else "usual",
        beside_mm2=beside_mm2,
        alone_mm=_ALONE_TALLEST_MM[fit],
        strip_mm=_STRIP_TALLEST_MM[fit],
    )


def is_short(text: str) -> bool:
    """Returns whether words are so few that they are set larger than usual."""
    return len(text) <= _SHORT_LETTERS


def keeps_together(said: Iterable[Mapping[str, Any]], fit: int) -> bool:
    """Returns whether a list of words is so short that it stays whole on one side of paper.

    Args:
        said: the words, each with its `text`.
        fit: how much closer than usual the page is set; a close one has no room to leave free.
    """
    return sum(len(one["text"]) for one in said) <= _TOGETHER_LETTERS and not fit


def anchors_tuck_in(
    low: str | None, high: str | None, *, steps: int, marked: Iterable[int | None], size: Size
) -> bool:
    """Returns whether the words at both ends of a goal's steps share a line with the marks.

    They do where they leave every mark alone.

    Args:
        low, high: the words under the first step and the last.
        steps: how many there are.
        marked: the steps that have a mark under them, counted from 0; None is none.
        size: of the type.
    """
    letter_mm = _ANCHOR_LETTER_MM[size]
    low_mm, high_mm = len(low or "") * letter_mm, len(high or "") * letter_mm
    places = [place for place in marked if place is not None]
    free = (
        place * _STEP_MM >= low_mm + _ANCHOR_GAP_MM
        and (steps - 1 - place) * _STEP_MM >= high_mm + _ANCHOR_GAP_MM
        for place in places
    )
    return bool(places) and all(free)


def _most_width_mm(picture: PictureSize, widest_mm: float, tallest_mm: float) -> float:
    """Returns the width that a picture never exceeds."""
    ratio = picture["width"] / picture["height"]
    return min(widest_mm, tallest_mm * ratio, picture["width"] * DOT_MM)


def _place_beside(picture: PictureSize, width_mm: float) -> BesideWords:
    return BesideWords(
        width_mm=width_mm,
        height_mm=width_mm * picture["height"] / picture["width"],
        indent_mm=width_mm + _BESIDE_GAP_MM,
    )


_CALLED = (
    format_mm, foot_height_mm, picture_width_mm, strip_widths_mm, place_in_moment,
    place_on_worksheet, still_width_mm, easy_width_mm, take_home_sizes, is_short, keeps_together,
    anchors_tuck_in,
)  # fmt: skip
FOR_TEMPLATES: dict[str, Any] = {
    **{one.__name__: one for one in _CALLED},
    "DOT_MM": DOT_MM,
    "STRIP_GAP_MM": STRIP_GAP_MM,
}
"""What the page templates are given, by name."""
