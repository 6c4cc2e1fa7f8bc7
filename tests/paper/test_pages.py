"""How the pages are set: sizes, sides and lines, measured on the printed PDFs."""

from __future__ import annotations

import datetime
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from families import CASE, TODAY, run_vigbook, write_family
from pdfs import Letter, letters_in, lines_in, pages_of, pictures_in, text_of

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.method.templates import find_templates
from vigbook.server.pages.paper import view_papers

Run = Callable[..., "CompletedProcess[str]"]
MM = 72 / 25.4
SIZES = {"clear": 14.0, "easy": 16.0, "large": 18.0}

# As people talk: no word stands twice, so that each can be looked for.
TOLD = (
    "When she held up her cup I stopped what I was doing and looked at her face. I waited for a "
    "long time, and then I told her what I could see. She smiled at me and tried to say the word, "
    "and I said it slowly with her. Then it was her turn again, and she had another go at it, all "
    "by herself, without me."
)
CYCLE = """\
cycle: 1
film: {file: film.mp4, date: 2026-09-12, place: at home, activity: tea time}
in_shot: [child, mum]
clips:
  - {id: clip-1, title: Waiting for Mia at the table, start: 1, end: 3, stills: [{at: 1, alt: A first look.}, {at: 2, alt: A second look.}, {at: 2.5, alt: A third look.}]}
  - {id: clip-2, title: Looking away and coming back, start: 4, end: 6, stills: [{at: 4, alt: A first look.}, {at: 5, alt: A second look.}, {at: 5.5, alt: A third look.}]}
  - {id: clip-3, title: "You, me, you, me", start: 7, end: 9, stills: [{at: 7, alt: A first look.}, {at: 8, alt: A second look.}, {at: 8.5, alt: A third look.}]}
next: {date: 2026-11-28}
"""  # noqa: E501


QUESTION = (
    "How can I help Mia to settle at bedtime when her brother is at home and both of them want me "
    "at the same time?"
)
GOAL = (
    "wording: I want us both to enjoy bedtime.",
    "wording: I want us both to enjoy bedtime and to go to sleep without tears or shouting.\n"
    "    scale: {name: 1-10, min: 1, max: 10, anchors: {1: not at all, 10: just as we want it}}",
)


def told(length: int, start: int = 0) -> str:
    """Returns a text of just this many characters."""
    words = " ".join([TOLD[start:].lstrip(), TOLD])
    return words[:length].rstrip().ljust(length, ".")


def answers(**more: Any) -> dict[str, Any]:
    """Returns a review as full as a page of two sides has to hold."""
    clips = {f"clip-{number}.did": told(200, 40 * number) for number in (1, 2, 3)}
    return {
        **clips, "helped": [told(300, 30 * one) for one in range(3)], "remember": told(90),
        "try.what": told(120), "try.where": "At the table, when we have tea.",
        "try.when": "On two days of the week.", "goal.settle.now": 5, **more,
    }  # fmt: skip


def write_answers(family: Path, said: dict[str, Any]) -> None:
    lines = [
        {"v": 1, "id": f"{number:016x}", "at": "2026-09-19T10:00:00.000Z", "prompt": prompt,
         "value": value, "by": "mum", "entered_by": "practitioner", "source": "said", "base": None}
        for number, (prompt, value) in enumerate(said.items())
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (family / "cycle-1" / "answers.jsonl").write_text(text, "utf-8")


def printed(family: Path, name: str = "take-home") -> Path:
    return family / "cycle-1" / "print" / f"{name}.pdf"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, numbered_film: Path) -> Path:
    folder = tmp_path_factory.mktemp("full") / "cases" / "wren"
    case = CASE.replace("How can I help Mia settle?", QUESTION).replace(*GOAL)
    write_family(folder, numbered_film, case=case, cycle=CYCLE)
    with (folder.parent / "service.yaml").open("a", encoding="utf-8") as service:
        service.write("footer: Riverside Children's Centre, Mill Lane, next to the library\n")
    write_answers(folder, answers())
    for command in (["build"], *(["print", "--only", "take-home", "--size", one] for one in SIZES)):
        done = run_vigbook(command[0], folder, *command[1:])
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def full(whole: Path, tmp_path: Path) -> Path:
    """A family with three clips of three stills each, and much said about each, printed."""
    shutil.copytree(whole.parent, tmp_path / "full")
    return tmp_path / "full" / "wren"


