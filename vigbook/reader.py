"""The process that reads films: decoding happens there, under limits, and never here.

A film comes from anywhere, and its decoders are the likeliest place for a fault. So a film that
makes them fall, fill the memory or never end takes down this process, and the person gets a
sentence. It reads requests as lines of JSON, and writes answers as lines of JSON, each followed by
as many bytes of picture as it says. It holds nothing between requests and writes no file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from vigbook.errors import FilmError, Problem, VigbookError
from vigbook.filmfacts import Shown
from vigbook.timecode import Span, Timecode

_ROOM_BYTES = 256 * 1024**2  # for what is encoded again, beside twice what is copied

Answer = tuple[Mapping[str, Any], bytes]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading a film may take.

    Attributes:
        seconds: until the next answer, on the clock; of the processor as much for each core.
        memory_bytes: of address space. Only time is limited on Windows.
    """

    seconds: int = 120
    memory_bytes: int = 6 * 1024**3


class Reader:
    """A process that reads films, started when it is first asked and again after it fell."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        if self._process:
            self._process.kill()
            # What waits to be written for it is for nobody now.
            with contextlib.suppress(OSError):
                self._process.communicate()
            self._process = None

    def ask(self, do: str, film: Path, **details: Any) -> Iterator[Answer]:
        """Yields the answers to one request as they come; left early, the process is ended.

        Raises:
            FilmError: the film cannot be read, or reading it went beyond the limits.
        """
        process = self._process = self._process or self._start()
        asked = time.monotonic()
        done = False
        try:
            line = json.dumps({"do": do, "film": str(film), **details}) + "\n"
            _pipe(process.stdin).write(line.encode())
            _pipe(process.stdin).flush()
            while True:
                said = json.loads(_pipe(process.stdout).readline())
                if "problems" in said:
                    done = True
                    raise FilmError([Problem(**problem) for problem in said["problems"]])
                if "end" in said:
                    done = True
                    return
                size = said.pop("bytes", 0)
                content = _pipe(process.stdout).read(size)
                if len(content) < size:
                    raise EOFError
                asked = time.monotonic()
                yield said, content
        except (OSError, EOFError, ValueError) as err:
            took_too_long = time.monotonic() - asked >= self._limits.seconds
            raise FilmError(_fell(film, took_too_long)) from err
        finally:
            if not done:
                self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # -P: a file av.py that lies where the command is run must not be taken for the library.
        command = [sys.executable, "-P", "-m", "vigbook.reader",
                   str(self._limits.seconds), str(self._limits.memory_bytes)]  # fmt: skip
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("VIGBOOK_DEBUG") else subprocess.DEVNULL,
                # Ctrl-C is ours to pass on.
                process_group=0 if os.name == "posix" else None,
                # Memory that each thread keeps apart for itself would soon be at the limit.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
            )
        except OSError as err:
            found = f"the process that reads films cannot be started: {err.strerror}"
            raise FilmError(
                Problem(found=found, mend="close other programs and try again")
            ) from err


@contextlib.contextmanager
def borrow(reader: Reader | None) -> Iterator[Reader]:
    """Gives a reader that is there already, or one for the block alone."""
    if reader:
        yield reader
    else:
        with Reader() as own:
            yield own


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise EOFError
    return stream


def _fell(film: Path, took_too_long: bool) -> Problem:
    found = "made the program that reads films stop"
    if took_too_long:
        found = "takes far too long to read"
    mend = "it is damaged, or made to do harm: copy it from the camera again"
    return Problem(file=str(film), found=found, mend=mend)


# --- In the process itself ------------------------------------------------------------------


def main() -> None:
    """Answers requests until there are no more."""
    limits = Limits(seconds=int(sys.argv[1]), memory_bytes=int(sys.argv[2]))
    from vigbook import decode  # before the limits: PyAV loads all of ffmpeg

    assert decode
    # Whatever a library may print must not get among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nowhere = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[requests], daemon=True).start()
    _limit_memory(limits)
    while True:
        request = json.loads(requests.get())
        try:
            _watch(limits, nowhere)
            for said, content in _answer(request):
                answers.write(json.dumps({**said, "bytes": len(content)}).encode() + b"\n")
                answers.write(content)
                answers.flush()
                _watch(limits, nowhere)
            end: dict[str, Any] = {"end": True}
        except VigbookError as err:
            end = {"problems": [problem.as_json() for problem in err.problems]}
        except MemoryError:
            found = "needs more memory to be read than a film should"
            mend = "it is damaged, or made to do harm: copy it from the camera again"
            problem = Problem(file=request["film"], found=found, mend=mend)
            end = {"problems": [problem.as_json()]}
        faulthandler.cancel_dump_traceback_later()
        answers.write(json.dumps(end).encode() + b"\n")
        answers.flush()


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    """Passes requests on, and ends this process when nobody is left to ask, whatever it is at."""
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


def _answer(request: Mapping[str, Any]) -> Iterator[Answer]:
    from vigbook import decode, original, probe

    film = Path(request["film"])
    times = [_time(one) for one in request.get("times", ())]
    match request["do"]:
        case "probe":
            yield probe.probe_film(film).as_json(), b""
        case "frames":
            yield from map(_pack, decode.find_frames(film, times, request["long_side"]))
        case "faces":
            from vigbook import facefinder  # OpenCV and its model, which nothing else here wants

            for shown in decode.find_frames(film, times, request["long_side"]):
                faces = facefinder.find_faces(shown.picture)
                yield {"at": str(shown.at.seconds), "faces": faces}, b""
        case "thumbnails":
            yield from map(_pack, decode.find_thumbnails(film, times, request["long_side"]))
        case "times":
            span = Span(_time(request["start"]), _time(request["end"]))
            found = [str(one.seconds) for one in decode.list_frame_times(film, span)]
            yield {"times": found}, b""
        case "key":
            key = decode.find_key_time(film, times[0])
            yield {"at": str(key.seconds) if key else None}, b""
        case "copy":
            span = Span(_time(request["start"]), _time(request["end"]))
            out, sound = Path(request["out"]), request["sound"]
            with _writing(2 * film.stat().st_size + _ROOM_BYTES):
                yield {"why": original.copy_clip(film, times, span, out, sound=sound)}, b""
        case "end":
            yield {"at": str(decode.find_end(film).seconds)}, b""
        case "count":
            yield {"frames": decode.count_frames(film)}, b""
        case "levels":
            levels = decode.list_levels(film, _time(request["step"]))
            while some := list(itertools.islice(levels, 200)):  # an answer each would take longer
                yield {"levels": [(str(at.seconds), level) for at, level in some]}, b""


def _pack(shown: Shown) -> Answer:
    height, width = shown.picture.shape[:2]
    return {"at": str(shown.at.seconds), "size": [height, width]}, shown.picture.tobytes()


def _time(text: str) -> Timecode:
    return Timecode(Fraction(text))


def _watch(limits: Limits, nowhere: IO[str]) -> None:
    """Ends this process if the next answer takes too long, even in the middle of a decoder."""
    # A thread of its own that needs no lock of Python's.
    faulthandler.dump_traceback_later(limits.seconds, exit=True, file=nowhere)
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        used = int(time.process_time()) + 1
        most = used + limits.seconds * (os.cpu_count() or 1)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _limit_memory(limits: Limits) -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        # It writes no file; above all none with what was in its memory when it fell.
        (resource.RLIMIT_CORE, 0),
        *([] if os.environ.get("VIGBOOK_DEBUG") else [(resource.RLIMIT_FSIZE, 0)]),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # macOS refuses a limit of address space: then there is none.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))


@contextlib.contextmanager
def _writing(most: int) -> Iterator[None]:
    """Allows files of so many bytes to be written in a block."""
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if hard < 0 else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


if __name__ == "__main__":
    main()
