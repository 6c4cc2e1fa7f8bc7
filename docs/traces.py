"""Records the way of one answer to the page, and of one consent to its gate: `--write`.

A real family is built, and the functions of vigbook are noted while they are entered. Kept are the
public ones that were at work, themselves or on behalf of another, when what is followed passed
through: the words and the page they stand on, or the "no" and the sentence that it became. What
came of it is in `traces.json`, and the page on the architecture is made of that; a test records
again and compares.

    .venv/bin/python docs/traces.py --write    # after functions were renamed or moved
    .venv/bin/python docs/traces.py            # tells what was recorded, and writes nothing
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import importlib
import inspect
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import BaseModel

import vigbook

# Families and films come from the helpers of the tests: imported where they are used, since the
# documents are made without them.
sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))

FILE = Path(__file__).with_name("traces.json")
_PACKAGE = str(Path(vigbook.__file__).parent)
# How far inside a value is looked: a cycle's whole context holds every word, and tells nothing.
_DEPTH = 2
_WORDS = "I waited for Mia."
_REFUSED_ON = datetime.date(2026, 10, 1)
_NO = f"""\
  - person: child
    uses: [take-home]
    answer: no
    given_by: mum
    authority: parental responsibility
    date: {_REFUSED_ON}
"""


def record(work: Callable[[], object], followed: Callable[[Any], bool]) -> list[str]:
    """Returns the functions that were entered with what is followed at hand, each once, in order.

    What other processes enter, as the one that lays out pages, is not seen.
    """
    entered: dict[str, None] = {}
    kept: set[str] = set()

    def hear(frame: FrameType, event: str, value: object) -> None:
        if event not in ("call", "return") or not _is_ours(frame):
            return
        if event == "call" and (name := _name_public(frame)):
            entered.setdefault(name)
        told = [value]
        if event == "call":
            told = [one for key, one in frame.f_locals.items() if key != "self"]
        if any(_holds(one, followed) for one in told):
            above: FrameType | None = frame
            while above:
                if name := _name_public(above):
                    kept.add(name)
                above = above.f_back

    sys.setprofile(hear)
    try:
        work()
    finally:
        sys.setprofile(None)
    return [name for name in entered if name in kept]


def _is_ours(frame: FrameType) -> bool:
    # In the wheel the page templates lie in the package too; compiled, they belong to no module.
    return frame.f_code.co_filename.startswith(_PACKAGE) and "__name__" in frame.f_globals


def _name_public(frame: FrameType) -> str | None:
    name = frame.f_code.co_qualname
    if not _is_ours(frame) or "<" in name or any(one.startswith("_") for one in name.split(".")):
        return None
    return f"{frame.f_globals['__name__']}:{name}"


def _holds(value: Any, followed: Callable[[Any], bool], depth: int = _DEPTH) -> bool:
    if followed(value):
        return True
    inside: list[Any] = []
    if isinstance(value, Mapping):
        inside = list(value.values())
    elif isinstance(value, list | tuple):
        inside = list(value)
    elif isinstance(value, BaseModel):
        inside = list(value.__dict__.values())
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    return depth > 0 and any(_holds(one, followed, depth - 1) for one in inside)


def _print_take_home(family: Path) -> None:
    from families import TODAY

    from vigbook import pipeline
    from vigbook.outcome import Options
    from vigbook.paper.renderer import PageRenderer
    from vigbook.paper.variants import Variant, choose_variants

    options = Options(today=datetime.date.fromisoformat(TODAY))
    style = Variant(name="take-home")
    choose = choose_variants(["take-home"], style, ())
    with PageRenderer() as renderer:
        outcomes = pipeline.print_only(family, options, renderer, choose)
    assert all(one.ok and one.made for one in outcomes), outcomes


def record_answer(family: Path) -> list[str]:
    """Follows the words of an answer from the screen to the printed page."""
    from families import open_first

    from vigbook.cycle.answering import save_typed

    cycle = open_first(family)
    typed = {"prompt": "clip-1.did", "value": _WORDS, "by": "mum", "source": "said", "base": None,
             "id": "0123456789abcdef"}  # fmt: skip

    def work() -> None:
        assert "saved" in save_typed(cycle, typed)
        _print_take_home(family)

    def followed(value: Any) -> bool:
        if isinstance(value, bytes):
            return _WORDS.encode() in value or value.startswith(b"%PDF")
        return isinstance(value, str) and _WORDS in value

    return record(work, followed)


def record_consent(family: Path) -> list[str]:
    """Follows a "no" from the family's file to the page without the picture."""
    from families import CASE

    before = "helping_question"
    (family / "case.yaml").write_text(CASE.replace(before, _NO + before), "utf-8")

    def followed(value: Any) -> bool:
        said = isinstance(value, str) and str(_REFUSED_ON) in value
        return said or value == _REFUSED_ON

    return record(lambda: _print_take_home(family), followed)


RECORDED: dict[str, Callable[[Path], list[str]]] = {
    "answer": record_answer,
    "consent": record_consent,
}


def record_all() -> dict[str, list[str]]:
    """Records each, with a family that was built, in a process of its own.

    What is known already to a process is not worked out there again.
    """
    from families import run_vigbook, write_family
    from films import draw_film

    with tempfile.TemporaryDirectory() as name:
        film = draw_film(Path(name, "film.mp4"))
        built = write_family(Path(name, "built", "wren"), film)
        done = run_vigbook("build", built)
        assert done.returncode == 0, done.stderr
        return {one: _record_alone(one, built, Path(name, one)) for one in RECORDED}


def _record_alone(name: str, built: Path, folder: Path) -> list[str]:
    shutil.copytree(built.parent, folder)
    command = [sys.executable, __file__, "--only", name, str(folder / built.name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def first_line(name: str) -> str:
    """Returns the first line of the docstring of a function by its module and name.

    Raises:
        LookupError: there is no such function any more.
    """
    module, _, inside = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in inside.split("."):
            found = inspect.getattr_static(found, part)
        text = inspect.getdoc(found)
    except (ImportError, AttributeError) as err:
        raise LookupError(f"there is no {name} any more; run docs/traces.py --write") from err
    return text.splitlines()[0] if text else ""


def write_paths(folder: Path) -> None:
    """Writes what was recorded as a list for each, for the page on the architecture."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, functions in json.loads(FILE.read_text("utf-8")).items():
        lines = [_format_step(function) for function in functions]
        text = "{.path}\n" + "\n".join(lines) + "\n"
        (folder / f"path-{name}.md").write_text(text, "utf-8")


def _format_step(function: str) -> str:
    module, _, inside = function.removeprefix("vigbook.").partition(":")
    says = first_line(function)
    return f"1. `{module}` **{inside.replace('_', chr(92) + '_')}**" + (
        f"\\\n   {says}" if says else ""
    )


def main() -> int:
    """Records, and writes or tells what came of it; returns how the command exits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write it into traces.json")
    parser.add_argument("--only", nargs=2, metavar=("NAME", "FAMILY"), help="used by itself")
    chosen = parser.parse_args()
    if chosen.only:
        name, family = chosen.only
        print(json.dumps(RECORDED[name](Path(family))))
        return 0
    text = json.dumps(record_all(), indent=1) + "\n"
    if chosen.write:
        FILE.write_text(text, "utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
