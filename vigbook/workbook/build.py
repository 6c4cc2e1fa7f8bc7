"""Case -> executed notebook, clean and signed.

papermill runs the method's template in a process of its own (`vigbook.workbook.run`). What comes
of it is scrubbed of everything that is not reference: absolute paths, timings, widget state. The
file appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from vigbook import __version__
from vigbook.cycle.context import CycleContext
from vigbook.errors import Problem, WorkbookError
from vigbook.method.known_cells import LARGEST_NOTEBOOK, source_of
from vigbook.outcome import EngineName
from vigbook.system.atomic import output_error, publish_bytes
from vigbook.system.reading import read_json
from vigbook.workbook.elements import MIME, WIDGET_VIEW, find_links

NOTEBOOK = "workbook.ipynb"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """An executed workbook on the disk.

    Attributes:
        path: the notebook.
        made: whether it was run just now.
        by_hand: whether a person changed it; it is kept as it is.
        stale: whether it was made from an earlier case or template than today's.
        warnings: what a person should know of how it was run.
    """

    path: Path
    made: bool
    by_hand: bool
    stale: bool
    warnings: tuple[Problem, ...] = ()


def build_workbook(
    context: CycleContext,
    *,
    template: str = "shared-review",
    out: str = NOTEBOOK,
    fresh: bool = False,
    engine: EngineName = "vigbook",
) -> Workbook:
    """Runs the method's notebook for a cycle, unless what is there is up to date or made by hand.

    Args:
        context: the cycle.
        template: the name of the method's notebook.
        out: the file's name in the cycle's folder.
        fresh: whether to replace a workbook that somebody changed; the old one is kept beside it.
        engine: what runs the cells.

    Raises:
        WorkbookError: the template or a cell in it is wrong.
        MethodError: the method has no such notebook.
        OutputError: the workbook cannot be written.
    """
    path = context.folder / out
    notebook = context.method.notebook(template)
    key = _key(context, notebook)
    earlier = None if fresh else read_workbook(path)
    if earlier is not None:
        ours = earlier.get("metadata", {}).get("vigbook", {})
        by_hand = ours.get("cells") != fingerprint(earlier)
        stale = ours.get("key") != key
        if by_hand or not stale:
            return Workbook(path=path, made=False, by_hand=by_hand, stale=stale)
    if fresh and path.exists():
        _keep_aside(path)
    with _without_grammar():  # papermill, its kernels and nbformat's validator are slow to load
        from vigbook.workbook.run import format_signed, run_template

    parameters = {"case": "..", "cycle": context.cycle.cycle}
    environment = kernel_environment(context)
    ran = run_template(notebook, parameters, context.folder, environment, engine)
    executed = ran.node
    _scrub(executed)
    executed.metadata["vigbook"] = {
        "v": 1,
        "template": f"{context.case.method}/{template}",
        "key": key,
        "cells": fingerprint(executed),
    }
    publish_bytes(path, format_signed(executed))
    return Workbook(path=path, made=True, by_hand=False, stale=False, warnings=ran.warnings)


@contextlib.contextmanager
def _without_grammar() -> Iterator[None]:
    """Keeps a grammar of web addresses out of what is imported in a block.

    jsonschema compiles it, for longer than all the rest takes, to check what no notebook holds.
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    kept_out = modules.setdefault("rfc3987_syntax", None) is None
    try:
        yield
    finally:
        if kept_out:
            del modules["rfc3987_syntax"]


