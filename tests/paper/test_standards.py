"""Every paper is PDF/A-3a and PDF/UA-1 at once, and a fault in one is caught before it is out.

Two checkers that share no code look at every file: the one that `vigbook print` asks, and veraPDF.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from families import TODAY, run_vigbook, write_family
from pdfs import alt_texts_in, attachments_of, bookmarks_of, properties_of, verapdf_says
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

import vigbook
from vigbook import pipeline
from vigbook.method.templates import find_templates
from vigbook.outcome import Options
from vigbook.paper import pdf
from vigbook.paper.attachment import Attachment
from vigbook.paper.conformance import find_faults
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import Variant, choose_variants
from vigbook.system.atomic import sha256_of

Run = Callable[..., "CompletedProcess[str]"]
Fault = Callable[[PdfWriter], None]

STYLES: tuple[dict[str, Any], ...] = (
    {"size": "large"}, {"size": "easy"}, {"private": True}, {"paper": "letter"},
    {"language": "ar"}, {"language": "bn"}, {"blank": True}, {"name": "script"},
)  # fmt: skip


# --- single faults: each is planted in a whole record, and is all that is wrong with it ---


def root(pdf: PdfWriter) -> Any:
    return pdf.root_object


def things(pdf: PdfWriter, **wanted: str) -> Iterator[Any]:
    """Yields the dictionaries whose keys have these values."""
    seen = 0
    for one in list(pdf._objects):
        if isinstance(one, DictionaryObject) and all(
            one.get(f"/{key}") == f"/{value}" for key, value in wanted.items()
        ):
            seen += 1
            yield one
    assert seen, wanted


def first(pdf: PdfWriter, **wanted: str) -> Any:
    return next(things(pdf, **wanted))


def metadata(old: bytes, new: bytes) -> Fault:
    def plant(pdf: PdfWriter) -> None:
        stream = root(pdf)["/Metadata"]
        data = stream.get_data()
        assert old in data
        stream.set_data(data.replace(old, new))

    return plant


def without(key: str, **wanted: str) -> Fault:
    """Returns what takes a key out of every dictionary of a kind; of the catalogue, for none."""

    def plant(pdf: PdfWriter) -> None:
        found = list(things(pdf, **wanted)) if wanted else [root(pdf)]
        found = [one for one in found if key in one]
        assert found
        for one in found:
            del one[key]

    return plant


def put(key: str, value: Any, **wanted: str) -> Fault:
    def plant(pdf: PdfWriter) -> None:
        (first(pdf, **wanted) if wanted else root(pdf))[NameObject(key)] = value

    return plant


def name(text: str) -> NameObject:
    return NameObject(text)


def nothing(_pdf: PdfWriter) -> None:
    """Plants no fault."""


def script(pdf: PdfWriter) -> None:
    root(pdf)[name("/OpenAction")] = DictionaryObject(
        {name("/S"): name("/JavaScript"), name("/JS"): TextStringObject("app.alert('x');")}
    )


def unembedded(pdf: PdfWriter) -> None:
    for one in things(pdf, Type="FontDescriptor"):
        for key in ("/FontFile", "/FontFile2", "/FontFile3"):
            one.pop(key, None)


def untagged(pdf: PdfWriter) -> None:
    drawing = DecodedStreamObject()
    drawing.set_data(b"q 1 0 0 rg 10 10 20 20 re f Q")
    page = pdf.pages[0]
    page[name("/Contents")] = ArrayObject([page.raw_get("/Contents"), pdf._add_object(drawing)])


def nobodys_annotation(pdf: PdfWriter) -> None:
    note = DictionaryObject()
    box = ArrayObject([NumberObject(one) for one in (10, 10, 60, 60)])
    for key, value in (("/Type", name("/Annot")), ("/Subtype", name("/Text")), ("/Rect", box),
                       ("/F", NumberObject(28)), ("/Contents", TextStringObject("x"))):  # fmt: skip
        note[name(key)] = value
    pdf.pages[0][name("/Annots")] = ArrayObject([pdf._add_object(note)])


def blending(pdf: PdfWriter) -> None:
    state = DictionaryObject({name("/Type"): name("/ExtGState"), name("/BM"): name("/Glow")})
    page: Any = pdf.pages[0]
    page["/Resources"][name("/ExtGState")] = DictionaryObject({name("/G0"): state})
    contents = page["/Contents"]
    contents.set_data(b"/G0 gs\n" + contents.get_data())


def encrypted(pdf: PdfWriter) -> None:
    pdf.encrypt("", "owner", algorithm="RC4-128")


def unknown_filter(pdf: PdfWriter) -> None:
    stream: Any = first(pdf, Type="EmbeddedFile")
    plain = stream.get_data()
    stream._data = plain
    stream[name("/Filter")] = name("/Crypt")


def heads_nothing(pdf: PdfWriter) -> None:
    """No header says what it heads, and no cell says which headers it has."""
    for kind in ("TH", "TD"):
        for one in things(pdf, S=kind):
            said: Any = one.get("/A", [])
            for about in said if isinstance(said, list) else [said]:
                about.get_object().pop("/Scope", None)
                about.get_object().pop("/Headers", None)


FAULTS: dict[str, Fault] = {
    "a picture without words for it": without("/Alt", S="Figure"),
    "no language": without("/Lang"),
    "no title in the metadata": metadata(b"dc:title", b"dc:subject"),
    "the title is not shown": put("/ViewerPreferences", DictionaryObject()),
    "no output intent": without("/OutputIntents"),
    "a font that is not embedded": unembedded,
    "letters that stand for nothing": without("/ToUnicode", Type="Font", Subtype="Type0"),
    "a script": script,
    "no metadata": without("/Metadata"),
    "metadata that is no XML": metadata(b"</rdf:RDF>", b"</rdf:RFD>"),
    "metadata of another part of PDF/A": metadata(b'pdfaid:part="3"', b'pdfaid:part="1"'),
    "metadata of no PDF/A": metadata(b"pdfaid:part", b"pdfaid:trap"),
    "no PDF/UA id": metadata(b"<pdfuaid:part>1</pdfuaid:part>", b""),
    "the wrong PDF/UA id": metadata(b"<pdfuaid:part>1<", b"<pdfuaid:part>9<"),
    "a PDF/UA id that no schema describes": metadata(
        b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/<",
        b"<pdfaSchema:namespaceURI>http://www.aiim.org/another/ns/id/<",
    ),
    "no structure": without("/StructTreeRoot"),
    "not marked as tagged": without("/MarkInfo"),
    "tags under suspicion": put("/MarkInfo", DictionaryObject(
        {name("/Marked"): BooleanObject(True), name("/Suspects"): BooleanObject(True)})),
    "headers that head nothing": heads_nothing,
    "a heading that skips levels": put("/S", name("/H5"), S="H2"),
    "a tag that nobody knows": put("/S", name("/Riddle"), S="P"),
    "a list item outside its list": put("/S", name("/Div"), S="L"),
    "something drawn without a tag": untagged,
    "a note outside the structure": nobodys_annotation,
    "a picture that is smoothed": put("/Interpolate", BooleanObject(True), Subtype="Image"),
    "transparency of a kind that is not known": blending,
    "encryption": encrypted,
    "an attachment without a relationship": without("/AFRelationship", Type="Filespec"),
    "an attachment that belongs to nothing": without("/AF"),
    "an attachment without a name for everybody": without("/UF", Type="Filespec"),
    "an attachment without a type": without("/Subtype", Type="EmbeddedFile"),
    "an attachment behind a filter that is not allowed": unknown_filter,
}  # fmt: skip
BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "half a file": lambda content: content[: len(content) // 2],
    "no PDF": lambda _: b"Not a PDF at all.\n",
    "nothing": lambda _: b"",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Everything that was checked, in one go of veraPDF.

    Attributes:
        families: the folder of the families.
        papers: every paper of theirs.
        planted: the record that was to be spoiled, by the fault in it; "none": written again whole.
        verdicts: what veraPDF found wrong, by file.
    """

    families: Path
    papers: list[Path]
    planted: dict[str, Path]
    verdicts: dict[Path, list[str]]

    def faults(self, path: Path) -> list[str]:
        quick = [f"{one.standard} {one.rule}: {one.message}" for one in
                 find_faults(path.read_bytes())]  # fmt: skip
        return quick + self.verdicts[path]


