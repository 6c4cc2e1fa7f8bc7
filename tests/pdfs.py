"""PDFs read back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject


def text_of(path: Path) -> str:
    """Returns the words of a PDF, spaces folded, in the order of its content."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


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


def _resolve(thing: Any) -> Any:
    return thing.get_object() if isinstance(thing, IndirectObject) else thing
