"""Gentle words: what `vigbook check` suggests to the worker, and where it is silent."""

from __future__ import annotations

import datetime
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from families import CASE, CYCLE, SERVICE

from vigbook.case.folder import read_case_folder
from vigbook.case.journal import Said, write_answer
from vigbook.case.yaml_file import read_model
from vigbook.cycle.context import open_context
from vigbook.cycle.plain_language import WordList, count_syllables, list_suggestions, reading_age
from vigbook.errors import Problem
from vigbook.method.method import load_method
from vigbook.method.templates import find_templates
from vigbook.outcome import Options
from vigbook.pipeline import check

WORDS = find_templates()[-1] / "words"
LONG = (
    "Sam holds the cup and waits and Mia looks at it for a while and then she reaches out with "
    "one hand."
)


@pytest.fixture
def wren(tmp_path: Path) -> Path:
    """A family's files, without a film."""
    folder = tmp_path / "cases" / "wren"
    (folder / "cycle-1").mkdir(parents=True)
    (folder.parent / "service.yaml").write_text(SERVICE, "utf-8")
    (folder / "case.yaml").write_text(CASE, "utf-8")
    (folder / "cycle-1" / "cycle.yaml").write_text(CYCLE, "utf-8")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def titled(family: Path, title: str) -> None:
    """Gives the first clip another title."""
    edit(family / "cycle-1" / "cycle.yaml", "title: Waiting for Mia", f"title: {json.dumps(title)}")


def say(family: Path, prompt: str, value: object, by: str, source: Said) -> None:
    write_answer(family / "cycle-1" / "answers.jsonl", prompt, value, by=by, source=source)


def suggest(family: Path, *own: Path) -> list[Problem]:
    files = read_case_folder(family)
    today = datetime.date(2026, 11, 22)
    context = open_context(files, family / "cycle-1", (*own, *find_templates()), today)
    return list_suggestions(context)


def hits(family: Path, *own: Path) -> list[str]:
    """Returns the words that were asked about, as they stand in the text."""
    found = (re.match(r"'([^']+(?:'[^' ]+)*)' ", one.found) for one in suggest(family, *own))
    return [one[1] for one in found if one]


# --- The command ----------------------------------------------------------------------------


def test_check_suggests_and_stops_nothing(
    family: Path, vigbook: Callable[..., CompletedProcess[str]]
) -> None:
    titled(family, "Good girl! She only looks once")
    clip = "    question: What happens here?"
    edit(family / "cycle-1" / "cycle.yaml", clip, f"{clip}\n    why: Sam fails to see the case.")
    done = vigbook("check", family.name, cwd=family.parent)
    assert done.returncode == 0
    assert done.stdout == f"{family.name}: cycle 1: checked\n"
    told = done.stderr[done.stderr.index("Gentle words (suggestions):\n") :].splitlines()[1:]
    place = f"  {family.name}/cycle-1/cycle.yaml"
    assert told == [
        f"{place}:6 clips[0].title: 'Good girl' judges the child (the family may read it); "
        'say what the child did, as "you waited for your turn"',
        f"{place}:6 clips[0].title: 'only' makes little of what happened (the family may read it); "
        'leave it out: "she looked up once" says it',
        f"{place}:12 clips[0].why: 'fails to' tells what did not happen (for the team's record); "
        'say what did, as "Mia looked away, and then back"',
    ]
    done = vigbook("check", family, "--json")
    assert done.returncode == 0
    [cycle] = json.loads(done.stdout)
    assert cycle["ok"]
    assert [one["field"] for one in cycle["suggestions"]] == [
        "clips[0].title", "clips[0].title", "clips[0].why",
    ]  # fmt: skip
    assert set(cycle["suggestions"][0]) == {"file", "line", "field", "found", "mend"}
    assert not [one for one in cycle["warnings"] if "judges" in one["found"]]


def test_a_family_that_cannot_be_read_has_no_suggestions(wren: Path) -> None:
    edit(wren / "case.yaml", "vigbook: 1", "vigbok: 1")
    [outcome] = check(wren, Options())
    assert not outcome.ok
    assert outcome.as_json()["suggestions"] == []


def test_the_examples_need_no_gentler_words() -> None:
    examples = Path(__file__).parents[2] / "examples"
    for name in ("otter", "heron"):
        assert suggest(examples / name) == []


# --- What is read, and what is never --------------------------------------------------------


