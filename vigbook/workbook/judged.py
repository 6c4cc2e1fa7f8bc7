"""A workbook that may run: judged by the very bytes that are handed on.

Whoever can write into a family's folder can change its workbook at any time. So it is read once;
every code cell in it came with a template, or this user said for exactly these bytes that they may
run; and what is handed on is made of what was judged, and of nothing else that stood in the file.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import nbformat

from vigbook.errors import Problem, WorkbookError, show_path
from vigbook.method.known_cells import LARGEST_NOTEBOOK, list_strange
from vigbook.system.reading import read_file


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JudgedWorkbook:
    """A workbook as it was read, and what of it is in no template.

    Attributes:
        path: the file.
        content: its bytes.
        strange: the code of its cells that came with no template.
        node: the notebook that may run if there are none: code and Markdown, no outputs, and
            nothing that chooses another kernel or page.
    """

    path: Path
    content: bytes
    strange: tuple[str, ...]
    node: Any

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, by which it is approved."""
        return hashlib.sha256(self.content).hexdigest()

    def check(self, approved: Collection[str]) -> None:
        """Lets pass what may run.

        Args:
            approved: the SHA-256 of workbooks that this user said may run.

        Raises:
            WorkbookError: it holds cells that may not.
        """
        if self.strange and self.sha256 not in approved:
            found = f"holds {len(self.strange)} cells that are in no template, and they may not run"
            mend = "look at them in an editor, and open it again on a terminal"
            raise WorkbookError(Problem(file=show_path(self.path), found=found, mend=mend))


def read_judged(path: Path, templates: Sequence[Path]) -> JudgedWorkbook:
    """Reads a workbook once and judges it.

    Args:
        path: the file.
        templates: the folders of templates; the methods of all of them count.

    Raises:
        WorkbookError: there is none, or it is not a notebook.
        MethodError: a method's file of known cells cannot be read.
    """
    content = _read(path)
    try:
        node = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        cells = [_clean_cell(cell) for cell in node.cells if cell.cell_type != "raw"]
    except Exception as err:  # nbformat brings old forms up to date, and believes what they say
        found = "is not a notebook that can be read"
        mend = "run build again with --fresh; the old file is kept beside the new"
        raise WorkbookError(Problem(file=show_path(path), found=found, mend=mend)) from err
    return JudgedWorkbook(
        path=path,
        content=content,
        strange=tuple(list_strange(cells, templates)),
        node=nbformat.v4.new_notebook(cells=cells, metadata=_METADATA),
    )


# The kernel is always ours, whatever the file names.
_METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def _clean_cell(cell: Any) -> Any:
    if cell.cell_type == "code":
        return nbformat.v4.new_code_cell(str(cell.source))
    return nbformat.v4.new_markdown_cell(str(cell.source))


def _read(path: Path) -> bytes:
    found, mend = "there is no workbook", "run 'vigbook build'"
    try:
        if path.is_symlink():
            found, mend = "is a link to another file", "put the workbook itself there"
        else:
            return read_file(path, LARGEST_NOTEBOOK)
    except FileNotFoundError:
        pass
    except OSError as err:
        found, mend = f"cannot be read: {err.strerror}", "run build again with --fresh"
    raise WorkbookError(Problem(file=show_path(path), found=found, mend=mend))
