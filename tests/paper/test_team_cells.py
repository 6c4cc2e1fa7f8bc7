"""A team's own cells in the record: words, tables and pictures, whatever a notebook holds."""

from __future__ import annotations

import base64
import datetime
import io
import json
import re
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageDraw
import pytest
from families import TODAY
from pdfs import alt_texts_in, attachments_of, streams_in, text_of
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader
from soups import make_page, make_soup

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.errors import PaperError
from vigbook.method.templates import find_templates
from vigbook.paper.clean_html import tidy_html, tidy_markdown
from vigbook.paper.conformance import find_faults
from vigbook.paper.printed import remove_refused
from vigbook.paper.printing import PrintResult, print_paper
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import Variant

PLACES = {"print": find_templates()[0] / "print"}


def display(data: Any, metadata: Any = None) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": metadata or {}, "data": data}


def add(family: Path, *outputs: Any, tags: Any = None, metadata: Any = None) -> None:
    """Adds a team's own cell to the workbook, as it stands in the file."""
    path = family / "cycle-1" / "workbook.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    about = metadata if metadata is not None else ({"tags": tags} if tags else {})
    cell = {"cell_type": "code", "id": "own", "source": "show()", "metadata": about}
    notebook["cells"].insert(3, {**cell, "execution_count": 1, "outputs": list(outputs)})
    path.write_text(json.dumps(notebook), "utf-8")


def say_yes(family: Path) -> None:
    path = family / "case.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("take-home]", "take-home, service-record]"), "utf-8")


def open_family(family: Path) -> Any:
    files = read_case_folder(family, [family / "cycle-1"], None)
    today = datetime.date.fromisoformat(TODAY)
    return open_context(files, family / "cycle-1", find_templates(), today)


def print_record(family: Path, renderer: PageRenderer) -> PrintResult:
    return print_paper(open_family(family), Variant(name="record"), renderer)


def draw_plot(**settings: Any) -> bytes:
    """Returns a plot of few colours, on a ground that lets the paper through."""
    picture = PIL.Image.new("RGBA", (320, 200))
    PIL.ImageDraw.Draw(picture).line([(10, 190), (150, 30), (310, 100)], fill="navy", width=3)
    out = io.BytesIO()
    picture.save(out, "PNG", **settings)
    return out.getvalue()


def pack(content: bytes) -> str:
    return base64.encodebytes(content).decode()


def pictures_of(path: Path) -> set[tuple[int, int]]:
    return {one.image.size for page in PdfReader(path).pages for one in page.images if one.image}