def test_what_somebody_in_the_family_said_is_never_read(wren: Path) -> None:
    edit(wren / "case.yaml", "How can I help Mia settle?", "Am I a bad mother? She is so naughty.")
    edit(wren / "case.yaml", "I want us both to enjoy bedtime.", "I want to be a perfect mum.")
    edit(wren / "case.yaml", "{value: 3}", "{value: 3, words: She is manipulative and lazy.}")
    say(wren, "clip-1.see", "I failed to see her. Poor thing, she is naughty.", "mum", "said")
    say(wren, "clip-1.did", "I was an excellent mum.", "mum", "written")
    say(wren, "helped", ["I only waited. " + LONG], "mum", "agreed-summary")
    say(wren, "remember", "She never fails to be naughty.", "somebody gone", "said")
    assert suggest(wren) == []


def test_everything_that_the_worker_wrote_is_read(wren: Path) -> None:
    cycle, case = wren / "cycle-1" / "cycle.yaml", wren / "case.yaml"
    edit(cycle, "activity: tea time", "activity: assessment visit, child_agreed: naughty smile")
    edit(cycle, "Waiting for Mia", "A tantrum")
    edit(cycle, "question: What happens here?", "question: Is it perfect?\n    why: So clingy.")
    edit(cycle, "Mia reaches up and Sam leans in.", "Mia ignores Sam.")
    edit(case, "baseline: {value: 3}", "baseline: {value: 3}\n    "
         "scale: {anchors: {1: poor, 10: well}}\n  - id: ours\n    wording: Improve the attachment."
         "\n    owner: practitioner")  # fmt: skip
    edit(wren.parent / "service.yaml", "media_weeks", "footer: For service users.\nmedia_weeks")
    say(wren, "clip-2.see", "A lazy start.", "practitioner", "written")
    say(wren, "helped", ["Waiting", "Amazing patience"], "practitioner", "written")
    found = [(one.line, one.field, one.found.split("'")[1]) for one in suggest(wren)]
    assert found == [
        (2, "film.activity", "assessment"),
        (2, "film.child_agreed", "naughty"),
        (6, "clips[0].title", "tantrum"),
        (11, "clips[0].question", "perfect"),
        (12, "clips[0].why", "clingy"),
        (14, "clips[0].stills[0].alt", "ignores"),
        (23, "goals[0].scale.anchors[1]", "poor"),
        (25, "goals[1].wording", "attachment"),
        (None, "footer", "service users"),
        (1, "clip-2.see", "lazy"),
        (2, "helped", "Amazing"),
    ]


def test_words_of_the_method_are_asked_about_only_where_the_family_may_look(wren: Path) -> None:
    why = "    question: What happens here?"
    for word in ("initiative", "case", "dyad", "practitioner", "risk"):
        text = f"Her {word} answers the question."
        edit(wren / "cycle-1" / "cycle.yaml", why, f"{why}\n    why: {text}")
        assert hits(wren) == []
        edit(wren / "cycle-1" / "cycle.yaml", f"{why}\n    why: {text}", f"    question: {text}")
        assert hits(wren) == [word]
        edit(wren / "cycle-1" / "cycle.yaml", f"    question: {text}", why)


def test_only_the_answer_that_stands_is_read(wren: Path) -> None:
    say(wren, "clip-1.see", "A lazy start.", "practitioner", "written")
    say(wren, "clip-1.see", "Mia yawns.", "practitioner", "written")
    assert suggest(wren) == []


# --- Whole words, in every form, and nothing else -------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mia FAILED TO look", ["FAILED TO"]),
        ("Non-compliant at first", ["Non-compliant"]),
        ("noncompliant, non compliant", ["noncompliant", "non compliant"]),
        ("non\u2011compliant", ["non-compliant"]),
        ("an attention seeking look", ["attention seeking"]),
        ("the client's cup", ["client's"]),
        ("the clients’ cups", ["clients"]),
        ("She's only\n looking", ["only"]),
        ("a good   girl", ["good girl"]),
        ("Well done, good mum", ["Well done", "good mum"]),
        ("He was being very naughty, naughty", ["naughty"]),
    ],
)
def test_words_are_found_in_every_form(wren: Path, text: str, found: list[str]) -> None:
    titled(wren, text)
    assert hits(wren) == found


