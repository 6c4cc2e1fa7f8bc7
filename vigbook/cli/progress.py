"""A bar and a word of what is being done, on a terminal; and tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from types import TracebackType

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from vigbook.outcome import Event
from vigbook.system.visible import show_signs


class Status:
    """Shows a spinner for one case and a bar for many, while the block runs.

    The block is given a function: called with an event it shows it, with None it counts one done.
    """

    def __init__(self, total: int) -> None:
        many = (BarColumn(), MofNCompleteColumn()) if total > 1 else ()
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), *many)
        # One family is built in this very process, and one with threads cannot be forked for its
        # workbook: there the words are drawn as they change, without a thread.
        self._alone = total <= 1
        self._progress = Progress(
            *columns,
            console=Console(stderr=True),
            transient=True,
            auto_refresh=not self._alone,
            # Into a file goes what was printed for it; only on a terminal it makes way for the bar.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task = self._progress.add_task("" if self._alone else "building", total=total)

    def __enter__(self) -> Status:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event | None) -> None:
        if event is None:
            self._progress.advance(self._task)
        else:
            words = show_signs(format_event(event))
            self._progress.update(self._task, description=words, refresh=self._alone)


def format_event(event: Event) -> str:
    """Returns what is being done in words, as "cutting clip-1, 40%"."""
    if event.kind == "waiting":
        return "waiting: another program is at work on this family"
    words = (
        f"looking at {event.thing}" if event.kind == "looking" else f"{event.kind} {event.thing}"
    )
    return words if event.done is None else f"{words}, {event.done:.0%}"


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> None:
    """Prints a table on standard error; the first column is of numbers."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number else "right")
    for row in rows:
        # A folder may be called [red], or worse.
        table.add_row(*(Text(show_signs(cell)) for cell in row))
    Console(stderr=True).print(table)
