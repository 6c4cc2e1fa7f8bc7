"""The engine that forks gives what a kernel under nbclient gives, and is kept in bounds."""

from __future__ import annotations

import copy
import datetime
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.method.method import find_templates
from vigbook.outcome import EngineName
from vigbook.workbook.build import kernel_environment
from vigbook.workbook.engine import can_fork
from vigbook.workbook.run import run_template

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this machine cannot fork")

# Each shows one thing that a cell can give.
CELLS = {
    "prints": "print('a'); print('b')\nimport sys; print('e', file=sys.stderr)\n1 + 1",
    "shows": "from IPython.display import display, HTML, clear_output, update_display\n"
             "h = display('x', display_id='k'); HTML('<b>1</b>')",
    "shows again": "update_display('y', display_id='k')",
    "starts a program": "!echo hello",
    # A kernel takes what is written so by a thread of its own, which may come too late.
    "writes past Python": "import os, time; os.system('echo raw')\n"
                          "time.sleep(0.5); print('after')",
    "clears": "for i in range(3):\n    clear_output(wait=True); print(i)",
    "is empty": "",
    "waits": "import asyncio; await asyncio.sleep(0); 5",
    "gives nothing": "x = 7;",
    "gives a picture": "from IPython.display import Image\n"
                       "Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + b'0' * 10)",
    "asks": "try:\n    input('name?')\nexcept Exception as err:\n    print(type(err).__name__)",
    "stands in a folder": "import pathlib; pathlib.Path.cwd().name, sys.path.index('') > 0",
    "imports from there": "import beside; beside.WORD",
    "stops": "raise ValueError('no')",
    "never": "print('never')",
}  # fmt: skip


def execute(
    folder: Path, cells: dict[str, str] | list[Any], engine: str | None, **options: Any
) -> Any:
    made = [new_code_cell(one) for one in cells.values()] if isinstance(cells, dict) else cells
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node = new_notebook(cells=made, metadata={"kernelspec": python})
    resources = {"metadata": {"path": str(folder)}}
    return papermill.execute_notebook(
        node, str(folder / "out.ipynb"), engine_name=engine, progress_bar=False,
        resources=resources, **options,
    )  # fmt: skip


def gave(node: Any) -> list[Any]:
    """Returns what each cell gave, without what differs from run to run."""
    found = []
    for cell in node.cells:
        outputs: list[Any] = []
        for one in json.loads(json.dumps(cell.get("outputs", []))):
            one.pop("traceback", None)
            # A kernel sends what was printed when some time is over, in one piece or in several.
            if outputs and "text" in one and outputs[-1].get("name") == one["name"]:
                outputs[-1]["text"] += one["text"]
            else:
                outputs.append(one)
        found.append(
            [outputs, cell.get("execution_count"), cell.metadata.get("papermill", {}).get("status")]
        )
    return found


def test_cells_give_what_they_give_in_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # IPython's kernel behaves differently under it
    (tmp_path / "beside.py").write_text("WORD = 'found'\n")
    nodes = []
    for engine in ("vigbook", None):
        with pytest.raises(PapermillExecutionError, match="ValueError: no"):
            execute(tmp_path, CELLS, engine)
        node = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        nbformat.validate(node)
        # papermill puts cells before and into a notebook that stopped.
        nodes.append(node)
    ours, theirs = nodes
    named = ["", *CELLS]  # papermill's own word of the error stands first
    difference = {
        named[min(index, len(named) - 1)]: (mine, other)
        for index, (mine, other) in enumerate(zip(gave(ours), gave(theirs), strict=True))
        if mine != other
    }
    assert difference == {}
    assert ours.metadata.language_info == theirs.metadata.language_info


