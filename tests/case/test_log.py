"""The log of what was done, and the one way that lines are added to a journal."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from filelock import FileLock

from vigbook.case.log import append_line, write_log
from vigbook.errors import JournalError, OutputError
from vigbook.system import locks


def test_a_line_is_added_at_the_end(tmp_path: Path) -> None:
    journal = tmp_path / "log.jsonl"
    append_line(journal, b"one\n")
    append_line(journal, b"two\n")
    assert journal.read_bytes() == b"one\ntwo\n"


def test_a_torn_last_line_is_ended_first(tmp_path: Path) -> None:
    journal = tmp_path / "log.jsonl"
    journal.write_bytes(b'one\n{"half')
    append_line(journal, b"two\n")
    append_line(journal, b"three\n")
    assert journal.read_bytes() == b'one\n{"half\ntwo\nthree\n'


def test_what_is_written_is_handed_to_the_disk_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    journal, fsync = tmp_path / "log.jsonl", os.fsync

    def watch(handle: int) -> None:
        synced.append(journal.read_bytes())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    append_line(journal, b"one\n")
    assert synced[0] == b"one\n"


def test_a_disk_that_fails_takes_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "log.jsonl"
    append_line(journal, b"one\n")

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match=r"log\.jsonl: could not be written: Input/output error"):
        append_line(journal, b"two\n")
    assert journal.read_bytes() == b"one\n"


def test_a_journal_that_another_program_holds_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "log.jsonl"
    monkeypatch.setattr(locks, "JOURNAL_WAIT_S", 0.05)
    with (
        FileLock(tmp_path / ".log.jsonl.lock"),
        pytest.raises(JournalError, match="another program is writing to it; close the other"),
    ):
        append_line(journal, b"one\n")
    assert not journal.exists()
    append_line(journal, b"one\n")
    assert journal.read_bytes() == b"one\n"


def test_a_folder_in_place_of_a_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"log\.jsonl: could not be written"):
        append_line(tmp_path / "log.jsonl", b"one\n")


def test_the_log_says_what_was_done_when_and_by_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIGBOOK_WORKER", raising=False)
    write_log(tmp_path, "built", 1, ["clip-1.mp4", "workbook.ipynb"])
    monkeypatch.setenv("VIGBOOK_WORKER", "w-7")
    write_log(tmp_path, "opened", None)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_bytes().splitlines()]
    moments = [line.pop("at") for line in lines]
    assert lines == [
        {"v": 1, "did": "built", "cycle": 1, "what": ["clip-1.mp4", "workbook.ipynb"],
         "by": "practitioner"},
        {"v": 1, "did": "opened", "cycle": None, "what": [], "by": "w-7"},
    ]  # fmt: skip
    for moment in moments:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    assert moments == sorted(moments)


def test_the_log_holds_no_log_in_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGBOOK_WORKER", raising=False)
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "jo.bloggs")
    write_log(tmp_path, "printed", 2, ["take-home.pdf"])
    assert "bloggs" not in (tmp_path / "log.jsonl").read_text("utf-8")
