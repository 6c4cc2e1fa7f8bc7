"""What a worker of a Dask cluster does with one family: it leaves it to a process beside it.

Workers of other versions of vigbook meet this as well; what they cannot do they say.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from vigbook.batch.build_process import Builder, EndedError
from vigbook.errors import Problem


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is given.

    Attributes:
        run: of which command it is.
        version: of the vigbook that gives it.
        case: the family's folder, absolute.
        seen: whether whoever gives it sees that folder.
        request: for the process that builds.
    """

    run: str
    version: str
    case: str
    seen: bool
    request: bytes


class Call:
    """Calls `build_here` where it is unpickled."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __reduce__(self) -> tuple[Callable[[Task], object], tuple[Task]]:
        return build_here, (self._task,)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRejected:
    """Told by a worker that cannot build a family: which worker, and why."""

    worker: str
    problem: Problem


class _Builders:
    """The processes beside one worker that build families, and how many it is at, by command."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Builder] = []
        self._building: Counter[str] = Counter()

    @contextlib.contextmanager
    def counted(self, run: str) -> Iterator[None]:
        """Counts a family of a command while the block runs."""
        with self._lock:
            self._building[run] += 1
        try:
            yield
        finally:
            with self._lock:
                self._building[run] -= 1

    def count(self, run: str) -> int:
        """Returns how many families of a command are built just now."""
        return self._building[run]

    def lend(self, use: Callable[[Builder], bytes]) -> bytes:
        """Lends a process that was kept, or a new one; kept again where all went well."""
        with self._lock:
            kept, gone = self._idle.pop() if self._idle else None, None
        if kept and not kept.usable:
            kept, gone = None, kept
        if gone:
            gone.end()
        builder = kept or Builder()
        built = use(builder)
        with self._lock:
            self._idle.append(builder)
        return built


def _builders_of(worker: Any) -> _Builders:
    """Returns a worker's own, which lives as long as the worker does."""
    found: _Builders = worker.extensions.setdefault("vigbook", _Builders())
    return found


def build_here(task: Task) -> bytes | WorkerRejected | None:
    """Builds one family in a process beside this worker.

    Returns:
        The pickled outcomes; why this worker cannot; or None where the process ended in the middle.
    """
    from distributed import get_worker

    worker = get_worker()
    # Whose it is helps a person more than a number of an address.
    name = f"{worker.address} on {socket.gethostname()}"
    version = metadata.version("vigbook")
    if version != task.version:
        return WorkerRejected(
            worker=worker.address, problem=tell_other_version(name, version, task.version)
        )
    if task.seen and not Path(task.case).exists():
        mend = "keep families on storage that all machines share under the same path"
        problem = tell_rejected(name, f"does not see {task.case}", mend)
        return WorkerRejected(worker=worker.address, problem=problem)
    builders, wanted = _builders_of(worker), _is_wanted(worker, worker.get_current_task())
    with builders.counted(task.run):
        try:
            return builders.lend(lambda builder: builder.build(task.request, wanted))
        except EndedError:
            return None


def _is_wanted(worker: Any, key: str) -> Callable[[], bool]:
    """Returns what tells whether anybody still waits for a task that runs here.

    Dask lets a task that nobody wants run to its end. It is cancelled when the command was
    stopped or killed, or when the scheduler has given it to another worker.
    """
    ending = ("closing", "closed", "failed", "stopping", "stopped")

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        running = task is not None and task.state in ("executing", "long-running")
        return running and worker.status.name not in ending

    return wanted


def count_families(run: str, dask_worker: Any) -> int:
    """Returns how many families of a command a worker is at; Dask hands it in."""
    return _builders_of(dask_worker).count(run)


def tell_rejected(
    worker: str, found: str, mend: str = "install the same version on every worker"
) -> Problem:
    return Problem(file=f"worker {worker}", found=f"{found}, so it builds nothing", mend=mend)


def tell_other_version(worker: str, there: str, here: str) -> Problem:
    return tell_rejected(worker, f"has vigbook {there} where this is {here}")
