"""The engine that forks gives what a kernel under nbclient gives, and is kept in bounds.

It runs only notebooks whose every cell came with a template; nbclient runs all others for it.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
import pytest
from families import run_vigbook
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.errors import show_path
from vigbook.method.templates import find_templates
from vigbook.outcome import EngineName
from vigbook.workbook.build import kernel_environment
from vigbook.workbook.engine import can_fork, list_strange_in
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
    "stands in a folder": "import pathlib; pathlib.Path.cwd().name",
    "stops": "raise ValueError('no')",
    "never": "print('never')",
}  # fmt: skip


def notebook(cells: Iterable[str] | list[Any]) -> Any:
    made = [new_code_cell(one) if isinstance(one, str) else one for one in cells]
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=made, metadata={"kernelspec": python})


def make_template(folder: Path, node: Any) -> Path:
    """Makes a notebook the template of a team's own method; returns their folder of templates."""
    method = folder / "ours" / "team"
    method.mkdir(parents=True, exist_ok=True)
    (method / "method.yaml").write_text("{vigbook: 1, method: team, name: Ours}\n", "utf-8")
    nbformat.write(node, method / "cells.ipynb")
    return method.parent


def execute(
    folder: Path, cells: dict[str, str] | list[Any], engine: str | None, **options: Any
) -> Any:
    """Runs cells as those of a team's own template."""
    node = notebook(cells.values() if isinstance(cells, dict) else cells)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("VIGBOOK_TEMPLATES", str(make_template(folder, node)))
        return run(folder, node, engine, **options)


def run(folder: Path, node: Any, engine: str | None, **options: Any) -> Any:
    resources = {"metadata": {"path": str(folder)}}
    return papermill.execute_notebook(
        copy.deepcopy(node), str(folder / "out.ipynb"), engine_name=engine, progress_bar=False,
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


@pytest.mark.parametrize("engine", ["vigbook", "nbclient"])
def test_a_cell_stands_in_its_folder_and_imports_nothing_from_there(
    family: Path, engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write into a family's folder would else run programs as its practitioner."""
    folder = family / "cycle-1"
    (folder / "beside.py").write_text("WORD = 'found'\n")
    cell = (
        "import os, sys\ntry:\n    import beside\nexcept ModuleNotFoundError:\n"
        "    print(os.getcwd(), {'', os.getcwd()} & {*sys.path})"
    )
    parameters = new_code_cell("case = '..'", metadata={"tags": ["parameters"]})
    templates = make_template(family, notebook([parameters, new_code_cell(cell)]))
    monkeypatch.setenv("VIGBOOK_TEMPLATES", str(templates))
    monkeypatch.syspath_prepend("")  # as a team's own program may have it
    ran = run_template(templates / "team" / "cells.ipynb", {"case": ".."}, folder, {}, engine)
    assert ran.warnings == ()
    assert ran.node.cells[-1].outputs[0].text == f"{folder} set()\n"


@pytest.mark.parametrize("engine", ["vigbook", "nbclient"])
def test_a_cell_imports_a_team_s_module_from_a_folder_that_is_named_in_full(
    family: Path, tmp_path: Path, engine: str
) -> None:
    shutil.copytree(find_templates()[0] / "vig", tmp_path / "ours" / "vig")
    template = tmp_path / "ours" / "vig" / "shared-review.ipynb"
    node = nbformat.read(template, as_version=4)
    node.cells.append(new_code_cell("import teams_own; print(teams_own.WORD)"))
    nbformat.write(node, template)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "teams_own.py").write_text("WORD = 'found'\n")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path / 'modules'}{os.pathsep}"}
    options = ("--templates", tmp_path / "ours", "--engine", engine)
    done = run_vigbook("build", family, *options, env=env)
    assert done.returncode == 0, done.stderr
    made = nbformat.read(family / "cycle-1" / "workbook.ipynb", as_version=4)
    assert made.cells[-1].outputs[0].text == "found\n"


