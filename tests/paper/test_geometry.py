"""How large pictures, words and the foot are: what a person would notice on the paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from vigbook.case.models import Size
from vigbook.method.templates import find_templates
from vigbook.paper.geometry import (
    DOT_MM,
    FITS,
    FOR_TEMPLATES,
    STRIP_GAP_MM,
    PictureSize,
    anchors_tuck_in,
    easy_width_mm,
    foot_height_mm,
    format_mm,
    is_short,
    keeps_together,
    picture_width_mm,
    place_in_moment,
    place_on_worksheet,
    still_width_mm,
    strip_widths_mm,
    take_home_sizes,
)

LANDSCAPE = PictureSize(width=1920, height=1080)
PORTRAIT = PictureSize(width=1080, height=1920)
SQUARE = PictureSize(width=1000, height=1000)
SMALL = PictureSize(width=160, height=120)
EVERY_FIT = range(FITS)
SIZES: tuple[Size, ...] = get_args(Size)
STYLE = (find_templates()[0] / "print" / "print.css").read_text("utf-8")
AUTHORS = Path(__file__).parents[2] / "docs" / "authors" / "templates.md"
POINT_MM = 25.4 / 72


def height_mm(picture: PictureSize, width_mm: float) -> float:
    """Returns how tall a picture of a width is."""
    return width_mm * picture["height"] / picture["width"]


def in_style(pattern: str) -> list[float]:
    """Returns the numbers that the stylesheet has in one place."""
    found = re.search(pattern, STYLE)
    assert found, pattern
    return [float(one) for one in found.groups()]


def moment(letters: int | None = 40, pictures: int = 1) -> dict[str, Any]:
    """Returns a moment with so many letters said about it and so many pictures."""
    words = None if letters is None else {"text": "x" * letters}
    return {"words": words, "pictures": [LANDSCAPE] * pictures}


def test_a_length_is_written_as_a_style_has_it() -> None:
    assert [format_mm(61.749), format_mm(53), format_mm(57.9667, 2), format_mm(3, 0)] == [
        "61.7mm", "53.0mm", "57.97mm", "3mm",
    ]  # fmt: skip


# --- Pictures -----------------------------------------------------------------------------------


def test_a_portrait_and_a_landscape_look_equally_large() -> None:
    widths = {"landscape": LANDSCAPE, "portrait": PORTRAIT, "square": SQUARE}
    areas = {
        name: (width := picture_width_mm(one, 2000, 100, 100)) * height_mm(one, width)
        for name, one in widths.items()
    }
    assert areas == pytest.approx({"landscape": 2000, "portrait": 2000, "square": 2000})


def test_a_picture_is_no_wider_and_no_taller_than_it_may_be() -> None:
    wide = picture_width_mm(PictureSize(width=4000, height=500), 5000, 90, 82)
    tall = picture_width_mm(PictureSize(width=500, height=4000), 5000, 90, 82)
    assert [wide, tall] == pytest.approx([90, 82 / 8])


@pytest.mark.parametrize(
    "width_mm",
    [
        picture_width_mm(SMALL, 5000, 90, 82),
        place_in_moment(SMALL, 4300).width_mm,
        place_on_worksheet(SMALL).width_mm,
        still_width_mm(SMALL),
        easy_width_mm(SMALL, 0),
        *strip_widths_mm([SMALL], "a4", 110),
    ],
)
def test_a_small_picture_stays_small_and_sharp_wherever_it_stands(width_mm: float) -> None:
    assert width_mm == pytest.approx(160 * 0.254)
    assert DOT_MM == 0.254


@pytest.mark.parametrize("picture", [LANDSCAPE, PORTRAIT, SQUARE])
def test_words_beside_a_picture_leave_it_free(picture: PictureSize) -> None:
    for place in (place_in_moment(picture, 2750), place_on_worksheet(picture)):
        assert place.height_mm == pytest.approx(height_mm(picture, place.width_mm))
        assert place.indent_mm == pytest.approx(place.width_mm + 6)


def test_words_have_the_wider_part_of_the_line_beside_the_largest_picture() -> None:
    """On a page of three moments; where there are two, the picture takes half."""
    three, two = (take_home_sizes([moment()] * one, 0, private=False) for one in (3, 2))
    assert place_in_moment(LANDSCAPE, three.beside_mm2).indent_mm < 174 / 2
    assert place_in_moment(LANDSCAPE, two.beside_mm2).width_mm == pytest.approx(174 / 2, abs=0.5)


def test_three_stills_of_the_record_stand_in_a_row() -> None:
    assert max(still_width_mm(one) for one in (LANDSCAPE, PORTRAIT, SQUARE)) <= 173.9 / 3


def test_the_easy_pages_picture_fills_the_line_or_the_height_that_is_left() -> None:
    wide = PictureSize(width=1920, height=800)
    assert [easy_width_mm(wide, fit) for fit in EVERY_FIT] == [
        174, 174, pytest.approx(66 * 2.4), pytest.approx(50 * 2.4),
    ]  # fmt: skip
    assert height_mm(PORTRAIT, easy_width_mm(PORTRAIT, 0)) == pytest.approx(97)


# --- Strips -------------------------------------------------------------------------------------

STRIPS = [
    [LANDSCAPE, LANDSCAPE, LANDSCAPE],
    [LANDSCAPE, PORTRAIT, SQUARE],
    [PORTRAIT, LANDSCAPE],
    [LANDSCAPE],
]


@pytest.mark.parametrize("pictures", STRIPS)
@pytest.mark.parametrize(("paper", "sheet_mm"), [("a4", 210), ("letter", 215.9)])
def test_a_strip_fills_the_line_and_has_one_height(
    pictures: list[PictureSize], paper: Literal["a4", "letter"], sheet_mm: float
) -> None:
    _, margin_mm, _ = in_style(r"@page \{\s+margin: (\d+)mm (\d+)mm (\d+)mm;")
    line_mm = sheet_mm - 2 * margin_mm
    widths = strip_widths_mm(pictures, paper, 200)
    printed = [float(format_mm(one, 2).removesuffix("mm")) for one in widths]
    # What is a hair too wide would stand below the others.
    used = sum(printed) + STRIP_GAP_MM * (len(pictures) - 1)
    assert line_mm - 0.2 < used < line_mm
    heights = [height_mm(one, width) for one, width in zip(pictures, widths, strict=True)]
    assert heights == pytest.approx([heights[0]] * len(heights))


def test_a_strip_is_no_taller_than_it_may_be() -> None:
    widths = strip_widths_mm([PORTRAIT, SQUARE], "a4", 60)
    assert widths == pytest.approx([60 * 9 / 16, 60])


def test_a_small_picture_keeps_its_whole_strip_low() -> None:
    widths = strip_widths_mm([LANDSCAPE, SMALL], "a4", 60)
    assert height_mm(LANDSCAPE, widths[0]) == pytest.approx(120 * 0.254)
    assert height_mm(SMALL, widths[1]) == pytest.approx(120 * 0.254)


# --- The foot -----------------------------------------------------------------------------------


def foot(*lines: str | None, size: Size = "clear", fit: int = 0, record: bool = False) -> float:
    return foot_height_mm(lines, size=size, fit=fit, record=record)


def test_the_foot_grows_with_its_lines_up_to_four() -> None:
    heights = [foot(*["Riverside"] * count) for count in range(7)]
    one = foot("Riverside")
    line = pytest.approx(6.4, abs=0.05)
    assert [heights[0], heights[5], heights[6]] == [one, heights[4], heights[4]]
    assert [heights[count + 1] - heights[count] for count in (1, 2, 3)] == [line] * 3


def test_a_long_line_of_the_foot_counts_as_the_lines_that_it_takes() -> None:
    assert foot("x" * 56) == foot("Riverside")
    assert foot("x" * 57) == foot("Riverside", "Mill Lane")
    assert foot("x" * 57, size="large") == foot("x", "x", size="large")


def test_a_line_that_is_empty_or_missing_takes_no_room_at_the_foot() -> None:
    assert foot(None, "", "Riverside") == foot("Riverside")
    assert foot() == foot("Riverside")  # the page's number stands there


def test_larger_type_has_a_taller_foot_and_a_close_page_a_lower_one() -> None:
    record, clear = foot("Riverside", record=True), foot("Riverside")
    assert record < clear < foot("Riverside", size="easy") < foot("Riverside", size="large")
    assert [foot("Riverside", fit=fit) for fit in EVERY_FIT] == pytest.approx(
        [clear, *[clear - 1] * (FITS - 1)]
    )


def test_the_foot_knows_the_type_of_the_stylesheet() -> None:
    (leading,) = in_style(r"\.furniture > \* \{.* line-height: ([\d.]+);")
    (small,) = in_style(r"\.record \{ --small: ([\d.]+)rem \}")
    (record_points,) = in_style(r"\.record\.size-clear \{ font-size: (\d+)pt")
    for size in SIZES:
        (points,) = in_style(rf"\n\.size-{size} \{{ font-size: (\d+)pt")
        line = foot("x", "x", size=size) - foot("x", size=size)
        assert line == pytest.approx(points * POINT_MM * leading, abs=0.02), size
    record_line = foot("x", "x", record=True) - foot("x", record=True)
    assert record_line == pytest.approx(record_points * small * POINT_MM * leading, abs=0.02)


# --- The take-home ------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", EVERY_FIT)
def test_fewer_moments_have_larger_pictures_and_one_alone_the_width_of_the_page(fit: int) -> None:
    areas = [
        take_home_sizes([moment()] * count, fit, private=False).beside_mm2 for count in range(6)
    ]
    assert areas[:2] == [0, 0]  # above the words, not beside them
    assert areas[2] > areas[3] > 0
    assert areas[3:] == [areas[3]] * 3


@pytest.mark.parametrize("letters", [40, 400])
@pytest.mark.parametrize("count", [2, 3])
def test_a_page_that_is_set_closer_has_smaller_pictures(letters: int, count: int) -> None:
    moments = [moment(letters)] * count
    every = [take_home_sizes(moments, fit, private=False) for fit in EVERY_FIT]
    for sizes in ([one.beside_mm2 for one in every], [one.alone_mm for one in every],
                  [one.strip_mm for one in every]):  # fmt: skip
        assert sizes == sorted(sizes, reverse=True)
        assert len({*sizes}) == FITS


@pytest.mark.parametrize(
    ("letters", "moments", "words"),
    [
        (None, 2, "short"), (0, 2, "short"), (90, 2, "short"), (91, 2, "usual"),
        (320, 2, "usual"), (321, 2, "long"), (150, 3, "usual"), (151, 3, "long"),
    ],
)  # fmt: skip
def test_short_words_are_set_larger_and_long_words_smaller(
    letters: int | None, moments: int, words: str
) -> None:
    """The longest decides for all: words on one page are alike."""
    every = [moment(letters), *[moment(10)] * (moments - 1)]
    assert take_home_sizes(every, 0, private=False).words == words


def test_pictures_that_stay_off_a_private_page_take_no_room_from_the_words() -> None:
    every = [moment(200)] * 3
    assert take_home_sizes(every, 0, private=False).words == "long"
    assert take_home_sizes(every, 0, private=True).words == "usual"
    assert take_home_sizes([moment(200, pictures=0), *every[:2]], 0, private=False).words == "usual"


def test_long_words_have_a_wider_column_until_the_page_is_set_closer() -> None:
    usual, long = [moment(100)] * 3, [moment(400)] * 3
    narrower = [
        take_home_sizes(long, fit, private=False).beside_mm2
        < take_home_sizes(usual, fit, private=False).beside_mm2
        for fit in EVERY_FIT
    ]
    assert narrower == [True, False, False, False]


def test_words_of_the_plan_are_large_while_they_are_few() -> None:
    assert [is_short("x" * 90), is_short("x" * 91)] == [True, False]


def test_what_helped_stays_on_one_side_unless_there_is_much_of_it() -> None:
    said = [{"text": "x" * 500}, {"text": "x" * 500}]
    assert keeps_together([], 0)
    assert keeps_together(said, 0)
    assert not keeps_together([*said, {"text": "x"}], 0)
    assert not keeps_together(said, 1)


# --- A goal's steps -----------------------------------------------------------------------------


def tucked(*marked: int | None, low: str | None, high: str | None, size: Size = "clear") -> bool:
    return anchors_tuck_in(low, high, steps=10, marked=marked, size=size)


def test_words_at_both_ends_share_the_line_of_marks_that_they_leave_alone() -> None:
    assert tucked(4, 6, low="never", high="always")
    assert tucked(4, None, low="never", high="always")
    assert tucked(1, low=None, high="always")


def test_words_at_an_end_go_below_the_marks_where_they_would_touch_one() -> None:
    assert not tucked(0, 6, low="never", high="always")
    assert not tucked(4, 9, low="never", high="always")
    assert not tucked(4, 6, low="never at any time of day, I believe", high="always")
    assert not tucked(4, 6, low="never", high="always and at every time of day")


def test_larger_words_at_an_end_reach_a_mark_sooner() -> None:
    low = "not at all yet"
    assert {size: tucked(3, low=low, high=None, size=size) for size in SIZES} == {
        "clear": True,
        "easy": True,
        "large": False,
    }


def test_where_nothing_is_marked_there_is_no_line_to_share() -> None:
    assert not tucked(None, None, low="never", high="always")


# --- For authors of templates -------------------------------------------------------------------


def test_what_templates_may_call_is_written_down_for_their_authors() -> None:
    pages = AUTHORS.read_text("utf-8").partition("## Pages of your own")[2]
    told = re.findall(r"^\| `(\w+)", pages, re.MULTILINE)
    assert sorted(told) == sorted(FOR_TEMPLATES)
