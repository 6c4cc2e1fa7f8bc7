"""Many cases: as many processes as there are cores, each taking one case after another.

One broken case never stops the others, nor does a process that is killed; and nothing of one family
stays in a process for the next one to meet in a page: each ends after a number of cases.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vigbook import pipeline
from vigbook.errors import Problem, VigbookError
from vigbook.pipeline import Options, Outcome
from vigbook.pool import work_through
from vigbook.scratch import remove_scratch

CASES_A_PROCESS = 50  # WeasyPrint grows by about a megabyte a record


def build_many(
    cases: Sequence[Path], options: Options, progress: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[Path, list[Outcome]]]:
    """Builds cases and yields what came of each, as each is done.

    Args:
        cases: families' or cycles' folders.
        options: what was asked for.
        progress: told what is being done, where one case is built in this process.
    """
    remove_scratch()
    if len(cases) == 1:
        yield cases[0], build_one(cases[0], options, progress)
        return
    work = functools.partial(build_one, options=options)
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
