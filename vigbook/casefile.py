"""Read, check and write case.yaml, cycle.yaml and service.yaml.

YAML 1.2: `00:01:23` is no base-60 number and `no` is no country. Everything that is wrong in a
case is collected, each with its file, line and field, so that one look mends it all.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from vigbook.case import Case, Cycle, Finding, Service, check_case, check_cycle, nearest
from vigbook.errors import CaseError, Problem, UsageError
from vigbook.publish import output_error, publish_bytes

M = TypeVar("M", bound=BaseModel)
Location = tuple[str | int, ...]
_CYCLE_FOLDER = re.compile(r"cycle-[1-9]\d?")
_LARGEST_FILE = 2_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Source(Generic[M]):
    """A file that was read: its model, and where each of its fields stands."""

    path: Path
    model: M
    document: CommentedMap

    def problem(self, at: Location, found: str, mend: str = "") -> Problem:
        """Returns a problem with the file, line and field of a place in this file."""
        return _problem(self.path, self.document, at, found, mend)


@dataclasses.dataclass(frozen=True, slots=True)
class CaseFolder:
    """Everything that a person wrote about one family, read and checked.

    Attributes:
        folder: the family's folder.
        case: `case.yaml`.
        cycles: each `cycle-N/cycle.yaml`, by its folder, in order.
        service: `service.yaml`, or the defaults where there is none.
        service_path: where it was read from, if anywhere.
    """

    folder: Path
    case: Source[Case]
    cycles: dict[Path, Source[Cycle]]
    service: Service
    service_path: Path | None


def show_path(path: Path) -> str:
    """Returns a path as a person would type it here: relative where that is shorter."""
    with_dots = os.path.relpath(path) if path.drive == Path.cwd().drive else str(path)
    return min(str(path), with_dots, key=len)


def find_family(path: Path) -> tuple[Path, list[Path]]:
    """Returns the family's folder and the cycle folders meant by a CASE on the command line.

    Raises:
        UsageError: it is neither a family's folder nor a cycle's.
    """
    if path.name in ("case.yaml", "cycle.yaml"):
        path = path.parent
    if not path.is_dir():
        there = "is not a folder" if path.exists() else "is not there"
        raise UsageError(
            Problem(file=str(path), found=there, mend="name a family's folder, with a case.yaml")
        )
    if (path / "case.yaml").is_file():
        return path, find_cycles(path)
    parent = Path(os.path.abspath(path)).parent
    if (path / "cycle.yaml").is_file() or _CYCLE_FOLDER.fullmatch(path.resolve().name):
        if (parent / "case.yaml").is_file():
            family = path.parent if path.name not in ("", ".", "..") else parent
            return family, [path]
        raise UsageError(
            Problem(file=str(path), found="no case.yaml in the folder above", mend="put one there")
        )
    raise UsageError(
        Problem(
            file=str(path), found="no case.yaml in it", mend="make a case with 'vigbook new CASE'"
        )
    )


def find_cycles(family: Path) -> list[Path]:
    """Returns the family's cycle folders, in order."""
    found = [one for one in family.iterdir() if one.is_dir() and _CYCLE_FOLDER.fullmatch(one.name)]
    return sorted(found, key=lambda one: int(one.name.removeprefix("cycle-")))


def read_case_folder(
    family: Path, cycles: Iterable[Path] | None = None, service: Path | None = None
) -> CaseFolder:
    """Reads and checks a family's files.

    Args:
        family: the folder with `case.yaml`.
        cycles: which cycle folders; all of them by default.
        service: the team's file; by default `service.yaml` in the family's folder or beside it.

    Raises:
        CaseError: with every problem found in any of the files.
    """
    problems: list[Problem] = []
    case = _read(family / "case.yaml", Case, check_case, problems)
    sources: dict[Path, Source[Cycle]] = {}
    known = case.model if case else None
    for folder in find_cycles(family) if cycles is None else cycles:
        source = _read(
            folder / "cycle.yaml", Cycle, lambda cycle: check_cycle(cycle, known), problems
        )
        if source:
            sources[folder] = source
            problems += _check_number(folder, source)
    service_path = find_service(family, service)
    team = _read(service_path, Service, lambda _: (), problems) if service_path else None
    if problems or case is None:
        raise CaseError(problems)
    return CaseFolder(family, case, sources, team.model if team else Service(), service_path)


def find_service(family: Path, service: Path | None = None) -> Path | None:
    """Returns the team's file: the named one, or the one in the family's folder or beside it."""
    if service:
        return service
    places = (family / "service.yaml", Path(os.path.abspath(family)).parent / "service.yaml")
    return next((place for place in places if place.is_file()), None)


