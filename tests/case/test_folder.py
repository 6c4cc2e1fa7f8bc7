"""Case files: YAML 1.2, every problem at once with its line, and writes that are whole or not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from families import CASE, CYCLE, SERVICE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from vigbook.case.folder import (
    find_cycles,
    find_family,
    find_inside,
    find_service,
    read_case_folder,
    write_new_case,
)
from vigbook.case.models import Case, Cycle, Service
from vigbook.case.yaml_file import edit_file, format_field, read_model
from vigbook.errors import CaseError, OutputError, Problem, UsageError, show_path
from vigbook.timecode import Timecode


@pytest.fixture
def wren(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A family's files without a film; the working directory is the folder of the families."""
    cases = tmp_path / "cases"
    (cases / "wren" / "cycle-1").mkdir(parents=True)
    (cases / "service.yaml").write_text(SERVICE, "utf-8")
    (cases / "wren" / "case.yaml").write_text(CASE, "utf-8")
    (cases / "wren" / "cycle-1" / "cycle.yaml").write_text(CYCLE, "utf-8")
    monkeypatch.chdir(cases)
    return Path("wren")


def _swap(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for before, after in pairs:
        assert text.count(before) >= 1, before
        text = text.replace(before, after, 1)
    path.write_text(text, "utf-8")


def _wrong(wren: Path) -> list[str]:
    with pytest.raises(CaseError, match=":") as caught:
        read_case_folder(wren)
    return [str(problem) for problem in caught.value.problems]


def _problems(path: Path) -> tuple[Problem, ...] | None:
    try:
        read_model(path, Case)
    except CaseError as err:
        return err.problems
    return None


def _wrong_bytes(wren: Path, content: bytes) -> list[str]:
    (wren / "case.yaml").write_bytes(content)
    return _wrong(wren)


# What a sound family reads as


def test_a_family_is_read_with_its_cycles_and_its_team(wren: Path) -> None:
    family = read_case_folder(wren)
    assert family.folder == wren
    assert family.case.path == wren / "case.yaml"
    assert family.case.model.name_of("mum") == "Sam"
    assert [*family.cycles] == [wren / "cycle-1"]
    assert [clip.id for clip in family.cycles[wren / "cycle-1"].model.clips] == ["clip-1", "clip-2"]
    assert family.service.worker == "Jo"
    assert family.service_path == Path.cwd() / "service.yaml"


def test_a_family_without_a_team_has_the_defaults(wren: Path) -> None:
    Path("service.yaml").unlink()
    family = read_case_folder(wren)
    assert (family.service, family.service_path) == (Service(), None)


def test_the_nearest_team_is_read_and_a_named_one_first(wren: Path, tmp_path: Path) -> None:
    beside, inside, named = Path("service.yaml"), wren / "service.yaml", tmp_path / "team.yaml"
    assert find_service(wren) == Path.cwd() / beside
    inside.write_text("name: Inside\n", "utf-8")
    named.write_text("name: Named\n", "utf-8")
    assert find_service(wren) == inside
    assert read_case_folder(wren).service.name == "Inside"
    assert read_case_folder(wren, service=named).service.name == "Named"


def test_a_named_team_that_is_not_there_is_told(wren: Path) -> None:
    with pytest.raises(CaseError, match=r"^nowhere\.yaml: is not there"):
        read_case_folder(wren, service=Path("nowhere.yaml"))


def test_only_the_cycles_asked_for_are_read(wren: Path) -> None:
    (wren / "cycle-2").mkdir()
    (wren / "cycle-2" / "cycle.yaml").write_text("nonsense", "utf-8")
    assert [*read_case_folder(wren, [wren / "cycle-1"]).cycles] == [wren / "cycle-1"]
    assert _wrong(wren) == [
        "wren/cycle-2/cycle.yaml:1: does not hold 'key: value' lines; start from 'vigbook new'"
    ]


def test_cycles_come_in_the_order_of_their_numbers(wren: Path) -> None:
    for name in ("cycle-10", "cycle-2", "cycle-0", "cycle-100", "cycle-x", "cycle-02", "notes"):
        (wren / name).mkdir()
    (wren / "cycle-3").write_text("a file", "utf-8")
    assert [one.name for one in find_cycles(wren)] == ["cycle-1", "cycle-2", "cycle-10"]


def test_yaml_is_1_2_so_no_is_a_word_and_times_are_no_base_60_numbers(wren: Path) -> None:
    _swap(
        wren / "case.yaml",
        ("authority: self", "authority: no\n    answer: no"),
        ("name: Sam", "name: No"),
        ("role: mother", "role: on"),
    )
    cycle = wren / "cycle-1" / "cycle.yaml"
    _swap(cycle, ("start: 00:00:02.000", "start: 1:02"), ("end: 00:00:04.000", "end: 1:23:45"))
    _swap(cycle, ("at: 00:00:03.000", "at: 01:03.5"))
    family = read_case_folder(wren)
    row, mum = family.case.model.consents[1], family.case.model.people[1]
    assert (row.answer, row.authority, mum.name, mum.role) == ("no", "no", "No", "on")
    clip = family.cycles[wren / "cycle-1"].model.clips[0]
    marks = [clip.start, clip.end, clip.stills[0].at]
    assert [mark.seconds for mark in marks] == [62, 5025, Timecode.parse("63.5").seconds]


@pytest.mark.parametrize("written", ["no", "No", "NO", "'no'", "false", "False"])
def test_a_no_is_a_no_however_it_is_typed(wren: Path, written: str) -> None:
    _swap(wren / "case.yaml", ("authority: self", f"authority: self\n    answer: {written}"))
    if written in ("No", "NO"):
        assert _wrong(wren) == [
            f"wren/case.yaml:16 consents[1].answer: '{written}' is not one of its words; "
            + ("did you mean 'no'?" if written == "No" else "use one of: no, yes")
        ]
    else:
        assert read_case_folder(wren).case.model.consents[1].answer == "no"


@pytest.mark.parametrize("written", ["83.4", "0:83.4", "83.400"])
def test_seconds_are_taken_by_their_digits(wren: Path, written: str) -> None:
    cycle = wren / "cycle-1" / "cycle.yaml"
    _swap(cycle, ("end: 00:00:04.000", f"end: {written}"))
    if ":" in written:
        assert _wrong(wren) == [
            "wren/cycle-1/cycle.yaml:8 clips[0].end: '0:83.4' is not a time; write hh:mm:ss.mmm"
        ]
    else:
        end = read_case_folder(wren).cycles[wren / "cycle-1"].model.clips[0].end
        assert end == Timecode.parse("00:01:23.400")


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(wren: Path) -> None:
    (wren / "case.yaml").write_bytes(b"\xef\xbb\xbf" + CASE.replace("\n", "\r\n").encode())
    assert read_case_folder(wren).case.model.family == "wren"


def test_a_tag_makes_no_object_and_an_alias_is_only_its_value(wren: Path) -> None:
    _swap(wren / "case.yaml", ("name: Mia", "name: !!python/object/apply:os.getcwd here"))
    assert _wrong(wren) == [
        "wren/case.yaml:4 people[0].name: what stands there is not text; put it in quotation marks"
    ]
    (wren / "case.yaml").write_text(CASE.replace("name: Mia", "name: &n Mia"), "utf-8")
    _swap(wren / "case.yaml", ("name: Sam", "name: *n"))
    assert read_case_folder(wren).case.model.people[1].name == "Mia"


# What is wrong


TEN_FAULTS = """\
vigbook: 1
family: Wren
people:
  - {id: child, name: Mia, role: child, born: 2025-02-30}
  - {id: mum, name: Sam, role: mother, recieves: true}
consents:
  - person: chid
    uses: [filming, take-hom]
    given_by: mum
    authority: self
    date: 2026-09-01
  - person: mum
    uses: [filming]
    given_by: mum
    date: 2026-09-01
goals:
  - id: settle
    wording: Sleep.
    owner: dad
    hoped: 11
  - id: settle
    wording: 7
    owner: mum
print: {size: huge}
language: English
"""


def test_every_fault_of_a_file_is_told_at_once_with_its_place(wren: Path) -> None:
    (wren / "case.yaml").write_text(TEN_FAULTS, "utf-8")
    with pytest.raises(CaseError, match=r"case\.yaml") as caught:
        read_case_folder(wren)
    file, ids = (
        "wren/case.yaml",
        "use small letters, digits and hyphens, a letter first, 32 at most",
    )
    expected = [
        (2, "family", "'Wren' will not do", ids),
        (25, "language", "'English' will not do", "write a language as en, cy, ar or pt-BR"),
        (24, "print.size", "'huge' is not one of its words", "use one of: clear, easy, large"),
        (
            4, "people[0].born", "'2025-02-30' is not a date",
            "write year-month-day, as 2026-03-14",
        ),
        (5, "people[1].recieves", "no key is called 'recieves' here", "did you mean 'receives'?"),
        (8, "consents[0].uses[1]", "'take-hom' is not one of its words",
         "did you mean 'take-home'?"),
        (12, "consents[1].authority", "is missing", "add it"),
        (22, "goals[1].wording", "'7' is not text", "put it in quotation marks"),
        (7, "consents[0].person", "there is nobody 'chid' in the family", "did you mean 'child'?"),
        (19, "goals[0].owner", "there is nobody 'dad' in the family",
         "use one of: child, mum, practitioner"),
        (20, "goals[0].hoped", "11 is not on the scale", "the scale goes from 1 to 10"),
    ]  # fmt: skip
    found = [(one.line, one.field, one.found, one.mend) for one in caught.value.problems]
    assert found == expected
    assert {one.file for one in caught.value.problems} == {file}


def test_faults_of_all_files_of_a_family_are_told_at_once(wren: Path) -> None:
    _swap(wren / "case.yaml", ("owner: mum", "owner: dad"))
    _swap(wren / "cycle-1" / "cycle.yaml", ("by: mum", "by: dad"))
    (wren / "cycle-2").mkdir()
    (wren / "cycle-2" / "cycle.yaml").write_text(CYCLE, "utf-8")
    (wren / "cycle-3").mkdir()
    Path("service.yaml").write_text("name: Team\ncolour: green\nmedia_weeks: 0\n", "utf-8")
    assert _wrong(wren) == [
        "wren/case.yaml:21 goals[0].owner: there is nobody 'dad' in the family; "
        "use one of: child, mum, practitioner",
        "wren/cycle-1/cycle.yaml:10 clips[0].principles[0].by: there is nobody 'dad' in the "
        "family; use one of: child, mum",
        "wren/cycle-2/cycle.yaml:1 cycle: says 1, and the folder is cycle-2; mend one",
        "wren/cycle-3/cycle.yaml: is not there; 'vigbook new CASE' writes one to start from",
        "service.yaml:2 colour: 'green' will not do; write a colour as #0b6e3b",
        "service.yaml:3 media_weeks: '0': input should be greater than or equal to 1",
    ]


def test_a_wrong_number_of_a_cycle_hides_nothing_and_leads_to_nothing_false(wren: Path) -> None:
    cycle = wren / "cycle-1" / "cycle.yaml"
    _swap(cycle, ("cycle: 1", "cycle: one"), ("in_shot: [child, mum]", "in_shot: []"))
    _swap(cycle, ("initiative: child", "initiative: gran"))
    assert _wrong(wren) == [
        "wren/cycle-1/cycle.yaml:1 cycle: 'one' is not a whole number; write one in digits",
        "wren/cycle-1/cycle.yaml:3 in_shot: is empty; write at least one",
        "wren/cycle-1/cycle.yaml:9 clips[0].initiative: there is nobody 'gran' in the family; "
        "use one of: child, mum",
    ]


def test_a_file_without_what_it_must_have_says_so_and_looks_at_the_rest(wren: Path) -> None:
    (wren / "case.yaml").write_text("goals: [{id: a, wording: A, owner: x, hoped: 11}]\n", "utf-8")
    assert _wrong(wren) == [
        "wren/case.yaml vigbook: is missing; add it",
        "wren/case.yaml family: is missing; add it",
        "wren/case.yaml people: is missing; add it",
        "wren/case.yaml:1 goals[0].hoped: 11 is not on the scale; the scale goes from 1 to 10",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "people:\n",
            "people: hello\nxx:\n",
            "3 people: 'hello' is not a list; begin each entry "
            "with a hyphen, or put [ ] around them",
        ),
        (
            "{value: 3}",
            "3",
            "22 goals[0].baseline: '3' is not what belongs here; write 'key: value' lines",
        ),
        (
            "- {id: child, name: Mia, role: child, born: 2025-02-11}",
            "- child",
            "4 people[0]: 'child' is not what belongs here; write 'key: value' lines",
        ),
    ],
)
def test_a_value_of_another_shape_is_told(
    wren: Path, before: str, after: str, expected: str
) -> None:
    _swap(wren / "case.yaml", (before, after))
    assert _wrong(wren)[0] == f"wren/case.yaml:{expected}"