@pytest.mark.parametrize(
    "template", sorted(find_templates()[0].glob("*/*.ipynb")), ids=lambda path: path.stem
)
def test_every_template_gives_the_same_through_both(built_family: Path, template: Path) -> None:
    folder = built_family / "cycle-1"
    files = read_case_folder(built_family)
    context = open_context(files, folder, find_templates(), datetime.date(2026, 11, 22))
    engines: tuple[EngineName, ...] = ("vigbook", "nbclient")
    nodes = [
        run_template(
            template, {"case": "..", "cycle": 1}, folder, kernel_environment(context), one
        ).node
        for one in engines
    ]
    assert gave(nodes[0]) == gave(nodes[1])
    assert any(outputs for outputs, _, _ in gave(nodes[0]))


def test_nothing_goes_from_one_notebook_to_the_next(tmp_path: Path) -> None:
    first = {"one": "import builtins, os, sys; builtins.mia = 1; os.environ['MIA'] = 'x'\n"
                    "os.chdir('/'); sys.modules['mia'] = sys"}  # fmt: skip
    execute(tmp_path, first, "vigbook")
    then = {"two": "import builtins, os, sys\n"
                   "(hasattr(builtins, 'mia'), 'MIA' in os.environ, os.getcwd() == '/', "
                   "'mia' in sys.modules)"}  # fmt: skip
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
    running = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    assert [one for one in running if "98765" in one] == []


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


# What a shell in a fork does otherwise than a kernel does.
STRANGE = {
    "an Output as a context": [
        "import ipywidgets\nfrom IPython.display import display\n"
        "out = ipywidgets.Output()\nwith out:\n    print('inside'); display(3)",
        "[one['output_type'] for one in out.outputs], print('outside')",
    ],
    "its kernel": [
        "kernel = get_ipython().kernel; type(kernel).__name__, kernel.shell is get_ipython()",
        "type(get_ipython()).__name__, kernel.session is not None",
    ],
    "its history": [
        "word = 'first'; word",
        "%history",
        "get_ipython().history_manager.enabled, get_ipython().history_manager.input_hist_raw[1]",
        "%recall 1",
        "[*get_ipython().history_manager.get_range(raw=True)][:2]",
    ],
    "an interrupt": [
        "import os, signal, time\nprint('before')\n"
        "os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)",
        "print('never')",
    ],
}  # fmt: skip