def find_inside(family: Path, base: Path, name: str) -> Path:
    """Returns the path that `name`, written in a file in `base`, points to.

    Raises:
        ValueError: it is absolute or leaves the family's folder, by `..` or by a link.
    """
    if Path(name).is_absolute() or re.match(r"[A-Za-z]:|\\\\", name):
        raise ValueError(f"'{name}' is a path from the top of the disk")
    path = base / name
    if not Path(os.path.normpath(os.path.abspath(path))).is_relative_to(os.path.abspath(family)):
        raise ValueError(f"'{name}' leaves the case's folder")
    if not path.resolve().is_relative_to(family.resolve()):
        raise ValueError(f"'{name}' is a link that leaves the case's folder")
    return path


def read_model(path: Path, model: type[M]) -> M:
    """Reads one YAML file into a model.

    Raises:
        CaseError: with every problem found in it.
    """
    problems: list[Problem] = []
    source = _read(path, model, lambda _: (), problems)
    if problems or source is None:
        raise CaseError(problems)
    return source.model


def edit_file(path: Path, model: type[BaseModel], edit: Callable[[CommentedMap], None]) -> None:
    """Changes a case file in place, keeping a person's comments and order; whole or not at all.

    Args:
        path: the file.
        model: what the file must hold when `edit` is done.
        edit: changes the document it is given.

    Raises:
        CaseError: the file cannot be read, or would be wrong after the change; it is not written.
        OutputError: it cannot be written.
    """
    document = _load(path)
    edit(document)
    problems = [
        problem
        for details in _validate(model, document)[1]
        if (problem := _explain(path, document, model, details))
    ]
    if problems:
        raise CaseError(problems)
    text = io.StringIO()
    _yaml().dump(document, text)
    publish_bytes(path, text.getvalue().encode())


def write_new_case(folder: Path) -> None:
    """Writes a commented case to start from, its first cycle, and schemas for editors.

    Raises:
        UsageError: there is a case already, or the folder's name is no pseudonym we can use.
        OutputError: it cannot be written.
    """
    family = folder.absolute().name
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", family):
        mend = "use a pseudonym: small letters, digits and hyphens, a letter first, as 'otter'"
        raise UsageError(Problem(file=str(folder), found=f"'{family}' will not do", mend=mend))
    if (folder / "case.yaml").exists():
        raise UsageError(Problem(file=str(folder), found="there is a case here already"))
    starters = resources.files("vigbook") / "starters"
    schemas = folder.parent / ".schemas"
    try:
        for name in ("case", "cycle", "service"):
            schema = (resources.files("vigbook") / f"schemas/{name}.schema.json").read_bytes()
            publish_bytes(schemas / f"{name}.schema.json", schema)
        if find_service(folder) is None:
            team = (starters / "service.yaml").read_bytes()
            publish_bytes(folder.parent / "service.yaml", team)
        cycle = (starters / "cycle.yaml").read_bytes()
        publish_bytes(folder / "cycle-1" / "cycle.yaml", cycle)
        # case.yaml last: a folder without it is not a case, so nothing half-made is one.
        text = (starters / "case.yaml").read_text("utf-8").replace("FAMILY", family)
        publish_bytes(folder / "case.yaml", text.encode())
    except OSError as err:
        raise output_error(folder, err) from err


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.version = None  # YAML 1.2 without writing a %YAML line
    yaml.preserve_quotes = True
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(path: Path) -> CommentedMap:
    name = show_path(path)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise CaseError(Problem(file=name, found="is too large for a case file"))
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as err:
        mend = "'vigbook new CASE' writes one to start from"
        raise CaseError(Problem(file=name, found="is not there", mend=mend)) from err
    except UnicodeDecodeError as err:
        raise CaseError(
            Problem(file=name, found="is not UTF-8 text", mend="save it as UTF-8")
        ) from err
    except OSError as err:
        found = f"cannot be read: {err.strerror}"
        raise CaseError(
            Problem(file=name, found=found, mend="ask for the right to read it")
        ) from err
    try:
        document = _yaml().load(text)
    except MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        found = f"is not YAML: {err.problem or 'it cannot be read'}"
        raise CaseError(
            Problem(
                file=name, line=mark.line + 1 if mark else None, found=found,
                mend="check the indents, and quote words with a colon or a # in them",
            )
        ) from err  # fmt: skip
    except (YAMLError, ValueError, RecursionError) as err:
        raise CaseError(Problem(file=name, found=f"is not YAML: {err}")) from err
    if not isinstance(document, CommentedMap):
        found = "is empty" if document is None else "does not hold 'key: value' lines"
        raise CaseError(Problem(file=name, line=1, found=found, mend="start from 'vigbook new'"))
    return document


def _read(
    path: Path,
    model: type[M],
    check: Callable[[M], Iterable[Finding]],
    problems: list[Problem],
) -> Source[M] | None:
    """Returns what a file holds; adds to `problems` all that is wrong in it."""
    try:
        document = _load(path)
    except CaseError as err:
        problems.extend(err.problems)
        return None
    value, details = _validate(model, document)
    for detail in details:
        problems.append(_explain(path, document, model, detail))
    if value is None:
        return None
    source = Source(path, value, document)
    # Where some fields were wrong, places in the rest may have moved: they carry no line then.
    for finding in check(value):
        place = finding.at if not details else finding.at[:1]
        problems.append(source.problem(place, finding.found, finding.mend))
    return source


