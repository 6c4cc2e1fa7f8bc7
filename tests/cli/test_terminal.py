"""Whatever a name, a file or another tool says: it never steers the terminal, nor hides there."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from families import TODAY, run_vigbook, vigbook_command
from live import wait_until

import vigbook.cli

EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202eabc\u2066\u200b\x08"
RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
NAME = EVIL.replace("/", "")


@pytest.fixture
def evil_family(family: Path) -> Path:
    """A family whose folder and fields hold signs that a terminal obeys, and a line of its own."""
    moved = family.rename(family.parent / f"wren{NAME}\nnote: all is well")
    cycle = moved / "cycle-1" / "cycle.yaml"
    text = cycle.read_text().replace("Waiting for Mia", json.dumps(f"Should be good {EVIL}"))
    cycle.write_text(text.replace("place: at home", json.dumps(f"k{EVIL}") + ": 1"))
    answers = '{"v":1,"id":"a","at":"x","prompt":%s,"value":"v","by":"mum","source":"said"}\n'
    (moved / "cycle-1" / "answers.jsonl").write_text(answers % json.dumps(f"{EVIL}.see"))
    return moved


def commands(family: Path) -> list[list[str]]:
    case = str(family)
    return [
        ["check", case], ["build", case], ["print", case], ["check", case, "--json"],
        ["build", case, case + "x"], ["answer", case, EVIL, EVIL],
        ["answer", case, "x", "y", "--by", EVIL],
        ["archive", case, "--to", case + "bags"], ["verify", case], ["verify", case, "--json"],
        ["film", str(family / "cycle-1" / "film.mp4")], ["film", case, "--json"], ["new", case],
        ["open", case, "--no-browser"], ["prepare", case, "--port", EVIL],
        ["print", case, "--size", EVIL],
        ["check", f"--{EVIL}", case], [EVIL], ["print", case, "--person", EVIL],
        ["print", case, "--language", EVIL], ["build", case, "--scheduler", EVIL],
        ["check", case, "--templates", EVIL], ["check", case, "--service", EVIL],
    ]  # fmt: skip


@pytest.mark.slow
def test_no_command_prints_what_steers_a_terminal(evil_family: Path) -> None:
    """Of names, fields, ids, answers, options and other tools' errors; also wrong usage."""
    raw = []
    for command in commands(evil_family):
        done = subprocess.run(
            [*vigbook_command(), *command], capture_output=True, timeout=120, env=os.environ
        )
        said = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
        if found := RAW.findall(said):
            raw.append((command[0], found[:3], said[:200]))
        assert "\nnote: all is well" not in said
    assert raw == []


def test_json_says_every_sign_and_prints_none_raw(evil_family: Path) -> None:
    said = run_vigbook("check", evil_family, "--json").stdout
    assert not RAW.search(said)
    assert json.loads(said)[0]["case"] == str(evil_family)


def test_a_good_family_s_own_script_is_printed_as_it_is(family: Path) -> None:
    cycle = family / "cycle-1" / "cycle.yaml"
    word = "র\u200d্যাব 👩\u200d👧"
    cycle.write_text(cycle.read_text().replace("{file", f"{{{word}: 1, file", 1))
    assert word in run_vigbook("check", family).stderr


CODE = "safe = 1  # see\rimport os; os.system('evil')\nx = '\u202e1'  # \x1b[8mhidden\x0cmore()"


def test_code_that_is_asked_about_is_shown_as_it_would_run(built_family: Path) -> None:
    """A carriage return, a form feed or a turned direction hides no code from who says yes."""
    workbook = built_family / "cycle-1" / "workbook.ipynb"
    node = nbformat.read(workbook, as_version=4)
    node.cells.append(nbformat.v4.new_code_cell(CODE))
    nbformat.write(node, workbook)
    main, other = pty.openpty()
    process = subprocess.Popen(
        [*vigbook_command(), "open", str(built_family), "--no-browser", "--today", TODAY],
        stdin=other, stdout=other, stderr=other, start_new_session=True,
    )  # fmt: skip
    os.close(other)
    said = bytearray()

    def asked() -> bool:
        said.extend(os.read(main, 10_000))
        return b"Did you or your team write them?" in said

    try:
        assert wait_until(asked)
    finally:
        process.kill()
        process.wait()
        os.close(main)
    text = said.decode()
    assert r"    safe = 1  # see\rimport os; os.system('evil')" in text
    assert r"    x = '\u202e1'  # \x1b[8mhidden\x0cmore()" in text
    assert not re.search("\x1b\\[8m|\u202e|\x0c|\r(?!\n)", text)


def test_a_bag_s_names_are_shown_with_their_signs(built_family: Path, tmp_path: Path) -> None:
    bags = tmp_path / "bags"
    assert run_vigbook("archive", built_family, "--to", bags).returncode == 0
    bag = next(bags.iterdir())
    (bag / f"x{NAME}").write_text("")
    shutil.move(bag / "data" / "record.pdf", bag / "data" / f"y{NAME}")
    done = run_vigbook("verify", bag)
    assert done.returncode == 1
    assert r"x\x1b]0;pwned\x07" in done.stderr
    assert not RAW.search(done.stderr)


def test_all_that_the_commands_print_goes_one_way() -> None:
    """A new line that is printed past `output` would not be looked through."""
    rooms = Path(vigbook.cli.__file__).parent
    past = [
        f"{path.name}: {found}"
        for path in rooms.glob("*.py")
        if path.name != "output.py"
        for found in re.findall(r"typer\.(?:echo|secho|confirm|prompt)|\bprint\(", path.read_text())
    ]
    # A table of rich's, whose cells are looked through.
    assert past == ["progress.py: print("]
