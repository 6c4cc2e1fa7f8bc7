"""The one way from a command or a page to a cycle.

Whoever wants a cycle comes through here, so that the same holds for all: no link leads out of the
family's folder, the words of its files are known, no hold stands against what is to be made, no
other program makes anything for that family meanwhile, what was done stands in the family's log,
and what is wrong comes out in sentences.

    each_cycle   every cycle of a case, for commands: what came of each
    make_in      one cycle, to make something in it: held, and logged
    open_cycle   one cycle, to look at it or to write down what somebody said

Words are never kept waiting: a journal has a lock of its own, and an answer makes nothing but
itself. Nor are marks: `cycle.yaml` is replaced whole, and what was made of older marks is stale.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from vigbook.case.folder import CaseFolder, find_family, read_case_folder
from vigbook.case.log import Action, write_log
from vigbook.cycle import checks
from vigbook.cycle.context import CycleContext, open_context
from vigbook.errors import CaseError, Problem, UsageError, told_in
from vigbook.method.templates import find_templates
from vigbook.outcome import Event, Options, Outcome, Progress
from vigbook.system.atomic import remove_leftovers
from vigbook.system.locks import hold_family


def each_cycle(
    case: Path,
    options: Options,
    action: Action | None,
    stages: Callable[[CycleContext, Outcome], None],
    progress: Progress = lambda _: None,
) -> list[Outcome]:
    """Does the stages for every cycle of a case, and returns what came of each.

    Where something is made (`action`), no other program makes anything for that family meanwhile.
    """
    whole = Outcome(case=str(case))
    with contextlib.ExitStack() as held, told_in(whole.errors):
        family, folders = find_family(case)
        files = held.enter_context(_enter(family, options, action, progress))
        templates = find_templates(options.templates)
        if not folders:
            whole.errors += _no_cycle(case).problems
        outcomes = [
            *([whole] if whole.errors else []),
            *(_do_stages(case, files, one, templates, options, action, stages) for one in folders),
        ]
        beside, zone = _list_beside(files), files.service.zone
        known: set[Problem] = set()
        for one in outcomes:  # what is true of the whole family stands with its first cycle
            one.warnings = [warning for warning in one.warnings if warning not in known]
            known |= {*one.warnings}
            one.beside, one.zone = beside, zone
        return outcomes
    return [whole]


@contextlib.contextmanager
def make_in(
    case: Path, options: Options, action: Action, outcome: Outcome, progress: Progress
) -> Iterator[CycleContext]:
    """Gives a cycle in which something is made while the block runs; what was made is logged.

    Args:
        case: the cycle's folder; of a family, its latest cycle is meant.
        options: what was asked for.
        action: what is done, for the log.
        outcome: `made` tells what was made, also where the block ends in the middle.
        progress: told that another program is waited for; what it raises ends the waiting.

    Raises:
        VigbookError: it cannot be done: there is no such cycle, its files are wrong, a hold stands,
            or another program goes on making something for that family.
    """
    family, folder = _find_cycle(case)
    with _enter(family, options, action, progress) as files:
        context = _admit(files, folder, find_templates(options.templates), options, action)
        try:
            yield context
        finally:
            _log(files, action, outcome, context.cycle.cycle)


def open_cycle(case: Path, options: Options) -> CycleContext:
    """Returns a cycle as it is on the disk now, to look at it or to answer in it.

    What its files name and its method does not have is no obstacle: it is mended on the page.

    Args:
        case: the cycle's folder; of a family, its latest cycle is meant.
        options: what was asked for.

    Raises:
        UsageError: there is no such case or cycle.
        CaseError: its files are wrong, or a link leads out of the family's folder.
    """
    family, folder = _find_cycle(case)
    if links := checks.check_links(folder):
        raise CaseError(links)
    files = read_case_folder(family, [folder], options.service)
    return open_context(files, folder, find_templates(options.templates), options.today)


@contextlib.contextmanager
def _enter(
    family: Path, options: Options, action: Action | None, progress: Progress
) -> Iterator[CaseFolder]:
    """Gives the files of a family, which is held where something is made."""
    with contextlib.ExitStack() as held:
        if action:
            waiting = partial(progress, Event("waiting"))
            held.enter_context(hold_family(family, waiting, options.wait_s))
        # All of its cycles: by the latest of them the day is worked out on which films are deleted.
        files = read_case_folder(family, None, options.service)
        if action and not files.case.model.legal_hold:
            remove_leftovers(family)
        yield files


def _admit(
    files: CaseFolder,
    folder: Path,
    templates: tuple[Path, ...],
    options: Options,
    action: Action | None,
) -> CycleContext:
    """Returns a cycle with which something may be done; a CaseError says why it may not."""
    if links := checks.check_links(folder):
        raise CaseError(links)
    context = open_context(files, folder, templates, options.today)
    wrong = checks.check_vocabulary(context)
    if action and context.case.legal_hold:
        found = "a legal hold stands: nothing is cut, printed, exported or deleted"
        mend = "take it out when it is lifted"
        wrong.append(files.case.problem(("legal_hold",), found, mend))
    if wrong:
        raise CaseError(wrong)
    return context


def _do_stages(
    case: Path,
    files: CaseFolder,
    folder: Path,
    templates: tuple[Path, ...],
    options: Options,
    action: Action | None,
    stages: Callable[[CycleContext, Outcome], None],
) -> Outcome:
    outcome = Outcome(case=str(case), cycle=files.cycles[folder].model.cycle)
    with told_in(outcome.errors):
        context = _admit(files, folder, templates, options, action)
        # Of the day on which it began: what it did before midnight is stale from then on.
        outcome.day, outcome.until = context.today, checks.next_day(files, context.today)
        try:
            stages(context, outcome)
        finally:  # what was made before a stage failed was made all the same
            if action:
                _log(files, action, outcome, outcome.cycle)
    return outcome


def _log(files: CaseFolder, action: Action, outcome: Outcome, cycle: int | None) -> None:
    if outcome.made:
        names = [Path(made).name for made in outcome.made]
        write_log(files.folder, action, cycle, names)


def _find_cycle(case: Path) -> tuple[Path, Path]:
    """Returns the family's folder, and that of the cycle which is meant."""
    family, folders = find_family(case)
    if not folders:
        raise _no_cycle(case)
    return family, folders[-1]


def _no_cycle(case: Path) -> UsageError:
    found = "has no cycle yet"
    return UsageError(Problem(file=str(case), found=found, mend="make a folder cycle-1"))


def _list_beside(files: CaseFolder) -> tuple[Path, ...]:
    if not files.service_path:
        return ()
    logo = files.service.logo
    return (files.service_path, *([files.service_path.parent / logo] if logo else []))
