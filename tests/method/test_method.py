"""Methods: a folder with its vocabulary and prompts, and our fixed words in a language."""

from __future__ import annotations

import contextlib
import datetime
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from families import CASE, CYCLE
from hypothesis import given
from hypothesis import strategies as st

from vigbook.case.models import Case, Cycle
from vigbook.case.rules import Finding
from vigbook.case.yaml_file import read_model
from vigbook.cycle.parsing import default_source, parse_answer
from vigbook.errors import AnswerError, MethodError
from vigbook.method.language import Words, load_words
from vigbook.method.method import Method, Prompt, check_principles, load_method
from vigbook.method.templates import find_template, find_templates, hash_templates

OWN = """\
vigbook: 1
method: vig
name: Our own way
principles:
  - {id: waiting, heading: Waiting, look_for: Waits., adult: I waited.}
prompts:
  clip:
    - {id: see, label: "What does {child} do?"}
"""
PO = """\
# Checked by a native speaker: {checked}
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

"""


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    path = tmp_path_factory.mktemp("case") / "case.yaml"
    path.write_text(CASE, "utf-8")
    return read_model(path, Case)


@pytest.fixture(scope="session")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    path = tmp_path_factory.mktemp("cycle") / "cycle.yaml"
    path.write_text(CYCLE, "utf-8")
    return read_model(path, Cycle)


@pytest.fixture(scope="session")
def vig() -> Method:
    return load_method(find_templates(), "vig")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A team's own folder of templates."""
    (tmp_path / "own" / "vig").mkdir(parents=True)
    (tmp_path / "own" / "vig" / "method.yaml").write_text(OWN, "utf-8")
    return tmp_path / "own"


def _words(language: str, *first: Path) -> Words:
    return load_words((*first, *find_templates()), language)


def _catalogue(folder: Path, language: str, body: str, checked: str = "no") -> None:
    path = folder / "locale" / language / "LC_MESSAGES" / "vigbook.po"
    path.parent.mkdir(parents=True)
    path.write_text(PO.format(checked=checked) + body, "utf-8")


# Finding and loading


def test_the_method_that_is_shipped_has_the_principles_of_the_practice(vig: Method) -> None:
    found = [one.id for one in vig.file.principles]
    expected = ["attentive", "encouraging", "receiving", "attuned", "guiding", "deepening"]
    assert found == expected
    assert vig.principle("guiding") == vig.file.principles[4]
    assert vig.principle("scaffolding") is None


def test_the_prompts_are_those_of_the_design_in_the_order_they_are_asked(
    vig: Method, case: Case, cycle: Cycle
) -> None:
    of_a_clip = ["see", "child-first", "did", "child-next", "child-mind", "felt", "helps",
                 "repair", "marks"]  # fmt: skip
    assert [*vig.prompts(case, cycle)] == [
        "words.child", "words.us",
        *(f"clip-1.{one}" for one in of_a_clip),
        *(f"clip-2.{one}" for one in of_a_clip),
        "helped", "remember", "try.what", "try.where", "try.when", "next.date",
        "take-home.checked",
        "goal.settle.now",
        "own.aim", "own.noticed", "own.learning",
    ]  # fmt: skip
    kinds = {
        one: prompt.kind
        for one, prompt in vig.prompts(case, cycle).items()
        if prompt.kind != "text"
    }
    assert kinds == {
        "clip-1.marks": "marks", "clip-2.marks": "marks", "helped": "list", "next.date": "date",
        "take-home.checked": "tick", "goal.settle.now": "rating",
    }  # fmt: skip


def test_the_workers_own_prompts_are_known_as_such(vig: Method) -> None:
    assert [vig.is_practitioners(one) for one in ("own.aim", "helped", "clip-1.see")] == [
        True, False, False,
    ]  # fmt: skip


def test_a_notebook_is_found_by_name_or_the_nearest_is_offered(vig: Method) -> None:
    assert vig.notebook("reflection") == vig.folder / "reflection.ipynb"
    with pytest.raises(
        MethodError, match="there is no such notebook; did you mean 'shared-review'"
    ):
        vig.notebook("share-review")


def test_a_teams_own_folder_goes_first(own: Path) -> None:
    templates = find_templates(own)
    assert templates == (own, *find_templates())
    assert load_method(templates, "vig").file.name == "Our own way"
    assert load_method(find_templates(), "vig").file.name == "Video Interaction Guidance"
    (own / "print").mkdir()
    (own / "print" / "print.css").write_text("p {}", "utf-8")
    assert find_template(templates, "print/print.css") == own / "print" / "print.css"
    assert find_template(templates, "vig/reflection.ipynb").parent == find_templates()[0] / "vig"


