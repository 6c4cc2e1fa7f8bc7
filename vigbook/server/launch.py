"""What has to be so before a workbook is opened live: it is there, and its cells are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vigbook.case.folder import find_family
from vigbook.case.log import write_log
from vigbook.cycle.context import CycleContext
from vigbook.gates import each_cycle
from vigbook.outcome import Options, Outcome
from vigbook.pipeline import run_workbook
from vigbook.system.settings import add_approval, read_approvals
from vigbook.workbook.build import NOTEBOOK, kernel_environment
from vigbook.workbook.judged import read_judged


def prepare_to_open(
    case: Path, options: Options, ask: Callable[[Path, Sequence[str]], bool] | None
) -> tuple[list[Outcome], dict[str, str]]:
    """Makes what workbooks are missing, and returns what their kernels are told, live.

    Args:
        case: the family's folder, or one cycle's.
        options: what was asked for.
        ask: asked whether cells of a workbook may run that came with no template; None where no
            workbook is to be opened.
    """
    environment: dict[str, str] = {}
    made = _make_missing(case, options) if ask is not None else {}

    def stages(context: CycleContext, outcome: Outcome) -> None:
        for one in made.get(context.folder.resolve(), ()):
            outcome.errors += one.errors
            outcome.warnings += one.warnings
            outcome.made += one.made
        if outcome.errors:
            return
        environment.update(kernel_environment(context), VIGBOOK_LIVE="1")
        if ask is not None:
            _check_cells(context, ask)
        write_log(context.family.folder, "opened", context.cycle.cycle)

    return each_cycle(case, options, None, stages), environment


def _make_missing(case: Path, options: Options) -> dict[Path, list[Outcome]]:
    """Runs the notebook of each cycle that has no workbook; returns what came of it, by folder."""

    def stages(context: CycleContext, outcome: Outcome) -> None:
        run_workbook(context, outcome, options, progress=lambda _: None)

    _, folders = find_family(case)
    missing = [folder for folder in folders if not (folder / NOTEBOOK).exists()]
    return {one.resolve(): each_cycle(one, options, "built", stages) for one in missing}


def _check_cells(context: CycleContext, ask: Callable[[Path, Sequence[str]], bool]) -> None:
    """Asks once before cells run that are in no known template.

    Raises:
        WorkbookError: they may not.
    """
    judged = read_judged(context.folder / NOTEBOOK, context.templates)
    if not judged.strange:
        return
    from vigbook.workbook.run import sign  # papermill is slow to load

    approved = read_approvals()
    if judged.sha256 not in approved and ask(judged.path, judged.strange):
        add_approval(judged.sha256)
        approved = read_approvals()
    judged.check(approved)
    sign(judged.content)
