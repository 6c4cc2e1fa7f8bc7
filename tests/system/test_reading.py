"""Files that anybody may have put there: never waited for, never too deep, never too large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vigbook.system.reading import parse_json, read_file

DAMAGED = {
    "deep": "[" * 100_000, "deep and whole": "[" * 900 + "]" * 900, "digits": "9" * 5000,
    "deep objects": '{"a":' * 50_000, "half": "[1", "null bytes": "\0", "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_json_that_is_none_or_too_deep_is_an_error_of_value(name: str) -> None:
    with pytest.raises(ValueError, match=r"deep|digits|Expecting|value"):
        parse_json(DAMAGED[name])


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_no_number_is_none(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_json(number, numbers_only=True)


def test_a_mark_of_the_bytes_order_is_passed_over() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": "\\ud800"}') == {"a": "\ud800"}


def test_what_is_no_file_or_too_large_is_an_error_of_the_system(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 11)
    for name in ("pipe", "large", ".", "gone"):
        with pytest.raises(OSError, match=r"file|MB|directory"):
            read_file(tmp_path / name, 10)
    assert read_file(tmp_path / "large", 11) == b"x" * 11
