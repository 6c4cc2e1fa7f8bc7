"""The computer that is attacked, one for all attacks, and its servers, one of each for a kind."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacking import SETTINGS, Elsewhere, Place, add_cells, code, elsewhere, serve_place
from families import COUSIN, CYCLE, TODAY, write_family
from live import Server, page_of
from playwright.sync_api import Browser, Page

_BROWSER = """#!/bin/sh
# Stands for the person's browser: tells what it was started with, and looks at nothing.
printf '%s\\n' "$@" > "{words}.new" && mv "{words}.new" "{words}"
"""


@pytest.fixture(scope="session")
def _computer() -> Iterator[Path]:
    """A folder through which every user may walk; its name is short, since sockets lie in it."""
    own = "/tmp" if os.name == "posix" else None
    with tempfile.TemporaryDirectory(prefix="vb-at-", dir=own) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def place(_computer: Path, numbered_film: Path) -> Place:
    """The computer's folders, as on many a server, and two families in them."""
    folder = _computer
    made = Place(folder=folder)
    for name, mode in (("home", 0o755), ("tmp", 0o1777), ("marks", 0o777)):
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    # Zoe did not agree to being looked at: her clip lies there, and is shown to nobody.
    zoe = CYCLE.replace("  - id: clip-2\n", "  - id: clip-2\n    in_shot: [child, zoe]\n")
    write_family(made.family, numbered_film, COUSIN, zoe)
    done = made.run("build", made.family, "--today", TODAY)
    assert done.returncode == 0, done.stderr
    assert (made.family / "cycle-1" / "media" / "clip-2.mp4").exists()
    shutil.copytree(made.family, made.robin)
    _edit(made.robin / "case.yaml", "family: wren", "family: robin")
    _edit(made.robin / "case.yaml", "name: Sam", "name: Robina")
    for number in (2, 3):
        shutil.copytree(made.family / "cycle-1", made.family / f"cycle-{number}")
        _edit(made.family / f"cycle-{number}" / "cycle.yaml", "cycle: 1", f"cycle: {number}")
        workbook = made.family / f"cycle-{number}" / "workbook.ipynb"
        _edit(workbook, "cycle = 1", f"cycle = {number}")
    add_cells(made.family / "cycle-2" / "workbook.ipynb", code(made.marking("cycle-2")))
    for laid in (made.family, made.family / "cycle-1"):
        for name, content in SETTINGS.items():
            (laid / name).write_text(json.dumps(content), "utf-8")
        (laid / "voila.py").write_text(made.marking("settings"), "utf-8")
    browser = folder / "browser"
    browser.write_text(_BROWSER.format(words=made.started_with), "utf-8")
    browser.chmod(0o755)
    return made


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def opened(place: Place) -> Iterator[Server]:
    """`vigbook open` of the family; it started a browser."""
    with serve_place(place, "open") as server:
        yield server


@pytest.fixture(scope="module")
def labbed(place: Place) -> Iterator[Server]:
    """`vigbook open --lab` of the family."""
    with serve_place(place, "open", "--lab", "--no-browser") as server:
        yield server


@pytest.fixture(scope="module")
def choosing(place: Place) -> Iterator[Server]:
    """`vigbook prepare` of the family."""
    with serve_place(place, "prepare", "--no-browser") as server:
        yield server


@pytest.fixture(scope="module")
def site() -> Iterator[Elsewhere]:
    """Another site."""
    with elsewhere() as started:
        yield started


@pytest.fixture
def family_page(browser: Browser, opened: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The person's browser, in which the family is open: it has the cookie."""
    with page_of(browser, request.node.name) as page:
        page.goto(opened.address)
        yield page
