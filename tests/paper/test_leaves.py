"""What leaves: read from the PDFs themselves, every stream of them decoded.

One family has a word of its own in every field (see `marked`), people who said no, pictures with
different people in them. It is built once; then all its papers are taken apart.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from families import open_first, run_vigbook
from films import read_number
from marked import ALLOWED, ALLOWED_DAYS, DAYS, PAPERS, Marks, write_marked_family
from pdfs import alt_texts_in, attachments_of, bookmarks_of, properties_of, text_of
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import IndirectObject, StreamObject

from vigbook.paper.printing import print_paper
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import Variant

Run = Callable[..., "CompletedProcess[str]"]
MARK = Marks()
OTHERS = [
    Variant(name="take-home", private=True),
    Variant(name="take-home", person=MARK("id dad"), private=True),
    Variant(name="take-home", size="large"),
    Variant(name="take-home", size="easy"),
    Variant(name="take-home", paper="letter"),
    Variant(name="take-home", language="ar"),
    Variant(name="take-home", blank=True),
    Variant(name="take-home", person=MARK("id mum"), size="easy", private=True),
]


@pytest.fixture(scope="module")
def marked(
    tmp_path_factory: pytest.TempPathFactory, numbered_film: Path, renderer: PageRenderer
) -> Path:
    """The family with a word in every field, built, with papers of every kind."""
    folder = tmp_path_factory.mktemp("marked") / "cases" / "wren"
    family = write_marked_family(folder, numbered_film, MARK)
    done = run_vigbook("build", family, "--json")
    assert done.returncode == 0, done.stdout
    (family.parent / "told.json").write_text(done.stdout)
    for variant in OTHERS:
        print_paper(open_first(family), variant, renderer)
    return family


@pytest.fixture(scope="module")
def told(marked: Path) -> list[dict[str, Any]]:
    """What `build --json` said was left out."""
    return list(json.loads((marked.parent / "told.json").read_text())[0]["withheld"])


def paper(family: Path, name: str) -> Path:
    """Returns a paper by its letter, as in `marked`, or by its name."""
    names = {
        "F": "take-home", "M": f"take-home-{MARK('id mum')}", "D": f"take-home-{MARK('id dad')}",
        "P": "take-home.en.clear.private", "W": "worksheet", "R": "record", "A": "record",
    }  # fmt: skip
    return family / "cycle-1" / "print" / f"{names.get(name, name)}.pdf"


def take_homes(family: Path) -> list[Path]:
    found = sorted((family / "cycle-1" / "print").glob("take-home*.pdf"))
    assert len(found) == 3 + len(OTHERS)
    return found


# --- Taking a PDF apart ------------------------------------------------------------------------


@functools.cache
def parts_of(path: Path) -> list[tuple[bytes, StreamObject | None]]:
    """Returns all that is in a PDF but its attachments: its objects, and every stream decoded."""
    return [*take_apart(path)]


def take_apart(path: Path) -> Iterator[tuple[bytes, StreamObject | None]]:
    reader = PdfReader(path)
    yield path.read_bytes(), None
    yield " ".join(page.extract_text() for page in reader.pages).encode(), None
    yield repr([properties_of(path), bookmarks_of(path), alt_texts_in(path)]).encode(), None
    for number in range(1, int(str(reader.trailer["/Size"]))):
        thing = IndirectObject(number, 0, reader).get_object()
        if isinstance(thing, StreamObject):
            if thing.get("/Type") != "/EmbeddedFile":
                yield thing.get_data(), thing
        else:
            yield repr(thing).encode(), None


def written_in(path: Path) -> bytes:
    """Returns all that is written in a PDF but in its attachments, in small letters."""
    content = b"\n".join(part for part, _ in parts_of(path))
    # What broke over two lines, or was written in two bytes a letter, is found too.
    folded = re.sub(rb"\s+", b"", content)
    return (content + folded + content.replace(b"\0", b"")).lower()


def carried_in(path: Path) -> bytes:
    return b"\n".join(content for _, content in attachments_of(path).values()).lower()


def marks_in(content: bytes) -> set[str]:
    """Returns the fields whose words are in a text, days included."""
    found = {field for field, word in MARK.items() if field and word.encode() in content}
    for field, day in DAYS.items():
        date = datetime.date.fromisoformat(day)
        spoken = f"{date.day} {date:%B %Y}".lower()
        if any(one.encode() in content for one in (day, spoken, spoken.replace(" ", ""))):
            found.add(field)
    return found


def allowed_on(letter: str) -> set[str]:
    return {field for field, papers in (ALLOWED | ALLOWED_DAYS).items() if letter in papers}


def frames_in(path: Path) -> set[int]:
    """Returns the numbers of the film's frames whose pictures are in a PDF, however encoded."""
    found = set()
    for content, stream in parts_of(path):
        if stream is None or stream.get("/Subtype") != "/Image":
            continue
        size = int(str(stream["/Width"])), int(str(stream["/Height"]))
        if size[0] < 60:  # the logo
            continue
        jpeg = stream.get("/Filter") in ("/DCTDecode", ["/DCTDecode"])
        image = Image.open(io.BytesIO(content)) if jpeg else Image.frombytes("RGB", size, content)
        found.add(read_number(np.asarray(image.convert("RGB"))))
    return found


