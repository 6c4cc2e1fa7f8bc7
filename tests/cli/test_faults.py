"""Ctrl-C, a full disk, a read-only folder: a sentence, exit 1, and earlier outputs whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from families import TODAY, half_written, run_vigbook, vigbook_command, write_family
from films import numbers_in
from live import wait_until

Run = Callable[..., "subprocess.CompletedProcess[str]"]
STOPPED = "Stopped. Nothing is half-written; run the same command again to go on.\n"


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [*vigbook_command(), *map(str, arguments), "--today", TODAY]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


MOMENTS: dict[str, tuple[str, float]] = {
    "at its very start": ("case.yaml", 0.05),
    "in the middle of a clip": ("cycle-1/media/.clip-1-*", 0.1),
    "as a clip is whole": ("cycle-1/media/clip-1.mp4", 0),
    "as the media are whole": ("cycle-1/media/manifest.json", 0),
    "while the workbook runs": ("cycle-1/media/manifest.json", 0.2),
    "as the workbook is whole": ("cycle-1/workbook.ipynb", 0),
    "while papers are laid out": ("cycle-1/workbook.ipynb", 0.3),
    "as the first paper is whole": ("cycle-1/print/*.pdf", 0),
}
"""What is waited for in the family's folder, and how many seconds then."""


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_at_any_moment_leaves_nothing_half_written(
    tmp_path: Path, numbered_film: Path, vigbook: Run, moment: str
) -> None:
    """As on a terminal, every process of the group is interrupted."""
    pattern, more_s = MOMENTS[moment]
    for attempt in range(3):  # where this machine is busy it may be over by then
        family = write_family(tmp_path / str(attempt) / "wren", numbered_film)
        process = start("build", family)
        wait_until(lambda family=family: [*family.glob(pattern)], every=0.005)
        time.sleep(more_s)  # the moment is what is tried, so nothing can be waited for
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert half_written(family) == []
        over = (family / ".built.json").exists()
        assert vigbook("build", family).returncode == 0
        assert numbers_in(family / "cycle-1" / "media" / "clip-1.mp4") == list(range(50, 100))
        if not over:
            # A process that has not come to its first line yet ends as Python does.
            unborn = "vigbook/cli/" not in said and (
                process.returncode == -signal.SIGINT or said.startswith("Fatal Python error: init")
            )
            assert unborn or (process.returncode, said) == (1, STOPPED)
            return
    raise AssertionError("it was over each time before it was interrupted")


@pytest.mark.slow
def test_ctrl_c_stops_many_cases_at_once(tmp_path: Path, numbered_film: Path) -> None:
    cases = tmp_path / "cases"
    for number in range(4):
        write_family(cases / f"wren-{number}", numbered_film)
    process = start("build", *sorted(cases.glob("wren-*")))
    wait_until(lambda: half_written(cases))
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.endswith(STOPPED)
    assert "Traceback" not in said
    assert half_written(cases) == []
    alive = subprocess.run(["pgrep", "-f", str(cases)], capture_output=True, text=True).stdout
    assert alive == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount a disk: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> None:
    with (place / "filler").open("wb") as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
                file.flush()
        except OSError:
            return


def test_a_full_disk_is_told_and_earlier_outputs_stay(
    built_family: Path, small_disk: Path, vigbook: Run
) -> None:
    family = small_disk / "wren"
    shutil.copytree(built_family, family)
    before = contents(family)
    vigbook("answer", family, "remember", "She looks for me.", "--by", "mum")
    text = (family / "cycle-1" / "cycle.yaml").read_text("utf-8")
    (family / "cycle-1" / "cycle.yaml").write_text(text.replace("04.000", "05.000"), "utf-8")
    fill(small_disk)
    done = vigbook("build", family)
    assert done.returncode == 1
    assert "could not be written: the disk is full; free some space" in done.stderr
    assert "Traceback" not in done.stderr
    after = contents(family)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {"cycle-1/cycle.yaml"}
    assert half_written(family) == []


def test_an_answer_on_a_full_disk_is_told_and_the_journal_stays(
    family: Path, small_disk: Path, vigbook: Run
) -> None:
    shutil.copytree(family, small_disk / "wren")
    vigbook("answer", small_disk / "wren", "remember", "First.", "--by", "mum")
    journal = small_disk / "wren" / "cycle-1" / "answers.jsonl"
    before = journal.read_bytes()
    fill(small_disk)
    done = vigbook("answer", small_disk / "wren", "remember", "x" * 9000, "--by", "mum")
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert journal.read_bytes() == before


# Root may write anywhere; without its capabilities it is held to the permissions like anybody.
AS_ANYBODY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.fixture
def read_only(built_family: Path) -> Iterator[Path]:
    folders = [path for path in built_family.rglob("*") if path.is_dir()]
    for path in (built_family, *folders):
        path.chmod(0o555)
    yield built_family
    for path in (built_family, *folders):
        path.chmod(0o755)


def test_a_read_only_folder_is_told(read_only: Path) -> None:
    case = read_only / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("hoped: 7", "hoped: 8"), "utf-8")
    before = contents(read_only)
    command = [*AS_ANYBODY, *vigbook_command(), "build", ".", "--today", TODAY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=read_only)
    assert done.returncode == 1, done.stdout
    assert (
        "cycle-1/workbook.ipynb: could not be written: you may not write there; "
        "ask for the right to write to this folder" in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert contents(read_only) == before


def test_an_answer_in_a_read_only_folder_is_told(read_only: Path) -> None:
    command = [*AS_ANYBODY, *vigbook_command(), "answer", ".", "remember", "x", "--today", TODAY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=read_only)
    assert done.returncode == 1
    assert "could not be written: you may not write there" in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_when_the_system_asks_it_to_end_it_tidies_up_as_well(
    family: Path, ending: signal.Signals
) -> None:
    process = start("build", family)
    wait_until(lambda: half_written(family))
    process.send_signal(ending)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, STOPPED)
    assert half_written(family) == []
    assert run_vigbook("build", family).returncode == 0


@pytest.mark.slow
def test_a_closed_window_leaves_nothing_half_written(tmp_path: Path, numbered_film: Path) -> None:
    """Every process of the terminal is told, and where they write to is gone."""
    for number in range(2):
        write_family(tmp_path / f"wren-{number}", numbered_film)
    process = start("build", *sorted(tmp_path.glob("wren-*")))
    wait_until(lambda: half_written(tmp_path))
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    os.killpg(process.pid, signal.SIGHUP)
    assert process.wait(timeout=60) != 0
    assert half_written(tmp_path) == []


def test_under_nohup_it_goes_on_when_the_window_is_closed(family: Path) -> None:
    command = ["nohup", *vigbook_command(), "build", str(family), "--today", TODAY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_until(lambda: half_written(family))
    process.send_signal(signal.SIGHUP)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert numbers_in(family / "cycle-1" / "media" / "clip-1.mp4") == list(range(50, 100))