@pytest.mark.parametrize(
    "text",
    [
        "Commonly lonely, and an only child",
        "A suitcase, a pencil case, just in case",
        "A preview of the new chapter",
        "A very patient look, and patience",
        "She changes the subject; it is subjective",
        "An imperfect circle, perfectly still",
        "A good night after a good day",
        "Poorer weather, and feeling poorly",
        "Not only that: never mind, Sam never fails to wait",
        "The lazy-bones song on a lazy Sunday",
        "“Good girl!” says Sam, and 'well' is ‘perfect’",
        'Sam asks "Was I only a bad mother?"',
    ],
)
def test_other_words_with_the_same_letters_are_left_alone(wren: Path, text: str) -> None:
    titled(wren, text)
    assert suggest(wren) == []


def test_names_are_nobodys_to_mend(wren: Path) -> None:
    edit(wren / "case.yaml", "name: Mia", "name: Case Poor")
    edit(wren.parent / "service.yaml", "Jo", "Bravo Only")
    edit(wren.parent / "service.yaml", "Riverside Family Team", "Family Review Team")
    edit(wren / "cycle-1" / "cycle.yaml", "question: What happens here?",
         "question: What does Case do first, and then Poor, and Only?")  # fmt: skip
    say(wren, "words.child", "our little tantrum", "mum", "said")
    titled(wren, "Our little tantrum waits, says Family Review Team")
    titled_hits = hits(wren)
    assert titled_hits == ["tantrum"]  # as a name it is written like the family writes it
    edit(wren / "cycle-1" / "cycle.yaml", "Our little tantrum", "There our little tantrum")
    assert hits(wren) == []


# --- Sentences and reading age --------------------------------------------------------------


def test_a_sentence_of_more_than_twenty_words_is_long(wren: Path) -> None:
    titled(wren, " ".join(["see"] * 20) + ". " + " ".join(["see"] * 20))
    assert suggest(wren) == []
    edit(wren / "cycle-1" / "cycle.yaml", "What happens here?", LONG)
    [found] = suggest(wren)
    assert found.field == "clips[0].question"
    assert "a sentence of 22 words, '... holds the cup and ...', is long to read" in found.found


def test_reading_age_knows_a_picture_book_from_a_report() -> None:
    book = (
        "The cat sat on the mat. It was a warm day and the sun shone. The dog came to see what the "
        "cat did. They looked at each other. Then they went to sleep in the sun."
    )
    report = (
        "The carer demonstrates consistent responsiveness to communicative behaviours. Reciprocal "
        "engagement was maintained throughout the interaction. Developmental opportunities were "
        "facilitated collaboratively. Emotional availability characterised subsequent exploration, "
        "notwithstanding environmental distractions. Observable enjoyment accompanied everything. "
        "Further developments are anticipated."
    )
    young, old = reading_age(book), reading_age(report)
    assert young is not None
    assert old is not None
    assert 4 < young < 8
    assert old > 18
    assert reading_age("Developmental opportunities were facilitated collaboratively.") is None


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("the", 1), ("little", 2), ("looked", 1), ("wanted", 2), ("people", 2), ("going", 2),
     ("lovely", 2), ("smiles", 1), ("watches", 2), ("video", 3), ("together", 3), ("family", 3),
     ("attention", 3), ("communicative", 5), ("understanding", 4)],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


def test_what_is_hard_to_read_is_told_for_whom(wren: Path) -> None:
    hard = (
        "Consistent responsiveness facilitates communicative development. Continual engagement "
        "was maintained throughout considerable distractions. Emotional availability characterised "
        "subsequent exploration, notwithstanding environmental interruptions. Collaborative "
        "opportunities followed immediately afterwards. Observable enjoyment accompanied "
        "everything throughout."
    )
    cycle = wren / "cycle-1" / "cycle.yaml"
    edit(cycle, "question: What happens here?", f"question: See.\n    why: {hard}")
    [found] = suggest(wren)
    assert found.field == "clips[0].why"
    assert re.search(r"reads as for age 18 and over, and the record is easiest at 14", found.found)
    # Short texts are judged together, and only those that the family reads.
    parts = [part.strip() for part in hard.split(".")]
    edit(cycle, f"\n    why: {hard}", "")
    edit(cycle, "Waiting for Mia", parts[0])
    edit(cycle, "question: See.", f"question: {parts[1]}?")
    edit(cycle, "Mia reaches up and Sam leans in.", parts[2])
    edit(cycle, "Sam holds the spoon.", f"{parts[3]}, {parts[4]}")
    [found] = suggest(wren)
    assert found.field == "clips"
    assert "taken together, reads as for age" in found.found
    assert "the family's page is easiest at 11" in found.found


