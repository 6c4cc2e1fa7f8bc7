"""A papermill engine that forks a warm process for each notebook: `papermill --engine vigbook`.

The child runs the cells in an IPython shell of its own (`vigbook.workbook.shell`) and ends with the
notebook, so nothing goes from one family to the next. It has loaded what this process has loaded:
no interpreter, no kernel and no imports are waited for. A process with threads cannot be copied
safely; there the child is a new interpreter. What comes out is of the same kind as what nbclient's
engine makes.

Limits: a shell is no kernel. There is no `get_ipython().kernel`, no history, nothing that
interrupts a cell, and an `ipywidgets.Output` catches nothing. No cell of a template needs them, so
only notebooks whose every cell came with a template are run so; all others, and those of a machine
that cannot fork, are handed to nbclient's engine.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import from_dict

from vigbook.system.interpreter import python_command, python_variables, set_variables
from vigbook.system.lifetime import OWN_GROUP, end_with_reader, kill_group
from vigbook.system.limits import limit
from vigbook.system.messages import take_messages, write_message
from vigbook.system.signals import hold_interrupts
from vigbook.system.temporary import scratch_folder
from vigbook.system.visible import show_signs

MEMORY_BYTES = 4 * 2**30
"""How much address space a notebook's process may have."""
_LARGEST = 512 * 2**20  # of what one cell gives


_LOG = logging.getLogger("vigbook.workbook.engine")


def __getattr__(name: str) -> Any:
    """Returns `ForkEngine`, made when somebody asks for it.

    papermill asks while it is itself being imported: were it imported above, this module would not
    be whole by then, wherever it is imported before papermill.
    """
    if name != "ForkEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module("papermill.engines")  # which asks for the engine first, if it is new
    return _make_engine()


@functools.lru_cache(maxsize=1)
def _make_engine() -> type:
    from papermill.engines import Engine

    class ForkEngine(Engine):  # type: ignore[misc]  # papermill has no types
        """Runs notebooks of known cells in a fork of this process, all others under nbclient."""

        execute_managed_notebook = staticmethod(run_notebook)  # papermill calls it so

    return ForkEngine


def run_notebook(
    nb_man: Any,
    kernel_name: str,
    *,
    execution_timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
    memory_bytes: int = MEMORY_BYTES,
    **options: Any,
) -> None:
    """Runs a notebook's cells and puts what they gave into `nb_man`'s notebook.

    Args:
        nb_man: papermill's keeper of the notebook.
        kernel_name: the kernel it names; one of Python, where its cells are known.
        execution_timeout: how long one cell may take, in seconds.
        environment: variables for the notebook, over those of this process.
        memory_bytes: how much address space its process may have; a kernel has no such bound.
        options: as nbclient's engine takes them; of known cells `resources`, `allow_errors` and
            `store_widget_state` are heeded.

    Raises:
        CellTimeoutError: a cell took too long; its process and all that it started were ended.
        DeadKernelError: the process ended in the middle of a cell.
        MethodError: a method's list of known cells cannot be read.
    """
    variables = dict(environment or {})
    strange = list_strange_in(nb_man.nb.cells, variables)
    if strange or not hasattr(os, "fork"):
        if strange:
            _LOG.warning("%s", show_signs(tell_strange(strange)))
        _hand_over(nb_man, kernel_name, variables, execution_timeout, options)
        return
    task = {
        "cells": [dict(cell) for cell in nb_man.nb.cells],
        "folder": options.get("resources", {}).get("metadata", {}).get("path") or ".",
        "environment": variables,
        "memory_bytes": memory_bytes,
        "allow_errors": bool(options.get("allow_errors")),
        "widgets": bool(options.get("store_widget_state", True)),
    }
    # Ours to take away: its process is ended and cleans nothing up.
    with scratch_folder() as scratch:
        _run_in_child(nb_man, {**task, "scratch": str(scratch)}, execution_timeout)


def list_strange_in(
    cells: Iterable[Mapping[str, Any]], environment: Mapping[str, str]
) -> list[str]:
    """Returns the code of a notebook's cells that came with no template, ours or the team's.

    Args:
        cells: the notebook's cells.
        environment: variables over those of this process; `VIGBOOK_TEMPLATES` names the team's.

    Raises:
        MethodError: there is no such folder, or a list of known cells in it cannot be read.
    """
    # papermill's command loads this module for notebooks that are none of ours, too.
    from vigbook.method.known_cells import list_strange
    from vigbook.method.templates import find_templates

    own = {**os.environ, **environment}.get("VIGBOOK_TEMPLATES")
    return list_strange(cells, find_templates(Path(own) if own else None))


def tell_strange(strange: Sequence[str]) -> str:
    """Returns what a person is told where cells that came with no template go to a kernel."""
    cells = "1 of its cells" if len(strange) == 1 else f"{len(strange)} of its cells"
    return f"{cells} came with no template, so it runs in a Jupyter kernel, which takes longer"


def _hand_over(
    nb_man: Any,
    kernel_name: str,
    environment: Mapping[str, str],
    timeout_s: float | None,
    options: Mapping[str, Any],
) -> None:
    """Lets nbclient's engine run a notebook."""
    from papermill.engines import NBClientEngine

    with set_variables(environment):  # a kernel is given those of this process
        NBClientEngine.execute_managed_notebook(
            nb_man, kernel_name, execution_timeout=timeout_s, **options
        )


