"""Families on disk, and the real command run on them."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import CycleContext, open_context
from vigbook.method.templates import find_templates

TODAY = "2026-11-22"

CASE = """\
vigbook: 1
family: wren
people:
  - {id: child, name: Mia, role: child, born: 2025-02-11}
  - {id: mum, name: Sam, role: mother, receives: true}
consents:
  - person: child
    uses: [filming, shared-review, take-home]
    given_by: mum
    authority: parental responsibility
    date: 2026-09-01
  - person: mum
    uses: [filming, shared-review, take-home]
    given_by: mum
    authority: self
    date: 2026-09-01
helping_question: How can I help Mia settle?
goals:
  - id: settle
    wording: I want us both to enjoy bedtime.
    owner: mum
    baseline: {value: 3}
    hoped: 7
"""

COUSIN = CASE.replace(
    "consents:\n",
    "  - {id: zoe, name: Zoe, role: cousin}\n"
    "consents:\n"
    "  - {person: zoe, uses: [filming], given_by: her father, authority: parental responsibility, "
    "date: 2026-09-01}\n",
)
CYCLE = """\
cycle: 1
film: {file: film.mp4, date: 2026-09-12, place: at home, activity: tea time}
in_shot: [child, mum]
clips:
  - id: clip-1
    title: Waiting for Mia
    start: 00:00:02.000
    end: 00:00:04.000
    initiative: child
    principles: [{id: encouraging, by: mum}]
    question: What happens here?
    stills:
      - {at: 00:00:03.000, alt: "Mia reaches up and Sam leans in."}
  - id: clip-2
    title: The spoon
    start: 00:00:06.480
    end: 00:00:07.520
    stills:
      - {at: 00:00:07.000, alt: "Sam holds the spoon."}
next: {date: 2026-11-28}
"""

SERVICE = """\
name: Riverside Family Team
worker: Jo
phone: 020 7946 0018
media_weeks: 8
"""


def write_family(folder: Path, film: Path, case: str = CASE, cycle: str = CYCLE) -> Path:
    """Writes a family's folder and its team's file."""
    (folder / "cycle-1").mkdir(parents=True)
    (folder.parent / "service.yaml").write_text(SERVICE, "utf-8")
    (folder / "case.yaml").write_text(case, "utf-8")
    (folder / "cycle-1" / "cycle.yaml").write_text(cycle, "utf-8")
    shutil.copyfile(film, folder / "cycle-1" / "film.mp4")
    return folder


def vigbook_command() -> list[str]:
    """Returns the command that is installed beside this Python."""
    return [str(Path(sys.executable).with_name("vigbook"))]


def run_vigbook(
    *arguments: str | Path,
    cwd: Path | None = None,
    today: str | None = TODAY,
    timeout: int = 300,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs the real command as a person would, on a day of our choice."""
    command = [*vigbook_command(), *map(str, arguments)]
    if today and arguments and arguments[0] not in ("new", "verify"):
        command += ["--today", today]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, timeout=timeout, env=env
    )


def open_first(family: Path, today: str = TODAY) -> CycleContext:
    """Returns a family's first cycle with all that is known of it."""
    folder = family / "cycle-1"
    day = datetime.date.fromisoformat(today)
    return open_context(read_case_folder(family, [folder]), folder, find_templates(), day)


def half_written(folder: Path) -> list[str]:
    """Returns the hidden files of a family that are none of vigbook's lasting ones."""
    lasting = (".made.json", ".built.json", ".lock", ".schemas")
    return [path.name for path in folder.rglob(".*") if not path.name.endswith(lasting)]
