"""nbconvert's exporters: the record and the take-home from the notebook itself, in any Jupyter."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from families import TODAY, run_vigbook
from jupyter_core.paths import jupyter_config_path
from jupyter_server.extension.utils import get_metadata
from live import Server, serving
from nbconvert import HTMLExporter, MarkdownExporter
from nbformat.v4 import new_markdown_cell
from pdfs import attachments_of, pictures_in, text_of
from playwright.sync_api import Page, expect

from vigbook.errors import VigbookError
from vigbook.jupyter import server_extension
from vigbook.jupyter.exporter import PaperExporter, RecordExporter, TakeHomeExporter
from vigbook.paper.conformance import check_pdf


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGBOOK_TODAY", TODAY)


@pytest.fixture
def cycle(built_family: Path) -> Path:
    """The cycle's folder of a family that was built."""
    return built_family / "cycle-1"


def export(exporter: type[PaperExporter], notebook: Path, to: Path) -> str:
    """Exports within this process, checks the PDF, and returns its words."""
    content, resources = exporter().from_filename(str(notebook))
    assert resources["output_extension"] == ".pdf"
    check_pdf(content, "it")
    to.write_bytes(content)
    return text_of(to)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def log_of(family: Path) -> list[tuple[str, int, list[str]]]:
    lines = (family / "log.jsonl").read_text("utf-8").splitlines()
    return [(one["did"], one["cycle"], one["what"]) for one in map(json.loads, lines)]


# --- jupyter nbconvert ----------------------------------------------------------------------


