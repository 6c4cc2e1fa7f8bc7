"""Tells whether a change of the code changed anything that is built: every file by its SHA-256.

    python benchmarks/same_outputs.py before.json            writes what today's code builds
    python benchmarks/same_outputs.py before.json --compare  builds again, and tells what differs

Both examples are built by the command, on a fixed day: clips, stills, workbooks, papers, records
and take-homes exported by nbconvert, and bags. With `--films DIR` the drawn films are kept there.
Installed code is what counts: install it anew after entry points moved.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from vigbook.demo.examples import draw_films, lay_out

DAY = "2026-11-28"
FAMILIES = ("otter", "heron")
BUILT = (".mp4", ".jpg", ".ipynb", ".pdf")
# What a bag says of its own day and of the answers' time stamps on the disk differs each time.
_OF_THE_DAY = ("bag-info.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt")


def hash_outputs(films: Path, place: Path) -> dict[str, str]:
    """Builds both examples below a folder; returns each file's SHA-256 by its path there."""
    for name in FAMILIES:
        drawn = lay_out(films, name)
        draw_films(drawn)
        for film in drawn.rglob("film.mp4"):
            family = lay_out(place, name)
            (family / film.relative_to(drawn)).hardlink_to(film)
    cases = [str(place / name) for name in FAMILIES]
    _run("vigbook", "build", *cases, "--today", DAY)
    _run("vigbook", "print", *cases, "--size", "large", "--paper", "letter", "--today", DAY)
    _run("vigbook", "print", *cases, "--only", "script", "--today", DAY)
    for workbook in sorted(place.glob("*/cycle-*/workbook.ipynb")):
        for kind in ("vigbook-record", "vigbook-take-home"):
            out = f"exported-{kind}"
            _run("jupyter", "nbconvert", "--to", kind, "--output", out, str(workbook))
    bags = place / "bags"
    _run("vigbook", "archive", *cases, "--to", str(bags), "--today", DAY)
    files = [one for one in place.rglob("*") if one.suffix in BUILT and one.name != "film.mp4"]
    files += [one for one in bags.rglob("*") if one.is_file() and one.name not in _OF_THE_DAY]
    return {
        str(one.relative_to(place)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in sorted({*files})
    }


def _run(program: str, *arguments: str) -> None:
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")


def main() -> int:
    """Writes the sums, or compares with those that were written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sums", type=Path)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--films", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        found = hash_outputs(chosen.films or place / "films", place / "cases")
    if not chosen.compare:
        chosen.sums.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        print(f"{len(found)} files")
        return 0
    before = json.loads(chosen.sums.read_text("utf-8"))
    every = sorted(before.keys() | found.keys())
    differs = [one for one in every if before.get(one) != found.get(one)]
    for one in differs:
        state = "is gone" if one not in found else "is new" if one not in before else "differs"
        print(f"{one}: {state}")
    print(f"{len(before)} files before, {len(found)} now, {len(differs)} not the same")
    return bool(differs)


if __name__ == "__main__":
    sys.exit(main())