def stills_on(path: Path, family: Path) -> set[str]:
    """Returns the stills of the disk whose very bytes are in a PDF."""
    stills = (family / "cycle-1" / "media").glob("*.jpg")
    known = {hashlib.sha256(one.read_bytes()).hexdigest(): one.name for one in stills}
    raw = [stream._data for _, stream in parts_of(path) if stream is not None]
    return {known[key] for one in raw if (key := hashlib.sha256(one).hexdigest()) in known}


def still(clip: int, number: int = 1) -> str:
    return f"{MARK(f'clip {clip} id')}-{number}.jpg"


# --- Words -------------------------------------------------------------------------------------


def test_the_search_finds_every_word_that_was_planted(marked: Path) -> None:
    """Else it would find nothing anywhere; and no word is in the table that was not planted."""
    files = [*marked.rglob("*.yaml"), *marked.parent.glob("*.yaml"), *marked.rglob("*.jsonl")]
    assert marks_in(b"".join(one.read_bytes() for one in files)) == {
        field for field in (*MARK, *DAYS) if field
    }
    ids = {field for field in MARK if re.search(r"^id | id$|^line \d+$|^$", field)}
    assert set(MARK) - ids == set(ALLOWED) - ids


@pytest.mark.parametrize("letter", PAPERS)
def test_each_word_stands_where_the_table_lets_it_and_nowhere_else(
    marked: Path, letter: str
) -> None:
    path = paper(marked, letter)
    found = marks_in(carried_in(path) if letter == "A" else written_in(path))
    if letter == "A":  # the data are told apart by ids
        found = {field for field in found if field in ALLOWED or field in DAYS}
    assert {"too much": found - allowed_on(letter), "missing": allowed_on(letter) - found} == {
        "too much": set(), "missing": set(),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["take-home.en.large", "take-home.en.clear.letter",
                                  "take-home.ar.clear"])  # fmt: skip
def test_another_size_sheet_or_language_says_the_same(marked: Path, name: str) -> None:
    expected = allowed_on("F")
    if ".ar." in name:  # its days are written in another way, and it has no translation
        expected -= {*DAYS, "translation", "translator"}
    assert marks_in(written_in(paper(marked, name))) == expected


def test_a_private_copy_hides_what_the_private_page_hides(marked: Path) -> None:
    hidden = allowed_on("F") - allowed_on("P")
    dads = paper(marked, f"take-home-{MARK('id dad')}.en.clear.private")
    assert marks_in(written_in(dads)) == allowed_on("D") - hidden


@pytest.mark.parametrize(
    ("name", "letter"),
    [("take-home.en.easy", "F"), ("take-home.en.clear.blank", "F"),
     (f"take-home-{MARK('id mum')}.en.easy.private", "M")],
)  # fmt: skip
def test_a_shorter_page_says_nothing_more(marked: Path, name: str, letter: str) -> None:
    found = marks_in(written_in(paper(marked, name)))
    hidden = allowed_on("F") - allowed_on("P") if "private" in name else set()
    assert found - (allowed_on(letter) - hidden) == set()
    assert "words.us" in found  # it is a page of this family