def sized(family: Path, size: str) -> Path:
    return printed(family, "take-home" if size == "clear" else f"take-home.en.{size}")


@pytest.mark.parametrize(("size", "most"), [("clear", 2), ("large", 4)])
def test_a_full_page_keeps_to_its_sides(whole: Path, size: str, most: int) -> None:
    assert pages_of(sized(whole, size)) <= most
    text = text_of(sized(whole, size)).replace(" ", "")
    # A text may go on overleaf; the foot of the page stands between.
    for foot in ("RiversideFamilyTeam", "RiversideChildren'sCentre,MillLane,nexttothelibrary"):
        text = text.replace(foot, "")
    text = re.sub(r"Page\dof\d", "", text)
    # In the order of the talk, for programs that read aloud what stands in the file.
    places = [text.index(words) for words in ("Ourquestion", "WaitingforMia", "Whathelped", "OnethingIwilltry")]  # noqa: E501  # fmt: skip
    assert places == sorted(places)
    said = [one for value in answers().values() for one in (value if isinstance(value, list) else [str(value)])]  # noqa: E501  # fmt: skip
    assert [one for one in said if one.replace(" ", "") not in text] == []
    assert len(pictures_in(sized(whole, size))) == 9


def test_large_print_is_never_more_than_two_sheets_with_the_longest_words(
    full: Path, vigbook: Run
) -> None:
    long = {"remember": told(200), "try.what": told(200), "try.where": told(80), "try.when": told(80)}  # noqa: E501  # fmt: skip
    write_answers(full, answers(**long))
    assert vigbook("print", full, "--only", "take-home").returncode == 0
    assert vigbook("print", full, "--only", "take-home", "--size", "large").returncode == 0
    assert (pages_of(sized(full, "clear")), pages_of(sized(full, "large"))) == (2, 4)


@pytest.mark.parametrize("size", SIZES)
def test_no_letter_is_smaller_than_its_reader_needs(whole: Path, size: str) -> None:
    small = [one for one in letters_in(sized(whole, size)) if one.size < SIZES[size] - 0.05]
    assert {(one.text, round(one.size, 1)) for one in small} == set()


@pytest.mark.parametrize("size", SIZES)
def test_no_line_is_longer_than_seventy_letters(whole: Path, size: str) -> None:
    lines = lines_in(sized(whole, size))
    assert max(len(line) for line in lines) > 40
    assert [line for line in lines if len(line) > 70] == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_runs_off_the_sheet_or_into_something_else(whole: Path, size: str) -> None:
    letters = letters_in(sized(whole, size))
    width, height = 210 * MM, 297 * MM
    off = [
        one for one in letters
        if one.left < 10 * MM or one.right > width - 10 * MM
        or one.top < 8 * MM or one.bottom > height - 6 * MM
    ]  # fmt: skip
    assert off == []
    assert list(overlapping(letters)) == []


def overlapping(letters: list[Letter]) -> Iterator[tuple[Letter, Letter]]:
    """Yields letters that lie over each other by more than half."""
    for one, other in itertools.pairwise(letters):
        across = min(one.right, other.right) - max(one.left, other.left)
        down = min(one.bottom, other.bottom) - max(one.top, other.top)
        narrow = min(one.right - one.left, other.right - other.left)
        low = min(one.bottom - one.top, other.bottom - other.top)
        if one.page == other.page and across > 0.5 * narrow and down > 0.5 * low:
            yield one, other


def test_the_parents_own_words_are_the_largest(built_family: Path, vigbook: Run) -> None:
    write_answers(built_family, {"clip-1.did": "I waited for her.", "helped": ["Waiting."]})
    assert vigbook("print", built_family, "--only", "take-home").returncode == 0
    letters = letters_in(printed(built_family))
    largest = max(one.size for one in letters)
    words = "".join(one.text for one in letters if one.size > largest - 0.1)
    assert words == "“Iwaitedforher.”"
    assert largest == pytest.approx(22, abs=0.1)


def test_more_than_a_page_holds_goes_on_overleaf_and_is_told(full: Path, vigbook: Run) -> None:
    more = {f"clip-{number}.did": told(900, 20 * number) for number in (1, 2, 3)}
    write_answers(full, answers(**more))
    done = vigbook("print", full, "--only", "take-home")
    assert done.returncode == 0
    sides = pages_of(printed(full))
    assert sides > 2
    told_so = f"has {sides} sides, and two would be easier to keep; nothing was cut"
    assert told_so in done.stderr
    assert told_so in vigbook("check", full).stderr
    text = text_of(printed(full)).replace(" ", "")
    assert [one for one in more.values() if one.replace(" ", "") not in text] == []
    assert min(one.size for one in letters_in(printed(full))) >= 13.95


