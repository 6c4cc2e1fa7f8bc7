"""What a person is told: lines, JSON and exit codes. All that is printed is printed here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from vigbook.errors import Problem, VigbookError
from vigbook.system.visible import show_signs, show_signs_in_json

if TYPE_CHECKING:
    from vigbook.film.describe import Description
    from vigbook.outcome import Event, Outcome

T = TypeVar("T")
CODE_INDENT = "\t"
"""What stays as it is where code is shown."""


def print_line(line: str, *, err: bool = False) -> None:
    """Prints one line; nothing in it steers the terminal, hides or begins another line.

    Args:
        line: the line.
        err: whether it goes to standard error.
    """
    typer.echo(show_signs(line), err=err)


def print_code(code: str) -> None:
    """Prints code on standard error as it is: no sign in it hides what would run."""
    for line in code.split("\n"):  # Python and IPython end lines at more signs; each is shown
        typer.echo(f"    {show_signs(line, kept=CODE_INDENT)}", err=True)


def ask(question: str) -> bool:
    """Asks on the terminal; returns whether the answer was yes."""
    return typer.confirm(show_signs(question), err=True)


def or_leave(work: Callable[[], T]) -> T:
    """Does something; what a user can mend ends in one line each and exit 1."""
    try:
        return work()
    except VigbookError as err:
        complain(err.problems)
        raise typer.Exit(1) from err


def each_or_leave(work: Iterator[T]) -> Iterator[T]:
    """Yields what comes; what a user can mend ends in one line each and exit 1."""
    try:
        yield from work
    except VigbookError as err:
        complain(err.problems)
        raise typer.Exit(1) from err


def report(
    outcomes: Sequence[Outcome], as_json: bool, word: Callable[[Outcome], str] | None = None
) -> None:
    """Tells what came of it all, in lines or as JSON, and ends with exit 1 where it was not done.

    Args:
        outcomes: what came of each cycle.
        as_json: for another program.
        word: how it is put where all went well (`summary.format_outcome`).
    """
    if as_json:
        print_json(outcomes)
    else:
        tell_outcomes(outcomes, word)
    leave(outcomes)


def leave(outcomes: Iterable[Outcome]) -> None:
    """Ends the command with exit 1 where something was not done."""
    if not all(outcome.ok for outcome in outcomes):
        raise typer.Exit(1)


def print_json(outcomes: Iterable[Outcome]) -> None:
    """Prints what came of each cycle as one JSON array."""
    print_value([outcome.as_json() for outcome in outcomes])


def print_value(value: Any) -> None:
    """Prints something as JSON."""
    typer.echo(show_signs_in_json(json.dumps(value, ensure_ascii=False, indent=1)))


def tell_outcomes(
    outcomes: Sequence[Outcome], word: Callable[[Outcome], str] | None = None
) -> None:
    """Prints one line a case on standard output, and its problems on standard error."""
    from vigbook.cli.summary import format_outcome

    by_case: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_case.setdefault(outcome.case, []).append(outcome)
    for case, cycles in by_case.items():
        parts = [format_outcome(one, word) for one in cycles]
        print_line(f"{case}: " + " | ".join(parts))
        for one in cycles:
            complain(one.errors)
            complain(one.withheld, "left out: ")
            complain(one.warnings, "note: ")
        # What two cycles share, as the team's file, is told once.
        if gentle := list(
            dict.fromkeys(one for cycle in cycles for one in cycle.suggestions or ())
        ):
            print_line("Gentle words (suggestions):", err=True)
            complain(gentle, "  ")


def complain(problems: Iterable[Problem], before: str = "") -> None:
    """Prints one line a problem on standard error, each with a word before it."""
    for problem in problems:
        print_line(f"{before}{problem}", err=True)


def show_status(total: int = 1) -> AbstractContextManager[Callable[[Event | None], None]]:
    """Shows what is being done on a terminal, and nothing anywhere else."""
    if not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    from vigbook.cli.progress import Status

    return Status(total)


def format_film(described: Description, name: str) -> list[str]:
    """Returns the lines that tell a person what a film is, and what will be done about it.

    Args:
        described: the film.
        name: what it is called.
    """
    # As a problem is told, on one line whatever the film is called.
    lines = [str(Problem(file=name, found=" ".join(described.says)))]
    lines += [f"- {sentence}" for sentence in described.will]
    if described.tells:
        tags = "; ".join(described.tells)
        lines.append(f"- It carries {tags}: none of it goes into a clip, a picture or a page.")
    return lines