@pytest.fixture(scope="module")
def checked(
    tmp_path_factory: pytest.TempPathFactory,
    drawn_examples: Path,
    numbered_film: Path,
    renderer: PageRenderer,
) -> Checked:
    families = tmp_path_factory.mktemp("standards")
    shutil.copytree(drawn_examples, families, dirs_exist_ok=True)
    for family in ("otter", "heron"):
        run(families / family, renderer)
    wren = write_pictured(families / "team" / "wren", numbered_film, renderer)
    papers = sorted(families.rglob("*.pdf"))
    planted = plant_all(wren / "cycle-1" / "print" / "record.pdf", families / "planted")
    workshop = tmp_path_factory.mktemp("verapdf")
    verdicts = verapdf_says([*papers, *planted.values()], workshop)
    return Checked(families=families, papers=papers, planted=planted, verdicts=verdicts)


def run(family: Path, renderer: PageRenderer) -> None:
    """Prints all papers of a family, and those of its latest cycle in all styles."""
    options = Options(today=datetime.date.fromisoformat(TODAY))
    outcomes = pipeline.build(family, options, renderer)
    latest = max(family.glob("cycle-?"))
    for style in STYLES:
        variant = Variant(**{"name": "take-home", **style})
        only = [variant.name] if variant.name == "script" else []
        choose = choose_variants(only, variant, ())
        outcomes += pipeline.print_only(latest, options, renderer, choose)
    assert [one for one in outcomes if not one.ok] == []