def test_a_clip_that_is_wrong_twice_hides_nothing_of_the_next(wren: Path) -> None:
    _swap(
        wren / "cycle-1" / "cycle.yaml",
        ("start: 00:00:02.000", "start: x"),
        ("end: 00:00:04.000", "end: y"),
        ("at: 00:00:07.000", "at: 00:00:09.000"),
    )
    assert _wrong(wren) == [
        "wren/cycle-1/cycle.yaml:7 clips[0].start: 'x' is not a time; write hh:mm:ss.mmm",
        "wren/cycle-1/cycle.yaml:8 clips[0].end: 'y' is not a time; write hh:mm:ss.mmm",
        "wren/cycle-1/cycle.yaml:19 clips[1].stills[0].at: 00:00:09.000 is not in the clip, which "
        "goes from 00:00:06.480 up to 00:00:07.520; move the still or widen the clip",
    ]


def test_a_person_who_is_wrong_makes_no_stranger_of_them_elsewhere(wren: Path) -> None:
    _swap(wren / "case.yaml", ("name: Sam, ", ""))
    assert _wrong(wren) == ["wren/case.yaml:5 people[1].name: is missing; add it"]


def test_a_clip_that_is_wrong_is_still_a_clip_that_was_shown(wren: Path) -> None:
    cycle = wren / "cycle-1" / "cycle.yaml"
    _swap(
        cycle,
        ("start: 00:00:02.000", "start: x"),
        ("next:", "review: {clips_shown: [clip-1]}\nnext:"),
    )
    assert _wrong(wren) == [
        "wren/cycle-1/cycle.yaml:7 clips[0].start: 'x' is not a time; write hh:mm:ss.mmm"
    ]


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        (
            "case.yaml",
            "family: wren",
            "familly: wren",
            "2 familly: no key is called 'familly' here; did you mean 'family'?",
        ),
        (
            "case.yaml",
            "baseline: {value: 3}",
            "baseline: {valeu: 3, value: 3}",
            "22 goals[0].baseline.valeu: no key is called 'valeu' here; did you mean 'value'?",
        ),
        (
            "case.yaml",
            "helping_question:",
            "print: {siz: large}\nhelping_question:",
            "17 print.siz: no key is called 'siz' here; did you mean 'size'?",
        ),
        (
            "case.yaml",
            "helping_question:",
            "retention: {clas: children}\nhelping_question:",
            "17 retention.clas: no key is called 'clas' here; did you mean 'class'?",
        ),
        (
            "cycle-1/cycle.yaml",
            "place: at home",
            "palce: at home",
            "2 film.palce: no key is called 'palce' here; did you mean 'place'?",
        ),
        (
            "cycle-1/cycle.yaml",
            "initiative: child",
            "iniciative: child",
            "9 clips[0].iniciative: no key is called 'iniciative' here; did you mean 'initiative'?",
        ),
        (
            "cycle-1/cycle.yaml",
            'alt: "Mia',
            'alts: "Mia',
            "13 clips[0].stills[0].alts: no key is called 'alts' here; did you mean 'alt'?",
        ),
        (
            "cycle-1/cycle.yaml",
            "next:",
            "review: {minute: 50}\nnext:",
            "20 review.minute: no key is called 'minute' here; did you mean 'minutes'?",
        ),
        (
            "cycle-1/cycle.yaml",
            "question: What happens here?",
            "masks: [{from: 2, to: 3, bx: [0, 0, 1, 1], box: [0, 0, 1, 1]}]",
            "11 clips[0].masks[0].bx: no key is called 'bx' here; did you mean 'box'?",
        ),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_name(
    wren: Path, file: str, before: str, after: str, expected: str
) -> None:
    _swap(wren / file, (before, after))
    assert f"wren/{file}:{expected}" in _wrong(wren)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "helping_question:",
            "legal_hold: 5\nhelping_question:",
            "17 legal_hold: '5' is not text; put it in quotation marks",
        ),
        (
            "helping_question:",
            "legal_hold: [a]\nhelping_question:",
            "17 legal_hold: what stands there is not text; put it in quotation marks",
        ),
        (
            "hoped: 7",
            "scale: {anchors: {low: never}}",
            "23 goals[0].scale.anchors.low: 'low' is not a whole number; write one in digits",
        ),
        (
            "born: 2025-02-11",
            "born: 11/02/2025",
            "4 people[0].born: '11/02/2025' is not a date; write year-month-day, as 2026-03-14",
        ),
        (
            "born: 2025-02-11",
            "born: 2025-02-11 10:00:00",
            "4 people[0].born: '2025-02-11 10:00:00' is not a "
            "date; write year-month-day, as 2026-03-14",
        ),
        (
            "born: 2025-02-11",
            "born: 2025-13-01",
            "4 people[0].born: '2025-13-01' is not a date; write year-month-day, as 2026-03-14",
        ),
        ("name: Mia", "name: ", "4 people[0].name: is empty; write it, or drop the line"),
        ("name: Mia", "name: 12", "4 people[0].name: '12' is not text; put it in quotation marks"),
        (
            "name: Mia",
            "name: 0x" + "f" * 6000,
            "4 people[0].name: what stands there is not text; put it in quotation marks",
        ),
        ("vigbook: 1", "vigbook: 2", "1 vigbook: '2' is not one of its words; use one of: 1"),
    ],
)
def test_a_wrong_value_is_told_once_with_what_to_write(
    wren: Path, before: str, after: str, expected: str
) -> None:
    _swap(wren / "case.yaml", (before, after))
    assert _wrong(wren) == [f"wren/case.yaml:{expected}"]