# --- HTML ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(15))
def test_whatever_html_a_cell_shows_the_record_is_to_the_standards(
    renderer: PageRenderer, seed: int
) -> None:
    page = make_page(renderer.tidy_html(make_soup(seed), 3))
    assert find_faults(renderer.lay_out(page, PLACES)[1]) == []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<section>a</section><section>b</section>", "<p>a</p>\n<p>b</p>"),
        ("<h1>t</h1><h4>x</h4><h2> </h2><h6>y</h6>", "<h2>t</h2>\n<h3>x</h3>\n<h4>y</h4>"),
        ("<li>stray</li>", "<ul><li>stray</li></ul>"),
        ("<ul>bare<li>x<ol><li>y</ol></ul>",
         "<ul><li>bare</li><li>x<ol><li>y</li></ol></li></ul>"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "<ul><li>a<br>b</li></ul>"),
        ('<a href="http://example.invalid/" id="x" style="color:red">words</a>', "<p>words</p>"),
        ("<pre>a  b\n c</pre>", "<p>a\u00a0\u00a0b<br> c</p>"),
        ("m<sup>2</sup> <b onclick=x()>b</b>", "<p>m<sup>2</sup> <strong>b</strong></p>"),
        ("<script>x()</script><style>p {}</style><svg><text>x</text></svg>", ""),
        ("<table><tr><td>a<td>b<tr><td>c</table>",
         '<table class="ruled"><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></table>'),
        ("<table><tr><th>a</th></tr><tr><td><table><tr><td>x<td>y</table></td></tr></table>",
         '<table class="ruled"><thead><tr><th scope="col">a</th></tr></thead>'
         "<tbody><tr><td>x  y</td></tr></tbody></table>"),
        ("<table><tr><th colspan=2>ab</th></tr><tr><td rowspan=9999999>c</td><td>d</td></tr>"
         "<tr><td>e</td></tr></table>",
         '<table class="ruled"><thead><tr><th scope="col">ab</th><th scope="col">ab</th></tr>'
         "</thead><tbody><tr><td>c</td><td>d</td></tr><tr><td></td><td>e</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_html_is_made_tidy(html: str, expected: str) -> None:
    assert tidy_html(html, 2) == expected


DATAFRAME = """<div>
<style scoped>
    .dataframe tbody tr th:only-of-type { vertical-align: middle; }
    .dataframe thead th { text-align: right; }
</style>
<table border="1" class="dataframe">
  <thead>
    <tr style="text-align: right;">
      <th></th>
      <th>turns</th>
      <th>pauses</th>
    </tr>
    <tr><th>clip</th><th></th><th></th></tr>
  </thead>
  <tbody>
    <tr><th>Waiting</th><td>12</td><td>3.50</td></tr>
    <tr><th>The spoon</th><td>9</td><td>NaN</td></tr>
  </tbody>
</table>
</div>"""


def test_a_data_frame_prints_as_a_table_in_its_place(
    built_family: Path, renderer: PageRenderer
) -> None:
    data = {"text/html": DATAFRAME.splitlines(keepends=True), "text/plain": "plain"}
    add(built_family, {**display(data), "output_type": "execute_result", "execution_count": 1})
    path = print_record(built_family, renderer).path
    text = text_of(path)
    assert "turns pauses clip" in text
    assert "Waiting 12 3.50 The spoon 9 NaN" in text
    assert text.index("turns pauses") < text.index("Consents")
    for hidden in ("plain", "vertical-align", "dataframe"):
        assert hidden not in text
    tidy = tidy_html(DATAFRAME, 2)
    assert tidy.count('<th scope="row">') == 2
    assert '<td></td><th scope="col">turns</th>' in tidy


def test_a_markdown_cell_prints_as_it_looks_on_the_screen(
    built_family: Path, renderer: PageRenderer
) -> None:
    path = built_family / "cycle-1" / "workbook.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    source = "# Our own notes\n\n- **first**\n- second\n\nOne line\nand [another](http://x) <b>.\n"
    cell = {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}
    notebook["cells"].insert(3, cell)
    path.write_text(json.dumps(notebook), "utf-8")
    text = text_of(print_record(built_family, renderer).path)
    assert "Our own notes" in text
    assert re.search(r"first\W+second\W+One line and another <b>\.", text)
    for mark in ("# Our", "**", "http:"):
        assert mark not in text
    tidy = tidy_markdown(source, 2)
    assert "<h2>Our own notes</h2>" in tidy
    assert "<li><strong>first</strong></li>" in tidy
    assert "One line<br>" in tidy


def test_a_wide_table_goes_on_below_with_its_headers(renderer: PageRenderer) -> None:
    columns = "".join(f"<th>c{number}</th>" for number in range(20))
    cells = "".join(f"<td>v{number}</td>" for number in range(20))
    html = f"<table><tr><th></th>{columns}</tr><tr><th>row</th>{cells}</tr></table>"
    tidy = tidy_html(html, 2)
    assert tidy.count("<table") == tidy.count('<th scope="row">row</th>') == 3
    found = re.findall(r"[cv]\d+", tidy)
    assert sorted(found) == sorted(f"{one}{number}" for one in "cv" for number in range(20))
    assert find_faults(renderer.lay_out(make_page(tidy), PLACES)[1]) == []


# --- Pictures --------------------------------------------------------------------------------


def test_a_plot_with_its_tag_prints_without_anything_but_its_dots(
    built_family: Path, renderer: PageRenderer
) -> None:
    about = PngInfo()
    about.add_text("Comment", "made at 5 Secret Street")
    plot = draw_plot(pnginfo=about, dpi=(300, 300))
    metadata = {"image/png": {"alt": "Turns go up and down."}}
    add(built_family, display({"image/png": pack(plot), "text/plain": "<Figure>"}, metadata),
        display({"image/png": pack(draw_plot())}), tags=["no-people"])  # fmt: skip
    printed = print_record(built_family, renderer)
    assert pictures_of(printed.path) == {(320, 200)}
    assert "Turns go up and down." in alt_texts_in(printed.path)
    assert "A picture from the team's own notebook" in alt_texts_in(printed.path)
    assert "Turns go up" not in text_of(printed.path)
    assert not any("own notebook" in str(one) for one in printed.withheld)
    streams = streams_in(printed.path)
    assert len(streams) > 5
    assert not any(b"Secret Street" in one for one in [*streams, printed.path.read_bytes()])


def test_a_changed_plot_is_printed_again(built_family: Path, renderer: PageRenderer) -> None:
    add(built_family, display({"image/png": pack(draw_plot())}), tags=["no-people"])
    assert print_record(built_family, renderer).made
    assert not print_record(built_family, renderer).made
    out = io.BytesIO()
    PIL.Image.new("RGB", (50, 40), "teal").save(out, "PNG")
    add(built_family, display({"image/png": pack(out.getvalue())}), tags=["no-people"])
    assert print_record(built_family, renderer).made


def test_a_picture_prints_only_with_everybodys_yes_and_goes_with_it(
    built_family: Path, renderer: PageRenderer
) -> None:
    out = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x010E] = "Secret Street"
    PIL.Image.effect_noise((300, 200), 80).convert("RGB").save(
        out, "JPEG", exif=exif, comment=b"Secret Street"
    )
    add(built_family, display({"image/jpeg": pack(out.getvalue())}))
    printed = print_record(built_family, renderer)
    assert pictures_of(printed.path) == set()
    text = text_of(printed.path)
    reason = "Mia: not asked about the team's record; Sam: not asked about the team's record"
    assert f"A picture was left out here: {reason}" in text
    assert text.index("What was left out, and why") < text.rindex("A picture was left out here")
    told = [str(one) for one in printed.withheld if "workbook.ipynb" in str(one)]
    assert len(told) == 1
    assert "cells[4]: a picture left out of the record: Mia" in told[0]
    assert "give the cell the tag 'no-people' if nobody can be seen, as in a plot" in told[0]
    say_yes(built_family)
    printed = print_record(built_family, renderer)
    assert (300, 200) in pictures_of(printed.path)
    assert b"Secret Street" not in printed.path.read_bytes()
    case = built_family / "case.yaml"
    text = case.read_text("utf-8")
    case.write_text(text.replace("take-home, service-record]", "take-home]"), "utf-8")
    assert printed.path in remove_refused(open_family(built_family))
    assert not printed.path.exists()


