"""Which code cells came with a template: of today's notebooks, and of every version before them.

A cell is known by its bytes and nothing less. Today's are read from the methods' notebooks; those
of every version stand beside them in `known-cells.json`, as SHA-256, and are only ever added to.
After a change of a notebook:

    python -m vigbook.method.known_cells templates/vig
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vigbook import __version__
from vigbook.errors import MethodError, Problem
from vigbook.system.atomic import publish_bytes
from vigbook.system.reading import read_json

FILE = "known-cells.json"
LARGEST_NOTEBOOK = 200_000_000
"""In bytes, with all that a team's own cells show."""
# A line of a cell of parameters as papermill writes it: a name and a plain value do nothing.
_PARAMETER = re.compile(
    r"""(?:[A-Za-z_][A-Za-z0-9_]*\ *=\ *
        (?:-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|True|False|None|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    )?\ *(?:\#.*)?""",
    re.VERBOSE,
)


def list_strange(cells: Iterable[Mapping[str, Any]], templates: Sequence[Path]) -> list[str]:
    """Returns the code of those cells of a notebook that came with no template.

    Cells of parameters are not strange: they hold names, plain values and remarks.

    Args:
        cells: the notebook's cells.
        templates: the folders of templates; the methods of all of them count.

    Raises:
        MethodError: a method's file of known cells cannot be read.
    """
    known = {digest for place in templates for digest in _list_known(place)}
    codes = [source_of(cell) for cell in cells if cell.get("cell_type") == "code"]
    return [code for code in codes if hash_code(code) not in known and not is_harmless(code)]


def is_harmless(code: str) -> bool:
    """Whether a cell holds nothing but parameters and remarks.

    Signs that are not printed end a line for Python or for IPython (CR, FF, U+2028 and more), so
    that what follows them in a remark may run: a cell with any of them is not harmless.
    """
    return all(line.isprintable() and _PARAMETER.fullmatch(line) for line in code.split("\n"))


def source_of(cell: Mapping[str, Any]) -> str:
    """Returns what a person types into a cell, as one text."""
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def hash_code(code: str) -> str:
    """Returns the SHA-256 by which a cell is known."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def read_known(method: Path) -> dict[str, str]:
    """Returns the cells that a method's file knows: the version each came with, by its SHA-256.

    Raises:
        MethodError: the file is there and cannot be read.
    """
    path = method / FILE
    try:
        rows = read_json(path, LARGEST_NOTEBOOK)["cells"]
        return {str(row["sha256"]): str(row["version"]) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as err:
        found = "is not a list of known cells that can be read"
        mend = "take the one that came with the templates"
        raise MethodError(Problem(file=str(path), found=found, mend=mend)) from err


def list_missing(method: Path) -> list[dict[str, str]]:
    """Returns the rows that a method's file of known cells lacks for its notebooks of today."""
    known = read_known(method)
    rows: dict[str, dict[str, str]] = {}
    for path in sorted(method.glob("*.ipynb")):
        for cell in _list_code_cells(path):
            digest = hash_code(source_of(cell))
            row = {"sha256": digest, "version": __version__, "notebook": path.stem}
            if digest not in known:
                rows.setdefault(digest, {**row, "cell": str(cell.get("id", ""))})
    return [*rows.values()]


def add_known(method: Path) -> int:
    """Adds what is missing to a method's file of known cells; returns how many that were.

    Raises:
        MethodError: the file is there and cannot be read.
        OutputError: it cannot be written.
    """
    path, missing = method / FILE, list_missing(method)
    rows = [*(read_json(path, LARGEST_NOTEBOOK)["cells"] if path.exists() else ()), *missing]
    if missing:
        lines = ",\n    ".join(json.dumps(row) for row in rows)
        publish_bytes(path, f'{{\n  "v": 1,\n  "cells": [\n    {lines}\n  ]\n}}\n'.encode())
    return len(missing)


def _list_known(templates: Path) -> Iterator[str]:
    for method in {path.parent for path in templates.glob("*/method.yaml")}:
        yield from read_known(method)
        for path in method.glob("*.ipynb"):
            yield from (hash_code(source_of(cell)) for cell in _list_code_cells(path))


def _list_code_cells(path: Path) -> list[Mapping[str, Any]]:
    """Returns a notebook's code cells; none of one that cannot be read, which makes none known."""
    try:
        node = read_json(path, LARGEST_NOTEBOOK)
        cells = node["cells"] if node["nbformat"] == 4 else ()
        return [cell for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return []


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {add_known(Path(name))} cells added to {FILE}")
