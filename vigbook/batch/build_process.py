"""A process that builds families one after another, for a program that has threads.

A workbook runs in a copy of the process that builds it, and one with threads cannot be copied
safely. So such a program, as a worker of a cluster, leaves a family to a process of one thread.
That one is kept for the next family, since loading Python's libraries takes its time.

It ends by itself when the program that started it is gone, however that went, with nothing
half-written. On Windows, where nothing tells it so, it goes on to the end of its family first.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from vigbook.errors import Problem
from vigbook.outcome import Options, Outcome
from vigbook.paper.renderer import PageRenderer
from vigbook.system.lifetime import end_with, start_module
from vigbook.system.messages import open_answers, read_message, write_message

Build = Callable[[Path, Options, PageRenderer], list[Outcome]]
FAMILIES_A_PROCESS = 50  # so that whatever a library may keep of one ends with it
IDLE_S = 60
"""How long a process waits for the next family before it ends."""
_POLL_S = 0.3
_END_S = 20  # to take away what is half-written


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What a process needs to know to build one family.

    Attributes:
        build: a function of a module, which builds it.
        case: the family's folder, absolute.
        options: what was asked for, its paths absolute.
        folder: where the command was run, on the machine where it was run.
        by: the id of who ran it, for the log.
    """

    build: Build
    case: Path
    options: Options
    folder: Path
    by: str | None


class EndedError(Exception):
    """A process ended in the middle of a family.

    Attributes:
        unwanted: whether it was ended because nobody waits for the family any more.
    """

    def __init__(self, unwanted: bool) -> None:
        super().__init__("is not wanted any more" if unwanted else "ended in the middle")
        self.unwanted = unwanted


class Builder:
    """A process that builds families, one at a time."""

    def __init__(self) -> None:
        """Raises:
        OSError: it cannot be started.
        """
        self._process = start_module("vigbook.batch.build_process", os.getpid())
        self._listener: threading.Thread | None = None
        self._built = 0
        self._last_s = time.monotonic()

    @property
    def usable(self) -> bool:
        """Whether it can be given one more family, and will not end by itself just then."""
        fresh = time.monotonic() - self._last_s < IDLE_S / 2
        return fresh and self._built < FAMILIES_A_PROCESS and self._process.poll() is None

    def build(self, request: bytes, wanted: Callable[[], bool] = lambda: True) -> bytes:
        """Builds one family.

        Args:
            request: a pickled `BuildRequest`.
            wanted: asked again and again; when it says no, the process is ended.

        Returns:
            The outcomes, pickled.

        Raises:
            EndedError: the process ended, by itself or since the family is not wanted any more.
        """
        answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        done = False
        try:
            write_message(self._process.stdin, request)
            self._listener = threading.Thread(
                target=_await, args=[self._process.stdout, answers], daemon=True
            )
            self._listener.start()
            while True:
                with contextlib.suppress(queue.Empty):
                    answer = answers.get(timeout=_POLL_S)
                    if answer is None:
                        raise EndedError(unwanted=False)
                    done = True
                    return answer
                if not wanted():
                    raise EndedError(unwanted=True)
        except OSError as err:
            raise EndedError(unwanted=False) from err
        finally:
            self._built += 1
            self._last_s = time.monotonic()
            if not done:
                self.end()

    def end(self) -> None:
        """Ends the process and returns when it is gone; it takes away what is half-written."""
        process = self._process
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        if self._listener:
            self._listener.join(1)
        # Something that it started and that lives on may hold the other end; then it stays open.
        if process.stdout and not (self._listener and self._listener.is_alive()):
            process.stdout.close()


def _await(answers: IO[bytes] | None, to: queue.SimpleQueue[bytes | None]) -> None:
    """Waits for one answer, and passes on None where there comes none."""
    try:
        to.put(read_message(answers))
    except (OSError, ValueError):
        to.put(None)


# --- In the process itself ------------------------------------------------------------------


def main() -> None:
    """Builds families until there are no more, or nobody is left to build for."""
    end_with(int(sys.argv[1]))
    answers = open_answers()
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError), PageRenderer() as renderer:
        while _wait_for_request():
            asked = read_message(sys.stdin.buffer)
            if asked is None:
                return
            write_message(answers, pickle.dumps(_run(pickle.loads(asked), renderer)))


def _wait_for_request() -> bool:
    if os.name != "posix":
        return True
    ready, _, _ = select.select([0], [], [], IDLE_S)
    return bool(ready)


def _run(request: BuildRequest, renderer: PageRenderer) -> list[Outcome]:
    """Builds a family, and returns the outcomes with paths that can be read elsewhere."""
    if request.by:
        os.environ["VIGBOOK_WORKER"] = request.by
    else:
        os.environ.pop("VIGBOOK_WORKER", None)
    # Sentences name files as seen from where the command was run, if that is to be had here.
    there = request.folder.is_dir()
    folder = request.folder if there else request.case.parent
    if folder.is_dir():
        os.chdir(folder)
    outcomes = request.build(request.case, request.options, renderer)
    return outcomes if there else [_move(outcome, request.case) for outcome in outcomes]


def _move(outcome: Outcome, case: Path) -> Outcome:
    """Returns an outcome whose paths, as seen from beside the family, are absolute."""

    def moved(problems: list[Problem]) -> list[Problem]:
        return [dataclasses.replace(one, file=absolute(one.file)) for one in problems]

    def absolute(file: str | None) -> str | None:
        # Some problems name what is no file of the family's: those stay as they are.
        known = file and (file.startswith((case.name, "..")) or (case.parent / file).exists())
        return os.path.normpath(case.parent / file) if file and known else file

    return dataclasses.replace(
        outcome,
        errors=moved(outcome.errors),
        warnings=moved(outcome.warnings),
        withheld=moved(outcome.withheld),
        made=[os.path.normpath(case.parent / one) for one in outcome.made],
        kept=[os.path.normpath(case.parent / one) for one in outcome.kept],
    )


if __name__ == "__main__":
    # By its full name: what is pickled here must be known elsewhere.
    from vigbook.batch.build_process import main as run

    run()
