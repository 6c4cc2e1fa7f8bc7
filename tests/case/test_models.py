"""The models of a case: what may stand in it, and what is wrong by sense."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vigbook.case.models import (
    Case,
    Clip,
    Cycle,
    Id,
    Mask,
    Person,
    Rating,
    Scale,
    Service,
)
from vigbook.case.rules import RESERVED_CLIP_IDS, Finding, check_case, check_cycle, nearest
from vigbook.timecode import Timecode


def _case(**more: Any) -> Case:
    people = [
        {"id": "child", "name": "Mia", "role": "child"},
        {"id": "mum", "name": "Sam", "role": "mother", "receives": True},
    ]
    return Case.model_validate({"vigbook": 1, "family": "wren", "people": people, **more})


def _cycle(*clips: dict[str, Any], **more: Any) -> Cycle:
    clip = {"id": "clip-1", "start": 2, "end": 4}
    marked = [{**clip, **one} for one in clips]
    return Cycle.model_validate({"cycle": 1, "in_shot": ["child"], "clips": marked, **more})


def _found(case: Case | None, cycle: Cycle) -> list[Finding]:
    return list(check_cycle(cycle, case))


def _is_id(text: str) -> bool:
    try:
        TypeAdapter(Id).validate_python(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("good", ["a", "clip-1", "z9-", "a" * 32])
def test_an_id_is_small_letters_digits_and_hyphens(good: str) -> None:
    assert _is_id(good)


@pytest.mark.parametrize(
    "bad",
    ["", "1a", "-a", "Mia", "a b", "a_b", "é", "a" * 33, "a\n", "a.b", "a/b", "..", "a\0", "А"],
)
def test_an_id_is_nothing_else(bad: str) -> None:
    assert not _is_id(bad)


@given(st.text(max_size=40))
def test_an_id_is_always_a_safe_name_of_a_file(text: str) -> None:
    if _is_id(text):
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert text[0].isalpha()
        assert len(text) <= 32


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-14", datetime.date(2026, 3, 14)),
        (datetime.date(2026, 3, 14), datetime.date(2026, 3, 14)),
        ("2024-02-29", datetime.date(2024, 2, 29)),
    ],
)
def test_a_date_is_year_month_day(written: object, expected: datetime.date) -> None:
    assert Rating.model_validate({"value": 1, "date": written}).date == expected


@pytest.mark.parametrize(
    "written",
    ["14/03/2026", "2026-02-30", "86400", "20260314", "2026-W11-6", 20260314, 0, True,
     datetime.datetime(2026, 3, 14, 10), "2026-03-14T00:00:00", "tomorrow", ""],
)  # fmt: skip
def test_nothing_else_is_a_date(written: object) -> None:
    with pytest.raises(ValidationError, match="is not a date; write year-month-day"):
        Rating.model_validate({"value": 1, "date": written})


def test_a_model_is_frozen_and_refuses_an_unknown_key() -> None:
    person = Person(id="mum", name="Sam", role="mother")
    with pytest.raises(ValidationError, match="frozen"):
        person.name = "Pat"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Person.model_validate({"id": "mum", "name": "Sam", "role": "mother", "surname": "Lee"})


def test_what_nobody_wrote_has_its_default() -> None:
    case = _case()
    assert case.model_dump() == {
        "vigbook": 1,
        "family": "wren",
        "method": "vig",
        "language": "en",
        "print": {"size": "clear", "pictures": True, "paper": "a4"},
        "people": (
            {"id": "child", "name": "Mia", "role": "child", "born": None, "receives": False,
             "language": None, "size": None, "pictures": None},
            {"id": "mum", "name": "Sam", "role": "mother", "born": None, "receives": True,
             "language": None, "size": None, "pictures": None},
        ),
        "consents": (),
        "helping_question": None,
        "goals": (),
        "worker": None,
        "reference": None,
        "closed": None,
        "last_contact": None,
        "legal_hold": None,
        "retention": {"record_class": None, "media_until": None},
    }  # fmt: skip
    assert Service().model_dump() == {
        "name": None, "worker": None, "phone": None, "footer": None, "logo": None,
        "colour": "#0b6e3b", "language": "en", "media_weeks": 8, "zone": None,
            "retention": {},
    }  # fmt: skip


def test_people_are_found_by_id_and_named() -> None:
    case = _case()
    assert case.person("mum") == case.people[1]
    assert case.person("dad") is None
    assert case.name_of("mum") == "Sam"
    assert case.name_of("a social worker") == "a social worker"
    assert case.children == (case.people[0],)
    assert case.receivers == (case.people[1],)


def test_who_is_in_a_picture_is_the_nearest_list() -> None:
    cycle = _cycle(
        {"stills": [{"at": 2}, {"at": 3, "in_shot": ["gran"]}]},
        {"id": "clip-2", "in_shot": ["mum"], "stills": [{"at": 2}, {"at": 3, "in_shot": ["gran"]}]},
    )
    first, second = cycle.clips
    seen = [
        cycle.in_picture(clip, still)
        for clip in (first, second)
        for still in (None, *clip.stills)
    ]  # fmt: skip
    assert seen == [("child",), ("child",), ("gran",), ("mum",), ("mum",), ("gran",)]
    assert cycle.clip("clip-2") == second
    assert cycle.clip("clip-3") is None


def test_times_are_exact_and_print_as_they_are_written() -> None:
    clip = Clip.model_validate({"id": "clip-1", "start": "1:23.4", "end": 101.001})
    assert clip.start == Timecode.parse("00:01:23.400")
    assert clip.span.length.seconds == Timecode.parse("17.601").seconds
    dumped = clip.model_dump(mode="json", include={"start", "end"})
    assert dumped == {"start": "00:01:23.400", "end": "00:01:41.001"}


@pytest.mark.parametrize("ends", [(1, 1), (5, 1), (0, 21)])
def test_a_scale_that_is_no_ladder_is_refused(ends: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match="cannot be drawn as a ladder"):
        Scale(min=ends[0], max=ends[1])


def test_a_scale_may_go_below_zero() -> None:
    assert (Scale(min=-2, max=2).min, Scale(min=0, max=20).max) == (-2, 20)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 1), (0.5, 0, 0.6, 1), (-0.1, 0, 1, 1), (0, 0.5, 1, 0.6), (0, 0, 1, 1.1),
     (0, 0, float("nan"), 1), (float("nan"), 0, 1, 1), (0, float("-inf"), 1, 1)],
)  # fmt: skip
def test_a_mask_stays_in_the_picture(box: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="box"):
        Mask.model_validate({"from": 1, "to": 2, "box": box})


def test_a_mask_ends_after_it_starts() -> None:
    with pytest.raises(ValidationError, match=r"it ends at 00:00:01\.000, not after its start"):
        Mask.model_validate({"from": 1, "to": 1, "box": (0, 0, 1, 1)})


def test_a_sound_case_has_nothing_wrong() -> None:
    case = _case(goals=[{"id": "settle", "wording": "Sleep.", "owner": "practitioner"}])
    cycle = _cycle({"initiative": "mum", "stills": [{"at": 2}]})
    assert (list(check_case(case)), _found(case, cycle)) == ([], [])


def test_everything_wrong_by_sense_in_a_case_is_told_at_once() -> None:
    row = {"given_by": "a social worker", "authority": "court", "date": "2026-03-01"}
    case = _case(
        people=[
            {"id": "child", "name": "Mia", "role": "child"},
            {"id": "practitioner", "name": "Jo", "role": "worker"},
            {"id": "child", "name": "Leo", "role": "child"},
        ],
        consents=[
            {**row, "person": "chid", "uses": "filming"},
            {**row, "person": "child", "uses": "filming", "until": "2026-02-28"},
            {**row, "person": "child", "uses": "filming", "withdrawn": "2026-02-27"},
        ],
        goals=[
            {"id": "a", "wording": "A", "owner": "mum", "baseline": {"value": 0}, "hoped": 11},
            {"id": "a", "wording": "B", "owner": "child", "hoped": 10},
        ],
        closed="2026-05-02",
        retention={"media_until": "2026-05-01"},
    )
    assert list(check_case(case)) == [
        Finding(("people", 2, "id"), "'child' is used twice", "give each its own id"),
        Finding(
            ("people", 1, "id"),
            "'practitioner' stands for the worker",
            "give this person another id",
        ),
        Finding(
            ("consents", 0, "person"),
            "there is nobody 'chid' in the family",
            "did you mean 'child'?",
        ),
        Finding(("consents", 1, "until"), "2026-02-28 is before the consent was given", "mend it"),
        Finding(
            ("consents", 2, "withdrawn"), "2026-02-27 is before the consent was given", "mend it"
        ),
        Finding(("goals", 1, "id"), "'a' is used twice", "give each its own id"),
        Finding(
            ("goals", 0, "owner"),
            "there is nobody 'mum' in the family",
            "use one of: child, practitioner",
        ),
        Finding(
            ("goals", 0, "baseline", "value"),
            "0 is not on the scale",
            "the scale goes from 1 to 10",
        ),
        Finding(("goals", 0, "hoped"), "11 is not on the scale", "the scale goes from 1 to 10"),
        Finding(("retention", "media_until"), "is before the day the case was closed", "mend one"),
    ]


def test_everything_wrong_by_sense_in_a_cycle_is_told_at_once() -> None:
    cycle = _cycle(
        {"id": "helped", "initiative": "dad", "principles": [{"id": "guiding", "by": "gran"}]},
        {"in_shot": ["mun"], "stills": [{"at": 4}, {"at": 2, "in_shot": ["cousin"]}]},
        {"start": 5, "stills": [{"at": 9}]},
        in_shot=["child", "uncle"],
        review={"clips_shown": ["clip-1", "clip-9"]},
    )
    choose = "did you mean 'clip-1'?"
    ids = "use one of: child, mum"
    found = [(one.at, one.found, one.mend) for one in _found(_case(), cycle)]
    assert found == [
        (("in_shot", 1), "there is nobody 'uncle' in the family", ids),
        (("clips", 2, "id"), "'clip-1' is used twice", "give each its own id"),
        (("clips", 0, "id"), "'helped' is kept for prompts", "call it clip-1, clip-2, ..."),
        (("clips", 0, "initiative"), "there is nobody 'dad' in the family", ids),
        (("clips", 0, "principles", 0, "by"), "there is nobody 'gran' in the family", ids),
        (("clips", 1, "in_shot", 0), "there is nobody 'mun' in the family", "did you mean 'mum'?"),
        (
            ("clips", 1, "stills", 0, "at"),
            "00:00:04.000 is not in the clip, which goes from 00:00:02.000 up to 00:00:04.000",
            "move the still or widen the clip",
        ),
        (
            ("clips", 1, "stills", 1, "in_shot", 0),
            "there is nobody 'cousin' in the family",
            ids,
        ),
        (
            ("clips", 2, "end"),
            "the clip ends at 00:00:04.000, not after its start 00:00:05.000",
            "put a later end or an earlier start",
        ),
        (("review", "clips_shown", 1), "there is no clip 'clip-9'", choose),
    ]


def test_people_are_not_looked_up_where_there_is_no_case() -> None:
    cycle = _cycle({"initiative": "dad", "in_shot": ["gran"]}, in_shot=["uncle"])
    assert _found(None, cycle) == []


@pytest.mark.parametrize("reserved", sorted(RESERVED_CLIP_IDS))
def test_no_clip_takes_the_name_of_a_prompt(reserved: str) -> None:
    found = [one.found for one in _found(None, _cycle({"id": reserved}))]
    assert found == [f"'{reserved}' is kept for prompts"]


def test_the_reserved_ids_are_those_of_the_design() -> None:
    expected = {"words", "helped", "remember", "try", "goal", "next", "take-home"}
    assert expected == RESERVED_CLIP_IDS


@pytest.mark.parametrize(
    ("at", "inside"),
    [("1.999", False), ("2", True), ("3.999999999", True), ("4", False), ("5", False)],
)
def test_a_still_is_from_the_start_up_to_the_end(at: str, inside: bool) -> None:
    cycle = _cycle({"stills": [{"at": at}]})
    assert (_found(None, cycle) == []) == inside


@given(st.lists(st.integers(0, 20), min_size=3, max_size=3))
def test_a_clip_is_right_exactly_when_start_is_before_end_and_holds_its_still(
    marks: list[int],
) -> None:
    start, end, at = marks
    cycle = _cycle({"start": start, "end": end, "stills": [{"at": at}]})
    assert (_found(None, cycle) == []) == (start < end and start <= at < end)


def test_the_nearest_name_is_offered_or_all_there_are() -> None:
    assert nearest("clip", ["clips", "film"]) == "did you mean 'clips'?"
    assert nearest("xyz", ["film", "clips"]) == "use one of: clips, film"
    assert nearest("xyz", []) == "there is none yet"


def test_yes_and_no_may_be_written_as_words_or_as_truth() -> None:
    base = {"person": "mum", "uses": "filming", "given_by": "mum", "authority": "self",
            "date": "2026-01-01"}  # fmt: skip
    answers = ["yes", "no", True, False]
    case = _case(consents=[{**base, "answer": one} for one in answers])
    assert [row.answer for row in case.consents] == ["yes", "no", "yes", "no"]
    with pytest.raises(ValidationError, match="'yes' or 'no'"):
        _case(consents=[{**base, "answer": "maybe"}])


@pytest.mark.parametrize("language", ["en", "cy", "pt-BR", "zh-Hant", "yue"])
def test_a_language_is_a_code(language: str) -> None:
    assert _case(language=language).language == language


@pytest.mark.parametrize("language", ["English", "e", "../x", "en_GB", "EN", ""])
def test_a_language_is_nothing_else(language: str) -> None:
    with pytest.raises(ValidationError, match="language"):
        _case(language=language)


def test_a_cycle_has_a_number_and_somebody_in_shot() -> None:
    for wrong in (0, 100, -1):
        with pytest.raises(ValidationError, match="cycle"):
            Cycle.model_validate({"cycle": wrong, "in_shot": ["child"]})
    with pytest.raises(ValidationError, match="in_shot"):
        Cycle.model_validate({"cycle": 1, "in_shot": []})
