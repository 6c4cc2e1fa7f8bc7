"""The main path, on a real film, through the real command."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import av
import numpy as np
import pytest
from families import CASE, COUSIN, CYCLE, open_first, write_family
from films import numbers_in
from pdfs import pictures_in, text_of

from vigbook.system.atomic import sha256_of

Run = Callable[..., "CompletedProcess[str]"]


def made(done: CompletedProcess[str]) -> list[str]:
    """Returns the names of the files that a `--json` run says it made."""
    return [Path(path).name for cycle in json.loads(done.stdout) for path in cycle["made"]]


def stamps(folder: Path) -> dict[str, int]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


def test_build_makes_media_a_workbook_and_the_papers(built_family: Path) -> None:
    cycle = built_family / "cycle-1"
    there = {str(p.relative_to(cycle)) for p in cycle.rglob("*") if p.is_file()}
    assert there - {"print/.made.json"} == {
        "cycle.yaml", "film.mp4", "workbook.ipynb",
        "media/manifest.json", "media/clip-1.mp4", "media/clip-1-1.jpg",
        "media/clip-2.mp4", "media/clip-2-1.jpg",
        "print/take-home.pdf", "print/take-home-mum.pdf", "print/record.pdf", "print/worksheet.pdf",
    }  # fmt: skip


def test_clips_hold_exactly_the_pictures_between_their_marks(built_family: Path) -> None:
    media = built_family / "cycle-1" / "media"
    assert numbers_in(media / "clip-1.mp4") == list(range(50, 100))
    assert numbers_in(media / "clip-2.mp4") == list(range(162, 188))


def test_building_again_makes_nothing(built_family: Path, vigbook: Run) -> None:
    before = stamps(built_family)
    done = vigbook("build", built_family, "--json")
    assert done.returncode == 0, done.stderr
    assert made(done) == []
    assert stamps(built_family) == before


def test_an_answer_makes_papers_stale_and_nothing_else(built_family: Path, vigbook: Run) -> None:
    cycle = built_family / "cycle-1"
    before = stamps(cycle)
    vigbook("answer", built_family, "clip-1.did", "I waited for her.", "--by", "mum")
    done = vigbook("build", built_family, "--json")
    assert sorted(made(done)) == ["record.pdf", "take-home-mum.pdf", "take-home.pdf"]
    after = stamps(cycle)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {
        "print/.made.json", "print/record.pdf", "print/take-home.pdf", "print/take-home-mum.pdf",
    }  # fmt: skip
    assert "“I waited for her.”" in text_of(cycle / "print" / "take-home.pdf")


def test_build_says_how_long_each_stage_took(built_family: Path, vigbook: Run) -> None:
    line = vigbook("build", built_family, "--fresh").stdout
    for stage in ("check", "media", "workbook", "papers"):
        assert re.search(rf"{stage} \d+\.\d s", line)


def test_a_moved_mark_cuts_that_clip_again_and_no_other(built_family: Path, vigbook: Run) -> None:
    cycle = built_family / "cycle-1"
    text = (cycle / "cycle.yaml").read_text("utf-8")
    (cycle / "cycle.yaml").write_text(text.replace("00:00:04.000", "00:00:03.600"), "utf-8")
    done = vigbook("build", built_family, "--json")
    names = made(done)
    assert "clip-1.mp4" in names
    assert "clip-2.mp4" not in names
    assert numbers_in(cycle / "media" / "clip-1.mp4") == list(range(50, 90))


def test_a_clip_that_is_no_longer_marked_does_not_stay_behind(
    built_family: Path, vigbook: Run
) -> None:
    cycle = built_family / "cycle-1"
    text = (cycle / "cycle.yaml").read_text("utf-8")
    start, end = text.index("  - id: clip-2"), text.index("next:")
    (cycle / "cycle.yaml").write_text(text[:start] + text[end:], "utf-8")
    assert vigbook("build", built_family).returncode == 0
    assert sorted(path.name for path in (cycle / "media").iterdir()) == [
        "clip-1-1.jpg", "clip-1.mp4", "manifest.json",
    ]  # fmt: skip


def test_the_workbook_holds_no_personal_word(
    built_family: Path, vigbook: Run, tmp_path: Path
) -> None:
    vigbook("answer", built_family, "clip-1.see", "Zebrafinch laughed at Sam", "--by", "mum")
    cycle = built_family / "cycle-1"
    (cycle / "workbook.ipynb").unlink()
    assert vigbook("build", built_family).returncode == 0
    workbook = (cycle / "workbook.ipynb").read_text("utf-8")
    words = set(workbook.replace('"', " ").replace("\\n", " ").split())
    for personal in ("Mia", "Sam", "Zebrafinch", "settle?", "bedtime.", "spoon", "Waiting"):
        assert personal not in words
    for sentence in (
        "How can I help Mia settle?", "I want us both to enjoy bedtime.", "Waiting for Mia",
        "The spoon", "What happens here?", "Mia reaches up and Sam leans in.",
        str(tmp_path), str(built_family), str(Path.home()),
    ):  # fmt: skip
        assert sentence not in workbook
    notebook = json.loads(workbook)
    assert "widgets" not in notebook["metadata"]
    assert "papermill" not in notebook["metadata"]


def test_a_workbook_changed_by_hand_is_kept_used_and_reported(
    built_family: Path, vigbook: Run
) -> None:
    path = built_family / "cycle-1" / "workbook.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    note = {"cell_type": "markdown", "id": "ours", "metadata": {}, "source": ["Our own remark."]}
    notebook["cells"].insert(3, note)
    path.write_text(json.dumps(notebook), "utf-8")
    done = vigbook("build", built_family)
    assert done.returncode == 0
    assert "workbook.ipynb: was changed by hand and is kept as it is" in done.stderr
    assert json.loads(path.read_text("utf-8")) == notebook
    assert "Our own remark." in text_of(built_family / "cycle-1" / "print" / "record.pdf")


def test_fresh_replaces_a_changed_workbook_and_keeps_the_old_one_beside(
    built_family: Path, vigbook: Run
) -> None:
    path = built_family / "cycle-1" / "workbook.ipynb"
    changed = path.read_text("utf-8").replace("review.goals()", "review.goals()\\nprint('mine')")
    path.write_text(changed, "utf-8")
    assert vigbook("build", built_family, "--fresh").returncode == 0
    assert "mine" not in path.read_text("utf-8")
    assert path.with_name("workbook-before-1.ipynb").read_text("utf-8") == changed


def test_withdrawing_filming_takes_the_cut_media_away(built_family: Path, vigbook: Run) -> None:
    case = built_family / "case.yaml"
    text = case.read_text("utf-8").replace(
        "    authority: self\n    date: 2026-09-01\n",
        "    authority: self\n    date: 2026-09-01\n    withdrawn: 2026-11-01\n",
    )
    case.write_text(text, "utf-8")
    done = vigbook("build", built_family)
    assert done.returncode == 0
    assert "clip not cut: Sam: Sam took back the yes to being filmed on 2026-11-01" in done.stderr
    cycle = built_family / "cycle-1"
    assert [path.name for path in (cycle / "media").iterdir()] == ["manifest.json"]
    assert pictures_in(cycle / "print" / "take-home.pdf") == set()


@pytest.mark.parametrize("answer", ["no", None])
def test_who_is_in_one_clip_alone_is_asked_before_the_whole_film_is_shown(
    built_family: Path, vigbook: Run, answer: str | None
) -> None:
    """What helps to choose clips shows the whole film, so whoever any mark names is in it."""
    aid = built_family / "cycle-1" / "media" / "aids" / "0123-strip-60.jpg"
    aid.parent.mkdir()
    aid.write_bytes(b"a strip of pictures")
    cycle, case = built_family / "cycle-1" / "cycle.yaml", built_family / "case.yaml"
    text = cycle.read_text("utf-8").replace(
        "    title: The spoon", "    in_shot: [child, zoe]\n    title: The spoon"
    )
    cycle.write_text(text, "utf-8")
    asked = "uses: [filming], answer: no" if answer else "uses: [take-home]"
    people = COUSIN.replace("uses: [filming]", asked)
    case.write_text(people, "utf-8")
    assert not open_first(built_family).may_film()
    assert vigbook("build", built_family).returncode == 0
    assert not aid.exists()
    told = vigbook("check", built_family).stderr
    assert ("is still here, and Zoe may not be filmed" in told) == (answer == "no")


def test_a_withdrawn_yes_takes_media_away_though_the_film_is_lost(
    built_family: Path, vigbook: Run
) -> None:
    case = built_family / "case.yaml"
    case.write_text(
        case.read_text("utf-8").replace("    uses: [filming, shared", "    uses: [shared"), "utf-8"
    )
    (built_family / "cycle-1" / "film.mp4").unlink()
    assert vigbook("build", built_family).returncode == 1
    media = built_family / "cycle-1" / "media"
    assert [path.name for path in media.iterdir()] == ["manifest.json"]


@pytest.mark.slow
def test_real_footage_is_cut_exact_to_the_frame(
    tmp_path: Path, real_film: Path, vigbook: Run
) -> None:
    """Film that nobody here made: each frame that came out is nearest to the one it should be."""
    cycle_yaml = CYCLE.replace("00:00:02.000", "1.010").replace("00:00:04.000", "3.000")
    cycle_yaml = cycle_yaml.replace("00:00:03.000", "2.999")
    cycle_yaml = cycle_yaml.replace("00:00:06.480", "3.500").replace("00:00:07.520", "4.02")
    cycle_yaml = cycle_yaml.replace("00:00:07.000", "3.52")
    family = write_family(tmp_path / "cases" / "bunny", real_film, CASE, cycle_yaml)
    done = vigbook("build", family)
    assert done.returncode == 0, done.stderr

    def pictures(path: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]]:
        with av.open(str(path)) as film:
            every = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        return [picture[::4, ::4].astype(np.int16) for picture in every]

    source = pictures(real_film)

    def is_frame(picture: np.ndarray[tuple[int, ...], np.dtype[np.int16]], number: int) -> bool:
        """Whether no frame nearby is nearer; two that are all but alike may be as near."""
        around = range(max(0, number - 2), min(len(source), number + 3))
        errors = {place: float(np.abs(source[place] - picture).mean()) for place in around}
        return errors[number] <= min(errors.values()) * 1.02

    media = family / "cycle-1" / "media"
    # 25 frames a second: 1.010 s shows frame 25, and frame 75 begins at 3.000 s, which is out.
    for name, expected in (("clip-1.mp4", range(25, 75)), ("clip-2.mp4", range(87, 101))):
        cut = pictures(media / name)
        wrong = [n for one, n in zip(cut, expected, strict=True) if not is_frame(one, n)]
        assert wrong == []
    for name, frame in (("clip-1-1.jpg", 74), ("clip-2-1.jpg", 88)):
        assert is_frame(pictures(media / name)[0], frame)


def test_the_pictures_in_the_papers_are_the_stills_byte_for_byte(built_family: Path) -> None:
    cycle = built_family / "cycle-1"
    stills = {sha256_of(path) for path in (cycle / "media").glob("*.jpg")}
    assert len(stills) == 2
    assert pictures_in(cycle / "print" / "take-home.pdf") == stills


def test_the_same_case_gives_the_same_bytes(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    """Workbook and papers hold no clock, no random id and no path."""
    copy = tmp_path / "elsewhere" / "wren"
    shutil.copytree(built_family.parent, copy.parent)
    for name in ("print", "workbook.ipynb"):
        path = copy / "cycle-1" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert vigbook("build", copy).returncode == 0
    for name in ("workbook.ipynb", "print/take-home.pdf", "print/record.pdf"):
        first, second = built_family / "cycle-1" / name, copy / "cycle-1" / name
        assert sha256_of(first) == sha256_of(second), name


def test_log_says_what_was_done_and_names_nobody(built_family: Path, vigbook: Run) -> None:
    vigbook("answer", built_family, "remember", "She looks for me.", "--by", "mum")
    vigbook("print", built_family, "--only", "take-home")
    lines = [json.loads(line) for line in (built_family / "log.jsonl").read_text().splitlines()]
    assert [(line["did"], line["cycle"]) for line in lines] == [("built", 1), ("printed", 1)]
    assert lines[1]["what"] == ["take-home.pdf", "take-home-mum.pdf"]
    assert all(name not in json.dumps(lines) for name in ("Mia", "Sam", "She looks"))


def test_build_deletes_only_what_it_cut_itself(built_family: Path, vigbook: Run) -> None:
    media = built_family / "cycle-1" / "media"
    (media / "holiday.mp4").write_bytes(b"somebody's own")
    text = (built_family / "cycle-1" / "cycle.yaml").read_text("utf-8")
    start, end = text.index("  - id: clip-2"), text.index("next:")
    (built_family / "cycle-1" / "cycle.yaml").write_text(text[:start] + text[end:], "utf-8")
    assert vigbook("build", built_family).returncode == 0
    assert (media / "holiday.mp4").is_file()
    assert not (media / "clip-2.mp4").exists()


def test_a_film_among_what_is_made_is_refused_and_kept(built_family: Path, vigbook: Run) -> None:
    cycle = built_family / "cycle-1"
    (cycle / "film.mp4").rename(cycle / "media" / "film.mp4")
    text = (cycle / "cycle.yaml").read_text("utf-8")
    (cycle / "cycle.yaml").write_text(text.replace("film.mp4", "media/film.mp4"), "utf-8")
    done = vigbook("build", built_family)
    assert done.returncode == 1
    assert "'media/film.mp4' is in a folder that vigbook makes and clears" in done.stderr
    assert (cycle / "media" / "film.mp4").is_file()


@pytest.mark.parametrize("name", ["media", "print", "answers.jsonl"])
def test_a_link_where_vigbook_writes_is_refused(
    built_family: Path, tmp_path: Path, vigbook: Run, name: str
) -> None:
    path = built_family / "cycle-1" / name
    shutil.rmtree(path, ignore_errors=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "wedding.jpg").write_bytes(b"somebody's own")
    path.symlink_to(elsewhere)
    for command in (("build",), ("print",), ("answer", "remember", "x")):
        done = vigbook(command[0], built_family, *command[1:])
        assert done.returncode == 1
        assert f"cycle-1/{name}: is a link, and vigbook writes only into" in done.stderr
    assert [one.name for one in elsewhere.iterdir()] == ["wedding.jpg"]


def test_a_legal_hold_stops_everything_and_deletes_nothing(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    case = built_family / "case.yaml"
    case.write_text(case.read_text("utf-8") + "legal_hold: 2026-11-01\n", "utf-8")
    before = stamps(built_family)
    for command in (("build",), ("print",), ("archive", "--to", tmp_path / "bags")):
        done = vigbook(command[0], built_family, *command[1:])
        assert done.returncode == 1
        assert "legal_hold: a legal hold stands: nothing is cut, printed" in done.stderr
    assert stamps(built_family) == before