def test_a_very_long_value_is_shown_by_its_beginning(wren: Path) -> None:
    _swap(wren / "case.yaml", ("family: wren", "family: " + "W" * 90_000))
    (problem,) = _wrong(wren)
    assert problem.startswith("wren/case.yaml:2 family: 'WWWW")
    assert len(problem) < 300


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1: is empty; start from 'vigbook new'"),
        (b"# only a note\n", ":1: is empty; start from 'vigbook new'"),
        (b"- a\n- b\n", ":1: does not hold 'key: value' lines; start from 'vigbook new'"),
        (b"just words", ":1: does not hold 'key: value' lines; start from 'vigbook new'"),
        ("family: \u00f6".encode("latin-1"), ": is not UTF-8 text; save it as UTF-8"),
        ("family: a".encode("utf-16"), ": is not UTF-8 text; save it as UTF-8"),
        (
            b"vigbook: 1\nfamily: a: b\n",
            ":2: is not YAML: there is a second colon in the line, or the indent is wrong; "
            "put quotation marks around words with a colon in them",
        ),
        (
            b"vigbook: 1\npeople:\n\t- id: a\n",
            ":3: is not YAML: there is a tab; use spaces",
        ),
        (
            b"vigbook: *nobody\n",
            ":1: is not YAML: found undefined alias 'nobody'; "
            "check the indents, and quote words with a colon or a # in them",
        ),
        (
            b"vigbook: 1\n---\nvigbook: 1\n",
            ":2: is not YAML: but found another document; "
            "check the indents, and quote words with a colon or a # in them",
        ),
        (
            b"vigbook: 1\nfamily: a\0b\n",
            ":2: is not YAML: there is a character that no text has (U+0000); take it out",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_no_yaml_is_told_with_its_line(
    wren: Path, content: bytes, expected: str
) -> None:
    assert _wrong_bytes(wren, content) == [f"wren/case.yaml{expected}"]


@pytest.mark.parametrize(
    ("extra", "line"),
    [("family: heron\n", 24), ("family: wren\n", 24)],
)
def test_a_key_that_stands_twice_is_told(wren: Path, extra: str, line: int) -> None:
    value = extra.split()[1]
    assert _wrong_bytes(wren, (CASE + extra).encode()) == [
        f'wren/case.yaml:{line}: is not YAML: found duplicate key "family" with value "{value}" '
        '(original value: "wren"); check the indents, and quote words with a colon or a # in them'
    ]


def test_a_folder_in_place_of_a_file_is_told(wren: Path) -> None:
    (wren / "cycle-1" / "cycle.yaml").unlink()
    (wren / "cycle-1" / "cycle.yaml").mkdir()
    assert _wrong(wren) == [
        "wren/cycle-1/cycle.yaml: is a folder, and a file was looked for; "
        "'vigbook new CASE' writes one to start from"
    ]


def test_a_file_too_large_to_be_typed_is_not_read(wren: Path) -> None:
    content = CASE.encode() + b"# " + b"x" * 2_000_000
    assert _wrong_bytes(wren, content) == ["wren/case.yaml: is too large for a case file"]


@pytest.mark.parametrize(
    "content",
    [
        "a: " + "[" * 5000 + "]" * 5000,
        "a: " + "{a: " * 5000,
        "\n".join(" " * depth + "a:" for depth in range(900)),
        "a: " + "[" * 150 + "]" * 150,
    ],
    ids=["lists", "open maps", "indents", "less deep"],
)
def test_deep_nesting_is_told_and_soon(wren: Path, content: str) -> None:
    begin = time.monotonic()
    (problem,) = _wrong_bytes(wren, content.encode())
    assert "is nested too deeply" in problem
    assert problem.startswith("wren/case.yaml:")
    assert time.monotonic() - begin < 10


def _laughs(levels: int) -> str:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join(lines) + "\n"


TOO_MANY = (
    "wren/case.yaml: holds more than 100000 values, counting each that is repeated by its mark; "
    "write less"
)


@pytest.mark.parametrize(
    "content",
    [
        _laughs(12),
        CASE.replace("settle?", "settle?\nx: &x [1, 2, 3]\ny: [" + "*x, " * 30_000 + "1]"),
    ],
    ids=["billion laughs", "one alias very often"],
)
def test_aliases_that_blow_up_are_told_and_soon(wren: Path, content: str) -> None:
    begin = time.monotonic()
    assert _wrong_bytes(wren, content.encode()) == [TOO_MANY]
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize("content", ["a: &a [x, *a, *a]\n", "a: &a {b: *a, c: *a}\n"])
def test_an_alias_in_itself_is_told_and_ends(wren: Path, content: str) -> None:
    problems = _wrong_bytes(wren, content.encode())
    assert problems == [TOO_MANY] or any("no key is called 'a' here" in one for one in problems)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*Case.model_fields, "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    st.sampled_from([*Case.model_fields]),
)
def test_whatever_stands_in_a_file_is_read_or_told(tmp_path: Path, value: Any, key: str) -> None:
    from ruamel.yaml import YAML

    path = tmp_path / "case.yaml"
    whole = YAML(typ="safe").load(CASE)
    with path.open("w", encoding="utf-8") as file:
        YAML().dump({**whole, key: value}, file)
    problems = _problems(path)
    assert problems is None or {problem.file for problem in problems} == {show_path(path)}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_file_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(CASE.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"\n", b": ", b"&a", b"- ", b"{"])
        )
        content[at : at + data.draw(st.integers(0, 4))] = piece
    path = tmp_path / "case.yaml"
    path.write_bytes(bytes(content))
    problems = _problems(path)
    assert problems is None or {problem.file for problem in problems} == {show_path(path)}