@pytest.mark.parametrize(
    "template", sorted(find_templates()[0].glob("*/*.ipynb")), ids=lambda path: path.stem
)
def test_every_template_gives_the_same_through_both(built_family: Path, template: Path) -> None:
    folder = built_family / "cycle-1"
    files = read_case_folder(built_family)
    sitting = open_context(files, folder, find_templates(), datetime.date(2026, 11, 22))
    engines: tuple[EngineName, ...] = ("vigbook", "nbclient")
    nodes = [
        run_template(template, {"case": "..", "cycle": 1}, folder, kernel_environment(sitting), one)
        for one in engines
    ]
    assert gave(nodes[0]) == gave(nodes[1])
    assert any(outputs for outputs, _, _ in gave(nodes[0]))


def test_nothing_goes_from_one_notebook_to_the_next(tmp_path: Path) -> None:
    first = {"one": "import builtins, os, sys; builtins.mia = 1; os.environ['MIA'] = 'x'\n"
                    "os.chdir('/'); sys.modules['mia'] = sys"}  # fmt: skip
    execute(tmp_path, first, "vigbook")
    then = {"two": "import builtins, os, sys\n"
                   "hasattr(builtins, 'mia'), 'MIA' in os.environ, os.getcwd() == '/', 'mia' in sys.modules"}  # fmt: skip  # noqa: E501
    node = execute(tmp_path, then, "vigbook")
    assert node.cells[-1].outputs[0].data["text/plain"] == "(False, False, False, False)"
    assert Path.cwd() != Path("/")
    assert "MIA" not in os.environ


def test_a_cell_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    cells = {"slow": "import subprocess, time\n"
                     "subprocess.Popen(['sleep', '98765'])\ntime.sleep(60)"}  # fmt: skip
    begin = time.monotonic()
    with pytest.raises(CellTimeoutError, match="timed out"):
        execute(tmp_path, cells, "vigbook", execution_timeout=1)
    assert time.monotonic() - begin < 20
    assert [one for one in psutil.process_iter(["cmdline"]) if "98765" in (one.info["cmdline"] or [])] == []  # noqa: E501  # fmt: skip


def test_a_cell_that_wants_too_much_memory_stops_as_any_other(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError, match="MemoryError"):
        execute(tmp_path, {"greedy": "x = bytearray(8 << 30)"}, "vigbook")


def test_a_process_that_ends_in_a_cell_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError):
        execute(tmp_path, {"ends": "import os; os._exit(3)"}, "vigbook")


def test_a_cell_may_say_that_it_stops_or_is_not_for_running(tmp_path: Path) -> None:
    cells = [
        new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
        new_code_cell("print('no')", metadata={"tags": ["skip-execution"]}),
        new_markdown_cell("words"),
        new_code_cell("print('on')"),
    ]
    nodes = []
    for engine in ("vigbook", None):
        # papermill ends with the error all the same, once every cell was run.
        with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
            execute(tmp_path, copy.deepcopy(cells), engine)
        nodes.append(nbformat.read(tmp_path / "out.ipynb", as_version=4))
    assert gave(nodes[0]) == gave(nodes[1])
    assert nodes[0].cells[-1].outputs[0].text == "on\n"


def test_a_process_with_threads_is_not_forked(tmp_path: Path) -> None:
    """A helper of one thread runs the cells, with the same variables, folder and outputs."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not can_fork()
        cells = {"one": "import os\nos.environ['WORD'], os.getppid(), type(get_ipython()).__name__"}
        node = execute(tmp_path, cells, "vigbook", environment={"WORD": "Mia’s"})
    finally:
        stop.set()
        thread.join()
    found = node.cells[-1].outputs[0].data["text/plain"]
    assert found == f"('Mia’s', {os.getpid()}, '_Shell')"


def test_papermills_own_command_finds_the_engine(tmp_path: Path) -> None:
    node = new_notebook(cells=[new_code_cell("type(get_ipython()).__name__")])
    node.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    nbformat.write(node, tmp_path / "in.ipynb")
    command = [str(Path(sys.executable).with_name("papermill")), "--engine", "vigbook"]
    done = subprocess.run(
        [*command, "in.ipynb", "out.ipynb"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    node = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert node.cells[-1].outputs[0].data["text/plain"] == "'_Shell'"