def write_pictured(folder: Path, film: Path, renderer: PageRenderer) -> Path:
    """Writes and prints a family whose record has pictures, goals, answers and Arabic words."""
    write_family(folder, film)
    case = folder / "case.yaml"
    text = case.read_text("utf-8")
    case.write_text(text.replace("take-home]", "take-home, service-record]"), "utf-8")
    for prompt, words in (("clip-1.see", "She reached up."), ("remember", "هي تبحث عني"),
                          ("helped", "Waiting\nSmiling"), ("goal.settle.now", "5")):  # fmt: skip
        assert run_vigbook("answer", folder, prompt, words, "--by", "mum").returncode == 0
    run(folder, renderer)
    return folder


def end_well(pdf: PdfWriter) -> None:
    """Makes no stream end in the first half of a line break, which pypdf would make whole."""
    for one in pdf._objects:
        if isinstance(one, StreamObject) and one._data.endswith(b"\r"):
            one._data += b" "  # after the end of what is packed: nobody reads it


def plant_all(good: Path, folder: Path) -> dict[str, Path]:
    folder.mkdir()
    planted = {}
    for number, (fault, plant) in enumerate([("none", nothing), *FAULTS.items()]):
        pdf = PdfWriter(clone_from=good)
        plant(pdf)
        end_well(pdf)
        planted[fault] = folder / f"{number}.pdf"
        pdf.write(planted[fault])
    for fault, spoil in BROKEN.items():
        planted[fault] = folder / f"{len(planted)}.pdf"
        planted[fault].write_bytes(spoil(good.read_bytes()))
    return planted


