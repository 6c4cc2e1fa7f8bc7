"""The rooms of the package: data flows one way, and each says what it is for."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "vigbook"
FACES = sorted(PACKAGE.rglob("__init__.py"))


def lint(place: Path, file: str = "errors.py", planted: str = "") -> tuple[int, str]:
    """Runs import-linter over a copy of the package with something planted in a file of it."""
    shutil.copytree(PACKAGE, place / "vigbook")
    shutil.copy(REPOSITORY / "pyproject.toml", place)
    changed = place / "vigbook" / file
    changed.parent.mkdir(exist_ok=True)
    with changed.open("a", encoding="utf-8") as text:
        text.write(planted)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        cwd=place, env={**os.environ, "PYTHONPATH": str(place)}, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_every_room_keeps_to_the_order(tmp_path: Path) -> None:
    code, said = lint(tmp_path)
    assert (code, " 0 broken" in said) == (0, True), said


@pytest.mark.parametrize(
    ("file", "planted", "broken"),
    [
        ("case/consent.py", "\n\ndef _late() -> None:\n    from vigbook.cycle import context\n",
         "A room imports only rooms below it BROKEN"),
        ("case/consent.py", "\nif TYPE_CHECKING:\n    from vigbook.paper.page import Page\n",
         "A room imports only rooms below it BROKEN"),
        ("attic/__init__.py", '"""A room that nobody put into the order."""\n', "vigbook.attic"),
        ("paper/pdf.py", "\n\ndef _late() -> None:\n    import av\n", "av stays in film BROKEN"),
        ("film/facts.py", "\nimport weasyprint\n", "weasyprint stays in paper BROKEN"),
        ("case/models.py", "\nfrom vigbook.case import folder\n",
         "Nothing runs in a circle inside a room either BROKEN"),
    ],
)  # fmt: skip
def test_an_import_that_goes_up_or_in_a_circle_is_seen(
    tmp_path: Path, file: str, planted: str, broken: str
) -> None:
    code, said = lint(tmp_path, file, planted)
    assert (code, broken in said) == (1, True), said


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.parent.name)
def test_a_room_says_what_it_is_for_and_does_nothing_when_it_is_entered(face: Path) -> None:
    """An import there would load numpy for `--help`."""
    docstring, *rest = ast.parse(face.read_text("utf-8")).body
    assert isinstance(docstring, ast.Expr)
    version = [ast.unparse(one).split(" = ")[0] for one in rest]
    assert version == (["__version__"] if face.parent == PACKAGE else [])


def test_no_folder_has_more_files_than_one_can_look_over() -> None:
    files = Counter(path.parent for path in PACKAGE.rglob("*.py"))
    assert len(files) == len(FACES)
    assert max(files.values()) <= 20


def test_no_two_classes_share_a_name() -> None:
    """One word, one thing: whoever reads `Film` need not look where it was imported from."""
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
