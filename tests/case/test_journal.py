"""The journal of what was said: nothing that was acknowledged is ever lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigbook.case.journal import (
    LONGEST_ANSWER,
    Answer,
    Journal,
    parse_line,
    read_journal,
    write_answer,
)
from vigbook.errors import JournalError, OutputError

ALREADY = (
    '{"v":1,"id":"a1","at":"2026-09-19T10:00:00.000Z","prompt":"remember","value":"one",'
    '"by":"mum","entered_by":"practitioner","source":"said","base":null}'
)


def _say(path: Path, value: Any, prompt: str = "remember", by: str = "mum") -> Answer:
    return write_answer(path, prompt, value, by=by, source="said")


def _values(path: Path) -> list[Any]:
    return [one.value for one in read_journal(path).lines]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


# What stands


def test_a_journal_that_is_not_there_has_no_answers(journal: Path) -> None:
    assert read_journal(journal) == Journal()
    assert not journal.exists()


def test_an_answer_is_one_line_of_json_as_the_design_lays_it_down(journal: Path) -> None:
    first = _say(journal, "She looks for me.")
    second = write_answer(
        journal, "goal.settle.now", 5, by="practitioner", source="written", entered_by="w-7",
        base=first.id, film_time="00:01:02.500",
    )  # fmt: skip
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert lines == [
        {"v": 1, "id": first.id, "at": first.at, "prompt": "remember",
         "value": "She looks for me.", "by": "mum", "entered_by": "practitioner",
         "source": "said", "base": None},
        {"v": 1, "id": second.id, "at": second.at, "prompt": "goal.settle.now", "value": 5,
         "by": "practitioner", "entered_by": "w-7", "source": "written", "base": first.id,
         "film_time": "00:01:02.500"},
    ]  # fmt: skip
    assert first.id != second.id
    for moment in (first.at, second.at):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    assert read_journal(journal) == Journal((first, second))


def test_the_last_line_of_a_prompt_stands_and_its_history_stays(journal: Path) -> None:
    said = [_say(journal, "one"), _say(journal, "see", "clip-1.see"), _say(journal, "two")]
    read = read_journal(journal)
    assert read.last("remember") == said[2]
    assert read.last("clip-1.see") == said[1]
    assert read.last("helped") is None
    assert read.history("remember") == (said[0], said[2])
    assert read.history("helped") == ()


def test_the_files_order_decides_and_not_the_clock(journal: Path) -> None:
    late = json.loads(ALREADY) | {"value": "late", "at": "2030-01-01T00:00:00.000Z"}
    journal.write_text(json.dumps(late) + "\n" + ALREADY + "\n", "utf-8")
    assert getattr(read_journal(journal).last("remember"), "value", None) == "one"


@pytest.mark.parametrize("nothing", [None, "", "  \n\t ", []])
def test_an_emptied_answer_is_room_to_write_and_its_history_stays(
    journal: Path, nothing: Any
) -> None:
    _say(journal, "one")
    _say(journal, nothing)
    read = read_journal(journal)
    assert read.last("remember") is None
    assert [one.value for one in read.history("remember")] == ["one", nothing]
    _say(journal, "again")
    assert getattr(read_journal(journal).last("remember"), "value", None) == "again"


@pytest.mark.parametrize("value", [0, 0.0, False, True, [""], [{"at": "00:00:01.000"}], {}])
def test_nought_is_an_answer(journal: Path, value: Any) -> None:
    assert read_journal(journal).last("remember") is None
    _say(journal, value)
    assert getattr(read_journal(journal).last("remember"), "value", None) == value


@pytest.mark.parametrize(
    ("source", "by", "quotable"),
    [
        ("said", "mum", True),
        ("written", "mum", True),
        ("agreed-summary", "mum", False),
        ("said", "practitioner", False),
        ("written", "practitioner", False),
    ],
)
def test_only_words_known_to_be_somebodys_stand_in_quotation_marks(
    source: Any, by: str, quotable: bool
) -> None:
    answer = Answer(prompt="see", value="x", by=by, source=source, at="", id="")
    assert answer.quotable == quotable


def test_keys_that_nobody_knows_yet_are_kept() -> None:
    line = json.loads(ALREADY) | {
        "film_time": "00:00:01.000",
        "translations": {"cy": {"text": "un", "by": "the interpreter"}},
        "mood": {"later": [1, None]},
        "x": "\u0645",
    }
    answer = parse_line(json.dumps(line).encode())
    assert answer is not None
    assert answer.as_json() == line
    assert answer.extra == {"mood": {"later": [1, None]}, "x": "\u0645"}


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ({"source": "guessed"}, {"source": "agreed-summary"}),
        ({"source": ["said"]}, {"source": "agreed-summary"}),
        ({"by": 5}, {"by": "unknown"}),
        ({"translations": ["x"]}, {"translations": {}}),
        ({"translations": {"cy": "un"}}, {"translations": {}}),
        ({"translations": {"cy": {"by": "x"}}}, {"translations": {}}),
        ({"translations": None}, {"translations": {}}),
    ],
)
def test_what_is_not_known_to_be_said_is_never_quoted(
    damage: dict[str, Any], expected: dict[str, Any]
) -> None:
    answer = parse_line(json.dumps(json.loads(ALREADY) | damage).encode())
    assert answer is not None
    assert {key: getattr(answer, key) for key in expected} == expected
    assert answer.quotable == ("translations" in damage)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"prompt": 5}',
        b'{"prompt": null}',
        b"\xff\xfe",
        b"\0" * 40,
        ALREADY.encode()[:-1],
        ALREADY.encode()[1:],
        ALREADY.encode() * 2,
        b'{"prompt": "a", "value": ' + b"[" * 100_000,
        b'{"prompt": "a", "value": ' + b"9" * 5000 + b"}",
    ],
    ids=range(15),
)
def test_what_is_not_a_whole_answer_is_none(line: bytes) -> None:
    assert parse_line(line) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_an_answer_or_none(line: bytes) -> None:
    answer = parse_line(line)
    assert answer is None or isinstance(answer.prompt, str)


# Damage


def test_a_torn_last_line_is_healed_and_the_next_answer_is_whole(journal: Path) -> None:
    _say(journal, "one")
    whole = journal.read_bytes()
    for length in (1, 20, len(ALREADY) - 1):
        journal.write_bytes(whole + ALREADY.encode()[:length])
        assert (_values(journal), read_journal(journal).torn) == (["one"], (2,))
        _say(journal, "two")
        assert (_values(journal), read_journal(journal).torn) == (["one", "two"], (2,))
        _say(journal, "three")
        assert _values(journal) == ["one", "two", "three"]


def test_a_whole_last_line_without_its_end_is_an_answer(journal: Path) -> None:
    journal.write_text(ALREADY, "utf-8")
    assert _values(journal) == ["one"]
    _say(journal, "two")
    assert (_values(journal), read_journal(journal).torn) == (["one", "two"], ())


def test_damage_in_the_middle_is_passed_over_and_its_line_is_known(journal: Path) -> None:
    noise = [b"\0" * 30, b"<<<<<<< ours", b"\xff\xfe\xfd", b"{}", b"   "]
    lines = [ALREADY.encode(), *noise, ALREADY.replace("one", "two").encode(), b""]
    journal.write_bytes(b"\n".join(lines))
    assert (_values(journal), read_journal(journal).torn) == (["one", "two"], (2, 3, 4, 5))


def test_windows_line_ends_and_a_byte_order_mark_harm_nothing(journal: Path) -> None:
    journal.write_bytes(b"\xef\xbb\xbf" + f"{ALREADY}\r\n\r\n{ALREADY}\r\n".encode())
    assert (_values(journal), read_journal(journal).torn) == (["one", "one"], ())


@given(
    st.lists(st.text(max_size=10), min_size=1, max_size=4), st.binary(max_size=60), st.data()
)  # fmt: skip
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_whatever_tore_the_end_off_all_before_it_stands(
    journal: Path, values: list[str], torn: bytes, data: st.DataObject
) -> None:
    journal.write_bytes(b"")
    for value in values:
        _say(journal, value)
    kept = _values(journal)
    content = journal.read_bytes()
    cut = data.draw(st.integers(1, len(content.splitlines(keepends=True)[-1])))
    journal.write_bytes(content[:-cut] + torn.replace(b"\n", b""))
    _say(journal, "after")
    read = read_journal(journal)
    assert [one.value for one in read.lines][: len(values) - 1] == kept[:-1]
    assert read.lines[-1].value == "after"


def test_a_folder_in_place_of_a_journal_is_told(journal: Path) -> None:
    journal.mkdir()
    with pytest.raises(JournalError, match=r"answers\.jsonl: cannot be read: Is a directory"):
        read_journal(journal)


# Any words


@given(st.text(st.characters(), max_size=60))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=120
)
def test_any_words_come_back_as_they_were_said(journal: Path, words: str) -> None:
    journal.write_bytes(b"")
    answer = _say(journal, words)
    assert answer.value == words
    # Half of a character pair is no text that a file can hold: a question mark stands for it.
    expected = words.encode("utf-8", "replace").decode("utf-8")
    assert (_values(journal), read_journal(journal).torn) == ([expected], ())
    assert journal.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        "\0",
        "a\nb\r\nc",
        "\u2028\u2029\x85\x0b\x0c",
        "\U0001f9a6\U0001f469\u200d\U0001f467",
        "\u0645\u0631\u062d\u0628\u0627 \u202b1\u202c",
        '"quoted" \\ {}',
        "e\u0301",
        "\ufeffx",
        "\x7f\x1b[31m",
    ],
    ids=range(9),
)
def test_words_that_look_odd_come_back_whole(journal: Path, words: str) -> None:
    _say(journal, words, prompt="clip-1.see")
    _say(journal, [words, words])
    assert _values(journal) == [words, [words, words]]


def test_half_a_character_spoils_nothing(journal: Path) -> None:
    _say(journal, "a\ud83db", by="mum\udcff")
    _say(journal, "two")
    assert _values(journal) == ["a?b", "two"]
    journal.read_bytes().decode("utf-8")


def test_a_long_answer_is_kept_and_one_longer_than_a_book_is_refused(journal: Path) -> None:
    _say(journal, "\u0645" * LONGEST_ANSWER)
    before = journal.read_bytes()
    with pytest.raises(JournalError, match=r"^remember: the answer has 4\d+ bytes; shorten it$"):
        _say(journal, "x" * (LONGEST_ANSWER * 4))
    assert journal.read_bytes() == before
    assert _values(journal) == ["\u0645" * LONGEST_ANSWER]


# Many writers, power cuts, full and locked disks

WRITER = """
import pathlib, sys
from vigbook.case.journal import write_answer
path, name, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    value = f"{name} {number} " + "x" * (number * 37 % 9000)
    answer = write_answer(path, f"{name}.see", value, by="mum", source="said")
    print(answer.id, flush=True)
