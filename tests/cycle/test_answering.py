"""What a screen sends, put into the journal: once, never over somebody else's words."""

from __future__ import annotations

import datetime
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from families import CASE, CYCLE, SERVICE

from vigbook.case.folder import read_case_folder
from vigbook.cycle.answering import save_typed, show_prompt
from vigbook.cycle.context import CycleContext, open_context
from vigbook.method.templates import find_templates


@pytest.fixture
def context(tmp_path: Path) -> CycleContext:
    """A cycle without a film."""
    folder = tmp_path / "cases" / "wren" / "cycle-1"
    folder.mkdir(parents=True)
    (folder.parent.parent / "service.yaml").write_text(SERVICE, "utf-8")
    (folder.parent / "case.yaml").write_text(CASE, "utf-8")
    (folder / "cycle.yaml").write_text(CYCLE, "utf-8")
    files = read_case_folder(folder.parent)
    return open_context(files, folder, find_templates(), datetime.date(2026, 11, 22))


def typed(value: object, prompt: str = "remember", own_id: int = 1, **more: Any) -> dict[str, Any]:
    """Returns what a page sends."""
    sent = {"prompt": prompt, "value": value, "by": "mum", "source": "said", "base": None}
    return {**sent, "id": f"{own_id:016x}", **more}


def journal(context: CycleContext) -> list[dict[str, Any]]:
    path = context.folder / "answers.jsonl"
    return (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


def test_what_is_sent_twice_is_written_once(context: CycleContext) -> None:
    first = save_typed(context, typed("She looks for me."))
    again = save_typed(context, typed("She looks for me."))
    assert first == again
    assert [line["id"] for line in journal(context)] == [first["saved"]["id"]]
    assert first["saved"]["clock"].count(":") == 2


def test_words_that_came_meanwhile_are_never_written_over(context: CycleContext) -> None:
    first = save_typed(context, typed("One"))["saved"]
    save_typed(context, typed("Two", own_id=2, base=first["id"]))
    refused = save_typed(context, typed("Three", own_id=3, base=first["id"]))
    assert refused["conflict"]["value"] == "Two"
    assert [line["value"] for line in journal(context)] == ["One", "Two"]
    kept = save_typed(context, typed("Two\n\nThree", own_id=4, base=refused["conflict"]["id"]))
    assert kept["saved"]["value"] == "Two\n\nThree"
    assert [one["value"] for one in show_prompt(context, "remember")] == [
        "One",
        "Two",
        "Two\n\nThree",
    ]


def test_a_text_goes_on_from_its_own_draft_that_nobody_heard_of(context: CycleContext) -> None:
    save_typed(context, typed("She l", own_id=1))
    done = save_typed(context, typed("She looks", own_id=2, own=[f"{1:016x}"]))
    assert done["saved"]["value"] == "She looks"
    assert journal(context)[1]["base"] == f"{1:016x}"


def test_many_windows_at_once_lose_nothing(context: CycleContext) -> None:
    told: list[dict[str, Any]] = []

    def write(number: int) -> None:
        told.append(save_typed(context, typed(f"text {number}", own_id=number)))

    threads = [threading.Thread(target=write, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    saved = [one["saved"]["id"] for one in told if "saved" in one]
    assert saved == [line["id"] for line in journal(context)]
    assert (len(saved), sum("conflict" in one for one in told)) == (1, 11)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (typed("x", prompt="rembember"), "There is no prompt 'rembember'"),
        (typed(5), "no text"),
        (typed("x", by="nan"), "There is nobody 'nan' in the family: use one of: mum"),
        (typed("x", source="heard"), "not said how it was said"),
        (typed("x", id="not an id"), "no id"),
        (typed("x", id=None), "no id"),
        (typed("tomorrow", prompt="next.date"), "is not a date"),
        (typed("11", prompt="goal.settle.now"), "not on the scale"),
        (typed("a\nb\nc\nd", prompt="helped"), "takes up to 3"),
        (typed("x", prompt="clip-1.marks"), "no moments"),
        (typed([{"at": "soon"}], prompt="clip-1.marks"), "no moments"),
        (typed([{"at": "00:00:05.000"}], prompt="clip-1.marks"), "outside its clip"),
        (typed([{"at": "00:00:03.000"}] * 501, prompt="clip-1.marks"), "no moments"),
        ({}, "no text"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    context: CycleContext, sent: dict[str, Any], told: str
) -> None:
    answer = save_typed(context, sent)
    assert told in answer["refused"]
    assert "again" not in answer
    assert journal(context) == []


def test_moments_are_kept_in_order_each_once(context: CycleContext) -> None:
    marks = [{"at": one} for one in ("00:00:03.500", "2.25", "00:00:03.500")]
    answer = save_typed(context, typed(marks, prompt="clip-1.marks", by="practitioner"))
    expected = [{"at": "00:00:02.250"}, {"at": "00:00:03.500"}]
    assert answer["saved"]["value"] == expected
    assert journal(context)[0]["value"] == expected


def test_not_rated_is_no_number(context: CycleContext) -> None:
    save_typed(context, typed("5", prompt="goal.settle.now"))
    base = journal(context)[0]["id"]
    answer = save_typed(context, typed("", prompt="goal.settle.now", own_id=2, base=base))
    assert [line["value"] for line in journal(context)] == [5, None]
    assert answer["saved"]["value"] == ""


def test_what_the_disk_refuses_may_be_sent_again(context: CycleContext) -> None:
    (context.folder / "answers.jsonl").mkdir()
    answer = save_typed(context, typed("x"))
    assert answer["again"]
    (context.folder / "answers.jsonl").rmdir()
    assert "saved" in save_typed(context, typed("x"))


def test_the_worker_s_own_words_are_kept_apart(context: CycleContext) -> None:
    save_typed(context, typed("I waited.", prompt="own.noticed", by="practitioner"))
    assert journal(context) == []
    assert "I waited." in (context.folder / "reflection.jsonl").read_text("utf-8")
