"""Cells that came with a template are known by their bytes, and no others pass for them."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from families import open_first
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from vigbook.errors import MethodError
from vigbook.method.known_cells import (
    FILE,
    add_known,
    is_harmless,
    list_missing,
    list_strange,
    read_known,
)
from vigbook.method.templates import find_templates

METHODS = sorted(path.parent for path in find_templates()[0].glob("*/method.yaml"))
# Whatever ends a line for Python or for IPython, and what else is not seen on a screen.
UNSEEN = [
    "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "\0", "\t", "\x1a", "\x1b[2K", "\u200b", "\u202e", "\ufeff", "\ud800",
]  # fmt: skip


def code(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}}


def does_nothing(text: str) -> bool:
    """Whether Python, after IPython has read a cell, would find nothing but names and values."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of IPython, of odd ends of lines
            tree = ast.parse(TransformerManager().transform_cell(text))
    except (SyntaxError, ValueError):
        return True  # nothing of it runs
    for line in tree.body:
        if not (isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)):
            return False
        try:
            ast.literal_eval(line.value)
        except ValueError:
            return False
    return True


@pytest.mark.parametrize("method", METHODS, ids=lambda path: path.name)
def test_every_cell_of_todays_notebooks_is_in_the_file_of_known_cells(method: Path) -> None:
    """Or the next change of a template would make every workbook of today strange."""
    missing = [f"{row['notebook']}: {row['cell']}" for row in list_missing(method)]
    assert missing == [], (
        f"run 'python -m vigbook.method.known_cells {method}' once the templates are as they "
        f"are to be released; take no line out"
    )
    assert len(read_known(method)) > 5


def test_the_cells_of_an_earlier_template_stay_known(tmp_path: Path) -> None:
    """Only the file knows them: the notebooks hold others by now."""
    old = [
        cell
        for path in METHODS[0].glob("*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]
    shutil.copytree(METHODS[0], tmp_path / "vig")
    for path in (tmp_path / "vig").glob("*.ipynb"):
        path.unlink()
    assert list_strange(old, [tmp_path]) == []
    (tmp_path / "vig" / FILE).unlink()
    assert "review.goals()" in list_strange(old, [tmp_path])


def test_cells_of_a_teams_own_template_are_known_and_so_are_ours_beside_them(
    built_family: Path, tmp_path: Path
) -> None:
    own = tmp_path / "ours" / "team"
    own.mkdir(parents=True)
    (own / "method.yaml").write_text("{vigbook: 1, method: team, name: Ours}", "utf-8")
    node = {"nbformat": 4, "cells": [code(["print(\n", "'ours')"])]}
    (own / "ours.ipynb").write_text(json.dumps(node), "utf-8")
    (own / "torn.ipynb").write_text("{", "utf-8")
    cells = [code("print(\n'ours')"), code("review.goals()")]
    assert list_strange(cells, find_templates(tmp_path / "ours")) == []
    context = open_first(built_family)
    assert list_strange(cells, context.templates) == ["print(\n'ours')"]
    (own / "method.yaml").unlink()  # then it is no method, whatever lies there
    assert list_strange(cells, find_templates(tmp_path / "ours")) == ["print(\n'ours')"]


def test_a_workbook_as_it_was_built_has_no_strange_cell(built_family: Path) -> None:
    node = json.loads((built_family / "cycle-1" / "workbook.ipynb").read_text("utf-8"))
    assert len(node["cells"]) == 8
    assert list_strange(node["cells"], open_first(built_family).templates) == []


@pytest.mark.parametrize(
    "change",
    [
        *(f"review.goals(){sign}" for sign in (" ", "\n", ";", "\u2028", "\r", "\f", "\xa0")),
        " review.goals()", "\nreview.goals()", "\ufeffreview.goals()", "review.goals() # ours",
        "review . goals()", "Review.goals()",
    ],
)  # fmt: skip
def test_a_cell_is_known_by_its_bytes_and_nothing_less(change: str) -> None:
    assert list_strange([code("review.goals()"), code(change)], find_templates()) == [change]


def test_words_of_a_template_are_no_known_code(tmp_path: Path) -> None:
    """A team may explain in words what nobody is to run."""
    own = tmp_path / "team"
    own.mkdir()
    (own / "method.yaml").touch()
    words = {"cell_type": "markdown", "source": "import this", "metadata": {}}
    (own / "a.ipynb").write_text(json.dumps({"nbformat": 4, "cells": [words]}), "utf-8")
    assert list_strange([words, code("import this")], [tmp_path]) == ["import this"]


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "# a note", "  # a note\n", 'case = ".."\ncycle = 1',
        "# Parameters\ncase = '.'\n",
        'a = "C:\\\\cases\\\\Zo\\xeb"', "a = -1.5\nb = 2e-07", "a = True\nb = None  # not asked",
        "# %%bash\n# !ls\n# what?", 'a = "%time"\nb = "!ls"\nc = "what?"',
    ],
)  # fmt: skip
def test_parameters_and_remarks_are_no_strange_cells(text: str) -> None:
    assert list_strange([code(text)], find_templates()) == []
    assert does_nothing(text)


