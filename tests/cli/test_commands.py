"""The command as a person meets it: sentences, exit codes, and what bad input does."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from families import run_vigbook, vigbook_command, write_family
from pdfs import fonts_in, papers_of, text_of

Run = Callable[..., "subprocess.CompletedProcess[str]"]
COMMANDS = ("demo", "new", "check", "build", "print", "answer", "archive", "verify")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def is_plain(words: str) -> bool:
    """Whether a message is a sentence a person can use: no traceback, no address of an object."""
    return not any(sign in words for sign in ("Traceback", " object at 0x", "vigbook itself"))


def test_help_comes_at_once_and_names_every_command() -> None:
    begin = time.perf_counter()
    done = run_vigbook("--help", today=None)
    assert time.perf_counter() - begin < 3  # a guard against loading the world, not a measurement
    assert [name for name in COMMANDS if not re.search(rf"│ {name}\s", done.stdout)] == []


def test_help_loads_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from vigbook.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = ('av', 'numpy', 'weasyprint', 'papermill', 'pydantic', 'jupyter_server')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    python = Path(vigbook_command()[0]).with_name("python")
    done = subprocess.run([python, "-c", code, "--help"], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("film.mp4", "tea.mp4",
         "cycle.yaml:2 film.file: there is no film at {cycle}/tea.mp4; "
         "copy the film there, or mend its name here"),
        ("00:00:07.520", "00:09:00",
         "cycle.yaml:17 clips[1].end: 00:09:00.000 is after the end of the film, "
         "which is 00:00:12.000 long; move the clip's end"),
        ("00:00:07.520", "00:00:05",
         "cycle.yaml:17 clips[1].end: the clip ends at 00:00:05.000, not after its start "
         "00:00:06.480; put a later end or an earlier start"),
        ("at: 00:00:07.000", "at: 00:00:07.520",
         "cycle.yaml:19 clips[1].stills[0].at: 00:00:07.520 is not in the clip, which goes from "
         "00:00:06.480 up to 00:00:07.520; move the still or widen the clip"),
        ("in_shot: [child, mum]", "in_shot: [child, mun]",
         "cycle.yaml:3 in_shot[1]: there is nobody 'mun' in the family; did you mean 'mum'?"),
        ("id: encouraging", "id: encuraging",
         "cycle.yaml:10 clips[0].principles[0].id: there is no principle 'encuraging'; "
         "did you mean 'encouraging'?"),
        ("start: 00:00:02.000", "start: 00:61:00",
         "cycle.yaml:7 clips[0].start: '00:61:00' is not a time; write hh:mm:ss.mmm"),
        ("file: film.mp4", "file: ../../../../etc/passwd",
         "cycle.yaml:2 film.file: '../../../../etc/passwd' leaves the case's folder; "
         "put the film into the family's folder"),
        ("file: film.mp4", "file: /etc/passwd",
         "cycle.yaml:2 film.file: '/etc/passwd' is a path from the top of the disk; "
         "put the film into the family's folder"),
        ("title: The spoon", "titel: The spoon",
         "cycle.yaml:15 clips[1].titel: no key is called 'titel' here; did you mean 'title'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_cycle_is_told_in_one_line(
    built_family: Path, vigbook: Run, old: str, new: str, sentence: str
) -> None:
    cycle = built_family / "cycle-1"
    before = (cycle / "print" / "take-home.pdf").read_bytes()
    edit(cycle / "cycle.yaml", old, new)
    done = vigbook("build", ".", cwd=built_family)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"cycle-1/{sentence.format(cycle='cycle-1')}"]
    assert (cycle / "print" / "take-home.pdf").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "film.mp4: is not a film that can be read"),
        (b"This is no film.\n" * 99, "film.mp4: is not a film that can be read"),
        (bytes(range(256)) * 999, "film.mp4: is not a film that can be read"),
    ],
)
def test_what_is_not_a_film_is_told(
    family: Path, vigbook: Run, content: bytes, sentence: str
) -> None:
    (family / "cycle-1" / "film.mp4").write_bytes(content)
    done = vigbook("build", family)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert is_plain(done.stderr)
    assert not (family / "cycle-1" / "media").exists()


def test_an_unknown_method_is_told_with_its_line(family: Path, vigbook: Run) -> None:
    edit(family / "case.yaml", "family: wren", "family: wren\nmethod: vgi")
    done = vigbook("build", ".", cwd=family)
    assert done.returncode == 1
    assert done.stderr == "case.yaml:3 method: there is no method 'vgi'; did you mean 'vig'?\n"


def test_wrong_yaml_is_told_with_its_line(family: Path, vigbook: Run) -> None:
    edit(family / "case.yaml", "family: wren", "family: [wren")
    done = vigbook("build", ".", cwd=family)
    assert done.returncode == 1
    assert re.match(r"case\.yaml:\d+: is not YAML: ", done.stderr)
    assert is_plain(done.stderr)


def test_a_link_out_of_the_case_is_told(family: Path, vigbook: Run, numbered_film: Path) -> None:
    film = family / "cycle-1" / "film.mp4"
    film.unlink()
    film.symlink_to(numbered_film)
    done = vigbook("build", family)
    assert done.returncode == 1
    assert "'film.mp4' is a link that leaves the case's folder" in done.stderr


MARKUP = (
    "<b>bold</b> & <script>alert(1)</script> {{ 7*7 }} {% raw %} $(id) `ls` \\textbf{x} "
    "<img src=file:///etc/passwd> <!-- x --> &amp; %(name)s ${HOME} #{x} ]]>"
)


def test_markup_prints_as_it_was_typed(built_family: Path, vigbook: Run) -> None:
    edit(
        built_family / "cycle-1" / "cycle.yaml", "title: The spoon", f"title: {json.dumps(MARKUP)}"
    )
    for prompt in ("clip-1.did", "remember"):
        assert vigbook("answer", built_family, prompt, MARKUP, "--by", "mum").returncode == 0
    assert vigbook("build", built_family).returncode == 0
    squeezed = "".join(MARKUP.split())
    # In the record the title stands again in the list of what was left out.
    for name, times in (("take-home", 3), ("record", 4), ("worksheet", 1)):
        text = text_of(built_family / "cycle-1" / "print" / f"{name}.pdf")
        assert "".join(text.split()).count(squeezed) == times, name


def test_emoji_and_other_scripts_print_from_our_own_fonts(built_family: Path, vigbook: Run) -> None:
    words = "😀 👩‍👧 ❤️ 👶🏽 שלום مرحبا → ✓ ½ ŵ ї"
    vigbook("answer", built_family, "clip-1.did", words, "--by", "mum")
    assert vigbook("build", built_family).returncode == 0
    page = built_family / "cycle-1" / "print" / "take-home.pdf"
    assert {"Noto-Emoji", "Noto-Sans-Arabic", "Noto-Sans-Hebrew", "Noto-Sans"} <= fonts_in(page)
    assert "שלום" in text_of(page) or "םולש" in text_of(page)


def test_a_character_without_a_font_is_named_with_its_prompt(
    built_family: Path, vigbook: Run
) -> None:
    page = built_family / "cycle-1" / "print" / "take-home.pdf"
    before = page.read_bytes()
    vigbook("answer", built_family, "clip-1.did", "She said 漢.", "--by", "mum")
    done = vigbook("build", ".", cwd=built_family)
    assert done.returncode == 1
    assert (
        "cycle-1/print/take-home.pdf clip-1.did: no font has the character '漢' "
        "(U+6F22, CJK UNIFIED IDEOGRAPH-6F22)" in done.stderr
    )
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("clip-1.seee", "x"), "there is no prompt 'clip-1.seee'; did you mean 'clip-1.see'?"),
        (("goal.settle.now", "12"),
         "goal.settle.now: 12 is not on the scale; "
         "write a whole number from 1 to 10, or nothing for not rated"),
        (("goal.settle.now", "many"), "goal.settle.now: 'many' is not a whole number; "
         "write a whole number from 1 to 10, or nothing for not rated"),
        (("next.date", "soon"),
         "next.date: 'soon' is not a date; write year-month-day, as 2026-03-28"),
        (("helped", "a\nb\nc\nd"), "helped: 4 lines, and it takes up to 3; choose among them"),
        (("remember", "x", "--by", "dad"),
         "there is nobody 'dad' in the family; use one of: mum, child, practitioner"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_told_and_not_written(
    family: Path, vigbook: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    done = vigbook("answer", family, *arguments)
    assert (done.returncode, done.stderr) == (1, f"{sentence}\n")
    assert not (family / "cycle-1" / "answers.jsonl").exists()


def test_the_workers_own_prompts_are_kept_apart(built_family: Path, vigbook: Run) -> None:
    cycle = built_family / "cycle-1"
    vigbook("answer", built_family, "own.noticed", "I talked over her pause.")
    assert not (cycle / "answers.jsonl").exists()
    assert "I talked over" in (cycle / "reflection.jsonl").read_text("utf-8")
    assert vigbook("build", built_family).returncode == 0
    for path in papers_of(built_family):
        assert "talked over" not in text_of(path)


def test_wrong_usage_ends_with_two(family: Path) -> None:
    assert run_vigbook("build", today=None).returncode == 2
    assert run_vigbook("print", family, "--only", "poster").returncode == 2
    assert run_vigbook("dance", today=None).returncode == 2


def test_json_tells_each_cycle_with_its_problems(family: Path, vigbook: Run) -> None:
    edit(family / "cycle-1" / "cycle.yaml", "00:00:04.000", "00:09:00")
    done = vigbook("build", ".", "--json", cwd=family)
    assert done.returncode == 1
    assert json.loads(done.stdout) == [
        {
            "case": ".",
            "cycle": 1,
            "ok": False,
            "errors": [
                {
                    "file": "cycle-1/cycle.yaml",
                    "line": 8,
                    "field": "clips[0].end",
                    "found": "00:09:00.000 is after the end of the film, "
                    "which is 00:00:12.000 long",
                    "mend": "move the clip's end",
                }
            ],
            "warnings": [],
            "withheld": [],
            "made": [],
            "reasons": ["not built yet"],
        }
    ]


def test_check_makes_nothing_and_tells_consent_and_due_dates(family: Path, vigbook: Run) -> None:
    edit(family / "cycle-1" / "cycle.yaml", "next: {date: 2026-11-28}\n", "")
    edit(family / "case.yaml", "  - person: mum\n    uses: [filming, shared-review, take-home]",
         "  - person: mum\n    uses: [filming]")  # fmt: skip
    before = sorted(family.rglob("*"))
    done = vigbook("check", ".", cwd=family)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "left out: cycle-1/cycle.yaml:5 clips[0]: not shown when looking together: "
        "Sam: not asked about looking together",
        "left out: cycle-1/cycle.yaml:5 clips[0]: not on the family's page: "
        "Sam: not asked about the printed page",
        "left out: cycle-1/cycle.yaml:14 clips[1]: not shown when looking together: "
        "Sam: not asked about looking together",
        "left out: cycle-1/cycle.yaml:14 clips[1]: not on the family's page: "
        "Sam: not asked about the printed page",
        "note: .: films, clips and pictures are overdue: they were to be deleted by 2026-11-07; "
        "delete each cycle's film and media folder now",
        "note: cycle-1/film.mp4: its pictures are small (480 by 270 dots), and print small or they "
        "would look coarse; film with a higher setting next time",
    ]
    assert sorted(family.rglob("*")) == before


def test_new_writes_a_case_that_only_lacks_its_film(tmp_path: Path) -> None:
    case = tmp_path / "cases" / "robin"
    done = run_vigbook("new", case)
    assert done.returncode == 0
    assert "$schema=../.schemas/case.schema.json" in (case / "case.yaml").read_text("utf-8")
    checked = run_vigbook("check", ".", cwd=case)
    assert checked.returncode == 1
    assert checked.stderr.splitlines()[0].startswith(
        "cycle-1/cycle.yaml:5 film.file: there is no film at cycle-1/film.mp4"
    )
    assert sum("there is no film" not in line for line in checked.stderr.splitlines()) <= 6
    again = run_vigbook("new", case)
    assert again.returncode == 1
    assert "there is a case here already" in again.stderr


def test_new_wants_a_pseudonym_for_a_name(tmp_path: Path) -> None:
    done = run_vigbook("new", tmp_path / "Smith Family")
    assert done.returncode == 1
    assert "use a pseudonym" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_cycle_folder_stands_for_itself(
    tmp_path: Path, numbered_film: Path, vigbook: Run
) -> None:
    family = write_family(tmp_path / "cases" / "wren", numbered_film)
    done = vigbook("build", family / "cycle-1", "--json")
    assert [one["cycle"] for one in json.loads(done.stdout)] == [1]
    assert done.returncode == 0


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_what_is_no_case_is_told(tmp_path: Path, vigbook: Run, path: str) -> None:
    done = vigbook("build", path, cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert is_plain(done.stderr)


def test_new_inside_a_family_writes_its_next_cycle(built_family: Path) -> None:
    done = run_vigbook("new", built_family / "cycle-2")
    assert done.returncode == 0, done.stderr
    folder = built_family / "cycle-2"
    assert [path.name for path in folder.iterdir()] == ["cycle.yaml"]
    assert "\ncycle: 2\n" in (folder / "cycle.yaml").read_text("utf-8")
    wrong = run_vigbook("new", built_family / "robin")
    assert wrong.returncode == 1
    assert "for its next cycle write 'vigbook new" in wrong.stderr
    assert "cycle-3'" in wrong.stderr


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("name: Sam", 'name: "Sam', "case.yaml:5: is not YAML: a quotation mark opens here and is "
         "not closed; close it"),
        ("family: wren", "family: wren: x", "case.yaml:2: is not YAML: there is a second colon in "
         "the line, or the indent is wrong; put quotation marks around words with a colon in them"),
        ("  - {id: child,", "\t- {id: child,", "case.yaml:4: is not YAML: there is a tab; "
         "use spaces"),
    ],
)  # fmt: skip
def test_wrong_yaml_is_told_in_a_persons_words(
    family: Path, vigbook: Run, old: str, new: str, sentence: str
) -> None:
    edit(family / "case.yaml", old, new)
    assert vigbook("check", ".", cwd=family).stderr == f"{sentence}\n"


def test_answers_of_a_clip_that_was_renamed_are_told(built_family: Path, vigbook: Run) -> None:
    vigbook("answer", built_family, "clip-2.see", "The spoon!", "--by", "mum")
    edit(built_family / "cycle-1" / "cycle.yaml", "id: clip-2", "id: spoon")
    done = vigbook("check", ".", cwd=built_family)
    assert (
        "note: cycle-1/answers.jsonl: 1 answer belongs to 'clip-2', which is not there any more, "
        "and prints nowhere; was it renamed? give it its old id again"
    ) in done.stderr.splitlines()


def test_a_film_of_somebody_who_took_the_yes_back_is_to_be_deleted(
    built_family: Path, vigbook: Run
) -> None:
    edit(built_family / "case.yaml", "    authority: self\n    date: 2026-09-01\n",
         "    authority: self\n    date: 2026-09-01\n    withdrawn: 2026-11-01\n")  # fmt: skip
    done = vigbook("build", ".", cwd=built_family)
    assert (
        "note: cycle-1/film.mp4: is still here, and Sam may not be filmed; delete it"
    ) in done.stderr.splitlines()
    deeds = [json.loads(line) for line in (built_family / "log.jsonl").read_text().splitlines()]
    erased = [action["what"] for action in deeds if action["did"] == "erased"]
    assert erased == [
        ["clip-1-1.jpg", "clip-1.mp4", "clip-2-1.jpg", "clip-2.mp4",
         "take-home-mum.pdf", "take-home.pdf", "worksheet.pdf"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--language", "de"),
         "our own words do not come in 'de' yet; use one of: ar, bn, cy, en, es, fr, pl, uk"),
        (("--person", "mun"),
         "'mun' receives no copy; who receives one: mum; see 'receives' in case.yaml"),
    ],
)  # fmt: skip
def test_print_tells_what_it_cannot_do(
    built_family: Path, vigbook: Run, options: tuple[str, ...], sentence: str
) -> None:
    done = vigbook("print", built_family, *options)
    assert (done.returncode, done.stderr) == (1, f"{sentence}\n")


@pytest.mark.parametrize("place", [".", "./", "../cycle-1", ".."])
@pytest.mark.parametrize("command", ["check", "build", "print"])
def test_a_cycle_is_known_by_where_one_stands(
    built_family: Path, vigbook: Run, command: str, place: str
) -> None:
    (built_family / ".built.json").unlink(missing_ok=True)
    done = vigbook(command, place, "--json", cwd=built_family / "cycle-1")
    assert done.returncode == 0, done.stdout
    (outcome,) = json.loads(done.stdout)
    assert (outcome["cycle"], outcome["errors"]) == (1, [])
