"""A process that builds families for a program with threads."""

from __future__ import annotations

import datetime
import pickle
from pathlib import Path

import psutil
import pytest
from families import TODAY

from vigbook.batch.build_process import Builder, BuildRequest, EndedError
from vigbook.batch.run import build_one
from vigbook.outcome import Options, Outcome


def request(family: Path, folder: Path) -> bytes:
    options = Options(today=datetime.date.fromisoformat(TODAY))
    return pickle.dumps(
        BuildRequest(build=build_one, case=family, options=options, folder=folder, by="w-7")
    )


def test_one_process_builds_many_and_names_files_so_that_they_are_found(
    built_family: Path,
) -> None:
    """Also where the command was run in a folder that this machine does not see."""
    (built_family / "cycle-1" / "print" / "take-home.pdf").unlink()
    others = {*psutil.Process().children()}  # of other tests
    builder = Builder()
    try:
        first, second = (
            pickle.loads(builder.build(request(built_family, folder)))[0]
            for folder in (Path("/nowhere"), built_family)
        )
        assert len({*psutil.Process().children()} - others) == 1
    finally:
        builder.end()
    assert isinstance(first, Outcome)
    assert [Path(made) for made in first.made] == [built_family / "cycle-1/print/take-home.pdf"]
    assert Path(first.warnings[0].file or "") == built_family / "cycle-1/film.mp4"
    assert second.made == []
    assert Path("cycle-1/workbook.ipynb") in map(Path, second.kept)
    assert '"by": "w-7"' in (built_family / "log.jsonl").read_text("utf-8")


def test_a_process_ends_in_the_middle_when_its_family_is_not_wanted_any_more(family: Path) -> None:
    others = {*psutil.Process().children()}
    builder = Builder()
    (process,) = {*psutil.Process().children()} - others
    with pytest.raises(EndedError, match="is not wanted any more") as caught:
        # It has started another that reads the film.
        builder.build(request(family, family), wanted=lambda: not process.children())
    assert caught.value.unwanted
    assert not builder.usable
    assert not process.is_running()
    assert [path.name for path in family.rglob(".*") if not path.name.endswith(".lock")] == []
