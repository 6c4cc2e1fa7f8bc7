"""What was done with a family's files, by whom and when. No names."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from vigbook.case.models import PRACTITIONER
from vigbook.system.atomic import output_error
from vigbook.system.locks import hold_journal
from vigbook.system.reading import open_file
from vigbook.system.rights import give_rights

Action = Literal["built", "opened", "printed", "exported", "erased"]


def append_line(journal: Path, line: bytes, may: Callable[[], bool] = lambda: True) -> None:
    """Appends one line to a journal under its lock, and returns when it is on the disk.

    A last line that a power cut tore off is ended first, so that it never spoils this one.

    Args:
        journal: the file.
        line: with the end of line.
        may: asked under the lock; when it says no, nothing is written.

    Raises:
        JournalError: another program holds the journal.
        OutputError: it cannot be written. Nothing that was there is touched.
    """
    try:
        with (
            hold_journal(journal),
            # No buffer of Python's: closing the file would write half a line of it once more.
            os.fdopen(_open_to_append(journal), "ab+", buffering=0) as file,
        ):
            if not may():
                return
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                # A full disk may have taken half a line. The half is cut off again.
                file.truncate(end)
                raise
    except OSError as err:
        raise output_error(journal, err) from err


def _open_to_append(journal: Path) -> int:
    """Returns a journal opened to be written; a new one has the rights of its folder."""
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        return open_file(journal, flags)
    except FileNotFoundError:  # nobody else makes it meanwhile: it is held
        descriptor = open_file(journal, flags | os.O_CREAT)
        try:
            give_rights(journal)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor


def write_log(family: Path, action: Action, cycle: int | None, what: Sequence[str] = ()) -> None:
    """Appends a line to the family's `log.jsonl`.

    Args:
        family: the family's folder.
        action: what was done.
        cycle: in which cycle, if in one.
        what: ids of what it was done to: file names, prompts.

    Raises:
        JournalError, OutputError: as `append_line`.
    """
    # A log-in name is often somebody's own name: only an id that a team hands out is written.
    by = os.environ.get("VIGBOOK_WORKER", PRACTITIONER)
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    entry = {
        "v": 1,
        "at": at.replace("+00:00", "Z"),
        "did": action,
        "cycle": cycle,
        "what": [*what],
        "by": by,
    }
    append_line(family / "log.jsonl", json.dumps(entry).encode() + b"\n")
