"""Runs a notebook's cells in an IPython shell in this very process, and tells what each gave.

For a process that was made for one notebook and ends with it: the shell, the working directory and
everything that a cell imports stay behind in it. What comes of a cell is what an IPython kernel
sends for it: streams, displays, results and errors in the notebook format.
"""

from __future__ import annotations

import base64
import builtins
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CellOutput = dict[str, Any]
Tell = Callable[..., None]
"""Told `("start", index)`, `("cell", index, what it gave)` and at last `("end", widgets)`."""

LANGUAGE_INFO = {
    "name": "python",
    "version": sys.version.split()[0],
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}
"""What a notebook says of the language it was run in, as IPython's kernel does."""


class Outputs:
    """What cells gave, in the order it came, by cell."""

    def __init__(self) -> None:
        self.cells: dict[int, list[CellOutput]] = {}
        self.changed: set[int] = set()
        self._index = -1
        self._clear_before_next = False
        self._shown: dict[str, list[tuple[int, CellOutput]]] = {}

    @property
    def now(self) -> list[CellOutput]:
        """What the cell that runs has given so far."""
        return self.cells[self._index]

    def begin(self, index: int) -> None:
        """From here on a cell runs, counted from 0."""
        self._index, self.cells[index], self._clear_before_next = index, [], False

    def add(self, output: CellOutput) -> None:
        """Adds an output; text after text of the same stream goes on in one."""
        if self._clear_before_next:
            self.now.clear()
            self._clear_before_next = False
        last = self.now[-1] if self.now else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            self.now.append(output)

    def show(self, output: CellOutput, display_id: str | None, *, update: bool) -> None:
        """Adds a display, or changes all earlier ones of the same id."""
        if display_id and update:
            for index, earlier in self._shown.get(display_id, ()):
                earlier["data"], earlier["metadata"] = output["data"], output["metadata"]
                self.changed.add(index)
            return
        self.add(output)
        if display_id:
            self._shown.setdefault(display_id, []).append((self._index, output))

    def clear(self, *, wait: bool) -> None:
        """Takes away what the cell has given, now or once it gives something else."""
        if wait:
            self._clear_before_next = True
        else:
            self.now.clear()


class WrittenStream:
    """What is written past Python, by a program that a cell starts or a library in C."""

    def __init__(self, name: str, number: int, outputs: Outputs) -> None:
        self._name, self._outputs = name, outputs
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        os.dup2(self._file.fileno(), number)
        self.number, self._at = number, 0

    def collect(self) -> None:
        """Adds what was written since the last time to what the cell gave."""
        end = os.fstat(self._file.fileno()).st_size
        if end > self._at:
            found = os.pread(self._file.fileno(), end - self._at, self._at)
            self._at = end
            text = found.decode("utf-8", "replace")
            self._outputs.add({"output_type": "stream", "name": self._name, "text": text})


class Stream(io.TextIOBase):
    """What a cell's prints are written to."""

    encoding = "utf-8"

    def __init__(self, name: str, outputs: Outputs, written: WrittenStream) -> None:
        self._name, self._outputs, self._written = name, outputs, written

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The number that a program started by a cell writes to."""
        return self._written.number

    def write(self, text: str) -> int:
        """Adds a text to what the cell gave."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._written.collect()  # what a program wrote before stands before it
        if text:
            self._outputs.add({"output_type": "stream", "name": self._name, "text": text})
        return len(text)


class _Publisher(DisplayPublisher):  # type: ignore[misc]  # IPython's traits have no types
    outputs: Outputs

    def publish(  # IPython calls it so
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_kwargs: Any,
    ) -> None:
        shown = {"output_type": "display_data", "data": _plain(data), "metadata": metadata or {}}
        self.outputs.show(shown, (transient or {}).get("display_id"), update=update)

    def clear_output(self, wait: bool = False) -> None:
        self.outputs.clear(wait=wait)


class _Hook(DisplayHook):  # type: ignore[misc]
    outputs: Outputs

    def write_output_prompt(self) -> None:
        """A notebook numbers results itself."""

    def write_format_data(
        self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None
    ) -> None:
        self.outputs.add(
            {
                "output_type": "execute_result",
                "data": _plain(format_dict),
                "metadata": md_dict or {},
                "execution_count": self.prompt_count,
            }
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Shell(InteractiveShell):  # type: ignore[misc]
    outputs: Outputs

    def _showtraceback(self, etype: type, evalue: object, stb: Sequence[str]) -> None:
        name, said = str(etype.__name__), str(evalue)
        self.outputs.add(
            {"output_type": "error", "ename": name, "evalue": said, "traceback": [*stb]}
        )


def run_cells(
    cells: Sequence[Mapping[str, Any]],
    tell: Tell,
    *,
    folder: str,
    allow_errors: bool,
    widgets: bool,
) -> None:
    """Runs code cells in order, until one stops, and tells what each gave.

    Args:
        cells: the notebook's cells: `cell_type`, `source` and `metadata`.
        tell: called as each cell begins and ends.
        folder: an empty one for IPython's own files.
        allow_errors: whether to go on after a cell that stops.
        widgets: whether to tell the state of ipywidgets' widgets at the end.
    """
    outputs = Outputs()
    written = [WrittenStream("stdout", 1, outputs), WrittenStream("stderr", 2, outputs)]
    sys.stdout = Stream("stdout", outputs, written[0])
    sys.stderr = Stream("stderr", outputs, written[1])
    builtins.input = _refuse_input
    shell = _start_shell(outputs, folder)
    for index, cell in enumerate(cells):
        tell("start", index)
        gave = dict[str, Any](outputs=[], execution_count=None, failed=False)
        if _runs(cell):
            outputs.begin(index)
            result = shell.run_cell(cell["source"], store_history=True)
            for one in written:
                one.collect()
            count = shell.execution_count - 1
            error = result.error_before_exec or result.error_in_exec
            gave = {"outputs": outputs.now, "execution_count": count, "failed": bool(error)}
        tell("cell", index, gave)
        for earlier in sorted(outputs.changed - {index}):
            tell("changed", earlier, outputs.cells[earlier])
        outputs.changed.clear()
        tags = cell["metadata"].get("tags", ())
        if gave["failed"] and not (allow_errors or "raises-exception" in tags):
            break
    tell("end", _widget_state() if widgets else None)


def _runs(cell: Mapping[str, Any]) -> bool:
    skipped = "skip-execution" in cell["metadata"].get("tags", ())
    return cell["cell_type"] == "code" and bool(cell["source"].strip()) and not skipped


def _start_shell(outputs: Outputs, folder: str) -> Any:
    config = Config()
    # Nothing of a person's cells on the disk, and no files of theirs to begin with.
    config.HistoryManager.enabled = False
    config.InteractiveShell.autoindent = False
    config.InteractiveShell.quiet = False
    _Publisher.outputs = _Hook.outputs = _Shell.outputs = outputs
    return _Shell.instance(
        config=config, ipython_dir=folder, display_pub_class=_Publisher, displayhook_class=_Hook
    )


def _refuse_input(*_arguments: object) -> NoReturn:
    raise StdinNotImplementedError(
        "raw_input was called, but this frontend does not support input requests."
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns data as a notebook holds it: bytes in base 64."""
    return dict(_encoded(data))


def _encoded(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for kind, value in data.items():
        yield kind, base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _widget_state() -> Any:
    found = sys.modules.get("ipywidgets")
    return found.Widget.get_manager_state() if found else None