"""


def _writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_programs_that_write_at_the_same_time_lose_nothing(journal: Path) -> None:
    writers = [_writer(journal, name, 60) for name in ("one", "two", "three")]
    said = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    read = read_journal(journal)
    assert read.torn == ()
    for name, ids in zip(("one", "two", "three"), said, strict=True):
        assert [one.id for one in read.history(f"{name}.see")] == ids
        assert len(ids) == 60
    assert len(read.lines) == 180


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="there is no kill -9")
def test_a_program_killed_at_any_moment_loses_nothing_that_it_acknowledged(journal: Path) -> None:
    chance, acknowledged = random.Random(9), list[str]()
    for number in range(20):
        writer = _writer(journal, f"writer-{number}", 100_000)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())  # it is at it now
        time.sleep(chance.uniform(0, 0.12))
        writer.kill()
        rest, _ = writer.communicate(timeout=30)
        # The last line of what it printed may be torn, as the journal's may.
        acknowledged += [line for line in rest.splitlines() if len(line) == 16]
    after = _say(journal, "after")
    read = read_journal(journal)
    ids = [one.id for one in read.lines]
    assert len(acknowledged) > 20
    assert set(acknowledged) <= set(ids)
    assert len(set(ids)) == len(ids)
    assert read.lines[-1] == after
    assert len(read.torn) <= 20
    order = [one for one in ids if one in set(acknowledged)]
    assert order == acknowledged


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes an administrator of Linux")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def _fill(place: Path) -> None:
    with (place / "fill").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 1024)


@pytest.mark.parametrize("length", [1000, 2000, 5000, 8100, 9000, 20_000, 200_000])
def test_a_full_disk_leaves_the_journal_as_it_was(small_disk: Path, length: int) -> None:
    journal = small_disk / "answers.jsonl"
    _say(journal, "one" * 1000)
    _fill(small_disk)
    # What is left of the last block would take half a line.
    journal.write_bytes(journal.read_bytes() + ALREADY.encode() + b"\n")
    before = journal.read_bytes()
    with pytest.raises(OutputError, match="could not be written: the disk is full; free some"):
        _say(journal, "y" * length)
    assert journal.read_bytes() == before
    (small_disk / "fill").unlink()
    if length < 20_000:
        _say(journal, "after" * 10)
        read = read_journal(journal)
        assert (len(read.lines), read.torn) == (3, ())


def test_a_full_disk_leaves_no_half_of_a_first_answer(small_disk: Path) -> None:
    _fill(small_disk)
    journal = small_disk / "answers.jsonl"
    with pytest.raises(OutputError, match="the disk is full"):
        _say(journal, "one")
    assert read_journal(journal) == Journal()
    (small_disk / "fill").unlink()
    _say(journal, "two")
    assert _values(journal) == ["two"]


@pytest.mark.skipif(os.name != "posix", reason="rights are not bits there")
@pytest.mark.parametrize("locked", ["folder", "journal"])
def test_a_place_that_may_not_be_written_is_told_and_left_as_it_was(
    journal: Path, locked: str
) -> None:
    journal.write_text(ALREADY + "\n", "utf-8")
    code = (
        "import pathlib, sys; from vigbook.case.journal import *; from vigbook.errors import *\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "try: write_answer(path, 'remember', 'two', by='mum', source='said')\n"
        "except VigbookError as err: print(type(err).__name__, err)\n"
        "print([one.value for one in read_journal(path).lines])"
    )
    command = [sys.executable, "-c", code, str(journal)]
    if os.geteuid() == 0:  # an administrator is above the rights of a folder
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    place = journal.parent if locked == "folder" else journal
    rights = place.stat().st_mode
    place.chmod(0o555 if locked == "folder" else 0o444)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        place.chmod(rights)
    assert (done.stdout, done.stderr) == (
        f"OutputError {journal}: could not be written: you may not write there; "
        "ask for the right to write to this folder\n['one']\n",
        "",
    )
    assert journal.read_text("utf-8") == ALREADY + "\n"
