"""Puts one hole of each kind back, and tells which attacks find it.

    python benchmarks/holes.py [KIND]...

The attacks of `tests/server/attacks` are worth what they find. So `vigbook/` and `templates/` are
copied, one line of the copy is made as an attacker would like it, and that kind's attacks are run
against it; then once more against the copy as it was. Ends with 1 unless every hole was found and
nothing was found without one. A hole whose line is not there any more must be written anew.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ATTACKS = ROOT / "tests" / "server" / "attacks"
_MOST_FOUND = 8  # a hole that so many attacks found is found


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """One line made as an attacker would like it.

    Attributes:
        file: below the checkout.
        old: what stands there.
        new: what is put in its place.
        what: what the attacker gains.
    """

    file: str
    old: str
    new: str
    what: str


HOLES = {
    1: Hole(
        file="vigbook/workbook/judged.py", old="self.sha256 not in approved", new="False",
        what="a workbook's strange cells run unasked",
    ),
    2: Hole(
        file="templates/kernels/python3/kernel.json",
        old='"--IPKernelApp.ignore_cwd=True", ', new="",
        what="a workbook's kernel imports what lies beside it",
    ),
    3: Hole(
        file="vigbook/server/routes.py", old="app.default_router.rules.clear()", new="pass",
        what="what Voila and Jupyter answer stays open",
    ),
    4: Hole(
        file="vigbook/server/pages/workbook.py", old="'nonce-{self._nonce}' blob:",
        new="'nonce-{self._nonce}' 'unsafe-eval' blob:", what="a page makes scripts of strings",
    ),
    5: Hole(
        file="vigbook/server/tickets.py", old="self._issued.pop(ticket, None)",
        new="self._issued.get(ticket)", what="a ticket is good twice",
    ),
    6: Hole(
        file="vigbook/server/handlers.py",
        old='not context.may_show("shared-review", clip, still)', new="False",
        what="what was shown once stays to be had",
    ),
    7: Hole(
        file="vigbook/server/app.py", old="len(jupyter_runtime_dir()) < _LONGEST_FOLDER",
        new="False", what="kernels listen at ports that every user reaches",
    ),
}  # fmt: skip


@contextlib.contextmanager
def copied(hole: Hole | None = None) -> Iterator[Path]:
    """A copy of what is tried, with a hole in it or without.

    Raises:
        SystemExit: there is nothing to replace, so that there would be no hole.
    """
    with tempfile.TemporaryDirectory(prefix="vb-hole-") as place:
        copy = Path(place)
        for name in ("vigbook", "templates", "examples"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        if hole:
            path = copy / hole.file
            text = path.read_text("utf-8") if path.is_file() else ""
            if text.count(hole.old) != 1:
                found = f"{hole.file} holds {text.count(hole.old)} times: {hole.old}"
                raise SystemExit(f"NOTHING TO REPLACE: {found}; write this hole anew")
            path.write_text(text.replace(hole.old, hole.new), "utf-8")
        check_imported(copy)
        yield copy


def surroundings(copy: Path) -> dict[str, str]:
    """Returns what every program is told: that vigbook is the copy."""
    return {**os.environ, "PYTHONPATH": str(copy)}


def check_imported(copy: Path) -> None:
    """Sees that programs are started from the copy, in both ways in which they are.

    Raises:
        SystemExit: they are not.
    """
    code = "import vigbook.method.templates as one; print(one.__file__, *one.find_templates())"
    command = (Path(sys.executable).with_name("vigbook").read_text("utf-8").splitlines())[0][2:]
    for python in ([sys.executable, "-P"], [command]):
        done = subprocess.run(
            [*python, "-c", code], env=surroundings(copy), cwd=copy, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        if not all(Path(one).is_relative_to(copy) for one in done.stdout.split()):
            raise SystemExit(f"the copy is not what is tried: {done.stdout}")


def attack(kind: int, copy: Path) -> tuple[int, list[str], str]:
    """Returns pytest's exit code, the attacks that succeeded, and its last line."""
    (file,) = ATTACKS.glob(f"test_{kind}_*.py")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"),
         "--rootdir", str(ROOT), "-p", "no:cacheprovider", f"--maxfail={_MOST_FOUND}", str(file)],
        env=surroundings(copy), cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.findall(r"^FAILED \S*::(test_.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return done.returncode, found, (done.stdout.strip().splitlines() or [done.stderr])[-1]


def main() -> int:
    """Tries each kind with its hole and without."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*", type=int, metavar="KIND", help="1 to 7; all of them")
    wrong = 0
    for kind in parser.parse_args().kinds or [*HOLES]:
        hole = HOLES[kind]
        with copied(hole) as copy:
            code, found, last = attack(kind, copy)
        well = code == 1 and found
        print(f"{kind}. {hole.what}: {'found by' if well else 'NOT FOUND'}", flush=True)
        print(*(f"   {name}" for name in found or [last]), sep="\n", flush=True)
        with copied() as copy:
            code, found, last = attack(kind, copy)
        print(f"   without it: {last}", *found, sep="\n   ", flush=True)
        wrong += not well or code != 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