# Finding a family


def _seen(path: str) -> tuple[Path, list[Path]]:
    family, cycles = find_family(Path(path))
    return family.resolve(), [one.resolve() for one in cycles]


@pytest.mark.parametrize(
    ("there", "named", "cycles"),
    [
        (".", "wren", [1, 2]),
        (".", "wren/", [1, 2]),
        (".", "./wren/../wren", [1, 2]),
        (".", "wren/case.yaml", [1, 2]),
        (".", "wren/cycle-2", [2]),
        (".", "wren/cycle-2/", [2]),
        (".", "wren/cycle-2/cycle.yaml", [2]),
        ("wren", ".", [1, 2]),
        ("wren", "case.yaml", [1, 2]),
        ("wren", "cycle-1", [1]),
        ("wren/cycle-2", ".", [2]),
        ("wren/cycle-2", "cycle.yaml", [2]),
        ("wren/cycle-2", "..", [1, 2]),
        ("wren/cycle-2", "../cycle-1", [1]),
    ],
)
def test_a_family_or_a_cycle_is_found_however_it_is_named(
    wren: Path, monkeypatch: pytest.MonkeyPatch, there: str, named: str, cycles: list[int]
) -> None:
    (wren / "cycle-2").mkdir()
    (wren / "cycle-2" / "cycle.yaml").write_text(CYCLE.replace("cycle: 1", "cycle: 2"), "utf-8")
    home = wren.resolve()
    monkeypatch.chdir(there)
    assert _seen(named) == (home, [home / f"cycle-{number}" for number in cycles])
    family, folders = find_family(Path(named))
    assert [*read_case_folder(family, folders).cycles] == folders


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("nowhere", "nowhere: is not there; name a family's folder, with a case.yaml"),
        ("nowhere/case.yaml", "nowhere: is not there; name a family's folder, with a case.yaml"),
        (
            "service.yaml",
            "service.yaml: is not a folder; name a family's folder, with a case.yaml",
        ),
        (".", ".: no case.yaml in it; make a case with 'vigbook new CASE'"),
        ("alone/cycle-1", "alone/cycle-1: no case.yaml in the folder above; put one there"),
        ("a\0b", "a\0b: is not there; name a family's folder, with a case.yaml"),
        ("a" * 300, "a" * 300 + ": cannot be read: File name too long; check the path"),
    ],
)
def test_what_is_no_family_is_told(wren: Path, named: str, expected: str) -> None:
    assert wren.is_dir()
    Path("alone/cycle-1").mkdir(parents=True)
    with pytest.raises(UsageError, match=":") as caught:
        find_family(Path(named))
    assert str(caught.value) == expected