def read_workbook(path: Path) -> dict[str, Any] | None:
    """Returns an executed workbook's JSON, or None if there is none yet.

    Raises:
        WorkbookError: it is there and is not a notebook.
    """
    try:
        # Not nbformat: loading and using its validator takes longer than all else that is left to
        # do when nothing changed. What is built is validated; here only what is used is looked at.
        node = read_json(path, LARGEST_NOTEBOOK)
        if node["nbformat"] != 4 or not all(isinstance(cell, dict) for cell in node["cells"]):
            raise ValueError
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as err:
        found = "is not a notebook that can be read"
        mend = "run build again with --fresh; the old file is kept beside the new"
        raise WorkbookError(Problem(file=str(path), found=found, mend=mend)) from err
    return dict(node)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of an executed notebook.

    Attributes:
        kind: of our element, or `other` for a team's own and for every Markdown cell.
        id: of our element.
        data: what it holds by media type, as it stands in the file.
        metadata: what is said about that.
        cell: the number of its cell, from 1.
        cell_metadata: what is said about the cell.
    """

    kind: str
    id: str = ""
    data: Mapping[str, Any]
    metadata: Mapping[str, Any]
    cell: int
    cell_metadata: Mapping[str, Any]

    @property
    def tags(self) -> tuple[str, ...]:
        """The cell's tags."""
        tags = self.cell_metadata.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()


def list_outputs(node: Mapping[str, Any]) -> Iterator[Output]:
    """Yields every output of an executed notebook, in order, and its Markdown cells as such.

    What was shown live only, as a widget, is passed over; so is what is no output at all, as it is
    left by hand or by other tools.
    """
    for number, cell in enumerate(node["cells"], start=1):
        about: dict[str, Any] = {"cell": number, "cell_metadata": _mapping(cell.get("metadata"))}
        if cell.get("cell_type") == "markdown" and source_of(cell).strip():
            shown = {"text/markdown": source_of(cell)}
            yield Output(kind="other", data=shown, metadata={}, **about)
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if not isinstance(output, Mapping):
                continue
            if output.get("output_type") == "stream" and output.get("name") == "stdout":
                said = {"text/plain": output.get("text", "")}
                yield Output(kind="other", data=said, metadata={}, **about)
            data, metadata = _mapping(output.get("data")), _mapping(output.get("metadata"))
            ours = data.get(MIME)
            if isinstance(ours, Mapping):
                kind, element_id = str(ours.get("kind", "")), str(ours.get("id", ""))
                yield Output(kind=kind, id=element_id, data=data, metadata=metadata, **about)
            elif data and WIDGET_VIEW not in data:
                yield Output(kind="other", data=data, metadata=metadata, **about)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def fingerprint(node: Mapping[str, Any]) -> str:
    """Returns one SHA-256 of a notebook's cells: what a person types, not what running it gives."""
    cells = [[cell.get("cell_type"), source_of(cell)] for cell in node["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def kernel_environment(context: CycleContext) -> dict[str, str]:
    """Returns what the notebook's kernel is told that must never stand in the notebook."""
    environment = {
        "VIGBOOK_LIVE": "0",
        # Nothing where it is for the clock to say, whatever this process was started with.
        "VIGBOOK_TODAY": context.given_day.isoformat() if context.given_day else "",
        "VIGBOOK_TEMPLATES": str(context.templates[0].resolve()),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if context.family.service_path:
        environment["VIGBOOK_SERVICE"] = str(context.family.service_path.resolve())
    return environment


def _scrub(node: Any) -> None:
    """Takes out of an executed notebook all that names people, paths or times."""
    node.metadata.pop("papermill", None)
    node.metadata.pop("widgets", None)
    for cell in node.cells:
        for key in ("papermill", "execution", "collapsed"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell["id"] = "injected-parameters"
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                # Warnings name paths of this machine.
                if not (output.output_type == "stream" and output.name == "stderr")
            ]


def _keep_aside(path: Path) -> None:
    number = 1
    while (kept := path.with_name(f"{path.stem}-before-{number}{path.suffix}")).exists():
        number += 1
    try:
        path.rename(kept)
    except OSError as err:
        raise output_error(kept, err) from err


def _key(context: CycleContext, notebook: Path) -> str:
    """Returns a SHA-256 of all that a workbook is made from. Answers are no part of it."""
    digest = hashlib.sha256(__version__.encode())
    for path in (
        notebook, context.method.folder / "method.yaml",
        context.family.case.path, context.source.path,
    ):  # fmt: skip
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for clip in context.cycle.clips:
        for kind in ("clip", "stills"):
            links = find_links(context, kind, clip.id, context.folder)
            digest.update(json.dumps(links).encode())
    return digest.hexdigest()
