"""Kills builds of several families at random moments, over and over.

    python benchmarks/killing_builds.py [trials] [--seed S] [--engine nbclient] [--keep DIR]

Each trial (50) changes what three families' clips are, begins to build them, and ends one process
by `kill -9` after a random time: the program itself, one of its workers, or something deeper, as
ffmpeg, the process that reads films, that lays pages out or that runs a workbook. Looked at then:
is every file that a person can see whole, and the old or the new one; is every answer there; does
every process end by itself; what lies about; and does the same command finish, leaving the same
files as a build that nobody killed, and nothing beside them. Ends with 1 if anything did not.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from films import draw_film
from killing import (
    Build,
    Victim,
    copy_inputs,
    lay_out,
    list_answers,
    list_halves,
    list_leftovers,
    mark_clip,
    read_tree,
    say,
)

from benchmarks.footage import describe_load

PATIENCE_S = 10.0
VICTIMS: tuple[Victim, ...] = ("program", "worker", "deeper")


def main() -> int:
    """Runs the trials, and returns 1 where anything was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trials", nargs="?", type=int, default=50)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--engine", default="vigbook")
    parser.add_argument("--keep", type=Path, help="a folder that is kept")
    asked = parser.parse_args()
    random.seed(asked.seed)
    print(describe_load())
    with contextlib.ExitStack() as stack:
        base = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base.mkdir(exist_ok=True)
        return Trials(base, asked.engine).run(asked.trials)


class Trials:
    """Trials on copies of the same families."""

    def __init__(self, base: Path, engine: str) -> None:
        self._base, self._engine = base, engine
        self._faults: collections.Counter[str] = collections.Counter()
        self._slowest_end_s = 0.0

    def run(self, trials: int) -> int:
        """Runs so many, tells of each, and returns 1 where anything was not as it should be."""
        old, new = self._base / "old", self._base / "new"
        lay_out(old, draw_film(self._base / "film.mp4", seconds=4, size=(160, 120), sound=False))
        self._finish(old)
        copy_inputs(old, new)
        change(new)
        took = self._finish(new)
        self._old, self._new = read_tree(old), read_tree(new)
        killed: collections.Counter[str] = collections.Counter()
        for number in range(trials):
            victim = VICTIMS[number % len(VICTIMS)]
            after_s = random.uniform(0, took * 0.9)
            name, wrong = self._try(number, victim, after_s)
            killed[victim if not name.startswith("nothing") else "nothing"] += 1
            told = "; ".join(wrong) or "well"
            print(f"{number:3} {victim:8} {after_s:5.1f} s  {told}   [{name[-60:]}]", flush=True)
        print(f"{trials} trials, killed: {dict(killed)}; wrong: {dict(self._faults) or 'nothing'}")
        print(f"the last process ended {self._slowest_end_s:.1f} s after the program at the most")
        return 1 if self._faults else 0

    def _try(self, number: int, victim: Victim, after_s: float) -> tuple[str, list[str]]:
        cases, workshop = self._base / f"cases-{number}", self._base / f"tmp-{number}"
        shutil.copytree(self._base / "old", cases)
        change(cases)
        # The same ids as in the tree to compare with.
        for journal in (self._base / "new").glob("wren-*/cycle-1/answers.jsonl"):
            shutil.copyfile(journal, cases / journal.relative_to(self._base / "new"))
        said = list_answers(cases)
        build = Build(cases, workshop, "--engine", self._engine)
        name = build.kill(victim, after_s)
        code = build.wait()
        begin = time.monotonic()
        left = build.wait_for_all(PATIENCE_S)
        self._slowest_end_s = max(self._slowest_end_s, time.monotonic() - begin)
        build.end()
        wrong = [f"half: {one}" for one in list_halves(cases)]
        wrong += [f"left running: {one}" for one in left]
        tree = read_tree(cases)
        for file, content in tree.items():
            known = {self._old.get(file), self._new.get(file)}
            if not Path(file).name.startswith(".") and content not in known and "print" not in file:
                wrong.append(f"neither old nor new: {file}")
        # A family whose workbook, film or page was just being worked on is told as not done.
        if victim != "program" and build.said.count("NOT DONE") > (victim == "deeper"):
            wrong.append(f"not done ({code}): {build.said.count('NOT DONE')} families")
        lying = list_leftovers(cases, workshop)
        name += f" -> {len(lying)} left lying" if lying else ""
        wrong += self._look_after(cases, workshop, said)
        for one in wrong:
            self._faults[one.partition(":")[0]] += 1
        if not wrong:
            shutil.rmtree(cases)
            shutil.rmtree(workshop)
        return name, wrong

    def _look_after(self, cases: Path, workshop: Path, said: set[str]) -> list[str]:
        """Runs the same command again, and returns what is not as if nothing had happened."""
        wrong = []
        again = Build(cases, workshop, "--engine", self._engine)
        if code := again.wait():
            wrong.append(f"the next run ended with {code}: {again.said.splitlines()[-1:]}")
        if not said <= list_answers(cases):
            wrong.append("answers lost")
        if lying := list_leftovers(cases, workshop):
            wrong.append(f"left lying after the next run: {[Path(one).name for one in lying]}")
        tree = read_tree(cases)
        if tree != self._new:
            differ = sorted(n for n in tree.keys() | self._new if tree.get(n) != self._new.get(n))
            wrong.append(f"another tree: {differ}")
        return wrong

    def _finish(self, cases: Path) -> float:
        begin = time.monotonic()
        build = Build(cases, self._base / "tmp")
        if code := build.wait():
            raise SystemExit(f"a build that nobody killed ended with {code}: {build.said}")
        return time.monotonic() - begin


def change(cases: Path) -> None:
    """Changes what all families' clips are, and lets something be said."""
    for family in cases.glob("wren-*"):
        mark_clip(family, "After", 2)
        if cases.name == "new":
            say(family, "This was said later.")


if __name__ == "__main__":
    sys.exit(main())
