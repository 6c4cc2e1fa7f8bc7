"""`kill -9` of a build, at any moment: nothing is lost, half there, or left running."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from families import TODAY, vigbook_command
from films import draw_film, numbers_in
from killing import (
    MARK,
    Build,
    Victim,
    copy_inputs,
    find_marked,
    lay_out,
    list_answers,
    list_halves,
    list_leftovers,
    mark_clip,
    read_tree,
    say,
)
from live import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="there is no kill -9"),
]
RATE = 25
LENGTH = 15  # a clip's, in frames


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds whose frames tell their numbers."""
    path = tmp_path_factory.mktemp("short") / "film.mp4"
    return draw_film(path, seconds=4, size=(160, 120), sound=False)


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """Where a build's temporary files go."""
    return tmp_path / "workshop"


def kill_build(cases: Path, workshop: Path, victim: Victim, latest_s: float) -> str:
    """Kills something of a build at a random moment, looks about, and returns what was said."""
    build = Build(cases, workshop)
    try:
        after_s = random.uniform(0, latest_s)
        killed = build.kill(victim, after_s)
        build.wait()
        told = f"{victim} after {after_s:.2f} s: {killed}"
        assert build.wait_for_all(10) == [], told
        assert [*list_halves(cases)] == [], told
    finally:
        build.end()
    return build.said


def clips_of(cases: Path) -> list[int]:
    """Returns the seconds at which the families' clips begin; each clip must be whole."""
    found = []
    for path in sorted(cases.glob("wren-*/cycle-1/media/clip-1.mp4")):
        numbers = numbers_in(path)
        assert numbers == [*range(numbers[0], numbers[0] + LENGTH)]
        found.append(numbers[0] // RATE)
    return found


def test_a_build_that_is_killed_over_and_over_is_finished_by_the_next(
    tmp_path: Path, workshop: Path, film: Path
) -> None:
    """Five times: the program twice, a worker, something deeper, and the program again."""
    cases, twin = tmp_path / "cases", tmp_path / "twin"
    lay_out(cases, film)
    families = sorted(cases.glob("wren-*"))
    said = list_answers(cases)
    kill_build(cases, workshop, "program", 2)
    kill_build(cases, workshop, "program", 8)
    said.add(say(families[0], "This was said between."))

    # Nothing may be left to do by now; and one family alone is built without a worker.
    for family in families:
        mark_clip(family, "Between", 1)
    # A worker costs nobody anything: what it was at is begun once more.
    told = kill_build(cases, workshop, "busy worker", 0)
    assert ("NOT DONE" in told, told.count("it was begun once more")) == (False, 1)
    assert clips_of(cases) == [1, 1, 1]

    for family in families:
        mark_clip(family, "After", 2)
    told = kill_build(cases, workshop, "deeper", 4)
    assert told.count("NOT DONE") <= 1
    assert {*clips_of(cases)} <= {1, 2}
    for family in families:
        mark_clip(family, "At last", 3)
    said.add(say(families[1], "This was said later."))
    kill_build(cases, workshop, "program", 8)
    assert {*clips_of(cases)} <= {1, 2, 3}

    last = Build(cases, workshop)
    assert (last.wait(), list_leftovers(cases, workshop)) == (0, [])
    assert said == list_answers(cases)
    copy_inputs(cases, twin)
    assert Build(twin, workshop).wait() == 0
    assert read_tree(cases) == read_tree(twin)
    assert clips_of(cases) == [3, 3, 3]


def test_a_kernel_ends_with_the_program_that_is_killed(
    tmp_path: Path, workshop: Path, film: Path
) -> None:
    cases = tmp_path / "cases"
    lay_out(cases, film)
    workshop.mkdir()
    command = [*vigbook_command(), "build", str(cases / "wren-0"), "--today", TODAY]
    environment = {**os.environ, "TMPDIR": str(workshop)}
    with subprocess.Popen([*command, "--engine", "nbclient"], env=environment) as program:
        kernel = wait_until(lambda: child_of(program.pid, "ipykernel_launcher"), 120)
        program.kill()
        program.wait()
    _, alive = psutil.wait_procs([kernel], timeout=10)
    assert alive == []


def child_of(pid: int, name: str) -> psutil.Process | None:
    """Returns a process that another started, by a word of its command, once it is there."""
    try:
        children = psutil.Process(pid).children(recursive=True)
        return next((one for one in children if name in " ".join(one.cmdline())), None)
    except psutil.Error:
        return None


CUTS = """
    import sys
    from fractions import Fraction
    from pathlib import Path
    from vigbook.film.ffmpeg import run_ffmpeg
    from vigbook.film.reader import Reader
    film, out = map(Path, sys.argv[1:])
    with Reader() as reader:
        list(reader.ask("probe", film))
        endless = ["-re", "-f", "lavfi", "-i", "testsrc=duration=90", "-c:v", "libx264"]
        run_ffmpeg(endless, out, "clip-1", Fraction(60), group=reader.group)
"""
LOOKS = """
    import os, pathlib, sys
    import nbformat, papermill
    from nbformat.v4 import new_code_cell, new_notebook
    code = "import os, pathlib, time; os.system('sleep 98764 &')\\n"
    code += f"pathlib.Path({sys.argv[2]!r}).touch(); time.sleep(60)"
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node = new_notebook(cells=[new_code_cell(code)], metadata={"kernelspec": python})
    # A template of a team's own: nbclient runs what came with none.
    method = pathlib.Path(sys.argv[2]).with_name("ours") / "team"
    method.mkdir(parents=True)
    (method / "method.yaml").touch()
    nbformat.write(node, method / "cells.ipynb")
    os.environ["VIGBOOK_TEMPLATES"] = str(method.parent)
    papermill.execute_notebook(node, None, engine_name="vigbook", progress_bar=False)
"""


@pytest.fixture(params=["ffmpeg", "a notebook", "a notebook beside threads"])
def busy(
    request: pytest.FixtureRequest, tmp_path: Path, workshop: Path, film: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the middle of cutting a clip, or of running a cell that started another."""
    code = textwrap.dedent(CUTS if request.param == "ffmpeg" else LOOKS)
    if request.param == "a notebook beside threads":
        idle = "import threading, time; threading.Thread(target=time.sleep, args=[60]).start()\n"
        code = idle + code
    out = tmp_path / "clip-1.mp4"
    workshop.mkdir()
    environment = {**os.environ, "TMPDIR": str(workshop), MARK: str(tmp_path)}
    command = [sys.executable, "-c", code, str(film), str(out)]
    with subprocess.Popen(command, env=environment) as program:
        wait_until(out.exists, 120)
        time.sleep(0.2)  # well into it, which nothing outside it tells
        yield program
        program.kill()


def test_what_a_killed_program_had_started_ends_as_well(
    busy: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    started = [one for one in find_marked(str(tmp_path)) if one.pid != busy.pid]
    commands = [one.cmdline() for one in started]
    assert [one for one in commands if one[0] == "sleep" or "testsrc=duration=90" in one] != []
    busy.kill()
    busy.wait()
    _, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []
