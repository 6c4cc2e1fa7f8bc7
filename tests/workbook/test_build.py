"""The executed workbook: by reference, clean, signed, and run with checked parameters."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.demo.examples import find_examples
from vigbook.errors import WorkbookError, show_path
from vigbook.method.templates import find_templates
from vigbook.outcome import Options, Outcome
from vigbook.pipeline import run_workbook
from vigbook.workbook.elements import KINDS, MIME
from vigbook.workbook.run import run_template

Run = Callable[..., "CompletedProcess[str]"]


def template(name: str = "shared-review") -> Path:
    return find_templates()[0] / "vig" / f"{name}.ipynb"


def outputs(path: Path) -> list[dict[str, Any]]:
    node = nbformat.read(path, as_version=4)
    return [output for cell in node.cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize(
    "path", sorted(find_templates()[0].glob("*/*.ipynb")), ids=lambda p: p.stem
)
def test_committed_notebooks_are_empty_and_have_one_parameters_cell(path: Path) -> None:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    assert outputs(path) == []
    tagged = [cell for cell in node.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1


@pytest.mark.slow
def test_the_papermill_command_works_before_any_film_exists(tmp_path: Path) -> None:
    """As on a fresh clone: elements only refer, and links start from where the kernel works."""
    shutil.copytree(
        find_examples(), tmp_path / "examples", ignore=shutil.ignore_patterns("*.mp4", "media")
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("papermill"), template(), "out.ipynb",
         "-p", "case", "examples/otter", "-p", "cycle", "1"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = [one["data"][MIME] for one in outputs(tmp_path / "out.ipynb")]
    assert shown[0] == {"kind": "title", "id": "cycle-1", "links": []}
    clips = [one for one in shown if one["kind"] == "clip"]
    assert clips[0]["links"] == ["examples/otter/cycle-1/media/clip-1.mp4"]
    assert {one["kind"] for one in shown} == set(KINDS)


def test_each_element_is_one_display_of_reference_and_fixed_words(built_family: Path) -> None:
    shown = outputs(built_family / "cycle-1" / "workbook.ipynb")
    for output in shown:
        assert output["output_type"] == "display_data"
        assert output["metadata"] == {}
        assert set(output["data"]) == {MIME, "text/plain", "text/html"}
        ours = output["data"][MIME]
        assert set(ours) == {"kind", "id", "links"}
        assert output["data"]["text/plain"] == f"{ours['kind']} {ours['id']}"
    kinds = [(one["data"][MIME]["kind"], one["data"][MIME]["id"]) for one in shown]
    assert kinds[:4] == [
        ("title", "cycle-1"), ("helping-question", "cycle-1"),
        ("prompt", "words.child"), ("prompt", "words.us"),
    ]  # fmt: skip
    assert kinds[4:7] == [("clip", "clip-1"), ("stills", "clip-1"), ("prompt", "clip-1.see")]
    assert kinds[-5:] == [
        ("prompt", "remember"), ("next-step", "try"), ("goals", "goals"),
        ("next-date", "next.date"), ("prompt", "take-home.checked"),
    ]  # fmt: skip


def test_links_are_relative_and_lead_to_the_media(built_family: Path) -> None:
    cycle = built_family / "cycle-1"
    links = [
        link
        for one in outputs(cycle / "workbook.ipynb")
        for link in (
            one["data"][MIME]["links"] + re.findall(r'src="([^"]+)"', one["data"]["text/html"])
        )
    ]
    assert len(links) == 8
    assert all((cycle / link).is_file() and not link.startswith("/") for link in links)


def test_the_workbook_is_valid_and_signed(built_family: Path) -> None:
    """Unsigned, JupyterLab would show its prompts as text."""
    node = nbformat.read(built_family / "cycle-1" / "workbook.ipynb", as_version=4)
    nbformat.validate(node)
    notary = NotebookNotary()
    try:
        assert notary.check_signature(node)
    finally:
        notary.store.close()


def test_without_the_familys_yes_a_clip_has_no_link(built_family: Path, vigbook: Run) -> None:
    case = built_family / "case.yaml"
    text = case.read_text("utf-8").replace("[filming, shared-review, take-home]", "[filming]")
    case.write_text(text, "utf-8")
    assert vigbook("build", built_family).returncode == 0
    workbook = built_family / "cycle-1" / "workbook.ipynb"
    clips = [one["data"] for one in outputs(workbook) if one["data"][MIME]["kind"] == "clip"]
    assert [one[MIME]["links"] for one in clips] == [[], []]
    assert "media/" not in workbook.read_text("utf-8")


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"case": "..", "cycle": "1"}, "its parameter 'cycle' is not a str"),
        ({"case": "..", "cylce": 1}, "has no parameter 'cylce'"),
        ({"case": "..", "x = 1\nimport os": 1}, "has no parameter 'x = 1 import os'"),
    ],
)
def test_parameters_are_checked_before_anything_runs(
    family: Path, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WorkbookError, match=re.escape(sentence)):
        run_template(template(), parameters, family / "cycle-1", {})


def test_a_cell_that_stops_is_told_and_the_earlier_workbook_stays(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    own = tmp_path / "ours"
    shutil.copytree(template().parent, own / "vig")
    text = (own / "vig" / "shared-review.ipynb").read_text("utf-8")
    (own / "vig" / "shared-review.ipynb").write_text(
        text.replace('"review.title()\\n"', '"review.clip(\\"clip-9\\")\\n"'), "utf-8"
    )
    path = built_family / "cycle-1" / "workbook.ipynb"
    before = path.read_bytes()
    done = vigbook("build", built_family, "--templates", own)
    assert done.returncode == 1
    assert "there is no clip 'clip-9'; there is: clip-1, clip-2" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before
    assert [one for one in path.parent.iterdir() if one.name.startswith(".")] == []


def test_a_teams_own_cell_changes_screen_and_record_together(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    own = tmp_path / "ours"
    shutil.copytree(template().parent, own / "vig")
    node = nbformat.read(own / "vig" / "shared-review.ipynb", as_version=4)
    node.cells = [cell for cell in node.cells if "review.goals()" not in cell.source]
    extra = "print('Seen by the team on Monday.')\nreview.clip('clip-2').show()"
    node.cells.append(nbformat.v4.new_code_cell(extra, id="ours"))
    nbformat.write(node, own / "vig" / "shared-review.ipynb")
    done = vigbook("build", built_family, "--templates", own)
    assert done.returncode == 0, done.stderr
    from pdfs import text_of

    record = text_of(built_family / "cycle-1" / "print" / "record.pdf")
    assert "Seen by the team on Monday. Clip 2: The spoon" in record
    assert "I want us both to enjoy bedtime" not in record


def test_a_template_of_no_folder_of_templates_is_run_by_nbclient_and_told_once(
    family: Path, tmp_path: Path
) -> None:
    own = tmp_path / "ours"
    shutil.copytree(template().parent, own / "vig")
    path = own / "vig" / "shared-review.ipynb"
    node = nbformat.read(path, as_version=4)
    node.cells.append(nbformat.v4.new_code_cell("type(get_ipython().kernel).__name__"))
    nbformat.write(node, path)
    files, day = read_case_folder(family), datetime.date(2026, 11, 22)
    context = open_context(files, family / "cycle-1", find_templates(own), day)
    context = dataclasses.replace(context, templates=find_templates())  # the team's is not named
    outcome = Outcome(case=str(family))
    for _ in range(2):  # the second time there is nothing to be run
        run_workbook(context, outcome, Options(today=day), lambda _: None)
    says = (
        "1 of its cells came with no template, so it runs in a Jupyter kernel, which takes longer"
    )
    assert [(one.file, one.found) for one in outcome.warnings] == [(show_path(path), says)]
    shown = outputs(family / "cycle-1" / "workbook.ipynb")
    assert shown[0]["data"][MIME]["kind"] == "title"
    assert shown[-1]["data"]["text/plain"] == "'IPythonKernel'"


LIVE = """
import json, os
os.environ["VIGBOOK_LIVE"] = "1"
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
from vigbook.notebook import Review
with capture_output() as shown:
    review = Review("..", 1)
    review.ask("remember")
    review.goals()
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances as made
asked = next(one for one in made.values() if getattr(one, "_prompt_id", "") == "remember")
told = []
asked.send = lambda message: told.append(message)
typed = {"prompt": "remember", "value": "She looks for me.", "by": "mum", "source": "said"}
typed |= {"base": None, "id": "0123456789abcdef", "own": []}
asked._hear(asked, {"do": "save", "typed": typed, "about": "this"}, [])
print(json.dumps({"data": [one.data for one in shown.outputs], "told": told}))
"""


def test_a_live_prompt_saves_through_the_journal_and_leaks_nothing(family: Path) -> None:
    """The widget is shown; what the notebook file would keep is reference and a widget's number."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIVE],
        cwd=family / "cycle-1", capture_output=True, text=True,
        env={**os.environ, "VIGBOOK_TODAY": "2026-11-22"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for data in found["data"]:
        view = data.pop("application/vnd.jupyter.widget-view+json")
        assert set(view) == {"model_id", "version_major", "version_minor"}
        assert "Mia" not in json.dumps(data)
        assert "bedtime" not in json.dumps(data)
    line = json.loads((family / "cycle-1" / "answers.jsonl").read_text("utf-8"))
    assert (line["prompt"], line["value"], line["by"], line["source"]) == (
        "remember", "She looks for me.", "mum", "said",
    )  # fmt: skip
    (told,) = found["told"]
    assert (told["about"], told["result"]["saved"]["id"]) == ("this", "0123456789abcdef")
