"""Elements: what a saved workbook refers to, and what each paper may say."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from families import CASE, CYCLE, SERVICE

from vigbook.case.folder import read_case_folder
from vigbook.case.journal import Journal, parse_line, write_answer
from vigbook.case.manifest import FilmRecord, Manifest, StillRecord, still_recipe
from vigbook.cycle.context import CycleContext, open_context
from vigbook.errors import Problem
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates
from vigbook.paper.page import Page, length_in_words
from vigbook.timecode import Timecode
from vigbook.workbook.elements import KINDS, MIME, find_links, reference

EXAMPLES = Path(__file__).parents[2] / "examples"
CYCLES = ("otter/cycle-1", "otter/cycle-2", "heron/cycle-1")
TODAY = datetime.date(2026, 11, 22)
TEMPLATES = find_templates()


def _open(folder: Path) -> CycleContext:
    return open_context(read_case_folder(folder.parent), folder, TEMPLATES, TODAY)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """The example families in a folder of the test's own."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("*.mp4"))
    return tmp_path / "examples"


@pytest.fixture
def family(tmp_path: Path) -> Callable[..., CycleContext]:
    """Writes a family with changes to its files, and opens its cycle."""

    def write(
        *pairs: tuple[str, str], answers: dict[str, Any] | None = None, by: str = "mum"
    ) -> CycleContext:
        folder = tmp_path / "cases" / "wren" / "cycle-1"
        folder.mkdir(parents=True, exist_ok=True)
        case, cycle = CASE, CYCLE
        for before, after in pairs:
            assert before in case + cycle, before
            case, cycle = case.replace(before, after, 1), cycle.replace(before, after, 1)
        (folder.parent.parent / "service.yaml").write_text(SERVICE, "utf-8")
        (folder.parent / "case.yaml").write_text(case, "utf-8")
        (folder / "cycle.yaml").write_text(cycle, "utf-8")
        for prompt, value in (answers or {}).items():
            write_answer(folder / "answers.jsonl", prompt, value, by=by, source="said")
        return _open(folder)

    return write


def _with_pictures(context: CycleContext) -> CycleContext:
    """Returns the cycle as it is once its stills are taken."""
    context.media.mkdir(exist_ok=True)
    stills = []
    for clip in context.cycle.clips:
        for number, still in enumerate(clip.stills, start=1):
            name = f"{clip.id}-{number}.jpg"
            (context.media / name).write_bytes(b"")
            stills.append(
                StillRecord(
                    clip=clip.id, number=number, file=name, sha256="", asked=still.at,
                    given=still.at, width=480, height=270, recipe=still_recipe(clip, still),
                )
            )  # fmt: skip
    film = FilmRecord(file="film.mp4", sha256="", bytes=0)
    return dataclasses.replace(
        context, manifest=Manifest(film=film, stills=tuple(stills), tools={})
    )


def _every_element(context: CycleContext) -> list[tuple[str, str]]:
    """Returns each element that any notebook could display."""
    clips = [clip.id for clip in context.cycle.clips]
    number = f"cycle-{context.cycle.cycle}"
    return [
        ("title", number),
        ("helping-question", number),
        *((kind, clip) for kind in ("clip", "stills") for clip in clips),
        *(("prompt", prompt) for prompt in context.prompts),
        ("goals", "goals"),
        ("next-step", "try"),
        ("next-date", "next.date"),
    ]


def _every_reference(context: CycleContext, language: str = "en") -> dict[tuple[str, str], Any]:
    words = load_words(TEMPLATES, language)
    return {
        (kind, one): reference(
            context, kind, one, find_links(context, kind, one, context.folder), words
        )
        for kind, one in _every_element(context)
    }


def _page(context: CycleContext, use: Any = "take-home", language: str = "en", **more: Any) -> Page:
    return Page(context=context, words=load_words(TEMPLATES, language), use=use, **more)


def _texts(value: object) -> list[str]:
    """Returns every text that somebody typed in a file or said."""
    if isinstance(value, str):
        return [value]
    inside = (
        value.values()
        if isinstance(value, dict)
        else value
        if isinstance(value, list | tuple)
        else ()
    )
    return [text for one in inside for text in _texts(one)]


