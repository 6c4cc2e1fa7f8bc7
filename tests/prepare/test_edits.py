"""Edits of cycle.yaml while clips are chosen: small, whole, undone, never over another's."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from editing import Bench
from families import CYCLE, TODAY, open_first

from vigbook.case.folder import read_case_folder
from vigbook.case.journal import write_answer
from vigbook.cycle.context import open_context
from vigbook.errors import CaseError, UsageError, VigbookError
from vigbook.method.templates import find_templates
from vigbook.prepare.edits import ChangedError, next_id, show_cycle
from vigbook.prepare.steps import AddClip
from vigbook.timecode import Timecode

WITH_COMMENTS = """\
# What Jo wrote about this film.
cycle: 1
film: {file: film.mp4, date: 2026-09-12}   # the second try
in_shot: [child, mum]
clips:   # easiest first
  # Her favourite.
  - id: clip-1
    title: Waiting for Mia
    start: 00:00:02.000   # when she looks up
    end: 00:00:04.000
    stills:   # one is enough
      - {at: 00:00:03.000, alt: "Mia reaches up."}
  # Perhaps too long.
  - id: clip-2
    title: The spoon
    start: 00:00:06.480
    end: 00:00:07.520   # before the dog
  # Only if there is time.
  - id: clip-3
    start: 00:00:08.000
    end: 00:00:09.000