def _as_nobody(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python without the rights of an administrator: they are above a folder's rights."""
    command = [sys.executable, "-c", code, *arguments]
    if os.name == "posix" and os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(os.name != "posix", reason="rights are not bits there")
def test_a_family_without_the_right_to_read_it_is_told(wren: Path) -> None:
    code = (
        "import sys, pathlib; from vigbook.case.folder import *; "
        "from vigbook.case.yaml_file import *; from vigbook.errors import *\n"
        "try: read_case_folder(find_family(pathlib.Path(sys.argv[1]))[0])\n"
        "except VigbookError as err: print(err)"
    )
    (wren / "case.yaml").chmod(0)
    wrong_file = _as_nobody(code, "wren")
    wren.chmod(0)
    wrong_folder = _as_nobody(code, "wren")
    wren.chmod(0o755)
    assert (wrong_file.stdout, wrong_file.stderr) == (
        "wren/case.yaml: cannot be read: Permission denied; ask for the right to read it\n", "",
    )  # fmt: skip
    assert (wrong_folder.stdout, wrong_folder.stderr) == (
        "wren: cannot be read: Permission denied; ask for the right to read it\n", "",
    )  # fmt: skip


# Staying in the family's folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("film.mp4", "cycle-1/film.mp4"),
        ("../film.mp4", "film.mp4"),
        ("sub/../film.mp4", "cycle-1/film.mp4"),
        ("films of Mai \u0645\u064a.mp4", "cycle-1/films of Mai \u0645\u064a.mp4"),
        ("inside.mp4", "real.mp4"),
    ],
)
def test_a_name_in_the_familys_folder_is_followed(wren: Path, name: str, expected: str) -> None:
    (wren / "real.mp4").write_bytes(b"")
    (wren / "cycle-1" / "inside.mp4").symlink_to("../real.mp4")
    found = find_inside(wren, wren / "cycle-1", name)
    assert found.resolve() == (wren / expected).resolve()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../film.mp4", "leaves the case's folder"),
        ("../../wren-2/film.mp4", "leaves the case's folder"),
        ("sub/../../../film.mp4", "leaves the case's folder"),
        ("../../wren/../service.yaml", "leaves the case's folder"),
        ("/etc/hosts", "is a path from the top of the disk"),
        ("C:/film.mp4", "is a path from the top of the disk"),
        ("C:film.mp4", "is a path from the top of the disk"),
        ("c:\\film.mp4", "is a path from the top of the disk"),
        ("\\\\server\\films\\film.mp4", "is a path from the top of the disk"),
        ("out.mp4", "is a link that leaves the case's folder"),
        ("out/film.mp4", "is a link that leaves the case's folder"),
        ("round.mp4", "is a link that leads to itself"),
        ("a\0b", "null byte"),
    ],
)
def test_a_name_that_leaves_the_familys_folder_is_refused(
    wren: Path, name: str, expected: str
) -> None:
    cycle = wren / "cycle-1"
    Path("wren-2").mkdir()
    (cycle / "out.mp4").symlink_to("../../service.yaml")
    (cycle / "out").symlink_to("../../wren-2")
    (cycle / "round.mp4").symlink_to("round.mp4")
    with pytest.raises(ValueError, match=expected):
        find_inside(wren, cycle, name)