@pytest.mark.parametrize("cells", STRANGE.values(), ids=[*STRANGE])
def test_cells_of_no_template_come_out_as_with_nbclient_and_it_is_told_once(
    cells: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    monkeypatch.delenv("VIGBOOK_TEMPLATES", raising=False)
    nodes = []
    for engine in ("vigbook", None):
        with contextlib.suppress(PapermillExecutionError):
            run(tmp_path, notebook(cells), engine, execution_timeout=60)
        nodes.append(nbformat.read(tmp_path / "out.ipynb", as_version=4))
    ours, theirs = nodes
    assert gave(ours) == gave(theirs)
    assert any(outputs for outputs, _, _ in gave(ours))
    told = [one.message for one in caplog.records if one.name == "vigbook.workbook.engine"]
    says = "of its cells came with no template, so it runs in a Jupyter kernel, which takes longer"
    assert told == [f"{len(cells)} {says}"]


def test_a_cell_of_no_template_that_takes_too_long_may_be_interrupted_as_by_nbclient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    cells = ["import time\ntime.sleep(60)", "print('on')"]
    options: dict[str, Any] = {
        "execution_timeout": 1, "interrupt_on_timeout": True, "allow_errors": True,
    }  # fmt: skip
    nodes = []
    for engine in ("vigbook", None):
        with contextlib.suppress(PapermillExecutionError):
            run(tmp_path, notebook(cells), engine, **options)
        nodes.append(nbformat.read(tmp_path / "out.ipynb", as_version=4))
    assert gave(nodes[0]) == gave(nodes[1])
    assert nodes[0].cells[-1].outputs[0].text == "on\n"


def test_one_strange_cell_sends_a_whole_workbook_to_nbclient(built_family: Path) -> None:
    """What a cell gives hangs on those before it; parameters and remarks alone change nothing."""
    workbook = nbformat.read(built_family / "cycle-1" / "workbook.ipynb", as_version=4)
    for cells in ([], [""], ["# how many\nseen = 3"]):
        more = [*workbook.cells, *map(new_code_cell, cells)]
        assert list_strange_in(more, {}) == []
    which = "in_a_kernel = hasattr(get_ipython(), 'kernel'); in_a_kernel"
    assert list_strange_in([*workbook.cells, new_code_cell(which)], {}) == [which]
    workbook.cells.append(new_code_cell(which))
    done = run(built_family / "cycle-1", workbook, "vigbook")
    assert done.cells[-1].outputs[0].data["text/plain"] == "True"


def test_a_template_is_run_by_a_fork_and_any_other_notebook_by_a_kernel(tmp_path: Path) -> None:
    cells = {"which": "type(get_ipython()).__name__"}
    known = execute(tmp_path, cells, "vigbook")
    strange = run(tmp_path, notebook([*cells.values()]), "vigbook")
    shells = [node.cells[-1].outputs[0].data["text/plain"] for node in (known, strange)]
    assert shells == ["'_Shell'", "'ZMQInteractiveShell'"]


def test_a_kernel_for_strange_cells_has_the_same_variables(tmp_path: Path) -> None:
    node = notebook(["import os\nos.environ['WORD']"])
    done = run(tmp_path, node, "vigbook", environment={"WORD": "Mia’s"}, memory_bytes=1 << 32)
    assert done.cells[-1].outputs[0].data["text/plain"] == "'Mia’s'"
    assert "WORD" not in os.environ


def test_a_strange_template_is_run_by_nbclient_and_told(
    family: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As one that lies in no folder of templates: once, to whoever runs it, and not in a log."""
    own = family / "cycle-1" / "own.ipynb"
    node = notebook(
        [
            new_code_cell("case = '..'", metadata={"tags": ["parameters"]}),
            new_code_cell("type(get_ipython().kernel).__name__"),
        ]
    )
    nbformat.write(node, own)
    ran = run_template(own, {"case": ".."}, own.parent, {})
    assert ran.node.cells[-1].outputs[0].data["text/plain"] == "'IPythonKernel'"
    (told,) = ran.warnings
    says = (
        "1 of its cells came with no template, so it runs in a Jupyter kernel, which takes longer"
    )
    assert told.found == says
    assert str(told).startswith(f"{show_path(own)}: ")
    assert caplog.records == []
    assert run_template(own, {"case": ".."}, own.parent, {}, "nbclient").warnings == ()


def command(folder: Path, node: Any, templates: Path | None) -> tuple[str, str]:
    """Runs papermill's own command; returns what its last cell gave and what was told."""
    nbformat.write(node, folder / "in.ipynb")
    environment = {**os.environ}
    environment.pop("VIGBOOK_TEMPLATES", None)
    if templates:
        environment["VIGBOOK_TEMPLATES"] = str(templates)
    program = [str(Path(sys.executable).with_name("papermill")), "--engine", "vigbook"]
    done = subprocess.run(
        [*program, "in.ipynb", "out.ipynb", "-p", "seen", "3"],
        cwd=folder, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    node = nbformat.read(folder / "out.ipynb", as_version=4)
    return node.cells[-1].outputs[0].data["text/plain"], done.stderr


def test_papermills_own_command_runs_a_template_in_a_fork(tmp_path: Path) -> None:
    node = notebook(["type(get_ipython()).__name__"])
    shell, told = command(tmp_path, node, make_template(tmp_path, node))
    assert shell == "'_Shell'"
    assert "template" not in told


def test_papermills_own_command_hands_strange_cells_to_nbclient_and_says_so_once(
    tmp_path: Path,
) -> None:
    shell, told = command(tmp_path, notebook(["1", "type(get_ipython()).__name__"]), None)
    assert shell == "'ZMQInteractiveShell'"
    assert told.count("2 of its cells came with no template, so it runs in a Jupyter kernel") == 1


@pytest.mark.parametrize(
    "first",
    [
        "import vigbook.workbook.engine",
        "from vigbook.workbook.engine import ForkEngine",
        "import vigbook.workbook.run",
        "import papermill",
        "import papermill.engines",
    ],
)
def test_the_engine_is_found_whichever_is_imported_first(first: str) -> None:
    then = (
        "from papermill.engines import Engine, papermill_engines\n"
        "from vigbook.workbook.engine import ForkEngine\n"
        "assert papermill_engines.get_engine('vigbook') is ForkEngine\n"
        "assert issubclass(ForkEngine, Engine)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{first}\n{then}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_engines_module_is_imported_alone_and_without_papermill() -> None:
    code = "import sys, vigbook.workbook.engine\nassert 'papermill' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