# The saved workbook


@pytest.mark.parametrize("name", CYCLES)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_saved_workbook_holds_no_word_of_the_family(
    examples: Path, name: str, language: str
) -> None:
    context = _open(examples / name)
    case, cycle = context.case, context.cycle
    clips = [clip.model_dump(include={"title", "question", "why"}) for clip in cycle.clips]
    personal = _texts(
        [
            [person.name for person in case.people],
            [still.alt or "" for clip in cycle.clips for still in clip.stills],
            clips,
            [[goal.wording, goal.model_dump()["baseline"]["words"] or ""] for goal in case.goals],
            [case.helping_question or "", cycle.helping_question or "", case.reference or ""],
            [cycle.film.place or "", cycle.film.activity or "", cycle.film.child_agreed or ""],
            [context.service.name, context.worker, context.service.phone, context.service.footer],
            [answer.value for answer in context.journal.lines],
            [dict(one) for answer in context.journal.lines for one in answer.translations.values()],
        ]
    )
    # "What do you see?" is a question of ours as well as of a clip's.
    words = load_words(TEMPLATES, language)
    ours = {
        text
        for text in personal
        if any(text == words.say(one.label) for one in context.method.file.prompts.clip)
    }
    saved = json.dumps([*_every_reference(context, language).values()], ensure_ascii=False)
    found = [
        text
        for text in set(personal) - ours - {""}
        if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", saved)
    ]
    assert len(personal) > 30
    assert found == []


def test_a_saved_workbook_holds_nothing_that_was_typed_or_said(
    family: Callable[..., CycleContext],
) -> None:
    context = family(
        ("name: Mia", "name: ZqMia"),
        ("name: Sam", "name: ZqSam"),
        ("role: mother", "role: Zq"),
        ("helping_question: How", "reference: Zq\nworker: Zq\nhelping_question: Zq How"),
        ("wording: I want", "wording: Zq I want"),
        ("baseline: {value: 3}", "baseline: {value: 3, words: Zq}"),
        ("place: at home", "place: Zq"),
        ("activity: tea time", "activity: Zq, child_agreed: Zq"),
        ("title: Waiting for Mia", "title: Zq\n    why: Zq"),
        ("title: The spoon", "title: Zq"),
        ("question: What", "question: Zq"),
        ('alt: "Mia', 'alt: "Zq'),
        ('alt: "Sam', 'alt: "Zq'),
    )
    for prompt, one in context.prompts.items():
        value = {"list": ["Zq"], "marks": [{"at": "Zq"}]}.get(one.kind, "Zq")
        write_answer(
            context.journal_of(prompt), prompt, value, by="mum", source="said", film_time="Zq"
        )
    context = _open(context.folder)
    assert len(context.journal.lines) > 20
    for language in ("en", "ar", "cy"):
        saved = json.dumps([*_every_reference(context, language).values()])
        assert "Zq" not in saved


@pytest.mark.parametrize("name", CYCLES)
def test_every_element_is_kind_id_links_and_fixed_words(examples: Path, name: str) -> None:
    context = _open(examples / name)
    references = _every_reference(context)
    assert {kind for kind, _ in references} == {*KINDS}
    for (kind, one), bundle in references.items():
        assert [*bundle] == [MIME, "text/plain", "text/html"]
        assert [*bundle[MIME]] == ["kind", "id", "links"]
        assert (bundle[MIME]["kind"], bundle[MIME]["id"]) == (kind, one)
        assert bundle["text/plain"] == f"{kind} {one}"
        json.dumps(bundle)


@pytest.mark.parametrize("name", CYCLES)
def test_links_are_relative_and_stay_with_the_cycle(examples: Path, name: str) -> None:
    context = _open(examples / name)
    links = []
    for bundle in _every_reference(context).values():
        in_html = re.findall(r'(?:src|href)="([^"]*)"', bundle["text/html"])
        assert in_html == bundle[MIME]["links"]
        assert str(context.folder) not in json.dumps(bundle)
        links += in_html
    clips = context.cycle.clips
    expected = [f"media/{clip.id}.mp4" for clip in clips]
    expected += [
        f"media/{clip.id}-{n}.jpg" for clip in clips for n in range(1, len(clip.stills) + 1)
    ]
    assert sorted(links) == sorted(expected)


