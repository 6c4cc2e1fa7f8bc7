"""A service with as many families as wanted, to measure with: each with a film of its own.

The families' files are the example's. No two films hold the same bytes: each says in its title
whose it is. What the plain way needs beside them, the marks by which a person cuts, is `marks.txt`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.footage import run_ffmpeg

EXAMPLES = Path(__file__).parents[1] / "examples"
TODAY = "2026-09-20"
"""A day on which the example's consents stand and its films need not be deleted yet."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Which clips are cut from a film.

    Attributes:
        starts: of each clip, in seconds.
        seconds: how long each is.
        stills: where in each clip its stills are, in seconds from its start.
        quality: of the clips, as cycle.yaml says it.
    """

    starts: Sequence[float]
    seconds: float
    stills: Sequence[float]
    quality: str = "normal"

    def as_cycle(self, name: str) -> dict[str, object]:
        """Returns what cycle.yaml holds."""
        return {
            "cycle": 1,
            "film": {"file": name, "date": "2026-09-12", "place": "at home"},
            "in_shot": ["child", "mum"],
            "clips": [
                {
                    "id": f"clip-{number}",
                    "title": f"Moment {number}",
                    "start": f"{start:.3f}",
                    "end": f"{start + self.seconds:.3f}",
                    "quality": self.quality,
                    "question": "What do you see?",
                    "stills": [
                        {"at": f"{start + at:.3f}", "alt": f"Mia and Sam, {at} s into it."}
                        for at in self.stills
                    ],
                }
                for number, start in enumerate(self.starts, start=1)
            ],
            "next": {"date": "2026-10-31"},
        }

    def as_lines(self) -> str:
        """Returns a line for each clip and still: its name, when it begins, how long it is."""
        lines = []
        for number, start in enumerate(self.starts, start=1):
            lines.append(f"clip-{number} {start:.3f} {self.seconds:.3f}")
            for still, at in enumerate(self.stills, start=1):
                lines.append(f"clip-{number}-{still} {start + at:.3f} still")
        return "\n".join(lines) + "\n"


# Neither begins with a group of pictures, nor ends with one.
SHORT = Marks(starts=(3.4, 12.72, 21.92), seconds=4, stills=(0.8, 1.92, 3.12))
TINY = Marks(starts=(0.52,), seconds=1, stills=(0.4,))
LONG = Marks(starts=(73.4, 288.84, 511.24), seconds=20, stills=(2.2, 9.04, 17.4))


def copy_film(film: Path, to: Path, number: int) -> Path:
    """Copies a film's pictures and sound, so that the file differs from every other copy."""
    run_ffmpeg("-i", film, "-c", "copy", "-metadata", f"title=family {number}", to)
    return to


def write_service(folder: Path, films: Sequence[Path], marks: Marks = SHORT) -> list[Path]:
    """Writes a team's file and a family for each film, with nothing built, and returns them.

    The films are linked where that can be done, so that one measurement is no colder than another.
    """
    folder.mkdir(parents=True)
    shutil.copyfile(EXAMPLES / "service.yaml", folder / "service.yaml")
    case = (EXAMPLES / "otter" / "case.yaml").read_text("utf-8")
    case = case.replace("take-home,", "take-home, service-record,")
    families = []
    for number, film in enumerate(films, start=1):
        family = folder / f"family-{number:04}"
        cycle = family / "cycle-1"
        cycle.mkdir(parents=True)
        (family / "case.yaml").write_text(case.replace("otter", family.name), "utf-8")
        text = json.dumps(marks.as_cycle("film.mp4"), indent=1)
        (cycle / "cycle.yaml").write_text(text, "utf-8")
        (cycle / "marks.txt").write_text(marks.as_lines(), "utf-8")
        shutil.copyfile(EXAMPLES / "otter" / "cycle-1" / "answers.jsonl", cycle / "answers.jsonl")
        try:
            os.link(film, cycle / "film.mp4")
        except OSError:
            shutil.copyfile(film, cycle / "film.mp4")
        families.append(family)
    return families