def test_a_drawing_is_never_rendered(built_family: Path, renderer: PageRenderer) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>drawn words</text></svg>'
    little = {"image/svg+xml": svg, "text/plain": "<Figure size 640x480 with 1 Axes>"}
    inline = {"text/html": f"<p>Beside it</p>{svg}<img src='data:image/png;base64,AA=='>"}
    add(built_family, display(little), display({"image/svg+xml": svg, "text/plain": "In words"}),
        display(inline), tags=["no-people"])  # fmt: skip
    text = text_of(print_record(built_family, renderer).path)
    assert "A picture was left out here: drawings are not printed; show it as PNG" in text
    assert "A picture was left out here: it is part of a table or text" in text
    assert "In words" in text
    assert "Beside it" in text
    assert "drawn words" not in text
    assert "Figure size" not in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\nnot really", "a picture that cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a picture that cannot be read"),
        (draw_plot()[:200], "a picture that cannot be read"),
    ],
)
def test_a_picture_that_is_none_is_told_with_its_cell(
    built_family: Path, content: bytes, said: str, renderer: PageRenderer
) -> None:
    before = (built_family / "cycle-1" / "print" / "record.pdf").read_bytes()
    add(built_family, display({"image/png": pack(content)}), tags=["no-people"])
    with pytest.raises(PaperError, match=rf"workbook\.ipynb cells\[4\]: {said}; save it as"):
        print_record(built_family, renderer)
    assert (built_family / "cycle-1" / "print" / "record.pdf").read_bytes() == before


# --- Anything else ---------------------------------------------------------------------------

ODD: dict[str, list[Any]] = {
    "no data": [display(None), {"output_type": "display_data"}, {"output_type": "stream"}],
    "data of wrong types": [
        display([1, 2]), display({"text/html": 7, "text/plain": {"a": 1}}),
        display({"image/png": None, "text/plain": [1, 2]}), display({"text/plain": None}),
        display("text"), 7, None, "x", [display({"text/plain": "x"})],
    ],
    "our element of a wrong type": [
        display({"application/vnd.vigbook.v1+json": [1]}),
        display({"application/vnd.vigbook.v1+json": {"kind": ["clip"], "id": {"a": 1}}}),
    ],
    "a stream without text": [{"output_type": "stream", "name": "stdout", "text": None}],
    "metadata of a wrong type": [
        {"output_type": "display_data", "metadata": [1], "data": {"text/plain": "still here"}}
    ],
    "only what a screen shows": [
        display({"text/latex": "$x$"}), display({"application/javascript": "alert(1)"}),
        display({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}),
        display({"application/json": {"a": 1}}), display({"application/pdf": "JVBERi0="}),
    ],
    "an error": [{"output_type": "error", "ename": "E", "evalue": "x", "traceback": ["x"]}],
}  # fmt: skip


@pytest.mark.parametrize("fault", ODD)
def test_an_output_that_is_none_is_passed_over(
    built_family: Path, fault: str, renderer: PageRenderer
) -> None:
    add(built_family, *ODD[fault], metadata={"tags": "no-people"})
    path = print_record(built_family, renderer).path
    assert ("still here" in text_of(path)) == (fault == "metadata of a wrong type")
    assert set(attachments_of(path)) == {"review.json"}
    assert "Sign-off" in text_of(path)


def test_outputs_and_metadata_that_are_no_lists_are_passed_over(
    built_family: Path, renderer: PageRenderer
) -> None:
    path = built_family / "cycle-1" / "workbook.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for part in ({"outputs": None}, {"outputs": 7, "metadata": None}, {"metadata": [1]}):
        cell = {"cell_type": "code", "source": "x", "outputs": [], "metadata": {}}
        notebook["cells"].append({**cell, **part})
    path.write_text(json.dumps(notebook), "utf-8")
    assert "Sign-off" in text_of(print_record(built_family, renderer).path)


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_ten_megabytes_from_one_cell_are_told_with_its_number(
    built_family: Path, kind: str, renderer: PageRenderer
) -> None:
    add(built_family, display({kind: "word " * 2_000_000}))
    said = r"workbook\.ipynb cells\[4\]: shows 10000000 letters.*show less of it, as with df\.head"
    with pytest.raises(PaperError, match=said):
        print_record(built_family, renderer)
