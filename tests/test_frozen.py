"""What earlier versions wrote is read for ever: families, answers, workbooks, bags."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from pdfs import pictures_in, text_of

from vigbook.case.folder import read_case_folder
from vigbook.case.journal import Journal, read_journal
from vigbook.cycle.context import CycleContext, open_context
from vigbook.cycle.review_data import ReviewData
from vigbook.method.known_cells import hash_code, is_harmless, list_strange, read_known, source_of
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates
from vigbook.server.pages.home import view_cycle
from vigbook.workbook.build import fingerprint, read_workbook

Run = Callable[..., "CompletedProcess[str]"]

FROZEN = Path(__file__).parent / "frozen"
VERSIONS = sorted(path.name for path in FROZEN.iterdir() if path.is_dir())
DAY = "2026-11-28"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A copy of what version 0.1.0 left, in a folder of the test's own."""
    return Path(shutil.copytree(FROZEN / "0.1.0", tmp_path / "0.1.0"))


def sit_down(family: Path) -> CycleContext:
    day = datetime.date.fromisoformat(DAY)
    return open_context(read_case_folder(family), family / "cycle-1", find_templates(), day)


def standing(journal: Journal) -> dict[str, Any]:
    found = {prompt: journal.last(prompt) for prompt in journal.prompts()}
    return {prompt: one and one.value for prompt, one in found.items()}