def test_links_start_where_the_notebook_does(family: Callable[..., CycleContext]) -> None:
    context = family()
    places = {
        "here": context.folder,
        "family": context.family.folder,
        "elsewhere": context.family.folder / "print" / "x",
    }
    links = {name: find_links(context, "clip", "clip-1", place) for name, place in places.items()}
    assert links == {
        "here": ("media/clip-1.mp4",),
        "family": ("cycle-1/media/clip-1.mp4",),
        "elsewhere": ("../../cycle-1/media/clip-1.mp4",),
    }


def test_an_element_of_clips_and_stills_as_it_is_saved(family: Callable[..., CycleContext]) -> None:
    references = _every_reference(family())
    assert references["clip", "clip-2"] == {
        MIME: {"kind": "clip", "id": "clip-2", "links": ["media/clip-2.mp4"]},
        "text/plain": "clip clip-2",
        "text/html": '<h2>Clip 2</h2>\n<video controls preload="metadata" '
        'src="media/clip-2.mp4" style="max-width:100%"></video>',
    }
    assert references["stills", "clip-1"]["text/html"] == (
        '<img src="media/clip-1-1.jpg" alt="Picture 1 of this clip" style="max-width:32%">'
    )
    assert references["prompt", "clip-1.child-first"]["text/html"] == (
        "<p>What did your child do first?</p>"
    )
    assert references["prompt", "goal.settle.now"]["text/html"] == "<p>Our goals</p>"


@pytest.mark.parametrize("use", ["filming", "shared-review"])
def test_a_clip_that_somebody_did_not_agree_to_look_at_together_gets_no_link(
    examples: Path, use: str
) -> None:
    heron = examples / "heron"
    text = (heron / "case.yaml").read_text("utf-8")
    before = "{person: cousin, uses: [filming, shared-review]"
    kept = {"filming": "shared-review", "shared-review": "filming"}[use]
    assert before in text
    (heron / "case.yaml").write_text(
        text.replace(before, f"{{person: cousin, uses: [{kept}]"), "utf-8"
    )
    references = _every_reference(_open(heron / "cycle-1"))
    links = {
        key: bundle[MIME]["links"]
        for key, bundle in references.items()
        if key[0] in ("clip", "stills")
    }
    assert links == {
        ("clip", "clip-1"): ["media/clip-1.mp4"],
        ("clip", "clip-2"): [],
        ("clip", "clip-3"): ["media/clip-3.mp4"],
        ("stills", "clip-1"): ["media/clip-1-1.jpg"],
        ("stills", "clip-2"): [],
        ("stills", "clip-3"): ["media/clip-3-1.jpg"],
    }
    assert "clip-2.mp4" not in json.dumps(references["clip", "clip-2"])


def test_a_still_has_the_consents_of_who_is_in_it(family: Callable[..., CycleContext]) -> None:
    context = family(
        (
            "name: Mia, role: child, born: 2025-02-11}",
            "name: Mia, role: child}\n  - {id: gran, name: Ann, role: gran}",
        ),
        (
            'leans in."}',
            'leans in."}\n      - {at: 00:00:03.500, in_shot: [gran], alt: "Ann waves."}',
        ),
    )
    assert find_links(context, "stills", "clip-1", context.folder) == ("media/clip-1-1.jpg",)
    assert find_links(context, "clip", "clip-1", context.folder) == ("media/clip-1.mp4",)


def test_after_the_last_day_of_a_yes_there_is_no_link(family: Callable[..., CycleContext]) -> None:
    context = family(("authority: self", "authority: self\n    until: 2026-11-22"))
    later = dataclasses.replace(context, today=TODAY + datetime.timedelta(days=1))
    assert [find_links(one, "clip", "clip-1", one.folder) for one in (context, later)] == [
        ("media/clip-1.mp4",), (),
    ]  # fmt: skip


