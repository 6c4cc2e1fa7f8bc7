"""Another program at work on a family, in a process of its own that imports this by name."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from vigbook.system.locks import hold_family


def _hold(family: Path, held: Event, end: Event) -> None:
    with hold_family(family):
        held.set()
        end.wait()


@contextlib.contextmanager
def another_program(family: Path) -> Iterator[None]:
    """Another program at work on a family, while the block runs."""
    spawned = multiprocessing.get_context("spawn")
    held, end = spawned.Event(), spawned.Event()
    process = spawned.Process(target=_hold, args=(family, held, end))
    process.start()
    try:
        assert held.wait(60)
        yield
    finally:
        end.set()
        process.join(60)
