"""Work for the processes of a pool, which import it by this name."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

Work = Callable[[Path, str], str]


@contextlib.contextmanager
def open_work(what: Work, folder: Path) -> Iterator[Callable[[str], str]]:
    """Gives a process its work, and notes that it entered and left."""
    (folder / f"entered-{os.getpid()}").touch()
    yield functools.partial(what, folder)
    (folder / f"left-{os.getpid()}").touch()


def note(folder: Path, thing: str) -> str:
    """Notes where a thing is worked on, and returns it in capitals."""
    with (folder / thing).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return thing.upper()


def fall_once(folder: Path, thing: str) -> str:
    """Is killed at the first "b", and at every "c"."""
    said = note(folder, thing)
    if thing == "c" or (thing == "b" and len(pids(folder, "b")) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return said


def stop(_folder: Path, thing: str) -> str:
    """Fails."""
    raise LookupError(thing)


def pids(folder: Path, thing: str) -> list[int]:
    """Returns the processes in which a thing was worked on, in order."""
    return [*map(int, (folder / thing).read_text().split())]
