"""Whatever lies in the place of a family's file: a sentence, soon, and nobody's words lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from families import TODAY, run_vigbook, vigbook_command

FAMILYS = ("case.yaml", "log.jsonl", "cycle-1/cycle.yaml", "cycle-1/answers.jsonl")
CYCLES = ("reflection.jsonl", "workbook.ipynb", "media/manifest.json", "print/record.pdf",
          "media/clip-1.mp4", "print/.made.json")  # fmt: skip
WRITTEN = (*FAMILYS, *(f"cycle-1/{name}" for name in CYCLES))
LINK = "is a link, and vigbook writes only into the family's own folder; put the real thing there"


@pytest.mark.parametrize("name", WRITTEN)
def test_a_link_in_the_place_of_a_file_is_refused(
    built_family: Path, tmp_path: Path, name: str
) -> None:
    path, elsewhere = built_family / name, tmp_path / "elsewhere"
    path.touch()
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    done = run_vigbook("print", built_family)
    assert (done.returncode, f"{name}: {LINK}" in done.stderr) == (1, True)
    assert elsewhere.read_bytes() == before


def test_a_cycle_that_lies_elsewhere_is_refused(built_family: Path, tmp_path: Path) -> None:
    (built_family / "cycle-1").rename(tmp_path / "cycle-1")
    (built_family / "cycle-1").symlink_to(tmp_path / "cycle-1")
    done = run_vigbook("print", built_family)
    assert (done.returncode, f"wren/cycle-1: {LINK}" in done.stderr) == (1, True)


PIPES = (*WRITTEN, "cycle-1/film.mp4", ".built.json", "service.yaml")


@pytest.mark.parametrize("name", PIPES)
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(built_family: Path, name: str) -> None:
    path = built_family / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    for command in (["check"], ["build"], ["answer"]):
        more = ["remember", "x"] if command == ["answer"] else []
        done = run_vigbook(*command, built_family, *more, timeout=60)
        assert "vigbook itself failed" not in done.stderr
        assert done.returncode in (0, 1)


DEEP = "[" * 100_000
JSON = ("cycle-1/workbook.ipynb", "cycle-1/answers.jsonl", "cycle-1/media/manifest.json",
        "log.jsonl", "cycle-1/print/.made.json", ".built.json", "case.yaml")  # fmt: skip
ODD = {"deep": DEEP, "digits": '{"v": ' + "9" * 5000 + "}", "a list": '{"a": [1], "b": 2}'}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", JSON)
def test_odd_json_is_a_sentence(built_family: Path, name: str, odd: str) -> None:
    (built_family / name).write_text(ODD[odd])
    for command in ("build", "check"):
        done = run_vigbook(command, built_family)
        assert "vigbook itself failed" not in done.stderr
        assert done.returncode in (0, 1)


def line(number: int, value: str, prompt: str = "clip-1.see") -> str:
    """Returns a line of a journal."""
    whole = {"v": 1, "id": f"{number:016x}", "at": "2026-11-01T10:00:00.000Z", "prompt": prompt,
             "value": value, "by": "mum", "entered_by": "practitioner", "source": "said",
             "base": None}  # fmt: skip
    return json.dumps(whole) + "\n"


# A process's own most is at first that of who started it: a small one starts it.
MEASURE = """
import resource, subprocess, sys
print(subprocess.run(sys.argv[1:], capture_output=True, text=True).stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def run_measured(*arguments: str) -> tuple[str, int]:
    """Returns what a command said, and how many bytes of memory it had at the most."""
    command = [*vigbook_command(), *arguments, "--today", TODAY]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, timeout=120
    )
    said, _, most = done.stdout.strip().rpartition("\n")
    return said, int(most) * 1024


def test_a_line_of_50_mb_is_told_and_the_words_beside_it_stand(built_family: Path) -> None:
    """It is never held in memory whole, and no answer is passed over without a word."""
    journal = built_family / "cycle-1" / "answers.jsonl"
    with journal.open("w") as file:
        file.write(
            line(1, "Mia waited") + line(2, "x" * 50_000_000) + line(3, "We laughed", "try.what")
        )
    said, memory = run_measured("check", str(built_family))
    assert "answers.jsonl:2: has 50 MB, which no answer has, and is passed over" in said
    assert memory < 150_000_000
    assert run_vigbook("print", built_family, "--only", "record").returncode == 0


def test_a_journal_larger_than_any_family_s_is_told(built_family: Path) -> None:
    journal = built_family / "cycle-1" / "answers.jsonl"
    with journal.open("w") as file:
        file.writelines(line(number, "x" * 1_000_000) for number in range(65))
    said, memory = run_measured("check", str(built_family))
    assert "answers.jsonl: cannot be read: it has 65 MB, and at most 64 MB are read" in said
    assert memory < 150_000_000


@pytest.mark.slow
def test_200_000_lines_of_prompts_that_are_gone_are_told_in_a_few(built_family: Path) -> None:
    journal = built_family / "cycle-1" / "answers.jsonl"
    with journal.open("w") as file:
        file.writelines(line(number, "x", f"p{number}.see") for number in range(200_000))
    said, memory = run_measured("check", str(built_family))
    assert "199980 answers more belong to 199980 others that are not there" in said
    assert (len(said.splitlines()) < 30, memory < 500_000_000) == (True, True)


def test_a_case_file_of_90_000_keys_is_told_soon(built_family: Path) -> None:
    with (built_family / "case.yaml").open("a") as file:
        file.writelines(f"k{number}: 1\n" for number in range(90_000))
    said, memory = run_measured("check", str(built_family))
    assert "case.yaml: holds more than 40000 lines, colons and commas" in said
    assert memory < 150_000_000


def test_200_keys_too_many_are_told_as_a_hundred_and_a_count(built_family: Path) -> None:
    with (built_family / "case.yaml").open("a") as file:
        file.writelines(f"k{number}: 1\n" for number in range(200))
    said = run_vigbook("check", built_family).stderr
    assert said.count("no key is called") == 100
    assert "case.yaml: 100 more things are wrong in this file; mend those above first" in said


def test_a_template_that_is_a_pipe_keeps_nobody_waiting(built_family: Path, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "vig"
    shutil.copytree(Path(__file__).parents[2] / "templates" / "vig", own)
    (own / "known-cells.json").unlink()
    os.mkfifo(own / "known-cells.json")
    os.mkfifo(own / "odd.ipynb")
    done = run_vigbook("build", built_family, "--templates", own.parent, "--fresh", timeout=60)
    assert done.returncode == 1
    assert "known-cells.json: is not a list of known cells that can be read" in done.stderr