def test_no_paper_for_a_family_has_words_of_the_trade(marked: Path) -> None:
    never = r"\b(case|review|practitioner|initiative|encouraging|consent|withheld|left out|457)\b"
    for path in take_homes(marked):
        assert re.findall(never, text_of(path).lower()) == []


def test_take_homes_carry_nothing_but_themselves(marked: Path) -> None:
    for path in take_homes(marked):
        assert attachments_of(path) == {}
        assert set(properties_of(path)) <= {"/Title", "/Producer"}


# --- Pictures ----------------------------------------------------------------------------------


def test_no_picture_is_on_a_page_that_somebody_in_it_did_not_agree_to(marked: Path) -> None:
    """Of clip 2 one still holds an uncle who said no; clip 3 a sister who was never asked."""
    names = {still(1): 1, still(2, 2): 2, still(2, 3): 2, still(4): 4, still(7, 2): 7}
    for letter in "FMDWPR":
        clips = set() if letter in "PR" else {1, 2, 4, 7}
        on_it = stills_on(paper(marked, letter), marked)
        assert {names.get(name, name) for name in on_it} == clips, letter
    for path in take_homes(marked):
        assert stills_on(path, marked) <= set(names), path.name
        assert stills_on(path, marked) == set() or ".private" not in path.name


def test_no_picture_is_there_in_other_bytes_either(marked: Path) -> None:
    """The film's frames tell their numbers, which no new encoding or size would hide."""
    agreed = {round(at * 25) for at in (0.4, 2.1, 2.4, 5.2, 10.1)}
    refused = {round(at * 25) for at in (1.8, 3.6, 8.4, 9.8)}
    on_disk = {
        read_number(np.asarray(Image.open(one)))
        for one in (marked / "cycle-1" / "media").glob("*.jpg")
    }
    assert on_disk == agreed | refused
    papers = sorted((marked / "cycle-1" / "print").glob("*.pdf"))
    assert {path.name: frames_in(path) & refused for path in papers} == {
        path.name: set() for path in papers
    }
    assert frames_in(paper(marked, "F")) <= agreed
    assert len(frames_in(paper(marked, "F"))) == 4


def test_a_private_page_has_no_picture_at_all(marked: Path) -> None:
    for path in take_homes(marked):
        images = [one for _, one in parts_of(path) if one and one.get("/Subtype") == "/Image"]
        assert (images == []) == (".private" in path.name), path.name


CHILDS = "    authority: parental responsibility\n    date: 2026-09-01\n"
MUMS = "    authority: self\n    date: 2026-09-01\n"
DAD = ("consents:", "  - {id: dad, name: Karim, role: father, receives: true}\nconsents:")
NO = "  - {{person: {}, uses: take-home, answer: no, given_by: {}, authority: x, date: 2026-09-02}}"
BOTH, ALONE = {"clip-1-1.jpg", "clip-2-1.jpg"}, {"clip-1-1.jpg"}  # the child alone; with mum
NONE: set[str] = set()


@pytest.mark.parametrize(
    ("old", "new", "held"),
    [
        (CHILDS, CHILDS + "    until: 2026-11-21\n", [NONE]),
        (CHILDS, CHILDS + "    until: 2026-11-22\n", [BOTH]),
        (MUMS, MUMS + "    withdrawn: 2026-11-22\n", [ALONE]),
        (MUMS, MUMS + "    to: [mum]\n", [ALONE, BOTH, ALONE]),
        (MUMS, MUMS + "    to: [dad]\n", [BOTH, BOTH, BOTH]),
        ("shared-review, take-home]\n    given_by: mum\n" + MUMS,
         "take-home]\n    given_by: mum\n" + MUMS
         + "  - {person: mum, uses: filming, answer: no, given_by: mum, authority: self, "
         "date: 2026-10-01}\n", [ALONE]),
        ("helping_question:", NO.format("child", "dad") + "\nhelping_question:",
         [NONE]),
        ("helping_question:", NO.format("mum", "mum") + "\nhelping_question:",
         [ALONE]),
    ],
    ids=["until yesterday", "until today", "taken back today", "to herself", "to him",
         "filming taken back", "two disagree", "not in this still"],
)  # fmt: skip
def test_each_consent_holds_for_its_person_its_use_its_days_and_its_readers(
    built_family: Path, old: str, new: str, held: list[set[str]], renderer: PageRenderer
) -> None:
    edit(built_family / "case.yaml", *DAD)
    edit(built_family / "case.yaml", old, new)
    edit(built_family / "cycle-1" / "cycle.yaml", 'leans in."}', 'leans in.", in_shot: [child]}')
    # Words keep each moment on the page, so that its picture has to be kept off by itself.
    note = {"v": 1, "id": "1", "at": "2026-10-05T10:00:00.000Z", "value": "A note.",
            "by": "practitioner", "source": "written"}  # fmt: skip
    journal = built_family / "cycle-1" / "answers.jsonl"
    clips = ("clip-1", "clip-2")
    journal.write_text(
        "".join(json.dumps(note | {"prompt": f"{clip}.did"}) + "\n" for clip in clips)
    )
    found = [
        stills_on(
            print_paper(
                open_first(built_family), Variant(name="take-home", person=person), renderer
            ).path,
            built_family,
        )
        for person in (None, "mum", "dad")[: len(held)]
    ]
    assert found == held


