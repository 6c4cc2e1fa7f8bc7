"""Processes that take one thing after another, and end with the program that started them.

Not `concurrent.futures`: where one of its processes is killed it gives up everything that was left
and cannot tell what was being done there; and when the program itself is killed, its idle
processes wait for ever. Here only what was being done is lost, it is begun once more, and whoever
asked is told; and every process ends within seconds of the program, clearing up what it was at.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from vigbook.system.interpreter import python_variables, set_variables
from vigbook.system.lifetime import PATIENCE_S, end_with

T = TypeVar("T")
R = TypeVar("R")

OpenWork = Callable[[], contextlib.AbstractContextManager[Callable[[T], R]]]
TRIES = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[T, R]):
    """What came of one thing.

    Attributes:
        thing: what was to be worked on.
        result: what the work gave; None where its process ended in the middle each time.
        falls: how often its process ended in the middle.
    """

    thing: T
    result: R | None
    falls: int


@dataclasses.dataclass(slots=True)
class _Task(Generic[T]):
    thing: T
    falls: int = 0


@dataclasses.dataclass(slots=True)
class _Worker(Generic[T]):
    process: SpawnProcess
    ours: Connection
    at: _Task[T] | None = None
    begun: int = 0


def work_through(
    open_work: OpenWork[T, R], things: Sequence[T], *, processes: int, most_each: int
) -> Iterator[Done[T, R]]:
    """Works on things in processes of their own, and yields what came of each as it is done.

    Left early, or interrupted, the processes are told to stop and waited for.

    Args:
        open_work: a function of a module, or a partial of one. Each process enters what it gives,
            once, for the function that works on a thing; so it may keep what is slow to start.
        things: each is sent to a process.
        processes: how many at once.
        most_each: after so many things a process is replaced by a new one.
    """
    waiting = collections.deque(_Task(thing) for thing in things)
    workers: list[_Worker[T]] = []
    try:
        while waiting or any(worker.at is not None for worker in workers):
            while waiting and len(workers) < processes:
                workers.append(_start(open_work))
            for worker in workers:
                if worker.at is None and waiting:
                    worker.at, worker.begun = waiting.popleft(), worker.begun + 1
                    with contextlib.suppress(OSError):  # it ended; that is seen below
                        worker.ours.send(worker.at.thing)
            for worker in _wait(workers):
                task = worker.at
                said = _hear(worker)
                if said is not None:
                    worker.at = None
                    if worker.begun >= most_each:
                        workers.remove(worker)
                        _dismiss(worker)
                    if task is not None:
                        yield Done(thing=task.thing, result=_result(said), falls=task.falls)
                    continue
                workers.remove(worker)
                _dismiss(worker)
                if task is None:
                    continue
                task.falls += 1
                if task.falls < TRIES:
                    waiting.append(task)
                else:
                    yield Done(thing=task.thing, result=None, falls=task.falls)
    except BaseException:
        for worker in workers:
            worker.process.terminate()
        raise
    finally:
        for worker in workers:
            worker.ours.close()
        for worker in workers:
            _dismiss(worker)


def _start(open_work: OpenWork[T, R]) -> _Worker[T]:
    # A fresh interpreter, not a fork: ffmpeg's and Pango's threads do not survive one.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(open_work, theirs, os.getpid()), daemon=False)
    # Its command, which begins with `-c`, is not ours to give.
    with set_variables({**python_variables(), "PYTHONSAFEPATH": "1"}):
        process.start()
    theirs.close()  # else its end would not be seen
    return _Worker(process, ours)


def _wait(workers: Sequence[_Worker[T]]) -> list[_Worker[T]]:
    """Returns the processes that told something or ended, once there are any."""
    ready = connection.wait([one for w in workers for one in (w.ours, w.process.sentinel)])
    return [one for one in workers if one.ours in ready or one.process.sentinel in ready]


def _hear(worker: _Worker[T]) -> tuple[str, Any] | None:
    """Returns what a process told, or None where it ended."""
    with contextlib.suppress(EOFError, OSError):
        if worker.ours.poll():
            said: tuple[str, Any] = worker.ours.recv()
            return said
    return None


def _result(said: tuple[str, Any]) -> Any:
    kind, what = said
    if kind == "raised":
        raise what
    return what


def _dismiss(worker: _Worker[T]) -> None:
    """Waits until a process has ended, which it does when nobody is left to ask."""
    worker.ours.close()
    worker.process.join(PATIENCE_S)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.process.close()


# --- In the process itself ------------------------------------------------------------------


def _work(open_work: OpenWork[Any, Any], theirs: Connection, program: int) -> None:
    """Works on what it is sent, until there is no more or the program is gone."""
    with contextlib.suppress(KeyboardInterrupt):
        end_with(program)
        with open_work() as work:
            while True:
                try:
                    thing = theirs.recv()
                except (EOFError, OSError):
                    return
                try:
                    said = "result", work(thing)
                except Exception as err:
                    err.add_note(traceback.format_exc())
                    said = "raised", err
                try:
                    theirs.send(said)
                except OSError:
                    return