def test_an_element_that_is_not_there_has_no_links(family: Callable[..., CycleContext]) -> None:
    context = family()
    for kind, one in (("clip", "clip-9"), ("prompt", "clip-1"), ("nonsense", "clip-1")):
        assert find_links(context, kind, one, context.folder) == ()


# The papers


def test_a_page_knows_every_kind_and_nothing_else(family: Callable[..., CycleContext]) -> None:
    page = _page(_with_pictures(family()))
    for kind, one in _every_element(page.context):
        view = page.view(kind, one)
        assert view is not None
        assert view["kind"] == kind
    assert page.view("nonsense", "x") is None
    assert [page.view(kind, "no-such") for kind in ("clip", "stills", "prompt")] == [None] * 3


def test_a_familys_page_closes_the_gap_and_the_worker_is_told(examples: Path) -> None:
    page = _page(_with_pictures(_open(examples / "heron" / "cycle-1")))
    views = {one: page.stills(one) or {} for one in ("clip-1", "clip-2", "clip-3")}
    assert [len(view["pictures"]) for view in views.values()] == [1, 0, 1]
    assert [view["left_out"] for view in views.values()] == [None, None, None]
    (problem,) = page.withheld.list_problems()
    assert (problem.field, problem.found) == (
        "clips[1].stills[0]",
        "picture left out of the family's page: هناء: هناء said no to the printed page on "
        "2026-09-10",
    )
    assert problem.line == 24
    assert page.clip("clip-2") == {**(page.clip("clip-2") or {}), "left_out": None}


def test_a_teams_record_says_what_was_left_out_and_why(examples: Path) -> None:
    page = _page(_with_pictures(_open(examples / "heron" / "cycle-1")), use="service-record")
    view = page.stills("clip-2")
    assert view is not None
    assert view["pictures"] == []
    assert view["left_out"] == (
        "Pictures were left out: "
        "يوسف: not asked about the team's record; "
        "كريم: not asked about the team's record; "
        "هناء: not asked about the team's record"
    )
    assert page.withheld.list_problems()[0].found.startswith("picture left out of the record: ")


@pytest.mark.parametrize("audience", [None, "dad", "mum"])
def test_no_view_of_a_familys_page_says_no_for_anybody(
    examples: Path, audience: str | None
) -> None:
    context = _with_pictures(_open(examples / "heron" / "cycle-1"))
    page = _page(context, language="ar", audience=audience)
    views = [page.view(kind, one) for kind, one in _every_element(context)]
    told = json.dumps(views, ensure_ascii=False)
    for reason in ("said no", "not asked", "took back", "left out", "ended on", "has not said yes"):
        assert reason not in told
    assert page.withheld.list_problems() != []


def test_words_go_on_anothers_copy_only_with_a_yes_that_names_them(examples: Path) -> None:
    context = _open(examples / "heron" / "cycle-1")
    dads, mums = "clip-1.did", "clip-3.see"
    said = {}
    for audience in (None, "dad", "mum"):
        page = _page(context, audience=audience)
        said[audience] = [bool(page.said(prompt)) for prompt in (dads, mums)]
        if audience == "dad":
            told = [(one.field, one.found) for one in page.withheld.list_problems()]
    # dad said that his words may reach mum; mum has named nobody
    assert said == {None: [True, True], "dad": [True, False], "mum": [True, True]}
    assert told == [
        (
            "clip-3.see",
            "words left out of كريم's page: ليلى: has not said yes to words on كريم's copy",
        )
    ]


def test_the_record_holds_words_whatever_the_page_may_hold(
    family: Callable[..., CycleContext],
) -> None:
    context = family(
        ("uses: [filming, shared-review, take-home]\n    given_by: mum\n    authority: self",
         "uses: [filming]\n    given_by: mum\n    authority: self"),
        answers={"remember": "She looks for me."},
    )  # fmt: skip
    assert _page(context).said("remember") == []
    record = _page(context, use="service-record")
    (words,) = record.said("remember")
    assert (words["text"], words["quoted"], words["speaker"]) == ("She looks for me.", True, "Sam")
    assert words["said_on"].startswith("said, noted on ")
    assert record.withheld.list_problems() == []


