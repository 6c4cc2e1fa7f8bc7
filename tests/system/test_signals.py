"""An interruption between any two steps: what was begun is taken away, and nothing runs on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from vigbook.film import ffmpeg
from vigbook.system import atomic, signals, temporary

OURS = {str(Path(module.__file__ or "")) for module in (ffmpeg, signals, atomic, temporary)}
CALLERS = {*OURS, contextlib.__file__}


def run_interrupted(work: Callable[[], object], step: int) -> bool:
    """Does some work, and interrupts it as Ctrl-C does once it has come so many steps far.

    A step is a line of ours, or what comes after a function that it called: there, Python looks
    whether a signal came.

    Returns:
        Whether it came so far.
    """
    taken, returned = 0, False

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        nonlocal taken, returned
        file = frame.f_code.co_filename
        frame.f_trace_opcodes = file in CALLERS
        here = (event == "line" and file in OURS) or (event == "opcode" and returned)
        returned = event == "return"
        if here:
            taken += 1
            if taken == step:
                signal.raise_signal(signal.SIGINT)
        return trace

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    assert taken < step, "the signal was lost"
    return False


def write_file(folder: Path) -> None:
    with atomic.publish(folder / "clip-1.mp4") as temporary:
        temporary.write_bytes(b"whole")


def write_folder(folder: Path) -> None:
    with atomic.publish_folder(folder / "bag") as temporary:
        (temporary / "record.pdf").write_bytes(b"whole")


def write_scratch(_: Path) -> None:
    with temporary.scratch_folder() as own:
        (own / "said").write_bytes(b"half")


# What is interrupted just as it opened a file leaves it to Python to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("work", [write_file, write_folder, write_scratch])
def test_files_are_whole_or_away_wherever_it_is_interrupted(
    tmp_path: Path, work: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    step, found = 1, set()
    while run_interrupted(lambda: work(tmp_path), step):
        left = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path for path in left if path.read_bytes() != b"whole"] == [], step
        found.add(tuple(sorted(path.name for path in tmp_path.iterdir())))
        for path in left:
            path.unlink()
        with contextlib.suppress(FileNotFoundError):
            (tmp_path / "bag").rmdir()
        step += 1
    assert step > 30
    assert all(not name.startswith(".") for names in found for name in names), found


def running(folder: Path) -> str:
    """Returns the commands that run and name a folder."""
    done = subprocess.run(["pgrep", "-fa", str(folder)], capture_output=True, text=True)
    return done.stdout


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="processes are looked for with pgrep")
def test_ffmpeg_ends_wherever_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)  # each is a few steps
    drawn = ["-re", "-f", "lavfi", "-i", "testsrc=duration=0.2:size=64x64:rate=20", "-f", "mp4"]

    def work() -> None:
        with atomic.publish(tmp_path / "clip-1.mp4") as temporary:
            ffmpeg.run_ffmpeg(drawn, temporary, "clip-1", Fraction(1, 5))

    step = 1
    while run_interrupted(work, step):
        assert running(tmp_path) == "", step
        assert [one.name for one in tmp_path.iterdir()] in ([], ["clip-1.mp4"]), step
        (tmp_path / "clip-1.mp4").unlink(missing_ok=True)
        step += 1
    assert (tmp_path / "clip-1.mp4").stat().st_size > 1000
