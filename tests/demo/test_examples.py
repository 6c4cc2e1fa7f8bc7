"""The example families: drawn, laid out, and built the whole way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from pdfs import pages_of, pictures_in, text_of

from vigbook.case.folder import read_case_folder
from vigbook.demo.examples import FILMS, find_examples, lay_out
from vigbook.film.film import open_film
from vigbook.system.atomic import sha256_of
from vigbook.timecode import Timecode

Run = Callable[..., "CompletedProcess[str]"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_a_film_is_long_enough_has_sound_and_shows_turns(drawn_examples: Path, name: str) -> None:
    case = read_case_folder(drawn_examples / name.split("/")[0])
    cycle = case.cycles[drawn_examples / Path(name).parent].model
    times = [still.at for clip in cycle.clips for still in clip.stills]
    with open_film(drawn_examples / name) as film:
        facts, shown = film.probe(), film.find_frames(times)
    assert (facts.width, facts.height, facts.audio_codec) == (1280, 720, "aac")
    assert facts.length >= Timecode.parse(120)
    small = [one.picture[::8, ::8].astype(int) for one in shown]
    # Whose turn it is can be seen: no two stills are the same picture.
    for place, one in enumerate(small):
        assert all(np.abs(one - other).mean() > 0.5 for other in small[:place])


@pytest.mark.slow
def test_demo_ends_with_the_workbook_and_the_papers(
    drawn_examples: Path, tmp_path: Path, vigbook: Run
) -> None:
    folder = tmp_path / "demo"
    lay_out(folder)
    for name in FILMS:
        if name.startswith("otter"):
            (folder / name).hardlink_to(drawn_examples / name)
    done = vigbook("demo", folder)
    assert done.returncode == 0, done.stderr
    made = done.stdout.splitlines()[1:]
    cycle = folder / "otter" / "cycle-2"
    assert [Path(path).name for path in made] == [
        "workbook.ipynb", "take-home.pdf", "record.pdf", "worksheet.pdf", "take-home-mum.pdf",
    ]  # fmt: skip
    assert all(Path(path).resolve() == (cycle / path.partition("cycle-2/")[2]).resolve()
               for path in made)  # fmt: skip
    for number in (1, 2):
        page = folder / "otter" / f"cycle-{number}" / "print" / "take-home.pdf"
        stills = (folder / "otter" / f"cycle-{number}" / "media").glob("*.jpg")
        assert pictures_in(page) == {sha256_of(path) for path in stills}
        assert pages_of(page) == 2
    assert "“I kept still and let her have a rest, and she came back to me.” Sam" in text_of(
        folder / "otter" / "cycle-1" / "print" / "take-home.pdf"
    )


@pytest.mark.slow
def test_the_other_family_is_arabic_with_a_copy_each_and_one_person_left_out(
    drawn_examples: Path, tmp_path: Path, vigbook: Run
) -> None:
    shutil.copytree(drawn_examples, tmp_path, dirs_exist_ok=True)
    done = vigbook("build", tmp_path / "heron")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "heron" / "cycle-1"
    left_out = sha256_of(folder / "media" / "clip-2-1.jpg")
    kept = {sha256_of(folder / "media" / f"clip-{number}-1.jpg") for number in (1, 3)}
    for name in ("take-home", "take-home-dad", "take-home-mum"):
        page = folder / "print" / f"{name}.pdf"
        assert pictures_in(page) == kept
        assert left_out not in pictures_in(page)
    assert pages_of(folder / "print" / "take-home-dad.pdf") >= 2
    assert "هناء said no to the printed page on 2026-09-10" in done.stderr


def test_no_consent_in_the_examples_runs_out() -> None:
    for family in ("otter", "heron"):
        case = read_case_folder(find_examples() / family).case.model
        assert [row for row in case.consents if row.until or row.withdrawn] == []