@pytest.mark.parametrize("sign", UNSEEN, ids=ascii)
@pytest.mark.parametrize(
    "text",
    [
        "# a note{}import os", "# a note{}!ls{}import os", "a = 1{}import os", '{}a = 1', "{}",
        'a = "1{}import os"', "# a note{}", "# a note\n{}%%bash\nls", 'a = "{}!x{}" # {}import os',
    ],
)  # fmt: skip
def test_no_unseen_sign_lets_code_pass_for_a_remark(text: str, sign: str) -> None:
    cell = text.replace("{}", sign)
    assert list_strange([code(cell)], find_templates()) == [cell]


def test_signs_that_end_a_line_would_let_code_run() -> None:
    """What the test above guards against is real: for Python itself, and for IPython."""
    run: list[str] = []
    exec(compile("# a note\rrun.append('python')", "cell", "exec"), {"run": run})
    assert run == ["python"]
    assert not does_nothing("# a note\f!true\fimport os")
    assert not does_nothing("# a note\u2028!true\u2028import os")


@pytest.mark.parametrize(
    "text",
    [
        "import os", "!ls", "%time 1", "%%bash\nls", "a = !ls", "a = %pwd", "a = b", "a = f'{x}'",
        "a = [print()]", "a.b = 1", "a = b = 1", "a, b = 1, 2", "a = 1; b()", "a: b() = 1",
        "a = 'x' 'y'",
        'a = """x', "a = (1", "1", "'words'", "a = 1\n  b()", "# note \\\nb()", "a = 1 \\\n+ b()",
        "a = 'x\\", "get_ipython", "a = 0x1", "a =\n1", ">>> a = 1", "In [1]: a = 1", "a?", "?a",
        "a = b''",
    ],
)  # fmt: skip
def test_anything_else_is_strange(text: str) -> None:
    assert list_strange([code(text)], find_templates()) == [text]


@given(
    st.lists(
        st.sampled_from(
            [*UNSEEN, "\n", " ", "#", "a", " = ", "1", '"', "'", "\\", "!", "%%bash", "?", ";", "(",
             "print()", "import os", "a = 1\n", "# a note", ">>> ", "In [1]: ", "é", "%", "..."]
        ),
        max_size=9,
    ).map("".join)
)  # fmt: skip
def test_what_is_held_for_harmless_runs_nothing(text: str) -> None:
    assert not is_harmless(text) or does_nothing(text)


def test_a_long_cell_is_judged_at_once() -> None:
    """A pattern that tries every way of taking it apart would take for ever."""
    begin = time.monotonic()
    for text in ("\n" * 5000 + "!", "a = " + '"' * 5000, " " * 5000 + "!", "a = '" + "\\" * 5001):
        assert not is_harmless(text)
    assert time.monotonic() - begin < 1


def test_the_command_adds_what_is_new_and_takes_nothing_out(tmp_path: Path) -> None:
    method = tmp_path / "vig"
    shutil.copytree(METHODS[0], method)
    path = method / "shared-review.ipynb"
    path.write_text(path.read_text("utf-8").replace("review.goals()", "review.goals( )"), "utf-8")
    before = read_known(method)
    command = [sys.executable, "-m", "vigbook.method.known_cells", str(method)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{method}: 1 cells added to known-cells.json\n"
    after = read_known(method)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 1
    text = (method / FILE).read_text("utf-8")
    assert add_known(method) == 0
    assert (method / FILE).read_text("utf-8") == text


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"cells": 1}', '{"cells": [{"sha256": "x"}]}', "\xff"]
)
def test_a_file_of_known_cells_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "vig").mkdir()
    (tmp_path / "vig" / "method.yaml").touch()
    (tmp_path / "vig" / FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(MethodError, match="is not a list of known cells that can be read"):
        list_strange([code("1")], [tmp_path])