def test_a_family_that_is_itself_reached_by_a_link_is_one_family(wren: Path) -> None:
    Path("linked").symlink_to("wren")
    (wren / "film.mp4").write_bytes(b"")
    family, folders = find_family(Path("linked/cycle-1"))
    found = find_inside(family, folders[0], "../film.mp4")
    assert found.resolve() == (wren / "film.mp4").resolve()


@given(st.text(max_size=30))
def test_no_name_at_all_leaves_the_familys_folder(name: str) -> None:
    family = Path("/nowhere/cases/wren")
    try:
        found = find_inside(family, family / "cycle-1", name)
    except (ValueError, OSError):
        return
    assert Path(os.path.abspath(found)).is_relative_to(family)


# Changing a file


COMMENTED = """\
# Written by hand.
cycle: 1   # the first
film: {file: film.mp4, place: "at home"}

in_shot: [child, mum]   # both of them
clips:
  # easiest first
  - id: clip-1
    start: 00:00:02.000
    end: 00:00:04.000   # she laughs here
# the end
"""


def test_a_change_keeps_comments_order_and_quotes(tmp_path: Path) -> None:
    path = tmp_path / "cycle.yaml"
    path.write_text(COMMENTED, "utf-8")

    def edit(document: Any) -> None:
        document["clips"][0]["end"] = "00:00:05.000"
        document["film"]["activity"] = "\u0627\u0644\u0644\u0639\u0628"

    edit_file(path, Cycle, edit)
    expected = COMMENTED.replace("00:00:04.000", "00:00:05.000")
    expected = expected.replace('"at home"', '"at home", activity: \u0627\u0644\u0644\u0639\u0628')
    assert path.read_text("utf-8") == expected