def test_three_pictures_say_what_came_before_and_after(built_family: Path, full: Path) -> None:
    write_answers(full, {"clip-1.did": "I waited."})
    assert run_vigbook("print", full, "--only", "take-home").returncode == 0
    text = text_of(printed(full))
    assert text.count("Before During After") == 3
    assert "Before" not in text_of(printed(built_family))


def test_the_easy_version_is_one_side_with_one_picture_and_its_signs(
    built_family: Path, vigbook: Run
) -> None:
    write_answers(
        built_family,
        {"clip-1.did": "I waited.", "clip-2.did": "I helped.", "helped": ["Waiting."],
         "try.what": "Count to five.", "try.where": "At tea.", "try.when": "Every day."},
    )  # fmt: skip
    assert vigbook("print", built_family, "--only", "take-home", "--size", "easy").returncode == 0
    path = printed(built_family, "take-home.en.easy")
    text = text_of(path)
    wanted = [
        "“I waited.” Sam", "What “Count to five.”", "Where “At tea.”", "When “Every day.”",
        "We meet again on 28 November 2026.", "Call Jo on 020 7946 0018.",
        "We will delete the film and clips by 23 January 2027, or sooner if you ask.",
    ]  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert all(sign in text for sign in "💡🏠🕒👋🎬📞")
    assert "I helped." not in text
    assert (pages_of(path), len(pictures_in(path))) == (1, 1)


def test_the_script_to_read_aloud_tells_the_pictures_in_words(
    built_family: Path, vigbook: Run
) -> None:
    write_answers(built_family, answers(**{"clip-1.did": "I waited."}))
    assert vigbook("print", built_family, "--only", "script").returncode == 0
    text = text_of(printed(built_family, "script"))
    wanted = [
        "To read aloud", "Our question How can I help Mia settle?", "Waiting for Mia",
        "In the picture: Mia reaches up and Sam leans in.", "Sam: “I waited.”",
        "Sam: “I want us both to enjoy bedtime.” Now: step 5. Hope: step 7.",
        "We meet again on 28 November 2026.", "Call Jo on 020 7946 0018.",
    ]  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert pictures_in(printed(built_family, "script")) == set()
    assert printed(built_family, "script-mum").is_file()
    files = read_case_folder(built_family)
    day = datetime.date.fromisoformat(TODAY)
    context = open_context(files, built_family / "cycle-1", find_templates(), day)
    titles = [one.title for one in view_papers(context)]
    assert {"The page to read aloud", "The page to read aloud for Sam"} < set(titles)


def test_who_has_the_easy_version_has_the_script_as_well(built_family: Path, vigbook: Run) -> None:
    case = built_family / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("receives: true", "receives: true, size: easy"))
    assert vigbook("print", built_family).returncode == 0
    names = {path.stem for path in printed(built_family).parent.glob("*.pdf")}
    assert names == {"take-home", "take-home-mum", "script-mum", "record", "worksheet"}


def test_films_are_deleted_on_one_day_whichever_cycle_is_printed(
    built_family: Path, vigbook: Run
) -> None:
    shutil.copytree(built_family / "cycle-1", built_family / "cycle-2")
    cycle = built_family / "cycle-2" / "cycle.yaml"
    text = cycle.read_text("utf-8").replace("cycle: 1", "cycle: 2")
    cycle.write_text(text.replace("next: {date: 2026-11-28}", "next: {date: 2026-12-31}"))
    assert vigbook("print", built_family / "cycle-1", "--only", "take-home").returncode == 0
    assert "by 25 February 2027" in text_of(printed(built_family))


def test_the_record_says_once_until_when_it_is_kept(built_family: Path, vigbook: Run) -> None:
    service = built_family.parent / "service.yaml"
    service.write_text(service.read_text("utf-8") + "retention: {children: until she is 25}\n")
    case = built_family / "case.yaml"
    case.write_text(case.read_text("utf-8") + "retention: {class: children}\n")
    assert vigbook("print", built_family, "--only", "record").returncode == 0
    found = re.search(r"Written notes: kept.*?25", text_of(printed(built_family, "record")))
    assert found
    assert found[0] == "Written notes: kept until she is 25"
