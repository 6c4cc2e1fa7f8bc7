"""Runs a notebook with papermill, in a process of its own that leaves nothing behind.

Where it can, that is a fork of this process (`vigbook.workbook.engine`); else, for cells that came
with no template, or if it is asked for, a kernel under nbclient.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import logging
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
import traitlets
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.sign import NotebookNotary
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from vigbook.errors import Problem, WorkbookError, show_path
from vigbook.method.known_cells import LARGEST_NOTEBOOK
from vigbook.method.templates import find_template, find_templates
from vigbook.outcome import EngineName
from vigbook.system.interpreter import python_variables
from vigbook.system.reading import read_file
from vigbook.system.temporary import scratch_folder
from vigbook.workbook.engine import list_strange_in, tell_strange
from vigbook.workbook.private_files import keep_signatures_private

CELL_TIMEOUT_S = 120
_LONGEST_SOCKET_PATH = 100  # Unix allows 107 bytes; the port's number is added at the end


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A notebook that was run.

    Attributes:
        node: the notebook, executed.
        warnings: what a person should know of how it was run.
    """

    node: Any
    warnings: tuple[Problem, ...] = ()


def run_template(
    template: Path,
    parameters: Mapping[str, Any],
    folder: Path,
    environment: Mapping[str, str],
    engine: EngineName = "vigbook",
) -> Ran:
    """Runs a notebook in a fresh process.

    Our own engine runs none but notebooks whose every cell came with a template.

    Args:
        template: the notebook.
        parameters: values for the names its `parameters` cell declares.
        folder: the notebook's working directory.
        environment: variables for the notebook, over those of this process.
        engine: what runs the cells.

    Raises:
        WorkbookError: a parameter is not declared or of another type, or a cell stops.
        MethodError: a method's list of known cells cannot be read.
    """
    name = template.name
    # What papermill and nbclient log on an error or an interruption is raised here as well.
    logging.getLogger("papermill").setLevel(logging.CRITICAL + 1)
    try:
        node = nbformat.reads(read_file(template, LARGEST_NOTEBOOK).decode(), as_version=4)
        nbformat.validate(node)
    except (
        OSError, ValueError, RecursionError, nbformat.ValidationError, AttributeError,
    ) as err:  # fmt: skip
        found = "is not a notebook that can be read"
        raise WorkbookError(Problem(file=str(template), found=found)) from err
    _check_parameters(name, node, parameters)
    warnings: tuple[Problem, ...] = ()
    if engine == "vigbook" and (strange := list_strange_in(node.cells, environment)):
        engine = "nbclient"
        warnings = (Problem(file=show_path(template), found=tell_strange(strange)),)
    with scratch_folder() as own:
        config = Config({"OwnKernel": {"environment": {**environment}, "folder": str(own)}})
        # What only one of the engines knows, the other passes by.
        forked = {"environment": {**environment}} if engine == "vigbook" else {}
        try:
            executed = papermill.execute_notebook(
                node,
                None,
                dict(parameters),
                engine_name=engine if engine == "vigbook" else None,
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT_S,
                start_timeout=CELL_TIMEOUT_S,
                kernel_manager_class=OwnKernel,
                config=config,
                store_widget_state=False,
                record_timing=False,
                resources={"metadata": {"path": str(folder.resolve())}},
                **forked,
            )
            return Ran(node=executed, warnings=warnings)
        except PapermillExecutionError as err:
            found = f"cell {err.cell_index + 1} stopped: {err.ename}: {err.evalue}"
            raise WorkbookError(Problem(file=name, found=found)) from err
        except (CellTimeoutError, DeadKernelError, RuntimeError) as err:
            found = f"could not be run: {str(err).strip().splitlines()[0]}"
            raise WorkbookError(
                Problem(file=name, found=found, mend="run the same command again")
            ) from err
        except BaseException:
            # Interrupted. The event loop still holds tasks for this kernel, and would log how each
            # of them ends while this process does.
            logging.disable(logging.CRITICAL)
            _kill_kernel(own)
            raise


def format_signed(node: Any) -> bytes:
    """Returns the bytes of an executed notebook, and signs it for this person's Jupyter.

    Unsigned, JupyterLab would show its widgets as text and never run it on opening.
    """
    with _open_notary() as notary:
        notary.sign(node)
    text: str = nbformat.writes(node)
    return text.encode() + b"\n"


def sign(content: bytes) -> None:
    """Signs a notebook's bytes that a person has looked at, for this person's JupyterLab.

    Raises:
        UsageError: this person's signatures are somebody else's.
    """
    with _open_notary() as notary:
        notary.sign(nbformat.reads(content.decode("utf-8-sig"), as_version=4))


@contextlib.contextmanager
def _open_notary() -> Iterator[NotebookNotary]:
    keep_signatures_private()
    notary = NotebookNotary()
    try:
        yield notary
    finally:
        notary.store.close()


def _check_parameters(name: str, node: Any, parameters: Mapping[str, Any]) -> None:
    """Checks names and types before anything runs: papermill only warns, and writes names raw."""
    declared = [c for c in node.cells if "parameters" in c.metadata.get("tags", ())]
    if len(declared) != 1:
        found = f"has {len(declared)} cells tagged 'parameters', and it takes exactly one"
        raise WorkbookError(Problem(file=name, found=found, mend="tag one cell so"))
    defaults: dict[str, Any] = {}
    with contextlib.suppress(SyntaxError):
        for line in ast.parse(declared[0].source).body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                with contextlib.suppress(ValueError):
                    defaults[line.targets[0].id] = ast.literal_eval(line.value)
    problems = []
    for parameter, value in parameters.items():
        if parameter not in defaults:
            found = f"has no parameter '{parameter}'"
            problems.append(Problem(file=name, found=found, mend="declare it there"))
        elif type(defaults[parameter]) is not type(value):
            found = f"its parameter '{parameter}' is not a {type(value).__name__}"
            problems.append(Problem(file=name, found=found, mend="mend its default"))
    if problems:
        raise WorkbookError(problems)


class OwnKernel(AsyncKernelManager):  # type: ignore[misc]  # jupyter_client has no types
    """This Python's own kernel, as live: a person's others may lack vigbook.

    Configured with `environment` and `folder`, a short-lived folder of its own.
    """

    environment = traitlets.Dict().tag(config=True)
    folder = traitlets.Unicode().tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        ours = find_template(find_templates(), "kernels/python3")
        self._kernel_spec = KernelSpec.from_resource_dir(str(ours))
        # No start-up files of a person's, and no history of their cells on the disk.
        own = {"IPYTHONDIR": self.folder}
        self._kernel_spec.env = {**self.environment, **python_variables(), **own}
        self.connection_file = str(Path(self.folder, "kernel.json"))
        self.process_file = Path(self.folder, "pid")
        socket = str(Path(self.folder, "k"))
        if os.name == "posix" and len(socket.encode()) < _LONGEST_SOCKET_PATH:
            # No port that another user of the machine could listen to.
            self.transport, self.ip = "ipc", socket

    async def start_kernel(self, **options: Any) -> None:
        """Starts the kernel; what it says on its own account is for nobody's terminal."""
        await super().start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        self.process_file.write_text(str(self.provisioner.pid))


def _kill_kernel(folder: Path) -> None:
    """Ends a kernel that an interruption left behind, before its folder is taken away."""
    with contextlib.suppress(OSError, ValueError):
        process = int((folder / "pid").read_text())
        os.kill(process, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        os.waitpid(process, 0)