def can_fork() -> bool:
    """Whether this process can be forked and its copy used: it has one thread, and can fork."""
    return hasattr(os, "fork") and threading.active_count() == 1


def _run_in_child(nb_man: Any, task: Mapping[str, Any], timeout_s: float | None) -> None:
    with hold_interrupts() as let_in:
        reader, writer = os.pipe()
        child = _fork(task, reader, writer) if can_fork() else _start(task, writer)
        os.close(writer)
        try:
            with let_in():
                _follow(nb_man, reader, timeout_s)
        finally:
            os.close(reader)
            # With it goes whatever a cell left running.
            kill_group(child)
            os.waitpid(child, 0)


def _follow(nb_man: Any, reader: int, timeout_s: float | None) -> None:
    """Puts what the child tells into the notebook, as papermill's own engine does."""
    from vigbook.workbook.shell import LANGUAGE_INFO

    cells = nb_man.nb.cells
    running = 0
    for message in _listen(reader, timeout_s):
        if message is None:
            raise CellTimeoutError.error_from_timeout_and_cell(
                "Cell execution timed out", int(timeout_s or 0), cells[running]
            )
        kind = message[0]
        if kind == "start":
            running = message[1]
            nb_man.cell_start(cells[running], running)
        elif kind == "cell":
            cell, gave = cells[running], message[2]
            if cell.cell_type == "code":
                cell.outputs = from_dict(gave["outputs"])
                cell.execution_count = gave["execution_count"]
            if gave["failed"] and "raises-exception" not in cell.metadata.get("tags", ()):
                nb_man.cell_exception(cell, cell_index=running)
            nb_man.cell_complete(cell, cell_index=running)
            nb_man.autosave_cell()
        elif kind == "changed":
            cells[message[1]].outputs = from_dict(message[2])
        else:
            nb_man.nb.metadata["language_info"] = from_dict(LANGUAGE_INFO)
            if message[1]:
                state = {"application/vnd.jupyter.widget-state+json": message[1]}
                nb_man.nb.metadata["widgets"] = from_dict(state)
            return
    raise DeadKernelError("Kernel died")


def _listen(reader: int, timeout_s: float | None) -> Iterator[list[Any] | None]:
    """Yields what the child tells, until it ends, or None when it has told nothing for so long."""
    buffer = bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(reader, selectors.EVENT_READ)
        due = time.monotonic() + timeout_s if timeout_s else None
        while True:
            wait = None if due is None else max(0.0, due - time.monotonic())
            if not ready.select(wait):
                yield None
            found = os.read(reader, 1 << 20)
            if not found:
                return
            buffer += found
            try:
                messages = [*take_messages(buffer, _LARGEST)]
            except ValueError as err:
                raise DeadKernelError(f"a cell gave {err}") from err
            for message in messages:
                yield json.loads(message)
                due = time.monotonic() + timeout_s if timeout_s else None


def _fork(task: Mapping[str, Any], reader: int, writer: int) -> int:
    """Returns the process that is a copy of this one and runs the notebook."""
    importlib.import_module("vigbook.workbook.shell")  # the copy finds it loaded
    child = os.fork()
    if child == 0:
        os.close(reader)
        _become_notebook(task, writer)
    with contextlib.suppress(OSError):  # the child does the same; whichever is first
        os.setpgid(child, child)
    return child


def _start(task: Mapping[str, Any], writer: int) -> int:
    """Returns a new process, of one thread, that runs the notebook."""
    process = subprocess.Popen(
        python_command("vigbook.workbook.engine", str(writer)),
        stdin=subprocess.PIPE,
        pass_fds=(writer,),
        process_group=OWN_GROUP,
        env={**os.environ, **python_variables()},
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:  # it ended; that is told later
        process.stdin.write(json.dumps(task).encode())
    process.returncode = 0  # it is waited for by its number, as a fork is
    return process.pid


def _become_notebook(task: Mapping[str, Any], writer: int) -> NoReturn:
    """Runs the notebook's cells in this process, which is there for nothing else, and ends it."""
    status = 1
    try:
        with contextlib.suppress(PermissionError):  # it leads its group already
            os.setpgid(0, 0)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE", "SIGALRM"):
            signal.signal(signal.Signals[name], signal.SIG_DFL)
        threading.Thread(target=end_with_reader, args=[writer], daemon=True).start()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        limit(task["memory_bytes"])
        os.environ.update(task["environment"])
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        # A place that is relative would now be the notebook's folder.
        sys.path[:] = [place for place in sys.path if Path(place).is_absolute()]
        os.chdir(task["folder"])
        from vigbook.workbook.shell import run_cells

        def tell(*what: Any) -> None:
            content = json.dumps(what, default=str).encode("utf-8", "replace")
            with os.fdopen(os.dup(writer), "wb") as file:
                write_message(file, content)

        options = {name: task[name] for name in ("allow_errors", "widgets")}
        run_cells(task["cells"], tell, folder=task["scratch"], **options)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _become_notebook(json.load(sys.stdin), int(sys.argv[1]))
