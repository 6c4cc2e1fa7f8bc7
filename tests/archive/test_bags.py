"""Bags: valid, without pictures nobody agreed to, and every changed byte is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import bagit
import pytest
from pdfs import pictures_in, text_of

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def bag(built_family: Path, vigbook: Run, tmp_path: Path) -> Path:
    done = vigbook("archive", built_family, "--to", tmp_path / "bags")
    assert done.returncode == 0, done.stderr
    return tmp_path / "bags" / "wren-cycle-1"


def test_a_cycle_becomes_one_valid_bag(bag: Path, vigbook: Run) -> None:
    assert bagit.Bag(str(bag)).is_valid()
    names = sorted(path.relative_to(bag).as_posix() for path in (bag / "data").rglob("*"))
    assert names == ["data/record.pdf", "data/review.json", "data/workbook.ipynb"]
    done = vigbook("verify", bag)
    assert (done.returncode, done.stdout) == (0, f"{bag}: whole\n")


def test_the_review_holds_answers_and_consents(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    vigbook("answer", built_family, "remember", "She looks for me.", "--by", "mum")
    vigbook("answer", built_family, "own.noticed", "I talked too much.")
    vigbook("archive", built_family, "--to", tmp_path / "bags")
    path = tmp_path / "bags" / "wren-cycle-1" / "data" / "review.json"
    review = json.loads(path.read_text("utf-8"))
    assert [(one["prompt"], one["value"], one["by"]) for one in review["answers"]] == [
        ("remember", "She looks for me.", "mum")
    ]
    assert [row["person"] for row in review["case"]["consents"]] == ["child", "mum"]
    assert review["cycle"]["clips"][0]["start"] == "00:00:02.000"
    assert "talked" not in path.read_text("utf-8")


def test_pictures_go_in_only_where_the_record_may_keep_them(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    case = built_family / "case.yaml"
    text = case.read_text("utf-8").replace("take-home]", "take-home, service-record]")
    case.write_text(text, "utf-8")
    assert vigbook("build", built_family).returncode == 0
    vigbook("archive", built_family, "--to", tmp_path / "bags")
    stills = tmp_path / "bags" / "wren-cycle-1" / "data" / "stills"
    assert sorted(path.name for path in stills.iterdir()) == ["clip-1-1.jpg", "clip-2-1.jpg"]


def test_what_was_amended_goes_into_a_bag_of_its_own(
    bag: Path, built_family: Path, vigbook: Run
) -> None:
    vigbook("archive", built_family, "--to", bag.parent)
    assert sorted(path.name for path in bag.parent.iterdir()) == ["wren-cycle-1"]
    vigbook("answer", built_family, "remember", "She looks for me.", "--by", "mum")
    vigbook("build", built_family)
    vigbook("archive", built_family, "--to", bag.parent)
    vigbook("archive", built_family, "--to", bag.parent)
    assert sorted(path.name for path in bag.parent.iterdir()) == ["wren-cycle-1", "wren-cycle-1-v2"]


def flip(bag: Path) -> Path:
    path = bag / "data" / "record.pdf"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return path


def lose(bag: Path) -> Path:
    path = bag / "data" / "review.json"
    path.unlink()
    return path


def add_payload(bag: Path) -> Path:
    path = bag / "data" / "extra.jpg"
    path.write_bytes(b"x")
    return path


def add_beside(bag: Path) -> Path:
    path = bag / "extra.txt"
    path.write_bytes(b"x")
    return path


def lengthen(bag: Path) -> Path:
    path = bag / "data" / "workbook.ipynb"
    path.write_bytes(path.read_bytes() + b" ")
    return path


def flip_tag(bag: Path) -> Path:
    path = bag / "bag-info.txt"
    path.write_bytes(path.read_bytes().replace(b"wren", b"wrex"))
    return path


@pytest.mark.parametrize("harm", [flip, lose, add_payload, add_beside, lengthen, flip_tag])
def test_verify_names_the_file_that_is_not_as_it_was(
    bag: Path, vigbook: Run, harm: Callable[[Path], Path]
) -> None:
    path = harm(bag)
    done = vigbook("verify", bag)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}: ")
    assert "Traceback" not in done.stderr


def test_verify_tells_what_is_no_bag(tmp_path: Path, vigbook: Run) -> None:
    done = vigbook("verify", tmp_path)
    assert done.returncode == 1
    assert "is not a bag that can be read" in done.stderr


def test_archive_before_build_is_told(family: Path, tmp_path: Path, vigbook: Run) -> None:
    done = vigbook("archive", ".", "--to", tmp_path / "bags", cwd=family)
    assert done.returncode == 1
    assert "cycle-1/print/record.pdf: is not there; run 'vigbook build' first" in done.stderr
    assert not (tmp_path / "bags").exists()


def test_the_archived_record_is_todays(built_family: Path, tmp_path: Path, vigbook: Run) -> None:
    """Words said since the last print, and a yes taken back since then."""
    case = built_family / "case.yaml"
    text = case.read_text("utf-8").replace("take-home]", "take-home, service-record]")
    case.write_text(text, "utf-8")
    assert vigbook("build", built_family).returncode == 0
    record = built_family / "cycle-1" / "print" / "record.pdf"
    assert len(pictures_in(record)) == 2
    case.write_text(text.replace("service-record]", "training]"), "utf-8")
    vigbook("answer", built_family, "remember", "She looks for me.", "--by", "mum")
    vigbook("archive", built_family, "--to", tmp_path / "bags")
    archived = tmp_path / "bags" / "wren-cycle-1" / "data" / "record.pdf"
    assert pictures_in(archived) == set()
    assert "She looks for me." in text_of(archived)
