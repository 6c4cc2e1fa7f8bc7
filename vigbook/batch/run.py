"""Many cases: what is to be done first, then processes that take one case after another.

One broken case never stops the others, nor does a process that is killed; and nothing of one family
stays in a process for the next one to meet in a page: each ends after a number of cases.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vigbook import pipeline
from vigbook.batch.plan import Plan, plan_case, scan, write_stamp
from vigbook.errors import Problem, VigbookError
from vigbook.outcome import Options, Outcome, Progress
from vigbook.paper.renderer import PageRenderer
from vigbook.system.pool import work_through
from vigbook.system.temporary import remove_scratch

CASES_A_PROCESS = 50  # so that whatever a library may keep of one ends with it


def plan_many(cases: Sequence[Path], options: Options) -> list[Plan]:
    """Returns what is to be done about each case, in their order."""
    plan = functools.partial(plan_case, options=options)
    if len(cases) == 1:
        return [plan(cases[0])]
    # Where films have to be read again, most of the time is the disk's.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return [*threads.map(plan, cases)]


def build_many(
    plans: Sequence[Plan],
    options: Options,
    progress: Progress = lambda _: None,
    scheduler: str | None = None,
) -> Generator[tuple[Plan, list[Outcome]], None, None]:
    """Builds what there is to build and yields what came of each case, as each is done.

    Args:
        plans: what is to be done (`plan_many`).
        options: what was asked for.
        progress: told what is being done, where one case is built in this process.
        scheduler: the address of a Dask cluster that builds them instead.

    Raises:
        UsageError: the cluster cannot be used.
    """
    remove_scratch()
    for plan in plans:
        if not plan.reasons:
            yield plan, [*plan.last]
    stale = {plan.case: plan for plan in plans if plan.reasons}
    for case, outcomes in _build([*stale], options, progress, scheduler):
        for one in outcomes:
            one.reasons = stale[case].reasons
        yield stale[case], outcomes


def _build(
    cases: Sequence[Path],
    options: Options,
    progress: Progress,
    scheduler: str | None,
) -> Iterator[tuple[Path, list[Outcome]]]:
    if not cases:
        return
    if scheduler is not None:
        from vigbook.batch.dask_cluster import (
            build_on_cluster,  # Dask, where it is installed at all
        )

        yield from build_on_cluster(scheduler, cases, options, build_one)
        return
    if len(cases) == 1:
        with PageRenderer() as renderer:
            yield cases[0], build_one(cases[0], options, renderer, progress)
        return
    work = functools.partial(_open_builder, options)
    processes = min(len(cases), os.cpu_count() or 1)
    for done in work_through(work, cases, processes=processes, most_each=CASES_A_PROCESS):
        outcomes = done.result or [Outcome(case=str(done.thing))]
        fell = Problem(file=str(done.thing), found="its process ended in the middle")
        if done.result is None:
            mend = "see whether memory ran out; run the same command again, it goes on from there"
            outcomes[0].errors.append(dataclasses.replace(fell, mend=mend))
        elif done.falls:
            again = "its process ended in the middle; it was begun once more"
            outcomes[0].warnings.append(dataclasses.replace(fell, found=again))
        yield done.thing, outcomes


@contextlib.contextmanager
def _open_builder(options: Options) -> Iterator[Callable[[Path], list[Outcome]]]:
    """Gives a process of a batch what it builds with, one renderer for all of its cases."""
    with PageRenderer() as renderer:
        yield functools.partial(build_one, options=options, renderer=renderer)


def build_one(
    case: Path, options: Options, renderer: PageRenderer, progress: Progress = lambda _: None
) -> list[Outcome]:
    """Builds one case and leaves its stamp (`plan`); whatever goes wrong stays with it."""

    def work(case: Path) -> list[Outcome]:
        before = scan(case, options)
        outcomes = pipeline.build(case, options, renderer, progress)
        write_stamp(case, options, before, outcomes)
        return outcomes

    return do_one(case, work)


def do_one(case: Path, work: Callable[[Path], list[Outcome]]) -> list[Outcome]:
    """Does something for one case; whatever goes wrong stays with it."""
    try:
        return work(case)
    except VigbookError as err:
        return [Outcome(case=str(case), errors=[*err.problems])]
    except Exception as err:
        # A fault of ours, or of a disk, in one family's case must not stop a night's work.
        if os.environ.get("VIGBOOK_DEBUG"):
            raise
        found = f"vigbook itself failed here ({type(err).__name__}: {err})"
        mend = "the others go on; run it for this one alone with VIGBOOK_DEBUG=1 to see more"
        return [Outcome(case=str(case), errors=[Problem(file=str(case), found=found, mend=mend)])]