def _validate(model: type[M], document: CommentedMap) -> tuple[M | None, list[ErrorDetails]]:
    """Returns the model and what is wrong by type.

    Where something is wrong it is taken out and the rest tried again, so that what is wrong by
    sense elsewhere in the file is reported in the same run.
    """
    plain = _plain(document)
    first: list[ErrorDetails] = []
    for _ in range(8):
        try:
            return model.model_validate(plain), first
        except ValidationError as err:
            details = err.errors(include_url=False)
            first = first or details
            for detail in reversed(details):
                _take_out(plain, detail["loc"], missing=detail["type"] == "missing")
    return None, first


def _plain(node: object) -> Any:
    """Returns a document's plain values, without what ruamel keeps for writing it again."""
    if isinstance(node, CommentedMap):
        return {str(key) if not isinstance(key, int) else key: _plain(value)
                for key, value in node.items()}  # fmt: skip
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, bool):
        return bool(node)
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return copy.copy(node)


def _take_out(plain: Any, at: Sequence[str | int], *, missing: bool) -> None:
    path = list(at[:-1] if missing else at)
    while path:
        parent = plain
        try:
            for step in path[:-1]:
                parent = parent[step]
            del parent[path[-1]]
        except (KeyError, IndexError, TypeError):
            path.pop()
        else:
            return


def _explain(
    path: Path, document: CommentedMap, model: type[BaseModel], detail: ErrorDetails
) -> Problem:
    at, kind = detail["loc"], detail["type"]
    context = detail.get("ctx", {})
    value = detail["input"]
    said = f"'{value}'" if isinstance(value, str | int | float) else "what stands there"
    if kind == "missing":
        return _problem(path, document, at, "is missing", "add it")
    if kind == "extra_forbidden":
        mend = nearest(str(at[-1]), _keys_beside(model, at))
        return _problem(path, document, at, f"no key is called '{at[-1]}' here", mend)
    if kind == "literal_error":
        expected = [word.strip("'") for word in re.split(r", | or ", context["expected"])]
        mend = nearest(str(value), expected)
        return _problem(path, document, at, f"{said} is not one of its words", mend)
    if kind == "value_error":
        found, _, mend = str(context["error"]).partition("; ")
        return _problem(path, document, at, found, mend)
    if kind == "string_pattern_mismatch":
        mends = {
            "language": "write a language as en, cy, ar or pt-BR",
            "colour": "write a colour as #0b6e3b",
        }
        mend = "use small letters, digits and hyphens, a letter first, 32 at most"
        return _problem(path, document, at, f"{said} will not do", mends.get(str(at[-1]), mend))
    if kind == "string_type":
        mend = "put it in quotation marks" if value is not None else "write it, or drop the line"
        found = f"{said} is not text" if value is not None else "is empty"
        return _problem(path, document, at, found, mend)
    return _problem(path, document, at, f"{said}: {detail['msg'][0].lower()}{detail['msg'][1:]}")


def _keys_beside(model: type[BaseModel], at: Location) -> list[str]:
    """Returns the keys that a model allows at the place of an unknown one."""
    schema = model.model_json_schema(by_alias=True)
    node: dict[str, Any] = schema
    for step in at[:-1]:
        node = _resolve(schema, node)
        node = node.get("items", {}) if isinstance(step, int) else node["properties"].get(step, {})
    return list(_resolve(schema, node).get("properties", {}))


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in (node, *node.get("anyOf", ()), *node.get("allOf", ())):
        if "$ref" in choice:
            target: dict[str, Any] = schema["$defs"][choice["$ref"].rpartition("/")[2]]
            return target
        if "items" in choice and choice is not node:
            return dict(choice)
    return node


def _problem(
    path: Path, document: CommentedMap, at: Location, found: str, mend: str = ""
) -> Problem:
    return Problem(
        file=show_path(path),
        line=_line(document, at),
        field=format_field(at),
        found=found,
        mend=mend,
    )


def format_field(at: Location) -> str:
    """Returns a place in a file as `clips[2].start`."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _line(document: CommentedMap, at: Location) -> int | None:
    node: Any = document
    line: int | None = None
    for step in at:
        try:
            position = node.lc.item(step) if isinstance(step, int) else node.lc.key(step)
            line = position[0] + 1
            node = node[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line


def _check_number(folder: Path, source: Source[Cycle]) -> Iterator[Problem]:
    number = folder.resolve().name.removeprefix("cycle-")
    if number.isdecimal() and int(number) != source.model.cycle:
        yield source.problem(
            ("cycle",), f"says {source.model.cycle}, and the folder is {folder.name}", "mend one"
        )