# --- What a family's page gives away -----------------------------------------------------------


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    """Changes a file of JSON."""
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def without_those_who_refused(family: Path) -> None:
    """Makes of a copy the family that never filmed, asked or heard those who said no."""
    gone = {MARK(f"id {who}") for who in ("lee", "tia")}
    clips = {MARK(f"clip {number} id") for number in (3, 6)}
    kept: dict[tuple[str, int], int] = {}

    def case(it: Any) -> None:
        it["people"] = [one for one in it["people"] if one["id"] not in gone]
        it["consents"] = [one for one in it["consents"] if one["person"] not in gone]
        it["goals"] = [one for one in it["goals"] if one["owner"] not in gone]

    def cycle(it: Any) -> None:
        it["clips"] = [one for one in it["clips"] if one["id"] not in clips]
        for clip in it["clips"]:
            numbered = list(enumerate(clip["stills"], start=1))
            numbered = [one for one in numbered if not gone & set(one[1].get("in_shot", ()))]
            clip["stills"] = [one for _, one in numbered]
            for place, (number, _) in enumerate(numbered, start=1):
                kept[clip["id"], number] = place

    def manifest(it: Any) -> None:
        stills = [one for one in it["stills"] if (one["clip"], one["number"]) in kept]
        it["stills"] = [{**one, "number": kept[one["clip"], one["number"]]} for one in stills]

    folder = family / "cycle-1"
    rewrite(family / "case.yaml", case)
    rewrite(folder / "cycle.yaml", cycle)
    rewrite(folder / "media" / "manifest.json", manifest)
    lines = (folder / "answers.jsonl").read_text("utf-8").splitlines(keepends=True)
    spoken = [one for one in lines if json.loads(one).get("by") not in gone]
    (folder / "answers.jsonl").write_text("".join(spoken), "utf-8")


@pytest.mark.parametrize("described", [True, False])
def test_a_page_with_refusals_is_that_of_a_family_that_never_had_what_was_refused(
    marked: Path, tmp_path: Path, described: bool, renderer: PageRenderer
) -> None:
    """To the byte: no gap in a number, no hole, no hint, in words, tags or pictures."""

    def undescribed(it: Any) -> None:
        for clip in it["clips"]:
            for one in clip["stills"]:
                del one["alt"]

    found = []
    for name in ("refused", "never"):
        shutil.copytree(marked.parent, tmp_path / name)
        family = tmp_path / name / "wren"
        if not described:
            rewrite(family / "cycle-1" / "cycle.yaml", undescribed)
        if name == "never":
            without_those_who_refused(family)
        shutil.rmtree(family / "cycle-1" / "print")
        for person in (None, MARK("id mum")):
            print_paper(open_first(family), Variant(name="take-home", person=person), renderer)
        found.append([paper(family, letter) for letter in "FM"])
    for one, other in zip(*found, strict=True):
        assert (text_of(one), alt_texts_in(one)) == (text_of(other), alt_texts_in(other))
        assert one.read_bytes() == other.read_bytes()
    assert "Clip 2" in text_of(found[0][0])
    assert "Clip 3" in text_of(found[0][0])


# --- What the worker is told -------------------------------------------------------------------


