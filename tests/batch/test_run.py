"""Many cases: in parallel, one line each, and one broken case does not stop the others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from families import CASE, CYCLE, write_family
from pdfs import pictures_in, text_of

from vigbook import pipeline
from vigbook.batch.run import do_one
from vigbook.outcome import Options, Outcome
from vigbook.system.atomic import sha256_of

Run = Callable[..., "CompletedProcess[str]"]


@pytest.mark.slow
def test_ten_cases_build_and_a_broken_one_stops_none(
    tmp_path: Path, numbered_film: Path, vigbook: Run
) -> None:
    cases = tmp_path / "cases"
    for number in range(10):
        # Each family has pictures and words that no other has.
        cycle = CYCLE.replace("00:00:03.000", f"00:00:03.{number}40")
        case = CASE.replace("enjoy bedtime", f"enjoy bedtime {number}")
        write_family(cases / f"wren-{number}", numbered_film, case, cycle)
    (cases / "wren-3" / "case.yaml").write_text("vigbook: [", "utf-8")
    (cases / "wren-7" / "cycle-1" / "film.mp4").unlink()
    done = vigbook("build", *sorted(cases.iterdir()))
    assert done.returncode == 1
    lines = sorted(done.stdout.splitlines())
    assert [line.split(":")[0] for line in lines] == [str(cases / f"wren-{n}") for n in range(10)]
    broken = [number for number, line in enumerate(lines) if "NOT DONE" in line]
    assert broken == [3, 7]
    for number in {*range(10)} - {3, 7}:
        cycle_folder = cases / f"wren-{number}" / "cycle-1"
        page = cycle_folder / "print" / "take-home.pdf"
        stills = {sha256_of(path) for path in (cycle_folder / "media").glob("*.jpg")}
        assert pictures_in(page) == stills
        assert f"enjoy bedtime {number}." in text_of(page)


def test_the_teams_file_among_the_cases_is_no_case(built_family: Path, vigbook: Run) -> None:
    """`vigbook build cases/*` names service.yaml too."""
    shutil.copytree(built_family, built_family.parent / "robin")
    done = vigbook("build", *sorted(built_family.parent.iterdir()), "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(Path(one["case"]).name for one in json.loads(done.stdout)) == ["robin", "wren"]


def test_a_copy_of_a_case_is_a_case(built_family: Path, vigbook: Run) -> None:
    copy = built_family.parent / "wren-copy"
    shutil.copytree(built_family, copy)
    done = vigbook("build", copy, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["made"] == []


def test_a_fault_of_ours_in_one_family_is_told_as_its_own(built_family: Path) -> None:
    """Of hundreds, the others are done all the same, and nothing of what they told is lost."""

    def work(case: Path) -> list[Outcome]:
        if case.name == "robin":
            raise ZeroDivisionError("division by zero")
        return pipeline.check(case, Options())

    families = [built_family.with_name("robin"), built_family]
    told = [outcome for case in families for outcome in do_one(case, work)]
    assert [(Path(one.case).name, one.ok) for one in told] == [("robin", False), ("wren", True)]
    assert "failed here (ZeroDivisionError: division by zero)" in str(told[0].errors[0])