def test_words_are_withheld_once_however_often_they_are_asked_for(
    family: Callable[..., CycleContext],
) -> None:
    context = family(
        ("authority: self", "authority: self\n    answer: no"), answers={"remember": "x"}
    )
    page = _page(context)
    assert [page.said("remember"), page.said("remember")] == [[], []]
    assert page.withheld.list_problems() == [
        Problem(
            field="remember",
            found="words left out of the family's page: "
            "Sam: Sam said no to the printed page on 2026-09-01",
        )
    ]


def test_a_goal_in_somebodys_words_needs_their_yes_on_a_familys_page(
    family: Callable[..., CycleContext],
) -> None:
    asked = family(answers={"goal.settle.now": 5})
    (goal,) = _page(asked).goals()["goals"]
    assert goal == {
        "wording": {
            "text": "I want us both to enjoy bedtime.", "quoted": True, "own": True,
            "speaker": "Sam", "lang": "en", "translation": None, "said_on": None,
        },
        "name": "1-10", "owner": "Sam", "scale": "1-10",
        "steps": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
        "now": 4, "hoped": 6, "low": None, "high": None,
        "baseline": "3", "now_value": "5", "hoped_value": "7", "rated_by": "Sam",
    }  # fmt: skip
    refused = family(("authority: self", "authority: self\n    answer: no"))
    page = _page(refused)
    assert page.goals()["goals"] == []
    assert [one.field for one in page.withheld.list_problems()] == ["goal.settle"]
    assert len(_page(refused, use="service-record").goals()["goals"]) == 1


def test_a_goal_without_a_rating_is_not_rated_and_never_nought(
    family: Callable[..., CycleContext],
) -> None:
    (goal,) = _page(family(answers={"goal.settle.now": None})).goals()["goals"]
    assert (goal["now"], goal["now_value"], goal["rated_by"]) == (None, None, None)


def test_a_closed_goal_stands_on_no_page(family: Callable[..., CycleContext]) -> None:
    assert _page(family(("hoped: 7", "status: closed"))).goals()["goals"] == []


def test_only_words_known_to_be_said_or_written_stand_in_quotation_marks(
    family: Callable[..., CycleContext],
) -> None:
    context = family(
        answers={"remember": "She looks for me.", "helped": ["Waiting.", " ", "Songs."]}
    )
    write_answer(
        context.folder / "answers.jsonl", "try.what", "Wait.", by="mum", source="agreed-summary"
    )
    write_answer(
        context.folder / "answers.jsonl", "try.where", "Tea.", by="practitioner", source="written"
    )
    page = _page(_open(context.folder))
    said = [
        (one["text"], one["quoted"], one["speaker"])
        for prompt in ("remember", "helped", "try.what", "try.where")
        for one in page.said(prompt)
    ]
    assert said == [
        ("She looks for me.", True, "Sam"),
        ("Waiting.", True, "Sam"),
        ("Songs.", True, "Sam"),
        ("Wait.", False, "Sam"),
        ("Tea.", False, None),
    ]


def test_words_of_somebody_who_left_the_case_are_not_on_a_familys_page(
    family: Callable[..., CycleContext],
) -> None:
    context = family(answers={"remember": "I was here."}, by="gran")
    page = _page(context)
    assert page.said("remember") == []
    assert [one.field for one in page.withheld.list_problems()] == ["remember"]


def test_a_translation_stands_beside_the_words_in_the_papers_language(examples: Path) -> None:
    context = _open(examples / "heron" / "cycle-1")
    shown = {}
    for language in ("ar", "en"):
        (words,) = _page(context, language=language).said("clip-1.see")
        shown[language] = (words["text"], words["lang"], words["translation"])
    assert shown == {
        "ar": ("نبني البرج معًا.", "ar", None),
        "en": (
            "نبني البرج معًا.", "ar",
            {"text": "We are building the tower together.", "by": "the interpreter", "lang": "en"},
        ),
    }  # fmt: skip


