"""Processes that take one thing after another: one that is killed costs only what it was at."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from live import wait_until
from poolwork import Work, fall_once, note, open_work, pids, stop

from vigbook.system.pool import Done, work_through

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no kill -9")


def work(what: Work, folder: Path, things: str, most_each: int = 50) -> list[Done[str, str]]:
    opened = functools.partial(open_work, what, folder)
    found = work_through(opened, things, processes=2, most_each=most_each)
    return sorted(found, key=lambda one: one.thing)


def done(thing: str, falls: int = 0, *, given_up: bool = False) -> Done[str, str]:
    return Done(thing=thing, result=None if given_up else thing.upper(), falls=falls)


def test_a_process_that_is_killed_costs_nothing_but_a_second_try(tmp_path: Path) -> None:
    expected = [done("a"), done("b", 1), done("c", 2, given_up=True), *map(done, "defg")]
    assert work(fall_once, tmp_path, "abcdefg") == expected
    assert [len(pids(tmp_path, one)) for one in "abcdefg"] == [1, 2, 2, 1, 1, 1, 1]


def test_a_process_is_replaced_after_so_many_things(tmp_path: Path) -> None:
    assert [one.result for one in work(note, tmp_path, "abcdef", most_each=2)] == [*"ABCDEF"]
    by = [pids(tmp_path, one)[0] for one in "abcdef"]
    assert max(map(by.count, by)) <= 2
    assert os.getpid() not in by


def test_each_process_opens_its_work_once_and_closes_it_when_it_is_done(tmp_path: Path) -> None:
    work(note, tmp_path, "abcdef", most_each=2)
    by = {str(pids(tmp_path, one)[0]) for one in "abcdef"}
    for kind in ("entered", "left"):
        assert {one.name.split("-")[1] for one in tmp_path.glob(f"{kind}-*")} == by


def test_what_fails_is_raised_and_no_process_stays(tmp_path: Path) -> None:
    before = {one.pid for one in psutil.Process().children()}
    with pytest.raises(LookupError, match="a"):
        work(stop, tmp_path, "a")
    left = [one for one in psutil.Process().children() if one.pid not in before]
    assert [one for one in left if "resource_tracker" not in str(one.cmdline())] == []


PROGRAM = """
    import functools, sys, pathlib
    sys.path.insert(0, sys.argv[1])
    import slow
    from vigbook.system.pool import work_through
    if __name__ == "__main__":
        work = functools.partial(slow.open_work, pathlib.Path(sys.argv[1]))
        list(work_through(work, sys.argv[2], processes=2, most_each=9))
"""
SLOW = """
    import contextlib, functools, os, time
    @contextlib.contextmanager
    def open_work(folder):
        yield functools.partial(work, folder)
    def work(folder, thing):
        if thing == "b":
            return  # its process waits for more from now on
        (folder / thing).write_text(str(os.getpid()))
        try:
            time.sleep(60)
        finally:
            (folder / f"{thing}-cleared-up").touch()
"""


def _three_below(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children(recursive=True)
    return children if len(children) >= 3 else []


def test_when_the_program_is_killed_its_processes_clear_up_and_end(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(textwrap.dedent(SLOW))
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    command = [sys.executable, str(program), str(tmp_path), "ab"]
    with subprocess.Popen(command) as started:
        wait_until(lambda: (tmp_path / "a").exists() and (tmp_path / "a").read_text())
        children = wait_until(lambda: _three_below(started.pid))
        started.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert (tmp_path / "a-cleared-up").exists()
