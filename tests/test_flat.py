"""Work grows with what there is to do, and no faster: counted, never timed.

Ten thousand lines in a journal, fifty clips, twelve cycles: what is done for each must not depend
on how many others there are, and no file is read or taken apart twice that has not changed.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import importlib
import json
import os
import pkgutil
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from families import CASE, CYCLE, TODAY, open_first, write_family
from IPython.utils.capture import capture_output

import vigbook
from vigbook import gates
from vigbook.case.folder import read_case_folder
from vigbook.case.journal import Journal, parse_line, read_journal
from vigbook.case.models import Case, Mask, Use
from vigbook.case.yaml_file import edit_file
from vigbook.cycle import checks
from vigbook.cycle.context import CycleContext
from vigbook.cycle.plain_language import list_suggestions
from vigbook.cycle.review_data import make_review
from vigbook.errors import CaseError
from vigbook.film.clips import widen
from vigbook.film.media import remove_unwanted
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates, hash_templates
from vigbook.notebook import Review
from vigbook.outcome import Options, Outcome
from vigbook.paper.page import Page
from vigbook.paper.printed import list_long
from vigbook.timecode import Timecode

CLIP = """\
  - id: clip-{number}
    title: Waiting for Mia
    start: {start:.3f}
    end: {end:.3f}
    initiative: child
    principles: [{{id: encouraging, by: mum}}]
    question: What happens here?
    stills:
      - {{at: {start:.3f}, alt: "Mia reaches up and Sam leans in."}}
      - {{at: {start:.3f}, alt: "Sam waits."}}
"""
ROW = """\
  - person: {person}
    uses: [filming, shared-review, take-home]
    given_by: {by}
    authority: parental responsibility
    date: 2026-0{month}-01