def test_there_is_what_the_tests_look_at() -> None:
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_frozen_folder_is_never_changed(version: str) -> None:
    """Nothing is missing of it either, as what git ignores would be."""
    lines = (FROZEN / f"{version}.sha256").read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}
    files = [path for path in (FROZEN / version).rglob("*") if path.is_file()]
    there = {
        path.relative_to(FROZEN).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    assert there == sums
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", *map(str, files)],
        cwd=FROZEN, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_the_code_cells_of_an_old_workbook_stay_known(version: str) -> None:
    """By the list of the method alone: its notebooks may hold others by now."""
    known = {
        digest
        for path in find_templates()[0].glob("*/method.yaml")
        for digest in read_known(path.parent)
    }
    books = sorted((FROZEN / version).glob("**/workbook.ipynb"))
    assert len(books) == 2
    for path in books:
        node = read_workbook(path)
        assert node
        codes = [source_of(cell) for cell in node["cells"] if cell["cell_type"] == "code"]
        assert len(codes) > 6
        assert [one for one in codes if hash_code(one) not in known and not is_harmless(one)] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_bag_is_whole(version: str, vigbook: Run) -> None:
    bags = sorted((FROZEN / version / "bags").iterdir())
    assert bags
    done = vigbook("verify", *bags, "--json")
    assert done.returncode == 0, done.stderr
    assert [one["ok"] for one in json.loads(done.stdout)] == [True] * len(bags)
    for bag in bags:
        review = ReviewData.model_validate_json((bag / "data" / "review.json").read_bytes())
        assert review.made_with == f"vigbook {version}"
        assert len(review.answers) > 20


def test_an_old_family_opens(first: Path, numbered_film: Path, vigbook: Run) -> None:
    family = first / "wren"
    context = sit_down(family)
    cells = (read_workbook(family / "cycle-1/workbook.ipynb") or {"cells": ["none"]})["cells"]
    assert list_strange(cells, context.templates) == []
    view = view_cycle(context, load_words(find_templates(), "en"))
    told = dataclasses.asdict(view)
    assert {key: told[key] for key in told if key not in ("notes", "latest")} == {
        "folder": "cycle-1", "number": 1, "date": "12 September 2026",
        "about": "tea time, at home", "film": "missing", "clips": 2, "cut": 0, "workbook": True,
        "written": 13, "papers": (), "next_date": "28 November 2026",
    }  # fmt: skip
    shutil.copyfile(numbered_film, family / "cycle-1" / "film.mp4")
    done = vigbook("check", family, today=DAY)
    assert done.returncode == 0, done.stderr


def test_old_files_keep_what_was_typed_into_them(first: Path) -> None:
    context = sit_down(first / "wren")
    assert [one.name for one in context.case.people] == ["Mia # Rose", "Zoë"]
    assert context.case.helping_question == "How can I help Mia settle?"
    assert context.case.reference == "WR-0007"
    assert [(one.uses, one.answer) for one in context.case.consents] == [
        (("filming", "shared-review", "take-home", "service-record"), "yes"),
        (("training",), "no"),
        (("filming", "shared-review", "take-home", "service-record"), "yes"),
    ]
    assert [(one.title, one.start.format(), one.end.format()) for one in context.cycle.clips] == [
        ("Waiting: for Mia", "00:00:02.000", "00:00:04.000"),
        ("The spoon", "00:00:06.480", "00:00:07.520"),
    ]
    assert [context.still_record(clip, 1) is not None for clip in context.cycle.clips] == [True] * 2


def test_old_answers_stand_as_they_were_given(first: Path) -> None:
    journal = read_journal(first / "wren" / "cycle-1" / "answers.jsonl")
    assert journal.torn == ()
    assert standing(journal) == {
        "words.child": "Mia",
        "words.us": "Mia and me",
        "clip-1.see": "She is holding her cup up. She wants me to look – “look, Mummy!”",
        "clip-1.did": "I stopped and looked.",
        "clip-1.felt": None,
        "clip-1.marks": [{"at": "00:00:02.480"}, {"at": "00:00:03.120"}],
        "clip-1.helps": None,
        "clip-2.see": "She looks away\nand I do not chase her.",
        "helped": ["Waiting until she is ready.", "Sitting down low.", "Saying what she does."],
        "remember": "She looks for me.",
        "try.what": "Wait and count to five.",
        "try.where": "At the tea table.",
        "try.when": "At tea time.",
        "goal.settle.now": 5,
        "goal.smile.now": None,
        "next.date": "2026-10-31",
        "clip-2.repair": "Mum found her own words for it.",
        "take-home.checked": True,
    }
    did, remember = journal.last("clip-1.did"), journal.last("remember")
    assert did
    assert (did.by, did.source, did.film_time) == ("mum", "said", "00:00:02.480")
    assert did.translations["cy"]["text"] == "Mi stopiais ac edrych."
    assert remember
    assert remember.extra == {"weather": {"of a later vigbook": [1, None, True]}}
    assert [one.value for one in journal.history("goal.smile.now")] == [6, None]


def test_a_torn_old_journal_is_read_and_written_on(first: Path, vigbook: Run) -> None:
    path = first / "robin" / "cycle-1" / "answers.jsonl"
    before = read_journal(path)
    assert before.torn == (3,)
    whole = {"clip-1.see": "He laughs.", "remember": "He looks for me."}
    assert standing(before) == whole
    done = vigbook("answer", first / "robin", "try.what", "Count to five", "--by", "mum", today=DAY)
    assert done.returncode == 0, done.stderr
    assert standing(read_journal(path)) == whole | {"try.what": "Count to five"}


def test_papers_of_an_old_family_are_printed_without_its_film(first: Path, vigbook: Run) -> None:
    cycle = first / "wren" / "cycle-1"
    kept = {
        path: path.read_bytes() for path in first.rglob("*") if path.suffix in (".jsonl", ".yaml")
    }
    done = vigbook("print", first / "wren", today=DAY)
    assert done.returncode == 0, done.stderr
    stills = {hashlib.sha256(path.read_bytes()).hexdigest() for path in cycle.glob("media/*.jpg")}
    assert len(stills) == 2
    assert pictures_in(cycle / "print" / "take-home.pdf") == stills
    record = text_of(cycle / "print" / "record.pdf")
    for words in ("Waiting: for Mia", "look, Mummy!", "Saying what she does.", "WR-0007"):
        assert words in record
    assert "Worried." not in record
    log = first / "wren" / "log.jsonl"
    now = {path: path.read_bytes() for path in kept}
    assert now[log].startswith(kept[log])
    assert {**now, log: b""} == {**kept, log: b""}


def test_an_old_hold_still_holds(first: Path, vigbook: Run) -> None:
    family = first / "robin"
    still = family / "cycle-1" / "media" / "clip-1-1.jpg"
    shutil.copytree(first / "wren" / "cycle-1" / "media", still.parent)
    there = sorted(family.rglob("*"))
    for command in (["build"], ["print"], ["archive", "--to", first / "more"]):
        done = vigbook(command[0], family, *command[1:], today=DAY)
        assert done.returncode == 1, command
        assert "hold stands: nothing is cut, printed, exported or deleted" in done.stderr
    assert [path for path in there if not path.exists()] == []
    assert not (family / "cycle-1" / "print").exists()
    assert not (first / "more").exists()


@pytest.mark.slow
def test_an_old_family_is_built_again_and_its_own_files_stay(
    first: Path, numbered_film: Path, vigbook: Run
) -> None:
    cycle = first / "wren" / "cycle-1"
    shutil.copyfile(numbered_film, cycle / "film.mp4")
    own = [first / "wren" / "case.yaml", cycle / "cycle.yaml", cycle / "answers.jsonl"]
    before = [path.read_bytes() for path in own]
    node = read_workbook(cycle / "workbook.ipynb")
    assert node
    assert node["metadata"]["vigbook"]["cells"] == fingerprint(node)  # not changed by hand
    done = vigbook("build", first / "wren", today=DAY)
    assert done.returncode == 0, done.stderr
    assert "changed by hand" not in done.stderr
    assert [path.read_bytes() for path in own] == before
    assert sorted(path.name for path in (cycle / "media").glob("clip-*")) == [
        "clip-1-1.jpg", "clip-1.mp4", "clip-2-1.jpg", "clip-2.mp4",
    ]  # fmt: skip