def test_a_private_page_has_no_pictures_and_no_dates(family: Callable[..., CycleContext]) -> None:
    context = _with_pictures(family(answers={"next.date": "2026-11-29"}))
    open_page, private = _page(context), _page(context, private=True)
    shown = [
        (
            len((page.stills("clip-1") or {})["pictures"]),
            page.title()["date"],
            page.next_date()["date"],
        )
        for page in (open_page, private)
    ]
    assert shown == [(1, "12 September 2026", "29 November 2026"), (0, None, None)]
    assert private.withheld.list_problems() == []


def test_a_blank_page_holds_nothing_that_was_said(family: Callable[..., CycleContext]) -> None:
    context = family(
        answers={"remember": "x", "goal.settle.now": 5, "next.date": "2026-11-29", "try.what": "y"}
    )
    page = _page(context, blank=True)
    assert page.said("remember") == []
    assert page.helping_question()["words"] is None
    assert [row[1] for row in page.next_step()["rows"]] == [None, None, None]
    assert page.next_date()["date"] is None
    assert page.goals()["goals"][0]["now"] is None


def test_an_empty_answer_is_room_to_write(family: Callable[..., CycleContext]) -> None:
    context = family(answers={"remember": "x", "try.what": "y"})
    write_answer(context.folder / "answers.jsonl", "remember", "", by="mum", source="said")
    page = _page(_open(context.folder))
    view = page.prompt("remember")
    assert view == {
        "kind": "prompt", "id": "remember", "label": "What I want to remember", "hint": None,
        "lines": 2, "words": [],
    }  # fmt: skip
    rows = [[label, words["text"] if words else None] for label, words in page.next_step()["rows"]]
    assert rows == [["What I will try", "y"], ["Where", None], ["When", None]]


def test_names_are_put_into_a_question_on_paper(family: Callable[..., CycleContext]) -> None:
    context = family(answers={"words.us": "the two of us"})
    page = _page(context)
    view = page.prompt("clip-1.child-first")
    assert view is not None
    assert view["label"] == "What did Mia do first?"
    assert page.title()["names"] == "the two of us"


def test_a_tick_a_date_and_a_mark_are_written_as_people_write_them(
    family: Callable[..., CycleContext],
) -> None:
    context = family(
        answers={
            "take-home.checked": True,
            "next.date": "2026-11-29",
            "clip-1.marks": [{"at": "00:00:03.000"}, {"at": "00:00:03.500"}],
        }
    )
    page = _page(context)
    texts = {
        one: [words["text"] for words in page.said(one)]
        for one in ("take-home.checked", "next.date", "clip-1.marks")
    }
    assert texts == {
        "take-home.checked": ["Yes"],
        "next.date": ["29 November 2026"],
        "clip-1.marks": ["00:00:03.000", "00:00:03.500"],
    }


def test_a_legal_hold_leaves_no_picture_and_no_link(family: Callable[..., CycleContext]) -> None:
    context = _with_pictures(
        family(
            ("helping_question:", "legal_hold: court\nhelping_question:"), answers={"remember": "x"}
        )
    )
    page = _page(context)
    assert (page.stills("clip-1") or {})["pictures"] == []
    assert page.said("remember") == []
    assert find_links(context, "clip", "clip-1", context.folder) == ()


def test_any_value_of_any_journal_can_stand_on_a_page(family: Callable[..., CycleContext]) -> None:
    context = family()
    odd = [None, "", "x" * 9000, 0, 1.5, True, [], [None], [["x"]], [{"at": None}], {}, {"a": 1}]
    for value in odd:
        lines = [
            parse_line(json.dumps({"prompt": prompt, "value": value, "by": "mum"}).encode())
            for prompt in context.prompts
        ]
        journal = Journal(tuple(line for line in lines if line))
        page = _page(dataclasses.replace(context, journal=journal), use="service-record")
        for kind, one in _every_element(context):
            json.dumps(page.view(kind, one))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [("17.6", "17.6 seconds"), ("15", "15 seconds"), ("59.9", "59.9 seconds"), ("77", "1:17")],
)
def test_a_length_is_told_as_a_person_would(seconds: str, expected: str) -> None:
    assert length_in_words(load_words(TEMPLATES, "en"), Timecode.parse(seconds)) == expected
