"""One at a time: a file or a family is held while it is written, on every platform.

The system lets go by itself when a program is killed; the hidden file that is left means nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from vigbook.errors import JournalError, OutputError, Problem
from vigbook.system.atomic import output_error
from vigbook.system.rights import give_rights

JOURNAL_WAIT_S = 10
_LOOK_S = 0.1


@contextlib.contextmanager
def hold_journal(journal: Path) -> Iterator[None]:
    """Holds a journal while the block runs; waits for another program for `JOURNAL_WAIT_S`.

    Raises:
        JournalError: another program goes on holding it.
        OutputError: the folder cannot be written to.
    """
    lock = FileLock(journal.with_name(f".{journal.name}.lock"))
    try:
        lock.acquire(timeout=JOURNAL_WAIT_S)
    except Timeout as err:
        raise JournalError(
            Problem(
                file=str(journal), found="another program is writing to it",
                mend="close the other window and try again",
            )
        ) from err  # fmt: skip
    except OSError as err:
        raise output_error(journal, err) from err
    try:
        with contextlib.suppress(OSError):  # it is held, whoever else may hold it
            give_rights(Path(lock.lock_file))
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def hold_family(
    family: Path, waiting: Callable[[], None] = lambda: None, wait_s: float = 0
) -> Iterator[None]:
    """Holds what is made for a family while the block runs.

    Args:
        family: its folder.
        waiting: called over and over while another program has it; what it raises ends the wait.
        wait_s: for how many seconds at most.

    Raises:
        OutputError: another program goes on having it, or the folder cannot be written to.
    """
    lock = FileLock(family / ".vigbook.lock")
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            until = time.monotonic() + wait_s
            while True:
                waiting()
                with contextlib.suppress(Timeout):
                    lock.acquire(timeout=min(_LOOK_S, max(0, until - time.monotonic())))
                    break
                if time.monotonic() >= until:
                    raise
    except Timeout as err:
        found = "this family is being built or printed by another program"
        mend = "wait until it is done, and run the same command again"
        raise OutputError(Problem(file=str(family), found=found, mend=mend)) from err
    except OSError as err:
        raise output_error(family, err) from err
    try:
        with contextlib.suppress(OSError):  # it is held, whoever else may hold it
            give_rights(Path(lock.lock_file))
        yield
    finally:
        lock.release()