def test_what_no_folder_of_templates_has_is_told(own: Path) -> None:
    with pytest.raises(MethodError, match=r"there is no 'print/none\.css' in .*own.*; check"):
        find_template(find_templates(own), "print/none.css")
    with pytest.raises(MethodError, match="nowhere: is not a folder; check --templates"):
        find_templates(own / "nowhere")


def test_an_unknown_method_is_told_with_the_nearest(own: Path) -> None:
    with pytest.raises(MethodError, match=r"there is no method 'vigg'; did you mean 'vig'\?"):
        load_method(find_templates(own), "vigg")
    with pytest.raises(MethodError, match="there is no method 'xyz'; there is none yet"):
        load_method((own / "vig",), "xyz")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "name: Our own way",
            "nam: x\nname: y",
            ":3 nam: no key is called 'nam' here; did you mean 'name'?",
        ),
        (
            "adult: I waited.",
            "adlt: I waited., adult: x",
            ":5 principles[0].adlt: no key is called 'adlt' here; did you mean 'adult'?",
        ),
        (
            "label: ",
            "kind: number, label: ",
            ":8 prompts.clip[0].kind: 'number' is not one of its words; "
            "use one of: date, list, marks, rating, text, tick",
        ),
        (
            "label: ",
            "lines: 0, label: ",
            ":8 prompts.clip[0].lines: '0': input should be greater than or equal to 1",
        ),
        (
            "id: see",
            "id: See",
            ":8 prompts.clip[0].id: 'See' will not do; use small letters, "
            "digits and hyphens, a letter first, 32 at most",
        ),
        ("vigbook: 1\n", "", " vigbook: is missing; add it"),
        (
            "label: ",
            "kind: rating, label: ",
            ":6 prompts: 'see' cannot be a rating; ratings belong to goals, so choose another kind",
        ),
        (
            "id: see",
            "id: see}\n    - {id: see",
            ":6 prompts: 'see' is used twice; give each its own id",
        ),
    ],
)
def test_a_wrong_method_is_told_with_file_line_and_field(
    own: Path, before: str, after: str, expected: str
) -> None:
    path = own / "vig" / "method.yaml"
    assert before in OWN
    text = OWN.replace(before, after, 1)
    if "{id: see}" in text:
        text = text.replace("{id: see}", "{id: see, label: x}")
    path.write_text(text, "utf-8")
    with pytest.raises(MethodError, match=r"method\.yaml") as caught:
        load_method(find_templates(own), "vig")
    assert [str(one).partition("method.yaml")[2] for one in caught.value.problems] == [expected]


def test_a_principle_that_the_method_does_not_have_is_told(own: Path, cycle: Cycle) -> None:
    assert [*check_principles(load_method(find_templates(), "vig"), cycle)] == []
    assert [*check_principles(load_method(find_templates(own), "vig"), cycle)] == [
        Finding(
            ("clips", 0, "principles", 0, "id"),
            "there is no principle 'encouraging'",
            "use one of: waiting",
        )
    ]


def test_templates_are_told_apart_by_names_and_bytes(own: Path, tmp_path: Path) -> None:
    before = hash_templates([own])
    copy = tmp_path / "copy"
    shutil.copytree(own, copy)
    assert hash_templates([copy]) == before
    (copy / "vig" / "method.yaml").write_text(OWN + "\n", "utf-8")
    changed = hash_templates([copy])
    (copy / "vig" / "other.yaml").write_text("", "utf-8")
    assert len({before, changed, hash_templates([copy])}) == 3
    assert hash_templates([own / "vig" / "method.yaml"]) == before


# What an answer stands for


