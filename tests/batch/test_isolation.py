"""Nothing of one family ever stands in another's: many are built side by side."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import imageio.v3 as iio
import pytest
from families import SERVICE, run_vigbook
from films import draw_film, numbers_in, read_number
from pdfs import pictures_in

from vigbook.case.journal import write_answer
from vigbook.system.atomic import sha256_of

FRAMES = 25  # of each family's film, whose numbers go on where the last family's ended
MARKER = re.compile(rb"fam(\d\d)mark|wren-(\d\d)")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)

CASE = """\
vigbook: 1
family: wren-{number:02}
reference: reference {marker}
worker: worker {marker}
people:
  - {{id: child, name: Mia {marker}, role: child, born: 2025-02-11}}
  - {{id: mum, name: Sam {marker}, role: mother}}
consents:
  - person: child
    uses: [filming, shared-review, take-home, service-record]
    given_by: mum
    authority: parental responsibility {marker}
    evidence: evidence {marker}
    date: 2026-09-01
  - person: mum
    uses: [filming, shared-review, take-home, service-record]
    given_by: mum
    authority: self
    date: 2026-09-01
helping_question: helping {marker}
goals:
  - id: settle
    wording: wording {marker}
    owner: mum
    baseline: {{value: 3, date: 2026-09-01, rated_by: mum, words: baseline {marker}}}
    hoped: 7
"""
CYCLE = """\
cycle: 1
film:
  file: film.mp4
  date: 2026-09-12
  place: place {marker}
  activity: activity {marker}
  child_agreed: agreed {marker}
in_shot: [child, mum]
clips:
  - id: clip-1
    title: title {marker}
    start: 0.200
    end: 0.600
    initiative: child
    principles: [{{id: encouraging, by: mum}}]
    question: question {marker}
    why: why {marker}
    stills:
      - {{at: 0.400, alt: alt {marker}}}
"""
SAID = (
    "clip-1.see", "clip-1.child-first", "clip-1.did", "clip-1.child-next", "clip-1.child-mind",
    "clip-1.felt", "clip-1.helps", "remember", "try.what", "try.where", "try.when",
)  # fmt: skip
# What must stand on a page, by the word before the marker.
ON_TAKE_HOME = {"helping", "remember", "try.what", "wording"}
ON_RECORD = {*ON_TAKE_HOME, "title", "question", "clip-1.see", "clip-1.did", "activity"}


def write_own_family(folder: Path, number: int) -> None:
    """Writes a family that has its own film, and its own words in every free text."""
    marker = f"fam{number:02}mark"
    cycle = folder / "cycle-1"
    cycle.mkdir(parents=True)
    (folder / "case.yaml").write_text(CASE.format(number=number, marker=marker), "utf-8")
    (cycle / "cycle.yaml").write_text(CYCLE.format(marker=marker), "utf-8")
    film, first = cycle / "film.mp4", number * FRAMES
    draw_film(film, seconds=1, size=(160, 120), sound=False, gop=12, first=first)
    for prompt in SAID:
        text = f"{prompt} {marker}"
        write_answer(cycle / "answers.jsonl", prompt, text, by="mum", source="said")
    helped = [f"helped {marker}"]
    write_answer(cycle / "answers.jsonl", "helped", helped, by="mum", source="said")


@pytest.fixture(scope="module", params=[20, pytest.param(60, marks=pytest.mark.long)])
def count(request: pytest.FixtureRequest) -> int:
    """How many families."""
    return int(request.param)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, count: int) -> Path:
    """So many families, not built yet."""
    folder = tmp_path_factory.mktemp("many") / "cases"
    for number in range(count):
        write_own_family(folder / f"wren-{number:02}", number)
    (folder / "service.yaml").write_text(SERVICE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def told(cases: Path) -> list[dict[str, object]]:
    """What one build of all of them told."""
    done = run_vigbook("build", *sorted(cases.iterdir()), "--json", timeout=540)
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def unpack(path: Path) -> bytes:
    """Returns all of a file, what is packed in a PDF unpacked, and a PDF's words as they stand."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        streams = b"\n".join(_inflate(content))
        content += streams + text_of(path).encode()
    return content.replace(b"\0", b"")  # what is written in two bytes a letter, too


def _inflate(content: bytes) -> Iterator[bytes]:
    for packed in STREAM.findall(content):
        try:
            yield zlib.decompress(packed)
        except zlib.error:
            yield packed


@functools.cache
def text_of(path: Path) -> str:
    """Returns the words of a PDF, spaces folded: a whole page at once is quicker than by pypdf."""
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True, text=True)
    return " ".join(done.stdout.split())


def families_in(content: bytes) -> set[int]:
    """Returns the numbers of the families of whom something stands there."""
    return {int(one or two) for one, two in MARKER.findall(content)}


@pytest.mark.slow
def test_every_word_is_the_familys_own(
    cases: Path, told: list[dict[str, object]], count: int
) -> None:
    assert len(told) == count
    for number, one in enumerate(sorted(told, key=lambda outcome: str(outcome["case"]))):
        assert families_in(json.dumps(one).encode()) == {number}
    for number in range(count):
        folder = cases / f"wren-{number:02}"
        papers = sorted(folder.glob("cycle-1/print/*.pdf"))
        assert [one.stem for one in papers] == ["record", "take-home", "worksheet"]
        files = [path for path in folder.rglob("*") if path.is_file()]
        strangers = {str(one): families_in(unpack(one)) - {number} for one in files}
        assert {name: found for name, found in strangers.items() if found} == {}
        # And what references only, names nobody at all.
        for name in ("cycle-1/workbook.ipynb", "cycle-1/media/manifest.json", "log.jsonl"):
            assert families_in((folder / name).read_bytes()) == set(), name
        for paper, words in (("take-home", ON_TAKE_HOME), ("record", ON_RECORD)):
            text = text_of(folder / "cycle-1" / "print" / f"{paper}.pdf")
            missing = {word for word in words if f"{word} fam{number:02}mark" not in text}
            assert missing == set(), (paper, number)


@pytest.mark.slow
def test_every_picture_is_the_familys_own(
    cases: Path, told: list[dict[str, object]], count: int
) -> None:
    assert len(told) == count
    stills = set()
    for number in range(count):
        cycle, first = cases / f"wren-{number:02}" / "cycle-1", number * FRAMES
        still = cycle / "media" / "clip-1-1.jpg"
        stills.add(sha256_of(still))
        assert read_number(iio.imread(still, plugin="pillow")) == first + 10
        assert numbers_in(cycle / "media" / "clip-1.mp4") == [*range(first + 5, first + 15)]
        for paper in ("take-home", "record"):
            assert pictures_in(cycle / "print" / f"{paper}.pdf") == {sha256_of(still)}
        assert pictures_in(cycle / "print" / "worksheet.pdf") <= {sha256_of(still)}
    assert len(stills) == count  # else a wrong one would not be seen
