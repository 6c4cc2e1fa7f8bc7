"""Many families on a Dask cluster that is there already: `vigbook build --scheduler tcp://...`.

A family is a task. A worker of the cluster has threads, so it leaves the family to a process of its
own (`build_process`) and waits for it. The families' folders lie on storage that every machine sees
under the same path: only their paths and what came of them go through the scheduler.

A family whose worker is lost is built by another; Dask gives up after several losses. A worker that
has another version of vigbook, or does not see a folder, builds nothing and is told of once.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import pickle
import queue
import re
import time
import uuid
import warnings
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from vigbook.batch.build_process import Build, BuildRequest
from vigbook.batch.dask_worker import (
    Call,
    Task,
    WorkerRejected,
    count_families,
    tell_other_version,
    tell_rejected,
)
from vigbook.errors import Problem, UsageError, show_path
from vigbook.outcome import Options, Outcome

PATIENCE_S = 10
"""How long a scheduler may take to answer, and a cluster to have a worker."""
EMPTY_S = 60
"""How long a cluster may be without any worker in the middle of the work."""
ATTEMPTS = 3
_ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:\d{1,5}/?")
_ROUND_S = 5  # how often the cluster is looked at
_AGAIN = "run the same command again; it goes on where it stopped"


def build_on_cluster(
    address: str, cases: Sequence[Path], options: Options, build: Build
) -> Iterator[tuple[Path, list[Outcome]]]:
    """Builds cases on a cluster and yields what came of each, as each is done.

    Left early, what has not begun is never begun, and what has is ended with nothing half-written.

    Args:
        address: the scheduler's, as `tcp://10.0.0.1:8786`.
        cases: families' or cycles' folders, which every worker sees under the same absolute path.
        options: what was asked for; paths in it are seen by every worker as well.
        build: builds one case; a function of a module.

    Raises:
        UsageError: Dask is not installed, nobody answers there, or no worker can build.
    """
    if not cases:
        return
    client = _connect(address)
    run = _Run(client, address, options, build)
    try:
        run.begin(cases)
        yield from run.outcomes()
    finally:
        run.stop()
        with contextlib.suppress(Exception):
            client.close(timeout=PATIENCE_S)


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError as err:
        found = "a cluster needs Dask, which is not installed"
        raise UsageError(found, "pip install 'vigbook[cluster]'") from err
    _hush()
    mend = "give the address that the scheduler shows when it starts, as tcp://10.0.0.1:8786"
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--scheduler {address!r} is no address of a Dask scheduler", mend)
    try:
        # First, since a client that cannot connect tells of it in its own words as it ends.
        kind = asyncio.run(asyncio.wait_for(_ask_kind(address), PATIENCE_S))
        if kind != "Scheduler":
            raise UsageError(f"{address} is a Dask {kind.lower()}, not a scheduler", mend)
        return Client(address, timeout=PATIENCE_S, set_as_default=False)
    except OSError as err:  # a time that is over is one as well
        found = f"no Dask scheduler answers at {address}"
        raise UsageError(found, "see that it runs and can be reached from here") from err


async def _ask_kind(address: str) -> str:
    """Returns what answers at an address of Dask's.

    Raises:
        OSError: nobody answers.
        UsageError: it wants certificates that Dask was not told of.
    """
    from distributed import Security, rpc

    security = Security()  # as Dask's own files and variables say
    try:
        connection = security.get_connection_args("client")
    except (OSError, ValueError) as err:  # of ssl as well
        found = f"the certificates that Dask is set up with cannot be used: {err}"
        raise UsageError(found, "see distributed.comm.tls in Dask's settings") from err
    if address.startswith("tls:") and not connection.get("ssl_context"):
        mend = "set distributed.comm.tls in Dask's settings"
        raise UsageError(f"{address} wants certificates, and Dask was told of none here", mend)
    async with rpc(address, connection_args=connection) as scheduler:
        return str((await scheduler.identity())["type"])


def _hush() -> None:
    """Lets Dask say nothing here: what a person should know is told in our words."""
    for name in ["distributed", "tornado", "asyncio", *logging.root.manager.loggerDict]:
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", module=r"(distributed|dask)\b")


@dataclasses.dataclass(slots=True, kw_only=True)
class _Job:
    """One case on its way.

    Attributes:
        case: as it was named.
        begun: how many times it was given to the cluster.
        only: workers that may have it, or None for any.
    """

    case: Path
    begun: int = 0
    only: frozenset[str] | None = None


class _Run:
    """All cases of one command, on the cluster."""

    def __init__(self, client: Any, address: str, options: Options, build: Build) -> None:
        self._client, self._address = client, address
        self._options, self._build = _absolute(options), build
        self._id = uuid.uuid4().hex
        self._version = metadata.version("vigbook")
        self._jobs: dict[str, tuple[Any, _Job]] = {}
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._workers: set[str] = set()
        self._unfit: dict[str, Problem] = {}
        self._untold: list[Problem] = []
        self._looked_s = self._worker_seen_s = time.monotonic()

    def begin(self, cases: Sequence[Path]) -> None:
        """Gives every case to the cluster.

        Raises:
            UsageError: no worker can build.
        """
        with contextlib.suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=PATIENCE_S)
        self._look_round()
        if not self._workers:
            mend = f"start one with 'dask worker {self._address}'"
            raise UsageError(f"the Dask scheduler at {self._address} has no workers", mend)
        if not self._fit:
            raise UsageError(self._untold)
        for case in cases:
            self._submit(_Job(case=case))

    def outcomes(self) -> Iterator[tuple[Path, list[Outcome]]]:
        """Yields what came of each case, as each is done."""
        while self._jobs:
            key = ""
            with contextlib.suppress(queue.Empty):
                key = self._done.get(timeout=1)
            if time.monotonic() - self._looked_s > _ROUND_S:
                self._look_round()
            if problem := self._given_up():
                for _, job in self._jobs.values():
                    yield job.case, self._tell([_failed(job.case, problem)])
                return
            if key not in self._jobs:
                continue
            future, job = self._jobs.pop(key)
            if found := self._take(future, job):
                yield job.case, self._tell(found)

    def stop(self) -> None:
        """Takes back what is not done, and returns when nobody is at it any more."""
        futures = [future for future, _ in self._jobs.values()]
        self._jobs.clear()
        if not futures:
            return
        with contextlib.suppress(Exception):  # the cluster may be gone
            self._client.cancel(futures)
            until = time.monotonic() + EMPTY_S
            while time.monotonic() < until:
                # Also of those that joined just now.
                fit = sorted(set(self._client.nthreads()) - set(self._unfit))
                busy = self._client.run(count_families, self._id, workers=fit, on_error="ignore")
                if not any(busy.values()):
                    return
                time.sleep(0.2)

    @property
    def _fit(self) -> frozenset[str]:
        return frozenset(self._workers - set(self._unfit))

    def _submit(self, job: _Job) -> None:
        folder = Path.cwd()
        request = BuildRequest(
            build=self._build, case=_find(job.case), options=self._options, folder=folder,
            by=os.environ.get("VIGBOOK_WORKER"),
        )  # fmt: skip
        job.begun += 1
        job.only = self._fit if self._unfit else None
        task = Task(
            run=self._id, version=self._version, case=str(request.case),
            seen=request.case.exists(), request=pickle.dumps(request),
        )  # fmt: skip
        # Its name is shown by the cluster, so it says nothing of the family.
        key = f"vigbook-{uuid.uuid4().hex}"
        only = sorted(job.only) if job.only is not None else None
        # A worker without vigbook would end when it read such a call; in a task that is an error.
        call = pickle.dumps(Call(task))
        future = self._client.submit(pickle.loads, call, key=key, pure=False, workers=only)
        self._jobs[key] = future, job
        future.add_done_callback(lambda one: self._done.put(one.key))

    def _take(self, future: Any, job: _Job) -> list[Outcome] | None:
        """Returns what came of a case, or None where it is under way again."""
        from distributed import CancelledError, KilledWorker

        problem = Problem(found="its process ended in the middle", mend=_AGAIN)
        try:
            answer = future.result(timeout=_ROUND_S)
        except TimeoutError:
            # Its worker was lost after it was done, and with it what came of it.
            self._jobs[future.key] = future, job
            future.add_done_callback(lambda one: self._done.put(one.key))
            return None
        except KilledWorker as err:
            lost = err.allowed_failures + 1
            found = "its worker was lost in the middle" + (f", {lost} times" if lost > 1 else "")
            problem = Problem(found=found, mend=_AGAIN)
            return [_failed(job.case, problem)]
        except CancelledError:
            problem = self._silent()
        except Exception as err:
            # A worker that joined just now and has no vigbook, or quite another one.
            found = f"a worker could not begin it ({type(err).__name__}: {err})"
            mend = "see that every worker has the same vigbook, and what its log says"
            problem = Problem(found=found, mend=mend)
            self._look_round()
        else:
            if isinstance(answer, bytes):
                return _as_named(pickle.loads(answer), job.case)
            if isinstance(answer, WorkerRejected):
                problem = answer.problem
                self._mark_rejected(answer.worker, problem)
            elif answer is None:
                return [_failed(job.case, problem)]
        # An unfit worker is met once; whatever else went wrong is tried again a few times.
        if job.begun >= ATTEMPTS + len(self._unfit) or not self._fit:
            return [_failed(job.case, problem)]
        self._submit(job)
        return None

    def _look_round(self) -> None:
        """Sees which workers there are, and asks the new ones for their version."""
        self._looked_s = time.monotonic()
        try:
            now = set(self._client.nthreads(callback_timeout=_ROUND_S))
        except (OSError, RuntimeError, TypeError):
            return  # the scheduler is silent: see `_given_up`
        if new := sorted(now - self._workers):
            versions = self._client.run(metadata.version, "vigbook", workers=new, on_error="return")
            for worker, version in versions.items():
                if isinstance(version, metadata.PackageNotFoundError):
                    self._mark_rejected(worker, tell_rejected(worker, "has no vigbook"))
                elif isinstance(version, str) and version != self._version:
                    self._mark_rejected(worker, tell_other_version(worker, version, self._version))
        self._workers = now
        if self._fit:
            self._worker_seen_s = time.monotonic()
        for key, (future, job) in list(self._jobs.items()):
            if job.only and self._fit and not job.only & now:
                # Those that might have had it are gone, and Dask would wait for them.
                del self._jobs[key]
                future.cancel()
                self._submit(job)

    def _given_up(self) -> Problem | None:
        """Returns why there is no use in waiting any longer."""
        if self._client.status not in ("running", "connecting", "newly-created"):
            return self._silent()
        if time.monotonic() - self._worker_seen_s > EMPTY_S:
            found = f"no worker was left at {self._address} to build it"
            return Problem(found=found, mend=f"start workers; {_AGAIN}")
        return None

    def _silent(self) -> Problem:
        return Problem(found=f"the Dask scheduler at {self._address} went away", mend=_AGAIN)

    def _mark_rejected(self, worker: str, problem: Problem) -> None:
        if worker not in self._unfit:
            self._unfit[worker] = problem
            self._untold.append(problem)

    def _tell(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Adds what is to be said of the cluster to the case that comes next."""
        outcomes[0].warnings += [one for one in self._untold if one not in outcomes[0].errors]
        self._untold.clear()
        return outcomes


def _absolute(options: Options) -> Options:
    return dataclasses.replace(
        options,
        service=options.service and _find(options.service),
        templates=options.templates and _find(options.templates),
    )


def _find(path: Path) -> Path:
    """Returns a path as every machine can find it; a link in it stays one."""
    return Path(os.path.abspath(path))


def _failed(case: Path, problem: Problem) -> Outcome:
    if not problem.file:
        problem = dataclasses.replace(problem, file=str(case))
    return Outcome(case=str(case), errors=[problem])


def _as_named(outcomes: list[Outcome], case: Path) -> list[Outcome]:
    """Returns outcomes with paths as a person would type them here, as if they were built here."""

    def shown(path: str) -> str:
        return show_path(Path(path)) if Path(path).is_absolute() else path

    def near(problems: list[Problem]) -> list[Problem]:
        return [replace(one, file=one.file and shown(one.file)) for one in problems]

    replace = dataclasses.replace
    return [
        replace(
            one,
            case=str(case),
            errors=near(one.errors),
            warnings=near(one.warnings),
            withheld=near(one.withheld),
            made=[shown(path) for path in one.made],
            kept=[shown(path) for path in one.kept],
        )
        for one in outcomes
    ]