@pytest.mark.parametrize(
    ("prompt", "text", "expected"),
    [
        ("clip-1.see", "She looks.\nShe smiles. ", "She looks.\nShe smiles. "),
        ("clip-1.see", "7", "7"),
        ("clip-1.see", "  ", ""),
        ("helped", " Waiting. \n\n  Singing.\r\n", ["Waiting.", "Singing."]),
        ("helped", "\n ", []),
        ("take-home.checked", "yes", True),
        ("take-home.checked", " True ", True),
        ("take-home.checked", "no", None),
        ("take-home.checked", "", None),
        ("next.date", " 2026-11-28 ", "2026-11-28"),
        ("next.date", "", None),
        ("goal.settle.now", "5", 5),
        ("goal.settle.now", " 10 ", 10),
        ("goal.settle.now", "\u0665", 5),
        ("goal.settle.now", "", None),
        ("clip-1.marks", "", []),
        ("own.aim", "Wait longer.", "Wait longer."),
    ],
)
def test_a_typed_answer_stands_for_a_value(
    vig: Method, case: Case, cycle: Cycle, prompt: str, text: str, expected: Any
) -> None:
    value = parse_answer(vig.prompts(case, cycle), case, prompt, text)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("prompt", "text", "expected"),
    [
        ("clip-1.sea", "x", "there is no prompt 'clip-1.sea'; did you mean 'clip-1.see'?"),
        ("clip-3.see", "x", "there is no prompt 'clip-3.see'; did you mean 'clip-2.see'?"),
        (
            "goal.sleep.now",
            "x",
            "there is no prompt 'goal.sleep.now'; did you mean 'goal.settle.now'?",
        ),
        ("helped", "a\nb\nc\nd", "helped: 4 lines, and it takes up to 3; choose among them"),
        (
            "take-home.checked",
            "maybe",
            "take-home.checked: 'maybe' is neither yes nor no; write yes or no",
        ),
        (
            "next.date",
            "28 November",
            "next.date: '28 November' is not a date; write year-month-day, as 2026-03-28",
        ),
        (
            "next.date",
            "2026-02-30",
            "next.date: '2026-02-30' is not a date; write year-month-day, as 2026-03-28",
        ),
        (
            "goal.settle.now",
            "5.5",
            "goal.settle.now: '5.5' is not a whole number; write a whole "
            "number from 1 to 10, or nothing for not rated",
        ),
        (
            "goal.settle.now",
            "0",
            "goal.settle.now: 0 is not on the scale; write a whole "
            "number from 1 to 10, or nothing for not rated",
        ),
        (
            "goal.settle.now",
            "11",
            "goal.settle.now: 11 is not on the scale; write a whole "
            "number from 1 to 10, or nothing for not rated",
        ),
        (
            "clip-1.marks",
            "x",
            "clip-1.marks: marks are made while looking together; leave this one to the workbook",
        ),
    ],
)
def test_an_answer_that_does_not_fit_is_told(
    vig: Method, case: Case, cycle: Cycle, prompt: str, text: str, expected: str
) -> None:
    with pytest.raises(AnswerError, match=prompt) as caught:
        parse_answer(vig.prompts(case, cycle), case, prompt, text)
    assert str(caught.value) == expected


@given(st.text(max_size=20), st.sampled_from(["text", "list", "tick", "rating", "date", "marks"]))
def test_any_answer_is_taken_or_told(case: Case, text: str, kind: Any) -> None:
    name = "goal.settle.now" if kind == "rating" else "x"
    prompts = {name: Prompt(id=name, label="X", kind=kind)}
    kinds = {"text": str, "list": list, "tick": bool, "rating": int, "date": str, "marks": list}
    with contextlib.suppress(AnswerError):
        value = parse_answer(prompts, case, name, text)
        assert value is None or isinstance(value, kinds[kind])


def test_words_are_taken_as_said_by_the_family_and_written_by_the_worker() -> None:
    assert [default_source(by) for by in ("mum", "practitioner")] == ["said", "written"]


# Words


def test_names_are_put_in_and_other_holes_stay() -> None:
    words = _words("en")
    names = {"child": "Mia {us}", "us": "Mia and me"}
    filled = words.fill("What did {child} do? {worker} {us}", names)
    assert filled == "What did Mia {us} do? {worker} Mia and me"
    assert words.say("Call %(worker)s on %(phone)s.", worker="Jo", phone="1") == "Call Jo on 1."
    assert words.say("100%") == "100%"
    many = [words.say_many("%(num)s clip", "%(num)s clips", number) for number in (0, 1, 2)]
    assert many == ["0 clips", "1 clip", "2 clips"]


def test_english_words_dates_and_lists_are_british() -> None:
    words = _words("en")
    assert (words.direction, words.quotes, words.checked) == ("ltr", ("\u201c", "\u201d"), True)
    assert words.date(datetime.date(2026, 3, 14)) == "14 March 2026"
    assert words.date(None) is None
    assert [words.list(names) for names in (["Mia"], ["Mia", "Sam"], ["Mia", "Sam", "Pat"])] == [
        "Mia", "Mia and Sam", "Mia, Sam and Pat",
    ]  # fmt: skip
    assert words.catalogue == {}