def test_a_very_long_text_takes_no_longer(wren: Path) -> None:
    say(wren, "clip-1.see", "“naughty " * 100_000, "practitioner", "written")
    begin = time.process_time()
    told = [one.found for one in suggest(wren)]
    assert [one.partition(" ")[0] for one in told] == ["'naughty'", "a", "reads"]
    assert time.process_time() - begin < 5


# --- The lists ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(WORDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_word_in_a_list_is_found_and_has_a_reason(wren: Path, path: Path) -> None:
    words = read_model(path, WordList)
    assert words.language == path.stem
    edit(wren / "case.yaml", "family: wren", f"family: wren\nlanguage: {path.stem}")
    forms = [
        (entry, form) for entry in words.entries for word in entry.words for form in forms_of(word)
    ]
    assert len({form for _, form in forms}) == len(forms), "a word stands in two entries"
    cycle = (wren / "cycle-1" / "cycle.yaml").read_text("utf-8")
    lines = "".join(
        f"  - {{id: c-{number}, start: {number}, end: {number + 1}, title: {json.dumps(form)}}}\n"
        for number, (_, form) in enumerate(forms)
    )
    (wren / "cycle-1" / "cycle.yaml").write_text(
        re.sub(r"clips:\n.*next:", lambda _: f"clips:\n{lines}next:", cycle, flags=re.S), "utf-8"
    )
    found = {one.field: one for one in suggest(wren)}
    for number, (entry, _) in enumerate(forms):
        told = found[f"clips[{number}].title"]
        assert entry.why in told.found
        assert told.mend.startswith(entry.say)
        assert ("no native speaker" in told.mend) is not words.checked
    assert len(words.entries) >= (40 if path.stem == "en" else 5)


def forms_of(phrase: str) -> list[str]:
    forms = [""]
    for word in phrase.split():
        forms = [f"{form} {one}".strip() for form in forms for one in word.split("/")]
    return forms


def test_our_own_prompts_have_no_such_words(wren: Path) -> None:
    """What we ask is as gentle as what we suggest."""
    prompts = load_method(find_templates(), "vig").file.prompts
    every = (*prompts.opening, *prompts.clip, *prompts.closing)
    titled(wren, "\n".join(text for one in every for text in (one.label, one.hint or "")))
    assert hits(wren) == []


def test_a_teams_own_list_is_laid_over_ours(wren: Path, tmp_path: Path) -> None:
    titled(wren, "Only a tantrum; naughty, whatever")
    assert hits(wren) == ["Only", "tantrum", "naughty"]
    own = tmp_path / "own"
    (own / "words").mkdir(parents=True)
    entry = "{words: [whatever, tantrum], kind: deficit, why: is ours, say: say more}"
    text = f"vigbook: 1\nlanguage: en\nchecked: true\nleave_out: [only]\nentries:\n  - {entry}\n"
    (own / "words" / "en.yaml").write_text(text, "utf-8")
    found = [(one.found, one.mend) for one in suggest(wren, own)]
    assert [one for one in found if "is ours" in one[0]] == [
        ("'tantrum' is ours (the family may read it)", "say more"),
        ("'whatever' is ours (the family may read it)", "say more"),
    ]
    assert hits(wren, own) == ["tantrum", "naughty", "whatever"]
    (tmp_path / "two" / "words").mkdir(parents=True)
    (tmp_path / "two" / "words" / "en.yaml").write_text(f"{text}replace: true\n", "utf-8")
    assert hits(wren, tmp_path / "two") == ["tantrum", "whatever"]


def test_a_teams_list_that_is_wrong_is_told_and_stops_nothing(wren: Path, tmp_path: Path) -> None:
    (tmp_path / "own" / "words").mkdir(parents=True)
    (tmp_path / "own" / "words" / "en.yaml").write_text("vigbook: 1\nlanguage: en\nentrys: []\n")
    titled(wren, LONG)
    told = [str(one) for one in suggest(wren, tmp_path / "own")]
    assert "en.yaml:3 entrys: no key is called 'entrys' here; did you mean 'entries'?" in told[0]
    assert "a sentence of 22 words" in told[1]