@pytest.mark.parametrize(
    ("text", "model"), [(CASE, Case), (CYCLE, Cycle), (COMMENTED, Cycle), (SERVICE, Service)]
)
def test_a_change_of_nothing_leaves_the_file_as_it_was(
    tmp_path: Path, text: str, model: type[BaseModel]
) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text, "utf-8")
    edit_file(path, model, lambda _: None)
    assert path.read_text("utf-8") == text


def _set(key: str, value: Any) -> Callable[[Any], None]:
    return lambda document: document["clips"][0].__setitem__(key, value)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (_set("end", "later"), "clips[0].end: 'later' is not a time; write hh:mm:ss.mmm"),
        (_set("end", "later; on"), "clips[0].end: 'later; on' is not a time; write hh:mm:ss.mmm"),
        (_set("tittle", "x"), "clips[0].tittle: no key is called 'tittle' here"),
        (_set("id", "Clip 1"), "clips[0].id: 'Clip 1' will not do"),
        (_set("end", "00:00:01.000"), "clips[0].end: the clip ends at 00:00:01.000, not after"),
        (_set("id", "helped"), "clips[0].id: 'helped' is kept for prompts"),
    ],
)
def test_a_change_that_makes_a_file_wrong_is_not_written(
    tmp_path: Path, edit: Callable[[Any], None], expected: str
) -> None:
    path = tmp_path / "cycle.yaml"
    path.write_text(COMMENTED, "utf-8")
    with pytest.raises(CaseError, match="clips") as caught:
        edit_file(path, Cycle, edit)
    assert expected in str(caught.value)
    assert path.read_text("utf-8") == COMMENTED
    assert [one.name for one in tmp_path.iterdir()] == ["cycle.yaml"]