def test_arabic_has_its_words_dates_quotation_marks_and_direction() -> None:
    words = _words("ar")
    assert (words.direction, words.language) == ("rtl", "ar")
    assert (
        words.say("What helped") == "\u0645\u0627 \u0627\u0644\u0630\u064a \u0633\u0627\u0639\u062f"
    )
    assert words.quotes == ("\u00ab", "\u00bb")
    date = words.date(datetime.date(2026, 11, 28))
    assert date is not None
    assert "\u0646\u0648\u0641\u0645\u0628\u0631" in date
    assert words.list(["A", "B"]) == "A \u0648B"
    assert words.checked is False
    assert words.say("no such sentence") == "no such sentence"


def test_every_arabic_sentence_holds_the_same_names_as_the_english() -> None:
    for english, arabic in _words("ar").catalogue.items():
        for holes in (r"%\(\w+\)s", r"\{\w+\}"):
            expected = sorted(re.findall(holes, english))
            assert sorted(re.findall(holes, arabic)) == expected, english


@pytest.mark.parametrize(
    ("language", "direction"),
    [("cy", "ltr"), ("he", "rtl"), ("fa", "rtl"), ("ur", "rtl"), ("pt-BR", "ltr"),
     ("zh-Hant", "ltr"), ("ar-EG", "rtl"), ("en-US", "ltr")],
)  # fmt: skip
def test_a_language_without_our_words_has_its_dates_and_direction(
    language: str, direction: str
) -> None:
    words = _words(language)
    assert (words.direction, words.language) == (direction, language)
    assert words.date(datetime.date(2026, 3, 14))
    assert words.checked == language.startswith("en")


@pytest.mark.parametrize("language", ["xx", "tlh", "en-XX", "zz-ZZ", "e", ""])
def test_an_unknown_language_is_told(language: str) -> None:
    with pytest.raises(MethodError, match=f"'{language}' is not a language we know; write a code"):
        _words(language)


def test_a_teams_words_lie_over_ours(own: Path) -> None:
    _catalogue(
        own, "ar",
        'msgid "What helped"\nmsgstr "X"\n\n#, fuzzy\nmsgid "Our question"\nmsgstr "guess"\n\n'
        'msgid "To remember"\nmsgstr ""\n',
        checked="yes",
    )  # fmt: skip
    words, ours = _words("ar", own), _words("ar")
    assert words.say("What helped") == "X"
    assert words.say("Our question") == ours.say("Our question")
    assert words.say("To remember") == ours.say("To remember")


def test_a_catalogue_says_whether_it_was_checked(own: Path) -> None:
    _catalogue(own, "cy", 'msgid "us"\nmsgstr "ni"\n', checked="Yes")
    assert _words("cy", own).checked is True


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("nonsense\n", r"vigbook\.po: cannot be read"),
        (
            'msgid "Call %(worker)s"\nmsgstr "Ffoniwch %(gweithiwr)s"\n',
            r"vigbook\.po:6: the words for 'Call %\(worker\)s' do not hold the same names",
        ),
        ('msgid "Call %(worker)s"\nmsgstr "100% %(worker)s"\n', r"vigbook\.po:6: the words for"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_told(own: Path, body: str, expected: str) -> None:
    _catalogue(own, "cy", body)
    with pytest.raises(MethodError, match=expected):
        _words("cy", own)


def test_a_catalogue_that_is_no_text_is_told(own: Path) -> None:
    _catalogue(own, "cy", "")
    (own / "locale" / "cy" / "LC_MESSAGES" / "vigbook.po").write_bytes(
        b'msgid "a"\nmsgstr "\xff"\n'
    )
    with pytest.raises(MethodError, match=r"vigbook\.po: cannot be read"):
        _words("cy", own)


def test_a_method_that_was_changed_is_read_again(tmp_path: Path) -> None:
    """As its author changes it beside a page that is open."""
    templates = tmp_path / "ours"
    shutil.copytree(find_templates()[0] / "vig", templates / "vig")
    places = (templates, *find_templates())
    before = load_method(places, "vig").file.prompts.closing[0].label
    path = templates / "vig" / "method.yaml"
    path.write_text(path.read_text("utf-8").replace(before, "What did you see?"), "utf-8")
    assert load_method(places, "vig").file.prompts.closing[0].label == "What did you see?"
