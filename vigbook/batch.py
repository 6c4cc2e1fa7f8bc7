"""Many cases: what is to be done first, then one process a case, as many at once as cores.

One broken case never stops the others, and nothing of one family stays in a process for the next
one to meet in a page: each process ends after a number of cases.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from vigbook import pipeline
from vigbook.errors import Problem, VigbookError
from vigbook.pipeline import Options, Outcome
from vigbook.plan import Plan, plan_case, scan, write_stamp

CASES_A_PROCESS = 50  # WeasyPrint grows by about a megabyte a record


def plan_many(cases: Sequence[Path], options: Options) -> list[Plan]:
    """Returns what is to be done about each case, in their order."""
    plan = partial(plan_case, options=options)
    if len(cases) == 1:
        return [plan(cases[0])]
    with ThreadPoolExecutor(
        os.cpu_count()
    ) as threads:  # where films are read again, the disk waits
        return [*threads.map(plan, cases)]


def build_many(
    plans: Sequence[Plan],
    options: Options,
    progress: Callable[[str], None] = lambda _: None,
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
    for plan in plans:
        if not plan.reasons:
            yield plan, [*plan.standing]
    stale = [plan for plan in plans if plan.reasons]
    if scheduler is not None:
        from vigbook.cluster import build_on_cluster  # Dask, where it is installed at all

        by_case = {plan.case: plan for plan in stale}
        for case, outcomes in build_on_cluster(scheduler, [*by_case], options, build_one):
            yield by_case[case], _with_reasons(by_case[case], outcomes)
    elif len(stale) == 1:
        yield stale[0], _with_reasons(stale[0], build_one(stale[0].case, options, progress))
    elif stale:
        for plan, outcomes in _build_in_pool(stale, options):
            yield plan, _with_reasons(plan, outcomes)


def _with_reasons(plan: Plan, outcomes: list[Outcome]) -> list[Outcome]:
    for one in outcomes:
        one.reasons = plan.reasons
    return outcomes


def _build_in_pool(plans: Sequence[Plan], options: Options) -> Iterator[tuple[Plan, list[Outcome]]]:
    # A fresh interpreter, not a fork: ffmpeg's and Pango's threads do not survive one.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        max_workers=min(len(plans), os.cpu_count() or 1),
        mp_context=context,
        initializer=_leave_interrupts_to_parent,
        max_tasks_per_child=CASES_A_PROCESS,
    )
    try:
        jobs = {pool.submit(build_one, plan.case, options): plan for plan in plans}
        for job in as_completed(jobs):
            try:
                yield jobs[job], job.result()
            except BrokenProcessPool:
                found = "its process ended in the middle"
                mend = "run the same command again; it goes on where it stopped"
                case = str(jobs[job].case)
                outcome = Outcome(case=case, errors=[Problem(file=case, found=found, mend=mend)])
                yield jobs[job], [outcome]
    except BaseException:
        stop(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def build_one(
    case: Path, options: Options, progress: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Builds one case and leaves its stamp (`plan`); whatever goes wrong stays with it."""
    try:
        before = scan(case, options)
        outcomes = pipeline.build(case, options, progress)
        write_stamp(case, options, before, outcomes)
        return outcomes
    except VigbookError as err:
        return [Outcome(case=str(case), errors=[*err.problems])]
    except Exception as err:
        # A fault of ours, or of a disk, in one family's case must not stop a night's work.
        found = f"could not be built ({type(err).__name__}: {err})"
        mend = "the other cases go on; build this one alone with VIGBOOK_DEBUG=1 to see more"
        if os.environ.get("VIGBOOK_DEBUG"):
            raise
        problem = Problem(file=str(case), found=found, mend=mend)
        return [Outcome(case=str(case), errors=[problem])]


def stop(pool: ProcessPoolExecutor) -> None:
    """Interrupts the processes of a pool, so that each takes away what it was half-way through."""
    for process in (getattr(pool, "_processes", None) or {}).values():
        if process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGTERM)


def _leave_interrupts_to_parent() -> None:
    # Ctrl-C reaches every process of the terminal. The parent tells the others to stop, once,
    # as an exception that unwinds: temporary files are taken away and ffmpeg and kernels ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _unwind)


def _unwind(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
