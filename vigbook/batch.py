"""Many cases: one process a case, as many at once as there are cores.

One broken case never stops the others, and nothing of one family stays in a process for the next
one to meet in a page: each process ends after a number of cases.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from vigbook import pipeline
from vigbook.errors import Problem, VigbookError
from vigbook.pipeline import Options, Outcome

CASES_A_PROCESS = 50  # WeasyPrint grows by about a megabyte a record


def build_many(
    cases: Sequence[Path],
    options: Options,
    progress: Callable[[str], None] = lambda _: None,
    scheduler: str | None = None,
) -> Generator[tuple[Path, list[Outcome]], None, None]:
    """Builds cases and yields what came of each, as each is done.

    Args:
        cases: families' or cycles' folders.
        options: what was asked for.
        progress: told what is being done, where one case is built in this process.
        scheduler: the address of a Dask cluster that builds them instead.

    Raises:
        UsageError: the cluster cannot be used.
    """
    if scheduler is not None:
        from vigbook.cluster import build_on_cluster  # Dask, where it is installed at all

        yield from build_on_cluster(scheduler, cases, options, build_one)
        return
    if len(cases) == 1:
        yield cases[0], build_one(cases[0], options, progress)
        return
    # A fresh interpreter, not a fork: ffmpeg's and Pango's threads do not survive one.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        max_workers=min(len(cases), os.cpu_count() or 1),
        mp_context=context,
        initializer=_leave_interrupts_to_parent,
        max_tasks_per_child=CASES_A_PROCESS,
    )
    try:
        jobs = {pool.submit(build_one, case, options): case for case in cases}
        for job in as_completed(jobs):
            try:
                yield jobs[job], job.result()
            except BrokenProcessPool:
                found = "its process ended in the middle"
                mend = "run the same command again; it goes on where it stopped"
                outcome = Outcome(case=str(jobs[job]))
                outcome.errors.append(Problem(file=str(jobs[job]), found=found, mend=mend))
                yield jobs[job], [outcome]
    except BaseException:
        stop(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def build_one(
    case: Path, options: Options, progress: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Builds one case; whatever goes wrong stays with it."""
    try:
        return pipeline.build(case, options, progress)
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
