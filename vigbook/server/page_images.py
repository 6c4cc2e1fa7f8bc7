"""Pictures of printed pages, for the screen."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pypdfium2

from vigbook.errors import OutputError, Problem

_PDFIUM = threading.Lock()  # pdfium is not made for two threads at once


def count_pages(pdf: Path) -> int:
    """Returns how many pages a PDF has.

    Raises:
        OutputError: it cannot be read.
    """
    with _PDFIUM, _open(pdf) as document:
        return len(document)


def draw_page(pdf: Path, number: int, width: int, *, grey: bool = False) -> bytes:
    """Returns one page as PNG.

    Args:
        pdf: the file.
        number: of the page, from 1.
        width: in pixels.
        grey: as a printer shows it that has only black.

    Raises:
        OutputError: it cannot be read, or has no such page.
    """
    with _PDFIUM, _open(pdf) as document:
        if not 1 <= number <= len(document):
            raise OutputError(Problem(file=str(pdf), found=f"has no page {number}"))
        page = document[number - 1]
        picture = page.render(scale=width / page.get_width()).to_pil()
        out = io.BytesIO()
        if grey:
            picture = picture.convert("L")
        picture.save(out, "PNG")
        return out.getvalue()


def _open(pdf: Path) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(pdf)
    except (OSError, pypdfium2.PdfiumError) as err:
        mend = "print it again"
        raise OutputError(Problem(file=str(pdf), found="cannot be shown", mend=mend)) from err