def test_the_worker_is_told_of_all_that_was_left_out_of_each_paper_and_why(
    told: list[dict[str, Any]],
) -> None:
    found: dict[str, set[str]] = {}
    for one in told:
        what = re.fullmatch(r"(.+) left out of (.+?): (.+?): (.+)", one["found"])
        assert what, one
        assert what[3] in (*MARK.values(), "unknown")  # whose no it is
        assert re.search(r"said no to .+ on 2026-01-07|not asked about|has not said yes", what[4])
        found.setdefault(what[2], set()).update(one["field"].split(", "))
    clips = {number: MARK(f"clip {number} id") for number in range(1, 8)}
    all_of_them = {
        "clips[1].stills[0]", "clips[2].stills[0]", "clips[5].stills[0]", "clips[6].stills[0]",
        f"{clips[5]}.felt", f"{clips[6]}.did", f"goal.{MARK('goal his id')}",
    }  # fmt: skip
    mums = {f"{clips[1]}.did", f"{clips[1]}.see", "helped", "try.what", "try.where", "try.when",
            "words", f"goal.{MARK('goal hers id')}"}  # fmt: skip
    theirs = f"{clips[4]}.child-mind"
    record = {"clips[0].stills[0]", "clips[1].stills[1]", "clips[1].stills[2]",
              "clips[3].stills[0]", "clips[6].stills[1]"}  # fmt: skip
    assert found == {
        "the family's page": all_of_them,
        f"{MARK('name mum')}'s page": all_of_them | {theirs},
        f"{MARK('name dad')}'s page": all_of_them | {theirs} | mums,
        "the record": record | {one for one in all_of_them if one.startswith("clips[")},
    }


def test_the_record_says_in_words_what_was_left_out(marked: Path) -> None:
    text = text_of(paper(marked, "R")).lower()
    for title in (MARK("title 1"), "clip 2", MARK("title 3"), "clip 4", MARK("title 6"), "clip 7"):
        assert f"{title}: pictures were left out: " in text
    assert f"{MARK('name tia')}: not asked about looking together" in text
    assert "pictures were left out" not in text_of(paper(marked, "F")).lower()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_picture_in_the_record_has_its_own_time_beside_it(
    built_family: Path, vigbook: Run
) -> None:
    """And not that of a picture before it, which was left out."""
    edit(built_family / "case.yaml", "consents:",
         "  - {id: dad, name: Lee, role: father}\nconsents:\n"
         "  - {person: dad, uses: [filming], given_by: dad, authority: self, date: 2026-09-01}\n"
         "  - {person: child, uses: [service-record], given_by: mum, authority: court, "
         "date: 2026-09-01}\n"
         "  - {person: mum, uses: [service-record], given_by: mum, authority: self, "
         "date: 2026-09-01}")  # fmt: skip
    edit(built_family / "cycle-1" / "cycle.yaml", '      - {at: 00:00:03.000, alt: "Mia',
         '      - {at: 00:00:02.040, alt: "Lee waves.", in_shot: [dad]}\n'
         '      - {at: 00:00:03.000, alt: "Mia')  # fmt: skip
    assert vigbook("build", built_family).returncode == 0
    text = text_of(built_family / "cycle-1" / "print" / "record.pdf")
    assert re.search(r"In the picture .*? 0:03 Pictures were left out: Lee", text)
    assert "0:02 Pictures" not in text


def test_the_record_says_who_ticked_and_when(built_family: Path, renderer: PageRenderer) -> None:
    journal = built_family / "cycle-1" / "answers.jsonl"
    tick = {"v": 1, "id": "1", "at": "2026-10-05T10:00:00.000Z", "prompt": "take-home.checked",
            "value": True, "by": "mum", "source": "said"}  # fmt: skip
    journal.write_text(json.dumps(tick) + "\n", "utf-8")
    printed = [
        print_paper(open_first(built_family), Variant(name=one), renderer)
        for one in ("record", "take-home")
    ]
    record, page = (text_of(one.path) for one in printed)
    words = "We have read the printed page through together Yes ticked by Sam on 5 October 2026"
    assert words in record
    assert "Read-through copy" not in page
    assert "ticked" not in page


