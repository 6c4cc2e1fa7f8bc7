"""`open` and `prepare`: a family is served on this machine until Ctrl-C."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vigbook.cli.output import ask, complain, or_leave, print_code, print_line
from vigbook.errors import Problem

if TYPE_CHECKING:
    from vigbook.outcome import Options


def serve_family(
    case: Path, options: Options, page: str, lab: bool, browser: bool, port: int | None
) -> None:
    """Serves a family until Ctrl-C; its address is the only line on standard output."""
    from vigbook.case.folder import find_family
    from vigbook.server.app import serve
    from vigbook.server.launch import prepare_to_open
    from vigbook.server.session import FamilySession
    from vigbook.workbook.private_files import keep_servers_private

    or_leave(keep_servers_private)
    family, folders = or_leave(lambda: find_family(case))
    run = None if page else _ask  # choosing clips needs no workbook
    outcomes, environment = or_leave(lambda: prepare_to_open(case, options, run))
    for outcome in outcomes:
        complain(outcome.errors)
        complain(outcome.warnings, "note: ")
    if not any(outcome.ok for outcome in outcomes):  # one film that is wrong hides no other
        raise typer.Exit(1)
    one = folders[0].resolve().name if case.resolve() != family.resolve() else None
    if not page:
        workbook = f"{one or 'cycle-1'}/workbook.ipynb"
        live = f"lab/tree/{workbook}" if lab else f"voila/render/{workbook}"
        page = live if one or lab else "vigbook/"
    session = FamilySession(family=family.resolve(), options=options)

    def warn(words: str) -> None:
        complain([Problem(found=words)], "note: ")

    if lab:
        warn(
            "JupyterLab does what it is told: cells that you run there can read and change all "
            "that you can, and its pages cannot have the strict content policy of vigbook's own"
        )
    begin = functools.partial(serve, session, page, environment, tell=print_line, warn=warn)
    or_leave(lambda: begin(port=port, lab=lab, browser=browser))


def _ask(workbook: Path, cells: Sequence[str]) -> bool:
    """Asks on the terminal whether cells may run; where there is none, they may not."""
    if not sys.stdin.isatty():
        return False
    for cell in cells:
        print_code(cell)
    question = f"{workbook}: these cells are in no template. Did you or your team write them?"
    return ask(question)