@pytest.mark.slow
def test_every_paper_passes_both_checkers(checked: Checked) -> None:
    names = {path.name for path in checked.papers}
    assert {
        "take-home.pdf", "record.pdf", "worksheet.pdf", "take-home-mum.pdf", "take-home-dad.pdf",
        "take-home.en.large.pdf", "take-home.en.easy.pdf", "take-home.en.clear.private.pdf",
        "take-home.en.clear.letter.pdf", "take-home.ar.clear.pdf", "take-home.bn.clear.pdf",
        "take-home.en.clear.blank.pdf", "script.pdf",
    } <= names  # fmt: skip
    faults = {path.name: found for path in checked.papers if (found := checked.faults(path))}
    assert faults == {}


@pytest.mark.slow
def test_a_record_that_pypdf_wrote_again_passes_so_that_faults_are_single(checked: Checked) -> None:
    assert checked.faults(checked.planted["none"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*FAULTS, *BROKEN])
def test_a_planted_fault_is_caught(checked: Checked, fault: str) -> None:
    assert checked.faults(checked.planted[fault]) != []


@pytest.mark.slow
def test_neither_checker_is_dead(checked: Checked) -> None:
    """Each, alone, sees most of the planted faults."""
    planted = [path for fault, path in checked.planted.items() if fault != "none"]
    quick = [path for path in planted if find_faults(path.read_bytes())]
    slow = [path for path in planted if checked.verdicts[path]]
    assert min(len(quick), len(slow)) > 0.8 * len(planted)


@pytest.mark.slow
def test_papers_have_title_language_and_bookmarks(checked: Checked) -> None:
    for path in checked.papers:
        assert properties_of(path)["/Title"]
        catalogue: Any = PdfReader(path).trailer["/Root"]
        language = next((one for one in ("ar", "bn") if f".{one}." in path.name), None)
        assert catalogue["/Lang"] in ([language] if language else ["en", "ar"]), path
        assert bookmarks_of(path), path
        assert all(alt_texts_in(path)), path


@pytest.mark.slow
def test_only_the_record_carries_its_data(checked: Checked) -> None:
    schema = json.loads((Path(vigbook.__file__).parent / "schemas"
                         / "review.schema.json").read_text("utf-8"))  # fmt: skip
    records = 0
    for path in checked.papers:
        carried = attachments_of(path)
        if not path.name.startswith("record"):
            assert carried == {}
            assert b"EmbeddedFile" not in path.read_bytes()
            continue
        records += 1
        about, content = carried.pop("review.json")
        assert carried == {}
        assert about["/AFRelationship"] == "/Data"
        assert about["/Desc"] == "review.schema.json"
        assert about["/Subtype"] == "/application/json"
        review = json.loads(content)
        assert set(schema["required"]) <= set(review)
        assert review["cycle"]["cycle"] == int(path.parent.parent.name.removeprefix("cycle-"))
    assert records >= 4


def test_the_workers_own_reflection_is_not_in_the_record(built_family: Path, vigbook: Run) -> None:
    cycle = built_family / "cycle-1"
    prompt = "own.noticed"
    done = vigbook("answer", built_family, prompt, "I talked too much myself.")
    assert done.returncode == 0, done.stderr
    assert (cycle / "reflection.jsonl").is_file()
    assert vigbook("print", built_family).returncode == 0
    _, content = attachments_of(cycle / "print" / "record.pdf")["review.json"]
    assert b"too much" not in content