"""
SLACK = 1.25  # what twice as much may cost beyond twice: hash tables grow in steps


def write_large(
    folder: Path, film: Path, *, clips: int = 2, lines: int = 8, rows: int = 0, cycles: int = 1
) -> Path:
    """Writes a family with so many clips, lines in each journal, rows of consents and cycles."""
    head, tail = CYCLE.partition("clips:\n")[0] + "clips:\n", "next: {date: 2026-11-28}\n"
    marked = (CLIP.format(number=n + 1, start=n / 10, end=n / 10 + 0.4) for n in range(clips))
    cycle = head + "".join(marked) + tail
    asked = (
        ROW.format(person=("child", "mum")[n % 2], by="mum", month=1 + n % 8) for n in range(rows)
    )
    before, _, after = CASE.partition("helping_question")
    write_family(folder, film, f"{before}{''.join(asked)}helping_question{after}", cycle)
    for number in range(1, cycles + 1):
        own = folder / f"cycle-{number}"
        if number > 1:
            own.mkdir()
            (own / "film.mp4").hardlink_to(folder / "cycle-1" / "film.mp4")
        (own / "cycle.yaml").write_text(cycle.replace("cycle: 1", f"cycle: {number}"), "utf-8")
        write_lines(own / "answers.jsonl", clips, lines)
    return folder


def write_lines(journal: Path, clips: int, lines: int) -> None:
    """Writes a journal that was not touched for an hour: the prompts in turn, as they are asked."""
    asked = [f"clip-{n + 1}.{one}" for n in range(clips) for one in ("see", "did", "helps", "felt")]
    said = [
        {"v": 1, "id": f"{n:016x}", "at": "2026-09-20T10:00:00.000Z", "value": f"She looked {n}",
         "prompt": asked[n % len(asked)], "source": "said",
         "by": ("mum", "practitioner", "child")[n % 3]}
        for n in range(lines)
    ]  # fmt: skip
    journal.write_text("".join(json.dumps(one) + "\n" for one in said), "utf-8")
    settle(journal)


def settle(path: Path) -> None:
    """Makes a file look as if it had been written an hour ago."""
    os.utime(path, (time.time() - 3600,) * 2)


def count_calls(work: Callable[[], object], name: str = "") -> int:
    """Returns how many functions were called for some work, of Python and of C.

    With a name, as `main.load`, only those of that function in a module of that name.
    """
    found = 0

    def look(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal found
        if not name:
            found += event in ("call", "c_call")
        elif event == "call":
            code = frame.f_code
            found += f"{Path(code.co_filename).stem}.{code.co_name}" == name

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def count_steps(work: Callable[[], object], rooms: Collection[str]) -> int:
    """Returns how many of Python's smallest steps some modules of ours took for some work."""
    found = 0

    def look(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal found
        if Path(frame.f_code.co_filename).stem not in rooms:
            return None
        frame.f_trace_opcodes = True
        found += event == "opcode"
        return look

    sys.settrace(look)
    try:
        work()
    finally:
        sys.settrace(None)
    assert found, f"nothing of {rooms} was run: were they renamed?"
    return found


_opened: list[str] = []
_listening: list[bool] = []


def _hear(event: str, details: tuple[object, ...]) -> None:
    if _listening and event in ("open", "os.scandir", "os.listdir"):
        _opened.append(f"{event} {details[0]}")


sys.addaudithook(_hear)  # for as long as the process: Python takes none away again


@contextlib.contextmanager
def opened() -> Iterator[Counter[str]]:
    """Gives how often each file was opened in the block, and each folder looked through."""
    found = Counter[str]()
    _opened.clear()
    _listening.append(True)
    try:
        yield found
    finally:
        _listening.clear()
        found.update(_opened)


def check(family: Path) -> list[Outcome]:
    """Looks through a family as `vigbook check` does, but for its films."""

    def stages(context: CycleContext, outcome: Outcome) -> None:
        outcome.warnings += checks.list_warnings(context)
        outcome.withheld += checks.list_withheld(context)
        outcome.warnings += list_long(context)
        outcome.suggestions = list_suggestions(context)

    options = Options(today=datetime.date.fromisoformat(TODAY))
    return gates.each_cycle(family, options, None, stages)


def fill_papers(context: CycleContext) -> None:
    """Makes all that stands on the family's page and on the record, but for laying it out."""
    words = load_words(context.templates, context.case.language)
    uses: tuple[Use, ...] = ("take-home", "service-record")
    for use in uses:
        page = Page(context=context, words=words, use=use)
        for clip in context.cycle.clips:
            page.view("clip", clip.id)
            page.view("stills", clip.id)
        for prompt in context.prompts:
            page.view("prompt", prompt)
        page.view("goals", "")
        page.withheld.list_problems()
    make_review(context, history=False)


def show_all(family: Path) -> None:
    """Shows every element on the screen, as the cells of the workbook do."""
    with capture_output():
        review = Review(str(family), 1)
        for clip in review.clips:
            clip.show()
            clip.stills()
            clip.ask()
        review.goals()


LARGE = {
    "lines": {"clips": 6, "lines": 300},
    "clips": {"clips": 12, "lines": 8},
    "lines and clips": {"clips": 12, "lines": 300},
    "rows": {"clips": 6, "rows": 40},
    "rows and clips": {"clips": 12, "rows": 40},
    "cycles": {"cycles": 4, "lines": 40},
}


@pytest.mark.parametrize("what", LARGE)
def test_twice_as_much_is_twice_the_work(tmp_path: Path, numbered_film: Path, what: str) -> None:
    grown = what.split(" and ")
    once = LARGE[what]
    twice = {key: 2 * size if key in grown else size for key, size in once.items()}
    families = [
        write_large(tmp_path / str(number) / "wren", numbered_film, **sizes)
        for number, sizes in enumerate((once, once, twice))
    ]
    works: dict[str, Callable[[Path], object]] = {
        "checked": check,
        "shown": show_all,
        "printed": lambda family: fill_papers(open_first(family)),
    }
    for family in families:
        read_case_folder(family)  # the parser's own work is not what is counted
    for done, work in works.items():
        work(families[0])  # what is loaded once
        calls = [count_calls(functools.partial(work, family)) for family in families[1:]]
        assert calls[1] <= 2 * SLACK * calls[0], f"{done}: {calls}"


def test_a_prompt_corrected_ten_thousand_times_is_read_in_one_go(
    tmp_path: Path, numbered_film: Path
) -> None:
    """Nobody may see what mum said: every line of hers is passed over, and asked about once."""
    refused = CASE.replace("uses: [filming, shared-review, take-home]", "uses: [filming]")
    family = write_family(tmp_path / "wren", numbered_film, refused)
    journal = family / "cycle-1" / "answers.jsonl"
    write_lines(journal, 1, 3)
    line = json.loads(journal.read_text("utf-8").splitlines()[0])
    journal.write_text((json.dumps(line) + "\n") * 10_000, "utf-8")
    settle(journal)
    context = open_first(family)
    assert len(context.journal.history("clip-1.see")) == 10_000
    page = Page(context=context, words=load_words(context.templates, "en"), use="take-home")
    said: list[object] = []
    calls = count_calls(lambda: said.append(page.said("clip-1.see")))
    assert (said, calls < 40_000) == ([[]], True), calls
    assert [one.field for one in page.withheld.list_problems()] == ["clip-1.see"]


def test_hundreds_of_wrong_rows_are_told_in_one_go(tmp_path: Path, numbered_film: Path) -> None:
    def told(rows: int) -> int:
        family = write_large(tmp_path / str(rows) / "wren", numbered_film, rows=rows)
        file = family / "case.yaml"
        rest = file.read_text("utf-8").replace("uses: [filming, shared", "uses: [filmin, shared")
        file.write_text(rest, "utf-8")

        def fails() -> None:
            with pytest.raises(CaseError) as caught:
                read_case_folder(family)
            # A hundred are told, and how many more there are.
            assert len(caught.value.problems) == min(rows + 2, 101)

        fails()  # its form is known now, and what is wrong in it is counted
        return count_steps(fails, ("yaml_file", "value_errors"))

    assert told(160) <= 2 * SLACK * told(80)


def test_each_journal_of_a_family_is_opened_once(tmp_path: Path, numbered_film: Path) -> None:
    """Each cycle looks back on all before it: for names that were chosen, and for goals."""
    family = write_large(tmp_path / "wren", numbered_film, cycles=8)
    with opened() as files:
        assert [one.ok for one in check(family)] == [True] * 8
    journals = {name: count for name, count in files.items() if name.endswith("answers.jsonl")}
    assert list(journals.values()) == [1] * 8


def test_what_was_answered_just_now_is_read_though_it_looks_the_same(tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    write_lines(journal, 1, 4)
    assert read_journal(journal) is read_journal(journal)
    assert str(getattr(read_journal(journal).last("clip-1.see"), "value", "")) == "She looked 0"
    before = journal.stat()
    text = journal.read_text("utf-8").replace("She looked 0", "He looked  0")
    journal.write_text(text, "utf-8")  # as long as before, and soon after
    assert journal.stat().st_size == before.st_size
    assert str(getattr(read_journal(journal).last("clip-1.see"), "value", "")) == "He looked  0"
    settle(journal)
    assert str(getattr(read_journal(journal).last("clip-1.see"), "value", "")) == "He looked  0"


def test_the_line_of_a_suggestion_is_known_without_reading_the_journal_again(
    tmp_path: Path, numbered_film: Path
) -> None:
    family = write_family(tmp_path / "wren", numbered_film)
    line = {"prompt": "clip-2.did", "value": "She lacked time.", "by": "practitioner"}
    torn, other = '{"v": 1, "pro\n\n', json.dumps(line | {"prompt": "remember"}) + "\n"
    journal = family / "cycle-1" / "answers.jsonl"
    journal.write_text(torn + json.dumps(line) + "\n" + other, "utf-8")
    settle(journal)
    context = open_first(family)
    with opened() as files:
        found = [one for one in list_suggestions(context) if one.field]
    told = {(one.field, one.line) for one in found if str(one.file).endswith("answers.jsonl")}
    assert told == {("clip-2.did", 3), ("remember", 4)}
    assert not [name for name in files if name.endswith("answers.jsonl")]


def test_a_file_of_a_case_is_taken_apart_once(tmp_path: Path, numbered_film: Path) -> None:
    family = write_large(tmp_path / "wren", numbered_film, cycles=3)
    note = f"# {tmp_path}\n"  # nobody has read it yet
    for file in (family / "case.yaml", *family.glob("cycle-*/cycle.yaml")):
        file.write_text(note + file.read_text("utf-8"), "utf-8")
    assert count_calls(lambda: check(family), "main.load") == 4
    assert count_calls(lambda: show_all(family), "main.load") == 0


def test_a_file_that_was_changed_is_taken_apart_anew(tmp_path: Path, numbered_film: Path) -> None:
    family = write_family(tmp_path / "wren", numbered_film)
    file = family / "case.yaml"
    before = read_case_folder(family)

    def rename(document: dict[str, object]) -> None:
        document["worker"] = "Kit"

    edit_file(file, Case, rename)
    assert (before.case.model.worker, "worker" in before.case.document) == (None, False)
    assert read_case_folder(family).case.model.worker == "Kit"
    file.write_text(file.read_text("utf-8").replace("worker: Kit", "worker: Ann"), "utf-8")
    assert read_case_folder(family).case.model.worker == "Ann"


def test_fonts_and_styles_are_read_once_for_all_papers() -> None:
    (templates,) = find_templates()
    fonts = [path.name for path in (templates / "print" / "fonts").glob("*.ttf")]
    with opened() as files:
        keys = {hash_templates([templates / "print"]) for _ in range(3)}
    read = Counter(Path(name.removeprefix("open ")).name for name in files.elements())
    assert len(keys) == 1
    assert {read[font] for font in fonts} <= {0, 1}


def test_a_template_that_was_changed_makes_another_key(tmp_path: Path) -> None:
    style = tmp_path / "print.css"
    style.write_text("p { color: red }", "utf-8")
    settle(style)
    first = hash_templates([tmp_path])
    style.write_text("p { color: tan }", "utf-8")
    assert hash_templates([tmp_path]) != first


def test_the_notebooks_process_knows_our_templates_by_the_same_name() -> None:
    """Else it would load the method, the words and the pages that its parent has loaded."""
    (own,) = find_templates()
    assert find_templates(own.resolve()) == (own,)


def test_leftovers_are_looked_for_once(built_family: Path) -> None:
    context = open_first(built_family)
    left = context.media / ".clip-1-abcd1234.part.mp4"
    others = [context.media / name for name in (".own-abcd1234.mp4", ".clip-1-abcd123.part.mp4")]
    for path in (left, *others):
        path.write_bytes(b"half")
    with opened() as files:
        assert remove_unwanted(context.media, context.cycle.clips) == [left]
    looked = [n for name, n in files.items() if re.match(rf"os\.\w+ .*{context.media.name}$", name)]
    assert looked == [1]
    assert [path.exists() for path in (left, *others)] == [False, True, True]


def test_many_masks_each_begin_with_the_frame_on_screen() -> None:
    def mask(start: str) -> Mask:
        return Mask.model_validate({"from": start, "to": "99", "box": (0, 0, 0.5, 0.5)})

    times = [Timecode.parse(one) for one in ("1", "1.5", "3")]
    wide = widen([mask(one) for one in ("0.5", "1", "1.4", "2.9", "3", "4")], times)
    assert [one.start.format() for one in wide] == [
        Timecode.parse(one).format() for one in ("0.5", "1", "1", "1.5", "3", "3")
    ]
    steps = Counter[int]()
    for size in (200, 400):
        many = [Timecode.parse(f"{n / 25:.3f}") for n in range(size)]
        masks = [mask(one.format()) for one in many]
        steps[size] = count_calls(functools.partial(widen, masks, many))
    assert steps[400] <= 2 * SLACK * steps[200]


def test_answers_of_a_prompt_are_found_without_looking_through_the_others() -> None:
    answer = [parse_line(json.dumps({"prompt": f"p-{n % 50}"}).encode()) for n in range(1000)]
    journal = Journal(tuple(one for one in answer if one))
    assert journal.history("p-7") == journal.lines[7::50]
    assert count_calls(lambda: journal.last("p-7")) < 20


def test_nothing_is_kept_without_a_bound() -> None:
    """A worker builds family after family: what it keeps of each must make room for the next."""
    importlib.import_module("papermill")  # it loads our engine itself, and not the other way round
    kept = {}
    for module in pkgutil.walk_packages(vigbook.__path__, "vigbook."):
        if not module.name.endswith("__main__"):
            for name, one in vars(importlib.import_module(module.name)).items():
                if type(one).__name__ == "_lru_cache_wrapper":
                    kept[f"{module.name}.{name}"] = one.cache_parameters()["maxsize"]
    assert len(kept) > 5
    assert [name for name, most in kept.items() if most is None] == []
