"""The record and the take-home for nbconvert, and so for JupyterLab's menu of exports.

    jupyter nbconvert --to vigbook-record workbook.ipynb
    jupyter nbconvert --to vigbook-take-home workbook.ipynb

A notebook tells by its own place and its `case` and `cycle` parameters whose workbook it is. The
pages are made as `vigbook print` makes them, with the same consents and checks; the record of the
notebook's cells as they are given. What was left out is told in nbconvert's log, for the worker.
"""

from __future__ import annotations

import ast
import contextlib
import datetime
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from nbconvert.exporters import Exporter
from traitlets.config import Config

from vigbook.errors import Problem, UsageError, VigbookError, WorkbookError
from vigbook.system.visible import show_signs

if TYPE_CHECKING:
    from vigbook.outcome import Options
    from vigbook.paper.variants import PaperName

# JupyterLab's server makes each page in a thread; each page takes a process of some hundred MB.
_ONE_AT_A_TIME = threading.Lock()


class PaperExporter(Exporter):  # type: ignore[misc]  # nbconvert has no types
    """Makes one of a cycle's papers from its workbook."""

    output_mimetype = "application/pdf"
    paper: PaperName

    def _file_extension_default(self) -> str:
        return ".pdf"

    @property
    def default_config(self) -> Config:
        """nbconvert's own settings: no need to look at the notebook after each of ten steps."""
        config = Config({"Exporter": {"optimistic_validation": True}})
        config.merge(super().default_config)
        return config

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **options: Any
    ) -> tuple[bytes, Any]:
        """Returns the paper's PDF and nbconvert's resources.

        Raises:
            VigbookError: it is no workbook, or its case is wrong, or the page cannot be made.
            SystemExit: the same under nbconvert's own command, which would print a traceback.
        """
        while sys.path[:1] == [str(Path.cwd())]:
            # nbconvert's own command puts it there, and a family's folder is no place for modules.
            del sys.path[0]
        nb, resources = super().from_notebook_node(nb, resources, **options)
        where = resources["metadata"]
        try:
            # Without a file there is no folder; in the folder one works from, the path is empty.
            if "path" not in where:
                raise UsageError(_NOT_OURS, "save the notebook in its cycle's folder first")
            with _ONE_AT_A_TIME:
                content, problems = export_paper(nb, Path(where["path"]), where["name"], self.paper)
        except VigbookError as err:
            self._give_up(err)
        for problem in problems:
            self.log.warning("%s", show_signs(str(problem)))
        return content, resources

    def _give_up(self, err: VigbookError) -> NoReturn:
        # nbconvert's command loads every exporter while it is being loaded itself.
        from nbconvert.nbconvertapp import NbConvertApp

        if not NbConvertApp.initialized():
            raise err
        for problem in err.problems:
            self.log.error("%s", show_signs(str(problem)))
        raise SystemExit(1) from err


class RecordExporter(PaperExporter):
    """The team's record of one cycle, from the workbook's cells as they are."""

    export_from_notebook = "Vigbook record (PDF)"
    paper = "record"


class TakeHomeExporter(PaperExporter):
    """The family's page of one cycle."""

    export_from_notebook = "Vigbook take-home (PDF)"
    paper = "take-home"


_NOT_OURS = "this notebook is no workbook of vigbook's"


def export_paper(
    node: Mapping[str, Any], folder: Path, name: str, paper: PaperName
) -> tuple[bytes, list[Problem]]:
    """Returns a paper's PDF, and what the worker should know: above all what was left out.

    Nothing on the disk changes, but the family's log says that the paper was exported.

    Args:
        node: the notebook as given, executed.
        folder: where the notebook lies.
        name: the notebook's name without its suffix, for sentences.
        paper: which.

    Raises:
        VigbookError: the notebook is no workbook, its case is wrong or under a legal hold, or the
            page cannot be made.
    """
    # The family's files and the page templates: nbconvert loads every exporter to list its name.
    from vigbook.case.folder import cycle_name
    from vigbook.cycle.checks import list_warnings
    from vigbook.cycle.context import CycleContext
    from vigbook.gates import each_cycle
    from vigbook.outcome import Outcome
    from vigbook.paper.printing import make_paper
    from vigbook.paper.renderer import PageRenderer
    from vigbook.paper.variants import Variant

    case, cycle = find_parameters(node, folder / f"{name}.ipynb")
    if paper == "record":
        _check_was_run(node, folder / f"{name}.ipynb")
    made: list[bytes] = []

    def stages(context: CycleContext, outcome: Outcome) -> None:
        outcome.warnings += list_warnings(context)
        content, withheld = make_paper(context, Variant(name=paper), renderer, node)
        made.append(content)
        outcome.withheld += withheld
        outcome.made.append(f"{paper}.pdf")  # for the log: whatever its file is called, no name

    with PageRenderer() as renderer:
        outcomes = each_cycle(folder / case / cycle_name(cycle), _options(), "exported", stages)
    if errors := [problem for outcome in outcomes for problem in outcome.errors]:
        raise WorkbookError(errors)
    return made[0], [one for outcome in outcomes for one in outcome.withheld + outcome.warnings]


def find_parameters(node: Mapping[str, Any], path: Path) -> tuple[str, int]:
    """Returns the case, as a path from the notebook's folder, and the number of the cycle.

    Raises:
        WorkbookError: the notebook does not tell them.
    """
    found: dict[str, Any] = {}
    # papermill's own cell stands below the template's, and wins.
    for tag in ("parameters", "injected-parameters"):
        for cell in node["cells"]:
            if tag in cell["metadata"].get("tags", ()):
                found |= _constants(cell["source"])
    case, cycle = found.get("case"), found.get("cycle")
    if not isinstance(case, str) or type(cycle) is not int:
        mend = "a workbook has a cell of parameters with 'case' and 'cycle'"
        raise WorkbookError(Problem(file=str(path), found=_NOT_OURS, mend=mend))
    return case, cycle


def _constants(source: str) -> dict[str, Any]:
    """Returns the plain values that a cell gives to names; nothing is run."""
    found: dict[str, Any] = {}
    with contextlib.suppress(SyntaxError):
        for line in ast.parse(source).body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                with contextlib.suppress(ValueError):
                    found[line.targets[0].id] = ast.literal_eval(line.value)
    return found


def _check_was_run(node: Mapping[str, Any], path: Path) -> None:
    """Raises a WorkbookError where a record would hold nothing that its cells show."""
    from vigbook.workbook.build import list_outputs

    if all(one.kind == "other" for one in list_outputs(node)):
        mend = "run all its cells and save it, or run 'vigbook build'"
        raise WorkbookError(Problem(file=str(path), found="has not been run", mend=mend))


def _options() -> Options:
    """Returns what `vigbook open` was asked for, where a server of its own exports this."""
    from vigbook.outcome import Options

    own, service = os.environ.get("VIGBOOK_TEMPLATES"), os.environ.get("VIGBOOK_SERVICE")
    today = os.environ.get("VIGBOOK_TODAY")
    return Options(
        service=Path(service) if service else None,
        templates=Path(own) if own else None,
        today=datetime.date.fromisoformat(today) if today else None,
    )