# The next visit.
next: {date: 2026-11-28}
"""


@pytest.fixture
def bench(family: Path) -> Bench:
    return Bench(family)


@pytest.fixture
def commented(family: Path) -> Bench:
    return Bench(family, WITH_COMMENTS)


def test_a_new_clip_gets_its_marks_and_the_next_free_id(bench: Bench) -> None:
    bench.do("add-clip", start="00:00:09.000", end="10.2")
    cycle = open_first(bench.family).cycle
    assert bench.clips == ["clip-1", "clip-2", "clip-3"]
    assert cycle.clips[2].start == Timecode.parse("9")
    assert "    start: 00:00:09.000\n    end: 00:00:10.200\n" in bench.text


def test_a_mark_is_brought_to_the_time_of_its_frame(bench: Bench) -> None:
    seen = bench.editor.revision()
    step = AddClip(do="add-clip", start="9.013", end="10.047", revision=seen)
    frame = lambda at, _: Timecode(at.seconds * 25 // 1 / 25)  # noqa: E731
    bench.editor.edit(open_first(bench.family), step, frame)
    clip = open_first(bench.family).cycle.clips[2]
    assert (clip.start.format(), clip.end.format()) == ("00:00:09.000", "00:00:10.040")


def test_an_id_that_words_were_said_about_is_never_given_again(bench: Bench) -> None:
    """Else what Sam said about one clip would stand under another."""
    journal = bench.family / "cycle-1" / "answers.jsonl"
    write_answer(journal, "clip-2.see", "I waited.", by="mum", source="said", base=None)
    note = bench.do("delete-clip", clip="clip-2")
    assert note == "Words were said about this clip. They are kept, but print nowhere without it."
    assert next_id(open_first(bench.family)) == "clip-3"


def test_the_first_clip_of_a_new_case_goes_in_among_its_comments(family: Path) -> None:
    starter = Path("vigbook/starters/cycle.yaml").read_text("utf-8")
    bench = Bench(family, starter)
    bench.do("add-clip", start="2", end="4")
    assert bench.clips == ["clip-1"]
    lines = [line for line in starter.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in lines if line not in bench.text] == []


def test_each_edit_keeps_every_comment_in_its_place(commented: Bench) -> None:
    before = commented.text
    commented.do("set-clip", clip="clip-2", field="question", value="Who is next?")
    commented.do("set-clip", clip="clip-1", field="why", value="She waits: it's “hers” # really")
    commented.do("add-still", clip="clip-2", at="00:00:07.000")
    commented.do("set-still", clip="clip-2", still=1, field="alt", value="Sam: the spoon")
    for line in before.splitlines():
        assert line in commented.text
    added = [line for line in commented.text.splitlines() if line not in before.splitlines()]
    assert added == [
        '    why: "She waits: it\'s “hers” # really"',
        "    question: Who is next?",
        "    stills:",
        "      - {at: 00:00:07.000, alt: 'Sam: the spoon'}",
    ]
    assert open_first(commented.family).cycle.clips[0].why == "She waits: it's “hers” # really"


def test_a_clip_that_moves_takes_along_what_is_written_above_it(commented: Bench) -> None:
    commented.do("move-clip", clip="clip-3", to=1)
    assert commented.clips == ["clip-1", "clip-3", "clip-2"]
    assert "  # Only if there is time.\n  - id: clip-3\n" in commented.text
    assert "  # Perhaps too long.\n  - id: clip-2\n" in commented.text
    assert "# The next visit.\nnext:" in commented.text
    commented.do("move-clip", clip="clip-3", to=2)
    assert commented.text == WITH_COMMENTS


def test_deleting_a_clip_leaves_what_is_written_about_the_others(commented: Bench) -> None:
    commented.do("delete-clip", clip="clip-2")
    assert commented.clips == ["clip-1", "clip-3"]
    for comment in ("# Her favourite.", "# Only if there is time.", "# The next visit."):
        assert comment in commented.text


def test_all_that_was_done_is_undone_and_done_again(commented: Bench) -> None:
    contents = [commented.text]
    steps: tuple[dict[str, Any], ...] = (
        {"do": "add-clip", "start": "9.6", "end": "10.4"},
        {"do": "set-clip", "clip": "clip-4", "field": "title", "value": "Again"},
        {"do": "set-clip", "clip": "clip-1", "field": "initiative", "value": "mum"},
        {"do": "set-clip", "clip": "clip-1", "field": "in_shot", "value": ["child"]},
        {"do": "set-clip", "clip": "clip-1", "field": "sound", "value": "mute"},
        {"do": "set-clip", "clip": "clip-1", "field": "slow", "value": True},
        {"do": "set-clip", "clip": "clip-1", "field": "principles",
         "value": [{"id": "attuned", "by": "child"}]},
        {"do": "add-still", "clip": "clip-1", "at": "2.4"},
        {"do": "delete-still", "clip": "clip-1", "still": 2},
        {"do": "move-clip", "clip": "clip-1", "to": 3},
        {"do": "delete-clip", "clip": "clip-2"},
    )  # fmt: skip
    for step in steps:
        commented.do(**step)
        contents.append(commented.text)
    for content in reversed(contents[:-1]):
        commented.do("undo")
        assert commented.text == content
    assert not commented.editor.can_undo
    for content in contents[1:]:
        commented.do("redo")
        assert commented.text == content
    with pytest.raises(UsageError, match="nothing to do again"):
        commented.do("redo")


def test_fifty_steps_and_more_are_undone(bench: Bench) -> None:
    before = bench.text
    for number in range(30):
        bench.do("move-clip", clip="clip-1", to=1)
        bench.do("set-clip", clip="clip-1", field="slow", value=number % 2 == 0)
        bench.do("move-clip", clip="clip-1", to=0)
    for _ in range(90):
        bench.do("undo")
    assert bench.text == before


def test_typing_on_in_one_field_is_one_step(bench: Bench) -> None:
    before = bench.text
    for words in ("The", "The red", "The red spoon"):
        bench.do("set-clip", clip="clip-2", field="title", value=words)
    bench.do("undo")
    assert bench.text == before


def test_an_edit_in_another_program_is_never_written_over(bench: Bench) -> None:
    seen = bench.editor.revision()
    bench.do("set-clip", clip="clip-2", field="title", value="The red spoon")
    theirs = bench.text.replace("Waiting for Mia", "Mia waits")
    bench.path.write_text(theirs, "utf-8")
    for do in ("undo", "delete-clip"):
        with pytest.raises(ChangedError):
            bench.do(do, clip="clip-1", revision=seen)
    assert bench.text == theirs
    # What could be undone led back to before their edit.
    assert not bench.editor.can_undo


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"do": "add-clip", "start": "4", "end": "4"}, "would end at 00:00:04.000"),
        ({"do": "add-clip", "start": "soon", "end": "4"}, "no time in a film"),
        ({"do": "set-clip", "clip": "clip-1", "field": "end", "value": "1"}, "would end at"),
        ({"do": "set-clip", "clip": "clip-1", "field": "start", "value": "3.5"}, "still at"),
        ({"do": "set-clip", "clip": "clip-1", "field": "initiative", "value": "dad"}, "nobody"),
        ({"do": "set-clip", "clip": "clip-1", "field": "in_shot", "value": []}, "somebody must"),
        ({"do": "set-clip", "clip": "clip-1", "field": "principles",
          "value": [{"id": "smiling", "by": "mum"}]}, "no such principle"),
        ({"do": "set-clip", "clip": "clip-9", "field": "title", "value": "x"}, "not there any"),
        ({"do": "add-still", "clip": "clip-1", "at": "4"}, "is not in this clip"),
        ({"do": "set-still", "clip": "clip-1", "still": 1, "field": "at", "value": "9"}, "not in"),
        ({"do": "delete-still", "clip": "clip-1", "still": 2}, "not there any more"),
    ],
)  # fmt: skip
def test_a_refused_edit_says_why_and_changes_nothing(
    bench: Bench, step: dict[str, Any], said: str
) -> None:
    before = bench.text
    with pytest.raises(VigbookError, match=said):
        bench.do(step.pop("do"), **step)
    assert bench.text == before
    assert not bench.editor.can_undo


def test_a_clip_that_was_looked_at_together_stays(bench: Bench) -> None:
    text = CYCLE + "review: {date: 2026-09-19, clips_shown: [clip-2]}\n"
    bench.path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="'The spoon' was looked at together"):
        bench.do("delete-clip", clip="clip-2")
    assert bench.text == text


def test_a_file_that_is_wrong_is_told_and_not_touched(bench: Bench) -> None:
    bench.path.write_text("clips: [", "utf-8")
    with pytest.raises(CaseError, match="is not YAML"):
        bench.do("add-clip", start="2", end="4")
    assert bench.text == "clips: ["


def test_taking_words_out_takes_the_line_out(bench: Bench) -> None:
    bench.do("set-clip", clip="clip-1", field="question", value="  ")
    bench.do("set-clip", clip="clip-1", field="in_shot", value=["child", "mum"])
    bench.do("delete-still", clip="clip-1", still=1)
    clip = open_first(bench.family).cycle.clips[0]
    assert (clip.question, clip.in_shot, clip.stills) == (None, None, ())
    assert "question:" not in bench.text


def test_stills_stand_in_the_order_of_time(bench: Bench) -> None:
    bench.do("add-still", clip="clip-1", at="3.96")
    bench.do("add-still", clip="clip-1", at="2")
    times = [still.at.format() for still in open_first(bench.family).cycle.clips[0].stills]
    assert times == ["00:00:02.000", "00:00:03.000", "00:00:03.960"]


def test_last_cycles_words_goals_and_step_are_in_sight(family: Path) -> None:
    second = family / "cycle-2"
    second.mkdir()
    (second / "cycle.yaml").write_text(CYCLE.replace("cycle: 1", "cycle: 2"), "utf-8")
    journal = family / "cycle-1" / "answers.jsonl"
    for prompt, value, by, source in (
        ("clip-1.see", "I waited for her.", "mum", "said"),
        ("clip-1.did", "Sam thinks that waiting helps.", "mum", "agreed-summary"),
        ("remember", "Ring on Friday.", "practitioner", "written"),
        ("try.what", "Count to five", "mum", "said"),
        ("goal.settle.now", 5, "mum", "said"),
    ):
        write_answer(journal, prompt, value, by=by, source=source, base=None)  # type: ignore[arg-type]
    files = read_case_folder(family, [second])
    day = datetime.date.fromisoformat(TODAY)
    shown = show_cycle(open_context(files, second, find_templates(), day))
    assert shown["earlier"] == {
        "cycle": 1,
        "goals": [{"wording": "I want us both to enjoy bedtime.", "owner": "Sam", "now": 5,
                   "hoped": 7}],
        "step": ["Count to five"],
        "quotes": [{"text": "I waited for her.", "by": "Sam"}],
    }  # fmt: skip
