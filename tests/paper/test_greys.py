"""The printed pages on a printer that has only black: nothing is lost with the colours."""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from families import open_first
from numpy.typing import NDArray
from pdfs import text_of
from pypdfium2 import raw

from vigbook.method.templates import find_templates
from vigbook.paper.printing import print_paper
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import PaperName, Variant

SCALE = 3
Box = tuple[float, float, float, float]


def luminance(grey: float) -> float:
    """Returns how bright a grey of 0..255 is, as WCAG measures it."""
    part = grey / 255
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: float, other: float) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def grey_of(red: int, green: int, blue: int) -> int:
    """Returns the grey that a printer makes of a colour."""
    return round(0.299 * red + 0.587 * green + 0.114 * blue)


def texts_of(pdf: Path) -> Iterator[tuple[str, int, NDArray[np.uint8]]]:
    """Yields each run of letters of a PDF: the letters, their grey, and the dots around them."""
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        picture = np.asarray(page.render(scale=SCALE).to_pil().convert("L"))
        textpage = page.get_textpage()
        for thing in page.get_objects([raw.FPDF_PAGEOBJ_TEXT], max_depth=8):
            buffer = ctypes.create_string_buffer(4096)
            raw.FPDFTextObj_GetText(thing, textpage, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), 2048)  # noqa: E501  # fmt: skip
            letters = buffer.raw.decode("utf-16-le", "replace").partition("\0")[0].strip()
            if not letters:
                continue
            colour = [ctypes.c_uint() for _ in range(4)]
            assert raw.FPDFPageObj_GetFillColor(thing, *map(ctypes.byref, colour))
            red, green, blue, opaque = (part.value for part in colour)
            assert opaque == 255, letters
            left, bottom, right, top = (edge * SCALE for edge in thing.get_bounds())
            height = picture.shape[0]
            rows = slice(max(int(height - top) - 1, 0), int(height - bottom) + 2)
            dots = picture[rows, max(int(left) - 1, 0) : int(right) + 2]
            yield letters, grey_of(red, green, blue), dots
        textpage.close()
        page.close()
    document.close()


def ground_of(grey: int, dots: NDArray[np.uint8]) -> int | None:
    """Returns the grey that letters stand on, or None where nothing stands out from them."""
    apart = dots[np.abs(dots.astype(int) - grey) > 24]
    if apart.size < dots.size / 5:
        return None
    return int(np.bincount(apart.ravel(), minlength=256).argmax())


@pytest.fixture
def printed(built_family: Path, renderer: PageRenderer) -> dict[str, Path]:
    """The three papers of a team whose colour is the palest yellow."""
    service = built_family.parent / "service.yaml"
    service.write_text(service.read_text("utf-8") + 'colour: "#fff3a0"\n', "utf-8")
    case = built_family / "case.yaml"
    row = "  - {person: mum, uses: [training], answer: no, given_by: mum, authority: self, " \
          "date: 2026-09-02}\n"  # fmt: skip
    text = case.read_text("utf-8")
    case.write_text(text.replace("consents:\n", f"consents:\n{row}"), "utf-8")
    rating = {"v": 1, "id": "1", "at": "2026-10-05T10:00:00.000Z", "prompt": "goal.settle.now",
              "value": 5, "by": "mum", "source": "said"}  # fmt: skip
    words = rating | {"id": "2", "prompt": "remember", "value": "She looks for me."}
    (built_family / "cycle-1" / "answers.jsonl").write_text(
        "".join(json.dumps(one) + "\n" for one in (rating, words))
    )
    names: tuple[PaperName, ...] = ("take-home", "record", "worksheet")
    return {
        name: print_paper(open_first(built_family), Variant(name=name), renderer).path
        for name in names
    }


@pytest.mark.parametrize("name", ["take-home", "record", "worksheet"])
def test_every_letter_stands_out_from_what_it_stands_on(
    printed: dict[str, Path], name: str
) -> None:
    """By 4.5 to 1 (WCAG 1.4.3), though a printer have no colours and the team's be too pale."""
    found = [(text, grey, ground_of(grey, dots)) for text, grey, dots in texts_of(printed[name])]
    weak = [
        (text, grey, ground)
        for text, grey, ground in found
        if ground is None or contrast(grey, ground) < 4.5
    ]
    assert weak == []
    assert len(found) > 20


def test_the_measure_sees_letters_that_are_too_pale(printed: dict[str, Path]) -> None:
    """Else it would pass whatever stood on the page."""
    for _, grey, dots in [*texts_of(printed["take-home"])][:20]:
        pale = np.where(np.abs(dots.astype(int) - 255) < 8, dots, 190).astype(np.uint8)
        ground = ground_of(190, pale)
        assert ground is None or contrast(190, ground) < 4.5
        assert contrast(grey, 255) >= 4.5


def test_now_and_hope_differ_by_more_than_colour(printed: dict[str, Path]) -> None:
    """Now is white on a filled step, hope is ringed, and both are said in words."""
    found = [*texts_of(printed["take-home"])]
    reversed_out = [text for text, grey, _ in found if grey > 200]
    assert reversed_out == ["5"]
    assert {"now", "hope"} <= {text for text, _, _ in found}
    seven = next(dots for text, _, dots in found if text == "7")
    assert np.median(seven) > 200  # its step is empty


def test_yes_no_and_not_asked_are_words(printed: dict[str, Path]) -> None:
    text = text_of(printed["record"])
    table = text[text.index("Consents") : text.index("How each answer was given")]
    assert "Looking together yes yes" in table
    assert "Training not asked no" in table


def test_lines_that_mean_something_stand_out_too() -> None:
    """Steps of a ladder and lines to write on, by 3 to 1 (WCAG 1.4.11)."""
    css = (find_templates()[0] / "print" / "print.css").read_text("utf-8")
    palette = dict(re.findall(r"--([a-z]+): #([0-9a-f]{6})", css))
    assert set(palette) == {"ink", "quiet", "line", "hair"}
    greys = {name: grey_of(*bytes.fromhex(code)) for name, code in palette.items()}
    assert contrast(greys["line"], 255) >= 3
    assert {name for name in greys if contrast(greys[name], 255) >= 4.5} >= {"ink", "quiet"}
    # A colour outside the palette would be one that nobody has measured.
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", css)) - {f"#{code}" for code in palette.values()} == {"#fff"}  # noqa: E501  # fmt: skip