def test_a_rating_that_is_not_shared_is_told_and_leaves_no_trace(
    built_family: Path, renderer: PageRenderer
) -> None:
    case = built_family / "case.yaml"
    edit(case, "consents:", "  - {id: gran, name: Pat, role: gran}\nconsents:")
    never = print_paper(open_first(built_family), Variant(name="take-home"), renderer)
    before = never.path.read_bytes()
    rating = {"v": 1, "id": "1", "at": "2026-10-05T10:00:00.000Z", "prompt": "goal.settle.now",
              "value": 5, "by": "gran", "source": "said"}  # fmt: skip
    (built_family / "cycle-1" / "answers.jsonl").write_text(json.dumps(rating) + "\n", "utf-8")
    never.path.unlink()
    printed = print_paper(open_first(built_family), Variant(name="take-home"), renderer)
    assert printed.path.read_bytes() == before
    assert [(one.field, one.found) for one in printed.withheld] == [
        ("goal.settle.now",
         "rating left out of the family's page: Pat: not asked about the printed page")
    ]  # fmt: skip


# --- When films are deleted, and whom to ask ---------------------------------------------------

UNDATED = [(" date: 2026-09-12,", ""), ("next: {date: 2026-11-28}\n", "")]
PROMISE = "We will delete the film and clips by"
Changes = dict[str, list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, f"{PROMISE} 23 January 2027, or sooner if you ask. Call Jo on 020 7946 0018."),
        ({"service": [("phone: 020 7946 0018\n", "")]},
         f"{PROMISE} 23 January 2027, or sooner if you ask. Call Jo on … ."),
        ({"service": [("worker: Jo\n", "")]},
         f"{PROMISE} 23 January 2027, or sooner if you ask. Call us on 020 7946 0018."),
        ({"service": [("worker: Jo\n", ""), ("phone: 020 7946 0018\n", "")]},
         f"{PROMISE} 23 January 2027, or sooner if you ask. Call us on … ."),
        ({"cycle": UNDATED}, f"{PROMISE} … , or sooner if you ask. Call Jo on 020 7946 0018."),
        ({"service": [("media_weeks: 8", "media_weeks: 2")]},
         f"{PROMISE} 12 December 2026, or sooner if you ask."),
        ({"case": [("goals:", "retention: {media_until: 2026-12-01}\ngoals:")]},
         f"{PROMISE} 1 December 2026, or sooner if you ask."),
        # A promise that was broken is not made again; whom to call stands all the same.
        ({"case": [("goals:", "closed: 2026-09-02\ngoals:")]},
         "We meet again on 28 November 2026. Call Jo on 020 7946 0018."),
    ],
    ids=["all", "no phone", "no worker", "neither", "no day", "weeks", "a set day", "past"],
)  # fmt: skip
def test_the_page_says_when_films_are_deleted_and_whom_to_ask(
    built_family: Path, changes: Changes, said: str, renderer: PageRenderer
) -> None:
    """What nobody has written down yet is a line to write on, never a promise that is not there."""
    files = {"service": built_family.parent / "service.yaml", "case": built_family / "case.yaml",
             "cycle": built_family / "cycle-1" / "cycle.yaml"}  # fmt: skip
    for name, edits in changes.items():
        for old, new in edits:
            edit(files[name], old, new)
    assert said in text_of(
        print_paper(open_first(built_family), Variant(name="take-home"), renderer).path
    )


def test_a_day_of_deletion_that_nobody_knows_is_told(built_family: Path, vigbook: Run) -> None:
    for old, new in UNDATED:
        edit(built_family / "cycle-1" / "cycle.yaml", old, new)
    done = vigbook("check", ".", cwd=built_family)
    assert (
        "cycle-1/cycle.yaml:2 film: no day is known by which to delete the film: the family's page "
        "has a gap there; write 'date', the day it was filmed"
    ) in done.stderr


def test_a_legal_hold_prints_no_page_that_promises_to_delete(
    built_family: Path, vigbook: Run
) -> None:
    page = built_family / "cycle-1" / "print" / "take-home.pdf"
    before = page.read_bytes()
    edit(built_family / "case.yaml", "goals:", "legal_hold: 2026-11-01\ngoals:")
    done = vigbook("print", ".", cwd=built_family)
    assert done.returncode == 1
    assert "a legal hold stands: nothing is cut, printed, exported or deleted" in done.stderr
    assert page.read_bytes() == before