def test_the_record_carries_the_answers_that_stand_and_the_bag_all(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    """A record is sent about: what somebody took back or put better goes no further."""
    journal = built_family / "cycle-1" / "answers.jsonl"
    lines = [
        {"prompt": "remember", "value": "He shouts a lot.", "by": "mum"},
        {"prompt": "clip-1.felt", "value": "I hated it.", "by": "mum"},
        {"prompt": "clip-1.did", "value": "I waited.", "by": "mum"},
        {"prompt": "remember", "value": "She looks for me.", "by": "mum"},
        {"prompt": "clip-1.felt", "value": "", "by": "mum"},
        {"prompt": "own.noticed", "value": "In the wrong file.", "by": "practitioner"},
    ]
    at = "2026-11-20T10:00:00.000Z"
    journal.write_text(
        "".join(json.dumps({"v": 1, "id": str(n), "at": at, **one}) + "\n"
                for n, one in enumerate(lines))
    )  # fmt: skip
    done = vigbook("archive", built_family, "--to", tmp_path / "bags")
    assert done.returncode == 0, done.stderr
    data = tmp_path / "bags" / "wren-cycle-1" / "data"
    _, content = attachments_of(data / "record.pdf")["review.json"]
    carried, kept = json.loads(content), json.loads((data / "review.json").read_bytes())
    assert [one["value"] for one in carried["answers"]] == ["I waited.", "She looks for me."]
    assert [one["id"] for one in kept["answers"]] == ["0", "1", "2", "3", "4"]
    assert {**carried, "answers": ()} == {**kept, "answers": ()}


def test_the_same_case_in_another_folder_gives_the_same_papers(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    vigbook("answer", built_family, "remember", "She looks for me.", "--by", "mum")
    other = tmp_path / "elsewhere" / "another name"
    other.mkdir(parents=True)
    shutil.copytree(built_family, other / "wren")
    shutil.copyfile(built_family.parent / "service.yaml", other / "service.yaml")
    found = []
    for family in (built_family, other / "wren"):
        folder = family / "cycle-1" / "print"
        shutil.rmtree(folder)
        assert vigbook("print", family).returncode == 0
        found.append({path.name: sha256_of(path) for path in folder.glob("*.pdf")})
    assert len(found[0]) == 4
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</h1>", "</h1><h4>Skipped</h4>", "PDF/UA-1"),
        ("</h1>", "</h1><table><tr><th>a</th><td>b</td></tr></table>", "PDF/UA-1"),
        ("</head>", "<style>img { image-rendering: auto !important }</style></head>", "PDF/A-3a"),
    ],
)
def test_a_paper_that_fails_is_not_published_and_that_is_one_sentence(
    built_family: Path, tmp_path: Path, vigbook: Run, old: str, new: str, said: str
) -> None:
    own = tmp_path / "ours"
    shutil.copytree(find_templates()[0], own)
    template = own / "print" / "take-home.html.j2"
    text = template.read_text("utf-8")
    assert old in text
    template.write_text(text.replace(old, new), "utf-8")
    paper = built_family / "cycle-1" / "print" / "take-home.pdf"
    before = sha256_of(paper)
    done = vigbook("print", ".", "--only", "take-home", "--templates", own, cwd=built_family)
    assert done.returncode == 1
    assert sha256_of(paper) == before
    lines = [line for line in done.stderr.splitlines() if "print/take-home.pdf" in line]
    assert len(lines) == 1, done.stderr
    assert f"the page is not {said}: " in lines[0]
    assert "it was not published" in lines[0]


def test_a_stream_whose_last_byte_is_half_a_line_break_passes(tmp_path: Path) -> None:
    """One stream in 256 ends so; the gate would refuse a good paper now and then."""
    content = b"\x0c"
    assert zlib.compress(content).endswith(b"\r")
    day = datetime.datetime(2026, 9, 12, tzinfo=datetime.UTC)
    attachment = Attachment(
        name="a.json", content=content, description="x", created=day, modified=day
    )
    html = "<html lang=en><title>x</title><h1>x</h1></html>"
    made = pdf.lay_out(html, {"print": find_templates()[0] / "print"}, [attachment])[1]
    assert b"\r\r\nendstream" in made
    assert find_faults(made) == []
    (tmp_path / "a.pdf").write_bytes(made)
    assert attachments_of(tmp_path / "a.pdf")["a.json"][1] == content


def test_metadata_is_readable_and_a_paper_is_made_once(built_family: Path, vigbook: Run) -> None:
    paper = built_family / "cycle-1" / "print" / "worksheet.pdf"
    assert b"pdfuaid:part" in paper.read_bytes()
    assert b'pdfaid:part="3"' in paper.read_bytes()
    done = vigbook("print", built_family)
    assert "nothing to make" in done.stdout
