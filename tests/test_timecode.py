"""Times are exact, whatever was typed; spans hold their start and not their end."""

from __future__ import annotations

import pickle
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigbook.timecode import Span, Timecode

unhurried = settings(deadline=None)  # a busy machine is no fault
MILLISECOND = Fraction(1, 1000)
MOST_MS = 9_999_999_999  # the longest time that can be typed as seconds, to the millisecond

milliseconds = st.integers(0, MOST_MS)
times = st.fractions(0, 10_000_000, max_denominator=90_000).map(Timecode)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("00:01:23.400", Fraction(834, 10)),
        ("01:23.4", Fraction(834, 10)),
        ("1:23", Fraction(83)),
        ("83.4", Fraction(834, 10)),
        (" 83.4 ", Fraction(834, 10)),
        ("0", Fraction(0)),
        (0, Fraction(0)),
        (83, Fraction(83)),
        (83.4, Fraction(834, 10)),
        (0.1, Fraction(1, 10)),
        ("1:02:03.004", Fraction(3_723_004, 1000)),
        ("2777:46:39", Fraction(9_999_999)),
        ("90:00", Fraction(5400)),
        ("00:00:00.000000001", Fraction(1, 10**9)),
    ],
)
def test_a_time_is_what_was_written(written: str | float, seconds: Fraction) -> None:
    assert Timecode(seconds) == Timecode.parse(written)


@pytest.mark.parametrize(
    "written",
    ["", "soon", "-1", "-00:00:01", "1:60", "00:61:00", "1:2:3:4", "1:", ":30", "1,5", "1:23:4.",
     "1e3", "inf", "nan", "00:00:01;12", "1/3", "0x10", "1 2", "00:01:23.4000000001", True, None,
     1e-7, -0.5],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_how_to_write_one(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time$"):
        Timecode.parse(written)


@unhurried
@given(milliseconds)
def test_a_written_time_is_read_as_it_was(count: int) -> None:
    time = Timecode(count * MILLISECOND)
    assert time == Timecode.parse(time.format())


@unhurried
@given(milliseconds)
def test_formatting_a_read_time_gives_the_same_digits(count: int) -> None:
    written = Timecode(count * MILLISECOND).format()
    assert written == Timecode.parse(written).format()


@unhurried
@given(times)
def test_writing_is_right_to_half_a_millisecond(time: Timecode) -> None:
    read = Timecode.parse(time.format())
    assert abs((time - read).seconds) <= MILLISECOND / 2


@unhurried
@given(milliseconds)
def test_seconds_and_clock_mean_the_same(count: int) -> None:
    seconds = f"{count // 1000}.{count % 1000:03}"
    assert Timecode.parse(seconds) == Timecode.parse(Timecode(count * MILLISECOND).format())


@unhurried
@given(st.floats(0.001, 999_999, allow_nan=False))
def test_a_float_is_taken_by_the_digits_somebody_typed(number: float) -> None:
    typed = round(number, 3)
    assert Timecode(Fraction(str(typed))) == Timecode.parse(typed)


@unhurried
@given(st.text(max_size=20))
def test_any_other_text_is_refused_in_the_same_words(text: str) -> None:
    if re.fullmatch(r"(\d{1,4}:)?(\d{1,3}:)?\d{1,7}(\.\d{1,9})?", text.strip()):
        return  # may be a time
    with pytest.raises(ValueError, match=r"is not a time$"):
        Timecode.parse(text)


@unhurried
@given(times, times)
def test_times_are_in_the_order_of_their_seconds(one: Timecode, other: Timecode) -> None:
    assert (one < other) == (one.seconds < other.seconds)
    assert sorted([one, other]) == [min(one, other), max(one, other)]


@unhurried
@given(milliseconds, milliseconds)
def test_written_times_of_the_same_day_sort_as_text(one: int, other: int) -> None:
    """A person may sort a list by its times."""
    day = 86_400_000
    first, second = sorted([one % day, other % day])
    written = [Timecode(count * MILLISECOND).format() for count in (first, second)]
    assert written == sorted(written)


@unhurried
@given(times, times)
def test_adding_and_taking_away_are_exact(one: Timecode, other: Timecode) -> None:
    assert one == one + other - other
    assert one + other == other + one
    assert Timecode(one.seconds + other.seconds) == one + other


@unhurried
@given(times, times)
def test_equal_times_are_one_key(one: Timecode, other: Timecode) -> None:
    assert len({one, other, Timecode(one.seconds)}) == (1 if one == other else 2)
    assert one == pickle.loads(pickle.dumps(one))


@pytest.mark.parametrize(
    ("written", "said", "formatted"),
    [
        ("0", "0:00", "00:00:00.000"),
        ("83.999", "1:23", "00:01:23.999"),
        ("3599.9", "59:59", "00:59:59.900"),
        ("1:02:03", "1:02:03", "01:02:03.000"),
        ("0.0009", "0:00", "00:00:00.001"),
    ],
)
def test_a_time_is_said_short_and_written_long(written: str, said: str, formatted: str) -> None:
    time = Timecode.parse(written)
    assert (said, formatted, formatted) == (time.short(), time.format(), str(time))


@unhurried
@given(times, times)
def test_a_span_needs_an_end_after_its_start(one: Timecode, other: Timecode) -> None:
    if one < other:
        assert other - one == Span(one, other).length
        one, other = other, one
    with pytest.raises(ValueError, match=r"^the end \S+ is not after the start \S+$"):
        Span(one, other)


@unhurried
@given(times, times, times)
def test_a_span_holds_its_start_and_not_its_end(
    one: Timecode, other: Timecode, moment: Timecode
) -> None:
    if one == other:
        other += Timecode(Fraction(1))
    span = Span(min(one, other), max(one, other))
    assert span.start in span
    assert span.end not in span
    assert (span.start.seconds <= moment.seconds < span.end.seconds) == (moment in span)
