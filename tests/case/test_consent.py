"""Consent: may this, of these people, be used for that, today?"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigbook.case.consent import (
    WORDS_FOR_USE,
    Decision,
    changes_on,
    may_share_words,
    may_show,
    may_use,
    media_due,
    standing,
)
from vigbook.case.models import Case, Consent, Cycle, Service, Use

USES: tuple[Use, ...] = get_args(Use)
TODAY = datetime.date(2026, 11, 22)
PEOPLE = [
    {"id": "child", "name": "Mia", "role": "child"},
    {"id": "mum", "name": "Sam", "role": "mother", "receives": True},
    {"id": "dad", "name": "Pat", "role": "father", "receives": True},
]


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _row(person: str = "mum", uses: object = "take-home", **more: Any) -> dict[str, Any]:
    return {
        "person": person, "uses": uses, "given_by": "mum", "authority": "self",
        "date": "2026-09-01", **more,
    }  # fmt: skip


def _case(*rows: dict[str, Any] | Consent, **more: Any) -> Case:
    return Case.model_validate(
        {"vigbook": 1, "family": "wren", "people": PEOPLE, "consents": rows, **more}
    )


def _ask(*rows: dict[str, Any], today: str = "2026-11-22", audience: str | None = None) -> Decision:
    return may_use(_case(*rows), ["mum"], "take-home", _day(today), audience)


def test_every_use_has_words_for_the_worker() -> None:
    assert tuple(WORDS_FOR_USE) == USES


def test_a_decision_is_true_or_false_and_two_need_both() -> None:
    yes, no, never = Decision(True), Decision(False, ("a", "b")), Decision(False, ("b", "c"))
    assert [bool(yes), bool(no)] == [True, False]
    assert [yes & yes, yes & no, no & never] == [yes, no, Decision(False, ("a", "b", "c"))]


@pytest.mark.parametrize("use", USES)
def test_no_entry_is_not_asked_and_counts_as_no(use: Use) -> None:
    reason = f"Sam: not asked about {WORDS_FOR_USE[use]}"
    assert may_use(_case(), ["mum"], use, TODAY) == Decision(False, (reason,))
    assert standing(_case(), "mum", use, TODAY) == "not asked"


def test_a_yes_holds_for_its_person_and_its_use_alone() -> None:
    case = _case(_row(uses=["take-home"]))
    yes = [
        (person, use)
        for person in ("child", "mum", "dad")
        for use in USES
        if may_use(case, [person], use, TODAY)
    ]
    assert yes == [("mum", "take-home")]


def test_the_answers_as_the_record_shows_them() -> None:
    case = _case(
        _row(uses=["filming", "training"]),
        _row(uses="training", answer="no", date="2026-09-02"),
        _row(uses="research", until="2026-10-01"),
    )
    shown = {
        use: standing(case, "mum", use, TODAY)
        for use in ("filming", "training", "research", "supervision")
    }
    assert shown == {
        "filming": "yes", "training": "no", "research": "no", "supervision": "not asked",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([_row(), _row(answer="no", date="2026-09-02")], False),
        ([_row(answer="no"), _row(date="2026-09-02")], True),
        ([_row(date="2026-09-02"), _row(answer="no")], True),
        ([_row(), _row(answer="no")], False),
        ([_row(answer="no"), _row()], True),
    ],
    ids=["no later", "yes later", "days before order", "same day, no below", "same day, yes below"],
)
def test_the_latest_row_of_a_giver_wins(rows: Sequence[dict[str, Any]], expected: bool) -> None:
    assert bool(_ask(*rows)) == expected


def test_a_later_row_is_not_added_to_an_earlier_one_of_the_same_giver() -> None:
    forever, short = _row(), _row(date="2026-09-02", until="2026-10-01")
    assert _ask(forever, short) == Decision(
        False, ("Sam: the yes to the printed page ended on 2026-10-01",)
    )
    assert _ask(short, _row(date="2026-10-02"))


def test_two_givers_who_disagree_are_a_no() -> None:
    yes, no = _row("child"), _row("child", given_by="dad", answer="no")
    for rows in ((yes, no), (no, yes)):
        decision = may_use(_case(*rows), ["child"], "take-home", TODAY)
        assert decision == Decision(False, ("Mia: Pat said no to the printed page on 2026-09-01",))
    later = _row("child", given_by="dad", date="2026-09-03")
    assert may_use(_case(yes, no, later), ["child"], "take-home", TODAY)


def test_somebody_outside_the_family_may_have_given_it() -> None:
    row = _row("child", given_by="Ms Lee, social worker", answer="no", authority="local authority")
    assert may_use(_case(row), ["child"], "take-home", TODAY).reasons == (
        "Mia: Ms Lee, social worker said no to the printed page on 2026-09-01",
    )


@pytest.mark.parametrize(
    ("more", "today", "expected"),
    [
        ({}, "2026-08-31", False),
        ({}, "2026-09-01", True),
        ({"until": "2026-10-01"}, "2026-10-01", True),
        ({"until": "2026-10-01"}, "2026-10-02", False),
        ({"withdrawn": "2026-10-01"}, "2026-09-30", True),
        ({"withdrawn": "2026-10-01"}, "2026-10-01", False),
        ({"withdrawn": "2026-10-01"}, "2027-01-01", False),
        ({"until": "2026-09-01"}, "2026-09-01", True),
        ({"withdrawn": "2026-09-01"}, "2026-09-01", False),
    ],
)
def test_a_yes_holds_from_its_day_to_its_last_and_not_from_when_it_was_taken_back(
    more: dict[str, str], today: str, expected: bool
) -> None:
    assert bool(_ask(_row(**more), today=today)) == expected


def test_a_row_of_the_future_does_not_count_yet() -> None:
    rows = _row(), _row(answer="no", date="2026-12-01")
    assert _ask(*rows, today="2026-11-30")
    assert not _ask(*rows, today="2026-12-01")
    assert standing(_case(_row(date="2026-12-01")), "mum", "take-home", TODAY) == "not asked"


def test_why_not_is_told_of_each_person() -> None:
    case = _case(
        _row("mum", withdrawn="2026-10-01"), _row("dad", until="2026-10-01"),
    )  # fmt: skip
    assert may_use(case, ["child", "mum", "dad"], "take-home", TODAY).reasons == (
        "Mia: not asked about the printed page",
        "Sam: Sam took back the yes to the printed page on 2026-10-01",
        "Pat: the yes to the printed page ended on 2026-10-01",
    )


def test_everybody_in_shot_has_to_agree() -> None:
    rows = [_row(one, ["filming", "shared-review"]) for one in ("child", "mum", "dad")]
    everybody = ["child", "mum", "dad"]
    assert may_show(_case(*rows), everybody, "shared-review", TODAY)
    for left_out in range(3):
        fewer = rows[:left_out] + rows[left_out + 1 :]
        assert not may_show(_case(*fewer), everybody, "shared-review", TODAY)
        assert may_show(
            _case(*fewer), [row["person"] for row in fewer], "shared-review", TODAY
        )  # fmt: skip


@pytest.mark.parametrize("use", [use for use in USES if use != "filming"])
def test_a_picture_needs_the_yes_to_being_filmed_too(use: Use) -> None:
    both, alone = _case(_row(uses=["filming", use])), _case(_row(uses=[use]))
    assert may_show(both, ["mum"], use, TODAY)
    assert may_use(alone, ["mum"], use, TODAY)
    assert may_show(alone, ["mum"], use, TODAY).reasons == ("Sam: not asked about being filmed",)


def test_taking_back_being_filmed_ends_every_use_of_pictures() -> None:
    case = _case(_row(uses=list(USES)), _row(uses="filming", withdrawn="2026-10-01"))
    assert [use for use in USES if may_show(case, ["mum"], use, TODAY)] == []


def test_a_picture_of_nobody_needs_nobody() -> None:
    assert may_show(_case(), [], "take-home", TODAY)
    assert not may_show(_case(legal_hold="court"), [], "take-home", TODAY)


@pytest.mark.parametrize("hold", ["the court, 3 May", "2026-05-03"])
def test_a_legal_hold_stops_every_use(hold: str) -> None:
    case = _case(*(_row(one, list(USES)) for one in ("child", "mum")), legal_hold=hold)
    expected = Decision(False, ("a legal hold stops all use",))
    assert {may_use(case, ["mum"], use, TODAY) for use in USES} == {expected}
    assert {may_show(case, ["mum", "child"], use, TODAY) for use in USES} == {expected}
    assert may_share_words(case, "mum", TODAY) == expected


def test_a_yes_to_named_people_reaches_nobody_else() -> None:
    row = _row(to=["dad"])
    assert _ask(row)
    assert _ask(row, audience="dad")
    assert _ask(row, audience="gran") == Decision(
        False, ("Sam: the yes to the printed page does not reach gran's copy",)
    )
    assert _ask(_row(), audience="dad")


def test_a_yes_to_others_always_reaches_ones_own_copy() -> None:
    assert _ask(_row(to=["dad"]), audience="mum")


# Words


def _words(*rows: dict[str, Any], audience: str | None = None, speaker: str = "mum") -> Decision:
    return may_share_words(_case(*rows), speaker, TODAY, audience)


def test_words_need_the_speakers_own_yes_to_the_page_and_no_yes_to_pictures() -> None:
    assert _words(_row())
    assert _words(_row(), audience="mum")
    assert _words(_row(uses=["filming", "shared-review"])) == Decision(
        False, ("Sam: not asked about the printed page",)
    )
    assert not _words(_row("child"))
    assert not _words(_row(answer="no"))
    assert not _words(_row(until="2026-10-01"))


def test_words_on_anothers_copy_need_a_yes_that_names_them() -> None:
    refused = Decision(False, ("Sam: has not said yes to words on Pat's copy",))
    assert _words(_row(), audience="dad") == refused
    assert _words(_row(to=["child"]), audience="dad") == refused
    assert _words(_row(to=["dad"]), audience="dad")
    assert _words(_row(to=["child", "dad"]), audience="dad")
    assert not _words(_row(to=["dad"], withdrawn="2026-10-01"), audience="dad")
    assert not _words(_row(uses="own-copy", to=["dad"]), _row(), audience="dad")


def test_words_stay_on_ones_own_copy_whomever_else_they_may_reach() -> None:
    assert _words(_row(to=["dad"]), audience="mum")
    assert _words(_row(to=["dad"]))


def test_a_later_yes_that_names_nobody_takes_the_earlier_names_back() -> None:
    rows = _row(to=["dad"]), _row(date="2026-09-05")
    assert _words(*rows)
    assert _words(*rows, audience="dad") == Decision(
        False, ("Sam: has not said yes to words on Pat's copy",)
    )


def test_two_who_decide_and_name_different_people_do_not_agree() -> None:
    own, court = _row(to=["dad"]), _row(given_by="the court", to=["child"])
    assert not _words(own, court, audience="dad")
    assert _words(own, _row(given_by="the court"), audience="dad")


def test_the_workers_words_are_nobodys_to_give() -> None:
    assert _words(speaker="practitioner")
    assert _words(speaker="practitioner", audience="dad")


def test_words_of_somebody_who_is_in_no_list_are_not_agreed_to() -> None:
    assert _words(speaker="gran") == Decision(False, ("gran: not asked about the printed page",))


# Days


def _cycle(film: str | None = None, review: str | None = None, after: str | None = None) -> Cycle:
    return Cycle.model_validate(
        {
            "cycle": 1,
            "in_shot": ["mum"],
            "film": {"date": film},
            "review": {"date": review},
            "next": {"date": after},
        }
    )


def test_the_next_day_on_which_an_answer_differs() -> None:
    case = _case(
        _row(date="2026-12-24"),
        _row(until="2026-12-01"),
        _row(withdrawn="2026-12-05"),
        _row(until="2026-11-01", withdrawn="2026-10-01"),
    )
    days = [
        changes_on(case, _day(day))
        for day in ("2026-11-22", "2026-12-01", "2026-12-02", "2026-12-05", "2026-12-24")
    ]
    assert days == [
        _day("2026-12-02"), _day("2026-12-02"), _day("2026-12-05"), _day("2026-12-24"), None,
    ]  # fmt: skip
    assert changes_on(_case(), TODAY) is None


def test_a_yes_for_ever_never_changes() -> None:
    case = _case(_row(until="9999-12-31"))
    assert changes_on(case, TODAY) is None
    assert media_due(_case(closed="9999-12-31"), [], Service()) == datetime.date.max


@pytest.mark.parametrize(
    ("case", "cycles", "expected"),
    [
        ({}, [], None),
        ({}, [_cycle()], None),
        ({"closed": "2026-04-01"}, [], "2026-05-27"),
        ({"last_contact": "2026-04-01"}, [], "2026-05-27"),
        ({"closed": "2026-04-08", "last_contact": "2026-04-01"}, [], "2026-05-27"),
        ({"closed": "2026-04-01", "last_contact": "2026-04-08"}, [], "2026-05-27"),
        ({"retention": {"media_until": "2026-05-01"}}, [], "2026-05-01"),
        ({"closed": "2026-04-01", "retention": {"media_until": "2026-05-01"}}, [], "2026-05-01"),
        ({"closed": "2026-04-01", "retention": {"media_until": "2026-12-01"}}, [], "2026-05-27"),
        ({}, [_cycle(film="2026-04-01")], "2026-05-27"),
        ({}, [_cycle("2026-03-01", "2026-04-01")], "2026-05-27"),
        ({}, [_cycle("2026-03-01", "2026-03-08", "2026-04-01")], "2026-05-27"),
        ({}, [_cycle("2026-04-01"), _cycle("2026-02-01")], "2026-05-27"),
        ({"last_contact": "2026-04-01"}, [_cycle(film="2026-06-01")], "2026-05-27"),
        ({"closed": "2026-04-01"}, [_cycle(film="2026-06-01")], "2026-05-27"),
        ({"legal_hold": "court", "closed": "2026-04-01"}, [], None),
    ],
)
def test_media_is_due_a_set_time_after_the_end_whichever_comes_first(
    case: dict[str, Any], cycles: list[Cycle], expected: str | None
) -> None:
    due = media_due(_case(**case), cycles, Service(media_weeks=8))
    assert due == (_day(expected) if expected else None)


def test_the_team_sets_how_long_media_is_kept() -> None:
    case = _case(closed="2026-04-01")
    assert media_due(case, [], Service(media_weeks=1)) == _day("2026-04-08")


# What holds of any consents at all


_days = st.dates(_day("2026-01-01"), _day("2026-12-31"))


@st.composite
def _consents(draw: st.DrawFn, answer: str | None = None) -> Consent:
    uses = draw(st.lists(st.sampled_from(["filming", "take-home"]), min_size=1, max_size=2))
    return Consent(
        person=draw(st.sampled_from(["child", "mum"])),
        uses=tuple(uses),
        answer=draw(st.sampled_from(["yes", "no"])) if answer is None else answer,
        given_by=draw(st.sampled_from(["mum", "dad"])),
        authority="self",
        date=draw(_days),
        until=draw(st.none() | _days),
        withdrawn=draw(st.none() | _days),
        to=draw(st.sampled_from([(), ("dad",), ("mum", "dad")])),
    )


_rows = st.lists(_consents(), max_size=5)
_audience = st.sampled_from([None, "mum", "dad"])


def _all_decisions(case: Case, today: datetime.date, audience: str | None) -> dict[str, bool]:
    people = ["child", "mum"]
    return {
        "use": bool(may_use(case, people, "take-home", today, audience)),
        "one": bool(may_use(case, ["mum"], "take-home", today, audience)),
        "show": bool(may_show(case, people, "take-home", today, audience)),
        "words": bool(may_share_words(case, "mum", today, audience)),
    }


@given(_rows, _consents(answer="no"), st.integers(0, 5), _days, _audience)
def test_adding_a_no_never_makes_a_yes(
    rows: list[Consent], no: Consent, at: int, today: datetime.date, audience: str | None
) -> None:
    before = _all_decisions(_case(*rows), today, audience)
    after = _all_decisions(_case(*rows[:at], no, *rows[at:]), today, audience)
    assert [key for key in after if after[key] and not before[key]] == []


def test_a_yes_taken_back_before_it_was_given_uncovers_no_older_yes() -> None:
    def row(person: str, day: str, **more: object) -> Consent:
        return Consent.model_validate({
            "person": person, "uses": ["take-home"], "given_by": "mum", "authority": "self",
            "date": day, **more,
        })  # fmt: skip

    rows = [row("mum", "2026-01-01"), row("child", "2026-01-01"), row("child", "2026-01-03")]
    today = datetime.date(2026, 1, 4)
    assert may_use(_case(*rows), ["child", "mum"], "take-home", today)
    rows[2] = row("child", "2026-01-03", withdrawn="2025-01-03")
    assert not may_use(_case(*rows), ["child", "mum"], "take-home", today)


@given(_rows, st.integers(0, 4), _days, _days, _audience)
def test_taking_back_never_makes_a_yes(
    rows: list[Consent], at: int, day: datetime.date, today: datetime.date, audience: str | None
) -> None:
    before = _all_decisions(_case(*rows), today, audience)
    back = [
        row.model_copy(update={"withdrawn": min(day, row.withdrawn or day)}) if index == at else row
        for index, row in enumerate(rows)
    ]
    after = _all_decisions(_case(*back), today, audience)
    assert [key for key in after if after[key] and not before[key]] == []


@given(_rows, _days, _audience)
def test_more_people_never_make_a_yes(
    rows: list[Consent], today: datetime.date, audience: str | None
) -> None:
    case = _case(*rows)
    both = may_use(case, ["child", "mum"], "take-home", today, audience)
    each = [may_use(case, [one], "take-home", today, audience) for one in ("child", "mum")]
    assert bool(both) == all(each)
    assert both.reasons == tuple(reason for one in each for reason in one.reasons)


@given(_rows, _days, _audience)
def test_a_yes_always_has_a_row_that_says_so(
    rows: list[Consent], today: datetime.date, audience: str | None
) -> None:
    case = _case(*rows)
    if may_use(case, ["mum"], "take-home", today, audience):
        assert any(
            row.person == "mum"
            and row.answer == "yes"
            and "take-home" in row.uses
            and row.date <= today
            and not (row.until and row.until < today)
            and not (row.withdrawn and row.withdrawn <= today)
            and (audience in (None, "mum") or not row.to or audience in row.to)
            for row in rows
        )


@given(_rows, _days)
def test_between_the_days_of_change_nothing_changes(
    rows: list[Consent], today: datetime.date
) -> None:
    case = _case(*rows)
    change = changes_on(case, today)
    last = change - datetime.timedelta(days=1) if change else _day("2030-01-01")
    for audience in (None, "mum", "dad"):
        assert _all_decisions(case, today, audience) == _all_decisions(case, last, audience)


@given(_rows, _days)
def test_why_not_is_said_exactly_where_it_is_a_no(
    rows: list[Consent], today: datetime.date
) -> None:
    for decision in (
        may_use(_case(*rows), ["mum"], "take-home", today),
        may_share_words(_case(*rows), "mum", today, "dad"),
    ):
        assert decision.allowed == (not decision.reasons)


def test_a_copy_of_a_case_with_other_rows_is_asked_about_those() -> None:
    """What was worked out of the first rows must not answer for the second."""
    yes = _case(_row("child"))
    assert may_use(yes, ["child"], "take-home", TODAY)
    none = yes.model_copy(update={"consents": ()})
    assert not may_use(none, ["child"], "take-home", TODAY)
    assert may_use(none, ["child"], "take-home", TODAY).kinds == {"not asked"}
