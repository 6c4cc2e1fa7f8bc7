"""What is built and why: content decides, and what did not change is passed over."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from families import TODAY, run_vigbook
from filelock import FileLock
from pdfs import text_of

from vigbook.batch.plan import STAMP, plan_case
from vigbook.batch.run import build_many, build_one, plan_many
from vigbook.case.journal import write_answer
from vigbook.errors import OutputError
from vigbook.outcome import Event, Options
from vigbook.paper.renderer import PageRenderer
from vigbook.system import locks
from vigbook.system.atomic import sha256_of

Run = Callable[..., "CompletedProcess[str]"]
DAY = datetime.date.fromisoformat(TODAY)
OPTIONS = Options(today=DAY)


def reasons(case: Path, options: Options = OPTIONS) -> tuple[str, ...]:
    return plan_case(case, options).reasons


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def say(family: Path) -> None:
    journal = family / "cycle-1" / "answers.jsonl"
    write_answer(journal, "try.what", "Wait.", by="mum", source="said", base=None)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "an answer": (say, "an answer changed"),
    "a consent": (
        lambda family: edit(family / "case.yaml", "2026-09-01", "2026-09-02"),
        "case.yaml changed",
    ),
    "a title": (
        lambda family: edit(family / "cycle-1" / "cycle.yaml", "The spoon", "A spoon"),
        "cycle.yaml changed",
    ),
    "a film": (
        lambda family: (family / "cycle-1" / "film.mp4").write_bytes(b"x"),
        "film.mp4 changed",
    ),
    "a film that is gone": (
        lambda family: (family / "cycle-1" / "film.mp4").unlink(),
        "film.mp4 changed",
    ),
    "a clip": (
        lambda family: (family / "cycle-1" / "media" / "clip-1.mp4").unlink(),
        "a clip or picture changed",
    ),
    "a paper": (
        lambda family: (family / "cycle-1" / "print" / "record.pdf").write_bytes(b"%PDF"),
        "a paper changed",
    ),
    "the workbook": (
        lambda family: edit(family / "cycle-1" / "workbook.ipynb", "\n", "\n "),
        "the workbook changed",
    ),
    "the team": (lambda family: (family.parent / "service.yaml").unlink(), "service.yaml changed"),
    "a new cycle": (
        lambda family: shutil.copytree(family / "cycle-1", family / "cycle-2"),
        "cycle.yaml changed",
    ),
    "half a page of a run that was killed": (
        lambda family: (family / "cycle-1/print/.record-abcd1234.part.pdf").write_bytes(b"half"),
        "a run that was killed left something lying",
    ),
    "nothing that is built from": (
        lambda family: (family / "cycle-1" / "reflection.jsonl").write_bytes(b"\n"),
        "",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen_and_told_in_words(built_family: Path, change: str) -> None:
    assert reasons(built_family) == ()
    apply, reason = CHANGES[change]
    apply(built_family)
    found = reasons(built_family)
    assert reason in found if reason else found == ()


def test_touching_copying_and_moving_a_family_changes_nothing(
    built_family: Path, tmp_path: Path
) -> None:
    for path in built_family.rglob("*"):
        os.utime(path, ns=(1, 1))
    assert reasons(built_family) == ()
    moved = built_family.parent.rename(tmp_path / "elsewhere")
    assert reasons(moved / "wren") == ()


def test_a_film_that_looks_the_same_is_not_read_again_unless_asked(built_family: Path) -> None:
    """As a disk that fails would leave it: same size, same time, another byte."""
    film = built_family / "cycle-1" / "film.mp4"
    seen = film.stat()
    with film.open("rb+") as file:
        file.seek(seen.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    os.utime(film, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    _stamp_again(built_family)
    assert reasons(built_family) == ()
    assert reasons(built_family, Options(today=DAY, rehash=True)) == ("film.mp4 changed",)


def _stamp_again(family: Path) -> None:
    """The copies of the fixture have inodes of their own: writes them into the stamp."""
    stamp = json.loads((family / STAMP).read_bytes())
    for name, known in stamp["files"].items():
        seen = (family / name).stat() if (family / name).exists() else None
        known[:3] = [seen.st_size, seen.st_mtime_ns, seen.st_ino] if seen else [0, 0, 0]
    (family / STAMP).write_text(json.dumps(stamp), "utf-8")


def test_a_day_on_which_a_consent_ends_is_a_reason(built_family: Path) -> None:
    edit(
        built_family / "case.yaml",
        "    authority: self\n    date: 2026-09-01\n",
        "    authority: self\n    date: 2026-09-01\n    until: 2026-11-24\n",
    )
    ((_, (outcome,)),) = build_many(plan_many([built_family], OPTIONS), OPTIONS)
    assert outcome.ok
    for later, why in ((0, False), (2, False), (3, True), (40, True)):
        day = DAY + datetime.timedelta(days=later)
        found = reasons(built_family, Options(today=day))
        assert bool(found) == why, (day, found)
    # An earlier day than that of the build: what was withdrawn since had not been.
    assert reasons(built_family, Options(today=DAY - datetime.timedelta(days=1)))


def test_a_team_s_templates_and_logo_are_part_of_it(built_family: Path, tmp_path: Path) -> None:
    service = built_family.parent / "service.yaml"
    service.write_text(service.read_text("utf-8") + "logo: logo.png\n", "utf-8")
    own = tmp_path / "own"
    own.mkdir()
    options = Options(today=DAY, templates=own)
    assert "template changed" not in reasons(built_family)
    (own / "print").mkdir()
    (own / "print" / "print.css").write_text("/* ours */", "utf-8")
    assert "template changed" in reasons(built_family, options)
    ((_, (outcome,)),) = build_many(plan_many([built_family], OPTIONS), OPTIONS)
    assert [one.field for one in outcome.warnings if one.field == "logo"] == ["logo"]
    assert reasons(built_family) == ()
    (service.parent / "logo.png").write_bytes(b"a picture")
    assert reasons(built_family) == ("logo.png changed",)


def test_nothing_is_parsed_where_nothing_changed(built_family: Path) -> None:
    program = """
        import sys, pathlib, datetime
        from vigbook.batch.plan import plan_case
        from vigbook.outcome import Event, Options
        opened = []
        sys.addaudithook(lambda name, about: name == "open" and opened.append(str(about[0])))
        case = pathlib.Path(sys.argv[1])
        plan = plan_case(case, Options(today=datetime.date.fromisoformat(sys.argv[2])))
        assert plan.reasons == (), plan.reasons
        print(*[one for one in opened if one.startswith(str(case))], sep="\\n")
    """
    _stamp_again(built_family)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), built_family, TODAY],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(built_family / STAMP)]


def test_what_a_build_told_is_told_again_from_anywhere(
    built_family: Path, vigbook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle = built_family / "cycle-1" / "cycle.yaml"
    edit(cycle, "next: {date: 2026-11-28}\n", "")
    edit(cycle, "film.mp4, date: 2026-09-12", "film.mp4")
    first = vigbook("build", built_family)
    assert "no day is known by which to delete" in first.stderr
    assert " made, " in first.stdout
    monkeypatch.chdir(built_family)
    again = vigbook("build", ".")
    assert again.returncode == 0
    assert "nothing to make" in again.stdout
    told = [line.partition(": ")[2].partition(": ")[2] for line in first.stderr.splitlines()]
    assert [
        line.partition(": ")[2].partition(": ")[2] for line in again.stderr.splitlines()
    ] == told
    assert str(built_family.parent) not in again.stderr


def test_a_build_that_failed_is_to_be_done_again(built_family: Path) -> None:
    film = built_family / "cycle-1" / "film.mp4"
    kept = film.rename(film.with_name("kept"))
    for _ in range(2):
        (plan,) = plan_many([built_family], OPTIONS)
        assert "film.mp4 changed" in plan.reasons
        ((_, (outcome,)),) = build_many([plan], OPTIONS)
        assert not outcome.ok
    kept.rename(film)
    assert reasons(built_family) == ()


def test_what_changed_while_it_was_built_is_built_again(
    built_family: Path, renderer: PageRenderer
) -> None:
    cycle = built_family / "cycle-1" / "cycle.yaml"
    edit(cycle, "The spoon", "A spoon")

    def change(event: Event) -> None:
        if event.kind == "running":
            edit(cycle, "A spoon", "Their spoon")

    build_one(built_family, OPTIONS, renderer, change)
    assert "cycle.yaml changed" in reasons(built_family)
    build_one(built_family, OPTIONS, renderer)
    assert reasons(built_family) == ()
    assert "Their spoon" in text_of(built_family / "cycle-1" / "print" / "take-home.pdf")


def test_many_are_planned_first_and_summed_up(built_family: Path, vigbook: Run) -> None:
    for name in ("robin", "tit", "finch"):
        shutil.copytree(built_family, built_family.parent / name)
    say(built_family.parent / "tit")
    (built_family.parent / "finch" / "case.yaml").write_text("vigbook: [", "utf-8")
    done = vigbook("build", *sorted(built_family.parent.iterdir()))
    assert done.returncode == 1
    assert "4 families: 2 to build (1 case.yaml changed; 1 an answer changed), 2 up to date" in (
        done.stderr
    )
    table = done.stderr[done.stderr.index("4 families in") :]
    rows = [line.split(maxsplit=1) for line in table.splitlines() if line.strip()[:1].isdigit()]
    assert [[number, rest.split("  ")[0]] for number, rest in rows[1:]] == [
        ["1", "built"],
        ["2", "up to date"],
        ["1", "not done"],
    ]
    told = json.loads(vigbook("build", *built_family.parent.iterdir(), "--json").stdout)
    assert {Path(one["case"]).name: one["reasons"] for one in told} == {
        "wren": [], "robin": [], "tit": [], "finch": ["case.yaml changed"],
    }  # fmt: skip


def test_among_many_only_what_presses_is_told_again(built_family: Path, vigbook: Run) -> None:
    """A team reads it each morning: what is the same every night would hide what is new."""
    other = shutil.copytree(built_family, built_family.parent / "robin")
    edit(other / "cycle-1" / "cycle.yaml", "next: {date: 2026-11-28}\n", "")
    first = vigbook("build", built_family, other)
    assert "robin/cycle-1/film.mp4: its pictures are small" in first.stderr
    again = vigbook("build", built_family, other)
    assert (again.returncode, again.stdout.count("nothing to make")) == (0, 2)
    told = [line for line in again.stderr.splitlines() if ": " in line and "families: " not in line]
    (line,) = told
    assert "robin: films, clips and pictures are overdue: they were to be deleted by" in line
    row = r"\n +2 +up to date +with notes as before; vigbook check tells them *\n"
    assert re.search(row, again.stderr)
    alone = vigbook("build", other)
    assert "its pictures are small" in alone.stderr


def test_one_cycle_alone_is_planned_too(built_family: Path, vigbook: Run) -> None:
    assert "nothing to make" in vigbook("build", built_family / "cycle-1").stdout
    shutil.copytree(built_family / "cycle-1", built_family / "cycle-2")
    edit(built_family / "cycle-2" / "cycle.yaml", "cycle: 1", "cycle: 2")
    (told,) = json.loads(vigbook("build", built_family / "cycle-2", "--json").stdout)
    assert told["cycle"] == 2
    assert told["made"]
    assert reasons(built_family)  # of the whole family nothing is known yet


@pytest.mark.slow
def test_two_builds_of_one_family_do_not_meet(family: Path) -> None:
    command = [sys.executable, "-m", "vigbook", "build", str(family), "--today", TODAY, "--json"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)
    ]
    told = [json.loads(one.communicate()[0])[0] for one in started]
    assert [one.returncode for one in started] == [0, 0, 0]
    made = [len(one["made"]) for one in told]
    assert sorted(made)[:2] == [0, 0], made
    hidden = sorted(path.name for path in family.rglob(".*"))
    assert hidden == [".built.json", ".log.jsonl.lock", ".made.json", ".vigbook.lock"]


def test_a_family_at_which_another_program_is_at_work_is_waited_for_and_then_told(
    built_family: Path,
) -> None:
    before = {path: sha256_of(path) for path in built_family.rglob("*.pdf")}
    say(built_family)
    heard: list[str] = []
    with FileLock(built_family / ".vigbook.lock"):
        begin = time.monotonic()
        with (
            pytest.raises(OutputError, match="is being built or printed by another program; wait"),
            locks.hold_family(built_family, lambda: heard.append("waiting"), 0.3),
        ):
            raise AssertionError
        assert 0.3 <= time.monotonic() - begin < 10
        assert {*heard} == {"waiting"}
        assert {path: sha256_of(path) for path in before} == before
        # Looking at it needs nobody's leave.
        assert run_vigbook("check", built_family).returncode == 0
    assert run_vigbook("build", built_family).returncode == 0
