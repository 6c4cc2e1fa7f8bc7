"""The ffmpeg that imageio-ffmpeg carries, run as a process of its own, under limits."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from vigbook.errors import CutError, Problem
from vigbook.film.facts import CONTAINERS, MOST_PIXELS
from vigbook.system.atomic import output_error
from vigbook.system.lifetime import OWN_GROUP
from vigbook.system.limits import limit
from vigbook.system.signals import hold_interrupts
from vigbook.system.temporary import scratch_folder

PartDone = Callable[[float], None]
"""Told how much is done, from 0 to 1. To cancel, raise anything out of it: nothing is left."""

_MEMORY_BYTES = 8 * 1024**3
_POLL_S = 0.2


@functools.lru_cache(maxsize=1)
def ffmpeg_version() -> str:
    """Returns the version of ffmpeg that is run."""
    return str(imageio_ffmpeg.get_ffmpeg_version())


def input_options(path: Path, container: str, seek: Fraction = Fraction(0)) -> list[str]:
    """Returns the options by which a film is read: safely, and from `seek` on.

    Args:
        path: the film.
        container: ffmpeg's name of its format.
        seek: in seconds from the container's own start.
    """
    return [
        "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS,
        "-max_pixels", str(MOST_PIXELS),
        # As `probe` does; discs mark good pictures as damaged.
        *(["-fflags", "+discardcorrupt"] if container == "mpegts" else []),
        # Not to 0: the first key frame of some would be passed over.
        *(["-ss", f"{float(seek):.6f}"] if seek else []),
        "-i", str(path.resolve()),
    ]  # fmt: skip


# Nothing a film tells of people, places and days goes into what is made of it.
TELL_NOTHING = (
    "-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn",
    "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
)  # fmt: skip


def run_ffmpeg(
    options: Sequence[str],
    out: Path,
    what: str,
    length: Fraction,
    progress: PartDone = lambda _: None,
    group: int | None = None,
) -> None:
    """Runs ffmpeg and waits for its end.

    Args:
        options: all but the output.
        out: the file to write; what the caller publishes.
        what: what is made, for the person who is told that it could not be.
        length: of what is made, in seconds.
        progress: told as it goes.
        group: the process group that it joins, which ends when this program is killed
            (`SandboxedProcess.group`); without one it would go on writing until its own end.

    Raises:
        CutError: it could not be made, or took far longer than it should.
        OutputError: it could not be written.
    """
    with scratch_folder() as folder:
        progress_file, said = folder / "progress", folder / "said"
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", "-nostdin", "-nostats",
            "-progress", f"file:{progress_file}", *options, str(out.resolve()),
        ]  # fmt: skip
        with said.open("wb") as errors, hold_interrupts() as let_in:
            process = _start(command, errors.fileno(), what, group)
            try:
                with let_in():
                    _wait(process, progress_file, what, length, progress)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            _complain(what, out, said.read_text("utf-8", "replace"))
    progress(1.0)


def _start(
    command: Sequence[str], errors: int, what: str, group: int | None
) -> subprocess.Popen[bytes]:
    try:
        # A list, never a shell: a film's name may hold quotes, spaces or percent signs.
        # Not our group: Ctrl-C is ours to pass on, once what it writes is taken away.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            # With FFREPORT set it would write what it reads, by name, wherever it stands.
            env={key: one for key, one in os.environ.items() if key != "FFREPORT"},
            process_group=group or OWN_GROUP,
        )
    except PermissionError:
        if not group:
            raise
        return _start(command, errors, what, None)  # the group has just ended
    except OSError as err:
        # Not left to who writes files: it would say that the clip's folder is not there.
        found = f"ffmpeg cannot be started: {err.strerror}"
        raise _cut_error(what, found, "install it") from err
    limit(_MEMORY_BYTES, process=process.pid)
    return process


def _wait(
    process: subprocess.Popen[bytes],
    progress_file: Path,
    what: str,
    length: Fraction,
    progress: PartDone,
) -> None:
    limit_s = 300 + 120 * float(length)
    begin = time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
            return
        progress(min(1.0, _seconds_done(progress_file) / max(0.001, float(length))))
        if time.monotonic() - begin > limit_s:
            raise _cut_error(what, f"took more than {limit_s / 60:.0f} minutes")


def _seconds_done(progress_file: Path) -> float:
    with contextlib.suppress(OSError, ValueError, IndexError):
        words = progress_file.read_text().split("out_time_us=")
        return int(words[-1].split()[0]) / 1_000_000
    return 0.0


def _complain(what: str, out: Path, said: str) -> None:
    if "No space left on device" in said:
        raise output_error(out, OSError(28, os.strerror(28)))
    lines = [one for one in said.splitlines() if one.strip() and "Terminating thread" not in one]
    last = re.sub(r"\[[^]]* @ 0x\w+\] *", "", lines[-1]).strip() if lines else "the film is damaged"
    raise _cut_error(what, f"could not be cut: {last}")


def _cut_error(
    what: str, found: str, mend: str = "play the film there; move the marks"
) -> CutError:
    return CutError(Problem(field=what, found=found, mend=mend))