def test_nbconvert_prints_a_workbook_and_says_that_another_notebook_is_none(cycle: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(), cycle / "other.ipynb")
    command = [str(Path(sys.executable).with_name("jupyter")), "nbconvert", "--to"]
    done = subprocess.run(
        [*command, "vigbook-record", "workbook.ipynb", "other.ipynb"],
        cwd=cycle, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    made, printed = cycle / "workbook.pdf", cycle / "print" / "record.pdf"
    check_pdf(made.read_bytes(), "it")
    assert text_of(made) == text_of(printed)
    assert "review.json" in attachments_of(made)
    # Whose pictures were left out is told to the worker, and what was done is put down.
    assert "pictures left out of the record: Mia: not asked" in done.stderr
    assert log_of(cycle.parent)[-1] == ("exported", 1, ["record.pdf"])
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    complaint = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert len(complaint) == 1
    assert "other.ipynb: this notebook is no workbook of vigbook's" in complaint[0]
    assert not (cycle / "other.pdf").exists()


# --- What they make -------------------------------------------------------------------------


def test_the_take_home_is_the_familys_page(cycle: Path, tmp_path: Path) -> None:
    made = tmp_path / "page.pdf"
    said = export(TakeHomeExporter, cycle / "workbook.ipynb", made)
    assert said == text_of(cycle / "print" / "take-home.pdf")
    assert len(pictures_in(made)) == 2
    assert attachments_of(made) == {}
    assert log_of(cycle.parent)[-1] == ("exported", 1, ["take-home.pdf"])


def test_a_picture_of_whom_nobody_agreed_to_show_is_left_out(
    cycle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    agreed = "[filming, shared-review{}]\n    given_by: mum\n    authority: parental"
    edit(cycle.parent / "case.yaml", agreed.format(", take-home"), agreed.format(""))
    said = export(TakeHomeExporter, cycle / "workbook.ipynb", tmp_path / "page.pdf")
    assert pictures_in(tmp_path / "page.pdf") == set()
    assert "left out" not in said
    assert "pictures left out of the family's page: Mia: not asked" in caplog.text


def test_the_record_is_made_of_the_cells_as_they_are_given(cycle: Path, tmp_path: Path) -> None:
    """Nothing of the workbook on the disk, which a team's own cells may be ahead of."""
    before = (cycle / "workbook.ipynb").read_bytes()
    node = nbformat.read(cycle / "workbook.ipynb", as_version=4)
    asked = next(index for index, cell in enumerate(node.cells) if "goals()" in cell.source)
    node.cells.insert(asked, new_markdown_cell("The window was open all afternoon."))
    content, _ = RecordExporter().from_notebook_node(
        node, {"metadata": {"name": "draft", "path": str(cycle)}}
    )
    (tmp_path / "record.pdf").write_bytes(content)
    said = text_of(tmp_path / "record.pdf")
    assert said.index("Waiting for Mia") < said.index("The window was open all afternoon.")
    assert said.index("The window was open") < said.index("I want us both to enjoy bedtime.")
    assert (cycle / "workbook.ipynb").read_bytes() == before


def refused(exporter: type[PaperExporter], notebook: Path, why: str) -> None:
    with pytest.raises(VigbookError, match=why):
        exporter().from_filename(str(notebook))


def test_what_cannot_be_exported_is_told_and_put_down_nowhere(cycle: Path, tmp_path: Path) -> None:
    before = log_of(cycle.parent)
    empty = nbformat.read(cycle / "workbook.ipynb", as_version=4)
    for cell in empty.cells:
        cell.outputs = []
    nbformat.write(empty, cycle / "empty.ipynb")
    refused(RecordExporter, cycle / "empty.ipynb", "empty.ipynb: has not been run; run all its")
    (tmp_path / "away").mkdir()
    away = tmp_path / "away" / "workbook.ipynb"
    away.write_bytes((cycle / "workbook.ipynb").read_bytes())
    refused(RecordExporter, away, "no case.yaml|is not there")
    with pytest.raises(VigbookError, match="save the notebook in its cycle's folder first"):
        TakeHomeExporter().from_notebook_node(empty)
    with (cycle.parent / "case.yaml").open("a", encoding="utf-8") as case:
        case.write("legal_hold: 2026-11-01\n")
    refused(TakeHomeExporter, cycle / "workbook.ipynb", "a legal hold stands")
    assert log_of(cycle.parent) == before


@pytest.mark.parametrize("exporter", [HTMLExporter, MarkdownExporter])
def test_jupyters_own_exporters_give_nobody_away(cycle: Path, exporter: type[Any]) -> None:
    """They know of no consent, and need none: the saved notebook holds no people."""
    done = run_vigbook("answer", cycle, "remember", "She looks for me.", "--by", "mum")
    assert done.returncode == 0, done.stderr
    text, resources = exporter().from_filename(str(cycle / "workbook.ipynb"))
    assert "What I want to remember" in text
    names = ("Mia", "Sam", "looks for me", "Waiting for", "settle", str(cycle))
    assert [name for name in names if re.search(rf"\b{name}\b", text)] == []
    assert not resources.get("outputs")


# --- JupyterLab -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, _built_once: Path) -> Iterator[Server]:
    """JupyterLab on a family's folder, which also holds a notebook of another kind."""
    cases = tmp_path_factory.mktemp("lab") / "cases"
    shutil.copytree(_built_once, cases)
    nbformat.write(nbformat.v4.new_notebook(), cases / "wren" / "cycle-1" / "other.ipynb")
    with serving(cases / "wren", "--lab", "--today", TODAY) as server:
        yield server


def get(server: Server, path: str, token: bool = True) -> tuple[int, Any, bytes]:
    headers = {"Authorization": f"token {server.token}"} if token else {}
    asked = urllib.request.Request(server.base + path, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as err:
        with err:
            return err.code, err.headers, err.read()


def test_jupyterlabs_server_lists_both_and_makes_them(lab: Server, tmp_path: Path) -> None:
    listed = json.loads(get(lab, "api/nbconvert")[2])
    assert listed["vigbook-record"] == listed["vigbook-take-home"]
    assert listed["vigbook-record"] == {"output_mimetype": "application/pdf"}
    path = "nbconvert/vigbook-record/cycle-1/workbook.ipynb?download=true"
    status, headers, content = get(lab, path)
    assert status == 200
    assert "workbook.pdf" in headers["Content-Disposition"]
    check_pdf(content, "it")
    (tmp_path / "record.pdf").write_bytes(content)
    assert "Review record" in text_of(tmp_path / "record.pdf")
    status, _, content = get(lab, path, token=False)
    assert b"%PDF" not in content
    assert status in (200, 403)  # the page that asks for the token


def test_jupyterlabs_server_says_that_another_notebook_is_no_workbook(lab: Server) -> None:
    status, _, said = get(lab, "nbconvert/vigbook-record/cycle-1/other.ipynb?download=true")
    assert status == 500
    assert b"this notebook is no workbook of vigbook" in said
    assert b"Traceback" not in said


def test_jupyterlabs_menu_offers_both_by_plain_names(
    lab: Server, page: Page, tmp_path: Path
) -> None:
    page.goto(lab.address)
    expect(page.get_by_label("What I want to remember")).to_be_visible(timeout=60_000)
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Save and Export Notebook As").hover()
    expect(page.get_by_text("Vigbook record (PDF)")).to_be_visible()
    # JupyterLab opens a window that goes away as the download begins; here it stays in this one.
    page.evaluate("() => { window.open = address => { location.href = address } }")
    with page.expect_download() as waiting:
        page.get_by_text("Vigbook take-home (PDF)").click()
    assert waiting.value.suggested_filename == "workbook.pdf"
    waiting.value.save_as(tmp_path / "page.pdf")
    check_pdf((tmp_path / "page.pdf").read_bytes(), "it")
    assert "Mia and Sam" in text_of(tmp_path / "page.pdf")
    assert len(pictures_in(tmp_path / "page.pdf")) == 2


def test_any_jupyter_server_of_this_python_can_make_them() -> None:
    """Without it JupyterLab would list them, and find nothing at their addresses."""
    places = [Path(one, "jupyter_server_config.d", "vigbook.json") for one in jupyter_config_path()]
    found = [json.loads(place.read_bytes()) for place in places if place.is_file()]
    assert found == [{"ServerApp": {"jpserver_extensions": {server_extension.EXTENSION: True}}}]
    points = get_metadata(server_extension.EXTENSION)[1]  # type: ignore[no-untyped-call]
    assert points == [{"module": "vigbook.jupyter.server_extension"}]
