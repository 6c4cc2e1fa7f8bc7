"""A process of ours that does risky work under limits, and that a person's own process survives.

What is damaged, or made to do harm, may make a library fall, fill the memory or never end. So it is
opened in a process of its own: that one ends, and the person gets a sentence. A
request is one message of JSON; an answer is one of JSON and one of bytes (`messages`). It ends by
itself when nobody is left to ask.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import IO, Any, Self

from vigbook.errors import Problem, VigbookError
from vigbook.system.lifetime import end_group, kill_group, start_module
from vigbook.system.limits import Limits, limit, limit_processor
from vigbook.system.messages import open_answers, read_message, write_message
from vigbook.system.temporary import scratch_folder

Reply = tuple[Mapping[str, Any], bytes]


class ChildCrashedError(Exception):
    """A process ended in the middle of a request.

    Attributes:
        took_too_long: whether that was for its time being over.
    """

    def __init__(self, took_too_long: bool) -> None:
        super().__init__("took too long" if took_too_long else "fell")
        self.took_too_long = took_too_long


class ReportedError(Exception):
    """A process told what is wrong with what it was given."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class SandboxedProcess:
    """A process under limits, started when it is first asked and again after it fell."""

    def __init__(
        self, module: str, limits: Limits, environment: Mapping[str, str] | None = None
    ) -> None:
        """Args:
        module: its name, as `python -m` runs it; it calls `answer_requests`.
        limits: of each request.
        environment: the whole of it, where not ours is to be handed on.
        """
        self._module, self._limits = module, limits
        self._environment = os.environ if environment is None else environment
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def group(self) -> int | None:
        """The process group that ends when this program does, however: for what it starts else."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and os.name == "posix" and self._process else None

    def close(self) -> None:
        """Ends the process, whatever it is doing, and takes away what it wrote for itself."""
        if self._process:
            kill_group(self._process.pid)
            self._process.kill()
            # What waits to be written for it is for nobody now.
            with contextlib.suppress(OSError):
                self._process.communicate()
            self._process = None
        self._scratch.close()

    def start(self) -> None:
        """Starts the process, which then loads its libraries while its caller does something else.

        What goes wrong is told by the first request.
        """
        with contextlib.suppress(OSError):
            self._process = self._process or self._start()

    def exchange(self, request: Mapping[str, Any]) -> Iterator[Reply]:
        """Yields the answers to one request as they come; left early, the process is ended.

        Raises:
            ReportedError: the process says what is wrong.
            ChildCrashedError: it went beyond its limits.
            OSError: it cannot be started.
        """
        process = self._process = self._process or self._start()
        asked = time.monotonic()
        done = False
        try:
            write_message(process.stdin, json.dumps(request).encode())
            while True:
                said = json.loads(_hear(process.stdout))
                if "problems" in said:
                    done = True
                    raise ReportedError([Problem(**problem) for problem in said["problems"]])
                if "end" in said:
                    done = True
                    return
                content = _hear(process.stdout)
                asked = time.monotonic()
                yield said, content
        except (OSError, EOFError, ValueError) as err:
            raise ChildCrashedError(time.monotonic() - asked >= self._limits.seconds) from err
        finally:
            if not done:
                self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        limits = self._limits
        environment = dict(self._environment)
        if sys.platform == "linux":
            # No program is found by its name: what looks for WeasyPrint's libraries would ask gcc.
            # Were it empty, one of that name where this process stands would be.
            environment["PATH"] = os.devnull
        if limits.file_bytes:
            # Ours to take away: a process that is ended cleans nothing up.
            folder = str(self._scratch.enter_context(scratch_folder()))
            for name in ("TMPDIR", "TEMP", "TMP"):
                environment[name] = folder
            environment["VIGBOOK_SCRATCH"] = folder
        return start_module(
            self._module,
            *(limits.seconds, limits.memory_bytes, limits.file_bytes),
            # Memory that each thread keeps apart for itself would soon be at the limit.
            environment={**environment, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
        )


def _hear(stream: IO[bytes] | None) -> bytes:
    content = read_message(stream)
    if content is None:
        raise EOFError
    return content


# --- In the process itself ------------------------------------------------------------------


def answer_requests(
    answer: Callable[[Mapping[str, Any]], Iterator[Reply]],
    memory_problem: Callable[[Mapping[str, Any]], Problem],
) -> None:
    """Answers requests until there are no more.

    Args:
        answer: yields the answers to one request.
        memory_problem: returns what is said where one needs more memory than there is.
    """
    seconds, memory_bytes, file_bytes = map(int, sys.argv[1:4])
    limits = Limits(seconds=seconds, memory_bytes=memory_bytes, file_bytes=file_bytes)
    answers = open_answers()
    nowhere = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[requests], daemon=True).start()
    # What is looked into has no end to its files where somebody looks for a fault.
    most = None if os.environ.get("VIGBOOK_DEBUG") else limits.file_bytes
    limit(limits.memory_bytes, file_bytes=most)
    gc.freeze()  # what is loaded stays: looked at for garbage again and again, it is a tenth of all
    while True:
        request = json.loads(requests.get())
        try:
            _watch(limits, nowhere)
            for said, content in answer(request):
                write_message(answers, json.dumps(said).encode())
                write_message(answers, content)
                _watch(limits, nowhere)
            end: dict[str, Any] = {"end": True}
        except VigbookError as err:
            end = {"problems": [problem.as_json() for problem in err.problems]}
        except MemoryError:
            end = {"problems": [memory_problem(request).as_json()]}
        faulthandler.cancel_dump_traceback_later()
        write_message(answers, json.dumps(end).encode())


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    """Passes requests on, and ends this process when nobody is left to ask, whatever it is at."""
    while (request := read_message(sys.stdin.buffer)) is not None:
        requests.put(request)
    if scratch := os.environ.get("VIGBOOK_SCRATCH"):
        shutil.rmtree(scratch, ignore_errors=True)
    # With it goes what was put into its group: see `SandboxedProcess.group`.
    end_group()
    os._exit(0)


def _watch(limits: Limits, nowhere: IO[str]) -> None:
    """Ends this process if the next answer takes too long, even in the middle of a library."""
    # A thread of its own that needs no lock of Python's.
    faulthandler.dump_traceback_later(limits.seconds, exit=True, file=nowhere)
    limit_processor(limits.seconds)
