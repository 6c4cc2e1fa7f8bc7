"""A workbook that may run: read once, judged by its bytes, and cleaned of all else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from families import open_first

from vigbook.errors import WorkbookError
from vigbook.workbook.judged import read_judged


@pytest.fixture
def workbook(built_family: Path) -> Path:
    """A workbook as it was built."""
    return built_family / "cycle-1" / "workbook.ipynb"


def change(path: Path, **changed: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changed}), "utf-8")


def add(path: Path, *cells: dict[str, Any]) -> None:
    change(path, cells=[*json.loads(path.read_text("utf-8"))["cells"], *cells])


def code(source: str, **more: Any) -> dict[str, Any]:
    own = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "source": source}
    return {**own, "execution_count": None, **more}


def test_an_untouched_workbook_passes_without_being_asked_about(
    built_family: Path, workbook: Path
) -> None:
    judged = read_judged(workbook, open_first(built_family).templates)
    assert judged.strange == ()
    judged.check(())
    before = json.loads(workbook.read_text("utf-8"))["cells"]
    assert [cell.source for cell in judged.node.cells] == ["".join(c["source"]) for c in before]


def test_what_is_handed_on_holds_nothing_that_was_not_judged(
    built_family: Path, workbook: Path
) -> None:
    """No outputs, raw cells, attachments or tags, and no word on another kernel or page."""
    shown = {"output_type": "display_data", "data": {"text/html": "<b>old</b>"}, "metadata": {}}
    add(
        workbook,
        code("", outputs=[shown], metadata={"tags": ["x"], "vigbook": 1}),
        {"cell_type": "raw", "id": "raw", "metadata": {"format": "text/html"}, "source": "<b>"},
        {"cell_type": "markdown", "id": "md", "metadata": {}, "source": "*words*",
         "attachments": {"a.png": {"image/png": "AAAA"}}},
    )  # fmt: skip
    change(workbook, metadata={"kernelspec": {"name": "bash"}, "voila": {"template": "reveal"}})
    node = read_judged(workbook, open_first(built_family).templates).node
    assert node.metadata == {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    assert {cell.cell_type for cell in node.cells} == {"code", "markdown"}
    assert all(not cell.get("outputs") and not cell.get("attachments") for cell in node.cells)
    assert all(cell.metadata == {} for cell in node.cells)


def test_strange_cells_pass_for_exactly_the_bytes_that_were_allowed(
    built_family: Path, workbook: Path
) -> None:
    templates = open_first(built_family).templates
    add(workbook, code("print('ours')"))
    judged = read_judged(workbook, templates)
    assert judged.strange == ("print('ours')",)
    with pytest.raises(WorkbookError, match="holds 1 cells that are in no template"):
        judged.check(())
    judged.check([judged.sha256])
    workbook.write_bytes(workbook.read_bytes() + b"\n")
    with pytest.raises(WorkbookError, match="they may not run"):
        read_judged(workbook, templates).check([judged.sha256])


@pytest.mark.parametrize(
    "how", ["missing", "link", "pipe", "folder", "deep", "text", "list", "big", "old form"]
)
def test_what_is_no_workbook_is_told(built_family: Path, workbook: Path, how: str) -> None:
    there = workbook.rename(workbook.with_name("kept.ipynb"))
    match how:
        case "link":
            workbook.symlink_to(there)
        case "pipe":
            os.mkfifo(workbook)
        case "folder":
            workbook.mkdir()
        case "deep":
            workbook.write_text("[" * 100_000)
        case "text":
            workbook.write_bytes(b"\xff\xfe")
        case "list":
            workbook.write_text("[]")
        case "old form":  # whose outputs are not what that form has
            cell = {"cell_type": "code", "input": "1", "outputs": [{}], "metadata": {}}
            old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {},
                   "worksheets": [{"cells": [cell], "metadata": {}}]}  # fmt: skip
            workbook.write_text(json.dumps(old))
        case "big":
            with workbook.open("wb") as file:
                file.truncate(201_000_000)
    with pytest.raises(WorkbookError, match=r"workbook\.ipynb"):
        read_judged(workbook, open_first(built_family).templates)