def test_a_change_that_fails_half_way_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cycle.yaml"
    path.write_text(COMMENTED, "utf-8")

    def edit(document: Any) -> None:
        document["cycle"] = 2
        raise KeyError("at our own seam")

    with pytest.raises(KeyError, match="at our own seam"):
        edit_file(path, Cycle, edit)
    assert path.read_text("utf-8") == COMMENTED


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(
        st.characters(blacklist_categories=["Cs", "Cc"]) | st.sampled_from("\n\t#:'\"{}[]&*!%@`-"),
        min_size=1, max_size=150,
    )
)  # fmt: skip
def test_any_words_come_back_from_a_file_as_they_were_put_in(tmp_path: Path, words: str) -> None:
    path = tmp_path / "cycle.yaml"
    path.write_text(COMMENTED, "utf-8")
    edit_file(path, Cycle, _set("title", words))
    assert read_model(path, Cycle).clips[0].title == words


# A new case


def test_a_new_case_is_sound_and_says_how_to_go_on(wren: Path) -> None:
    assert wren.is_dir()
    write_new_case(Path("otter"))
    family = read_case_folder(Path("otter"))
    assert family.case.model.family == "otter"
    assert [*family.cycles] == [Path("otter/cycle-1")]
    assert "# Who has said what about whom." in Path("otter/case.yaml").read_text("utf-8")
    assert Path("service.yaml").read_text("utf-8") == SERVICE
    made = sorted(one.as_posix() for one in Path("otter").rglob("*"))
    assert made == ["otter/case.yaml", "otter/cycle-1", "otter/cycle-1/cycle.yaml"]
    schemas = sorted(one.name for one in Path(".schemas").iterdir())
    assert schemas == ["case.schema.json", "cycle.schema.json", "service.schema.json"]


def test_the_first_case_of_a_folder_brings_a_team(tmp_path: Path) -> None:
    write_new_case(tmp_path / "fresh" / "otter")
    assert read_case_folder(tmp_path / "fresh" / "otter").service.name == "Our family team"


def test_the_lines_that_a_new_case_offers_can_be_used(tmp_path: Path) -> None:
    write_new_case(tmp_path / "otter")
    path = tmp_path / "otter" / "case.yaml"
    kept = []
    for line in path.read_text("utf-8").replace("consents: []", "consents:").splitlines():
        bare = line.lstrip()
        offered = bare.startswith(("# - ", "#   ", "# helping", "# goals", "# worker"))
        offered = offered and not bare.startswith("#       ")
        kept.append(line.replace("# ", "", 1) if offered else line)
    path.write_text(
        "\n".join(kept).replace("How can I help ...?", "'How can I help ...?'"), "utf-8"
    )
    case = read_case_folder(tmp_path / "otter").case.model
    assert [person.id for person in case.people] == ["child", "mum", "dad"]
    assert [row.person for row in case.consents] == ["child", "mum"]
    assert [goal.id for goal in case.goals] == ["settle"]


@pytest.mark.parametrize(
    "name", ["Otter", "mia smith", "9lives", "otter.1", "\u00f6tter", "a" * 33]
)
def test_a_new_case_takes_a_pseudonym_only(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="use a pseudonym"):
        write_new_case(tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_a_new_case_never_takes_the_place_of_one(wren: Path) -> None:
    before = (wren / "case.yaml").read_bytes()
    with pytest.raises(UsageError, match="there is a case here already"):
        write_new_case(wren)
    assert (wren / "case.yaml").read_bytes() == before


def test_a_new_case_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", "utf-8")
    with pytest.raises(OutputError, match="could not be written"):
        write_new_case(tmp_path / "taken" / "otter")


# Places


def test_a_place_is_written_as_a_person_would_say_it() -> None:
    assert format_field(("clips", 2, "stills", 0, "at")) == "clips[2].stills[0].at"
    assert format_field(()) == ""


def test_a_path_is_shown_the_shorter_way(wren: Path) -> None:
    assert show_path(wren.resolve() / "case.yaml") == "wren/case.yaml"
    assert show_path(Path("/")) == "/"


def test_a_problem_of_a_source_has_the_line_of_its_field(wren: Path) -> None:
    source = read_case_folder(wren).cycles[wren / "cycle-1"]
    assert source.problem(("clips", 1, "stills", 0, "at"), "is late", "move it") == Problem(
        file="wren/cycle-1/cycle.yaml", line=19, field="clips[1].stills[0].at",
        found="is late", mend="move it",
    )  # fmt: skip
    assert source.problem(("clips", 0, "why"), "is not there").line == 5


def test_the_next_cycle_is_the_one_after_the_last(wren: Path) -> None:
    """Also where one in between is gone: 'cycle-2' beside 'cycle-3' would be no next one."""
    shutil.copytree(wren / "cycle-1", wren / "cycle-3")
    with pytest.raises(UsageError, match=r"vigbook new .*cycle-4'"):
        write_new_case(wren / "more")
