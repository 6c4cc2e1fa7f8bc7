"""Builds of several families that are killed in the middle, and what is looked at after it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import av
import nbformat
import psutil
from families import CASE, TODAY, vigbook_command, write_family
from PIL import Image

from vigbook.case.journal import read_journal, write_answer
from vigbook.paper.conformance import find_faults
from vigbook.system.atomic import sha256_of

Victim = Literal["program", "worker", "busy worker", "deeper"]
FAMILIES = 3
MARK = "VIGBOOK_KILLED_BUILD"  # an environment variable that every process of a build inherits

CYCLE = """\
cycle: 1
film: {{file: film.mp4, date: 2026-09-12, place: at home, activity: tea time}}
in_shot: [child, mum]
clips:
  - id: clip-1
    title: {title}
    start: 00:00:0{second}.000
    end: 00:00:0{second}.600
    question: What happens here?
    stills:
      - {{at: 00:00:0{second}.400, alt: "Mia reaches up and Sam leans in."}}
"""


def lay_out(cases: Path, film: Path) -> None:
    """Writes families whose clips are in their first version."""
    for number in range(FAMILIES):
        family = write_family(cases / f"wren-{number}", film, CASE, "")
        mark_clip(family, "Before", 1)
        say(family, "This was said before.")


def mark_clip(family: Path, title: str, second: int) -> None:
    """Marks a family's clip at a second of the film."""
    path = family / "cycle-1" / "cycle.yaml"
    path.write_text(CYCLE.format(title=title, second=second), "utf-8")


def say(family: Path, words: str) -> str:
    """Writes an answer, and returns its id."""
    journal = family / "cycle-1" / "answers.jsonl"
    return write_answer(journal, "clip-1.see", words, by="mum", source="said").id


def list_answers(cases: Path) -> set[str]:
    """Returns the ids of all answers that can be read."""
    journals = cases.glob("wren-*/cycle-1/answers.jsonl")
    return {line.id for journal in journals for line in read_journal(journal).lines}


def read_tree(cases: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file but locks; of logs, whose times differ, nothing."""
    return {
        str(path.relative_to(cases)): "" if "log.jsonl" in path.name else sha256_of(path)
        for path in sorted(cases.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name != ".built.json"
    }


def find_marked(mark: str) -> list[psutil.Process]:
    """Returns the living processes that have a mark, or inherited it, whoever their parent is."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get(MARK) == mark and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


class Build:
    """A build of all families, whose processes can be told from all others."""

    def __init__(self, cases: Path, workshop: Path, *options: str) -> None:
        """Args:
        workshop: an empty folder for temporary files, and for what is said.
        options: of the command.
        """
        self.mark = uuid.uuid4().hex
        workshop.mkdir(exist_ok=True)
        self._said = workshop.with_name(f"{workshop.name}-said.txt")
        families = sorted(map(str, cases.glob("wren-*")))
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [*vigbook_command(), "build", *families, "--today", TODAY, *options],
                stdout=said, stderr=said,
                env={**os.environ, MARK: self.mark, "TMPDIR": str(workshop)},
            )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Returns the processes of this build that are there."""
        return find_marked(self.mark)

    def find_victim(self, victim: Victim) -> psutil.Process | None:
        """Returns the program, a worker of its or a process that a worker started."""
        program = psutil.Process(self.process.pid)
        if victim == "program":
            return program
        workers = [one for one in program.children() if "spawn_main" in str(one.cmdline())]
        deeper = [child for one in workers for child in one.children(recursive=True)]
        if victim == "busy worker":
            # One that reads a film is at a family.
            workers = [
                one.parent() for one in deeper if "vigbook.film.reader" in str(one.cmdline())
            ]
        found: list[psutil.Process] = deeper if victim == "deeper" else workers
        return random.choice(found) if found else None

    def kill(self, victim: Victim, after_s: float) -> str:
        """Kills something of the build so long after it began, and returns what it was."""
        time.sleep(after_s)
        while self.process.poll() is None:
            with contextlib.suppress(psutil.Error):
                found = self.find_victim(victim)
                if found:
                    name = " ".join(found.cmdline())
                    found.kill()
                    return name or "a process that had just begun"
            time.sleep(0.01)
        return "nothing: it was over"

    def wait(self, seconds: float = 300) -> int:
        """Waits for the program's end, and returns its exit code."""
        return self.process.wait(seconds)

    def wait_for_all(self, seconds: float) -> list[str]:
        """Waits until no process is left, at most so long, and returns what is left."""
        due = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < due:
            time.sleep(0.1)
        told = []
        for one in left:
            with contextlib.suppress(psutil.Error):
                told.append(f"{one.pid} {' '.join(one.cmdline())}")
        return told

    def end(self) -> None:
        """Ends what is left, so that one failing test disturbs no other."""
        for one in self.processes():
            with contextlib.suppress(psutil.Error):
                one.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        """All that the program has said."""
        return self._said.read_text("utf-8")


def list_halves(cases: Path) -> Iterator[str]:
    """Yields what is wrong with files that a person can see: each must be whole."""
    for path in sorted(cases.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            try:
                _open_whole(path)
            except Exception as err:
                yield f"{path.relative_to(cases)}: {type(err).__name__}: {err}"


def _open_whole(path: Path) -> None:
    match path.suffix:
        case ".jpg":
            with Image.open(path) as picture:
                picture.load()
        case ".mp4":
            with av.open(str(path)) as container:
                assert sum(1 for _ in container.decode(video=0)) >= 10
        case ".pdf":
            assert find_faults(path.read_bytes()) == []
        case ".ipynb":
            nbformat.validate(nbformat.read(path, as_version=4))
        case ".json":
            json.loads(path.read_text("utf-8"))
        case ".jsonl":
            assert all(map(json.loads, path.read_text("utf-8").splitlines()))


def list_leftovers(cases: Path, workshop: Path) -> list[str]:
    """Returns temporary files and folders, beside what was made and in the workshop."""
    lasting = {
        ".log.jsonl.lock",
        ".answers.jsonl.lock",
        ".made.json",
        ".built.json",
        ".vigbook.lock",
    }
    hidden = [one for one in cases.rglob(".*") if one.name not in lasting]
    return sorted(str(one) for one in [*hidden, *workshop.rglob("*")])


def copy_inputs(cases: Path, to: Path) -> None:
    """Copies what people wrote, without what was built of it."""
    built = shutil.ignore_patterns("media", "print", "workbook.ipynb", "log.jsonl", ".*")
    shutil.copytree(cases, to, ignore=built)
