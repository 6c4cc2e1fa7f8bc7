"""One YAML file into a model, and all that is wrong in it by file, line and field.

YAML 1.2: `00:01:23` is no base-60 number and `no` is no country. A person's comments survive a
write.
"""

from __future__ import annotations

import copy
import dataclasses
import errno
import functools
import io
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from vigbook.case.models import Case, Cycle
from vigbook.case.rules import Finding, Location, check_case, check_cycle
from vigbook.case.value_errors import explain_mistake
from vigbook.errors import CaseError, Problem, show_path
from vigbook.system.atomic import publish_bytes
from vigbook.system.reading import read_file

M = TypeVar("M", bound=BaseModel)
_Lists = dict[Location, list[int]]
_LARGEST_FILE = 2_000_000
_LONGEST_KEPT = 50_000  # characters, 150 clips; a document takes fifty times as much memory
_MOST_MARKS = 40_000  # of which a clip has some 25; to read so many takes some seconds
_MOST_VALUES = 100_000
_DEEPEST = 32
_MOST_TOLD = 100  # things that are wrong: a person mends a few, and runs the command again
# What every file must have. Where one is wrong, this stands for it while the rest is looked at.
_STAND_INS = {"vigbook": 1, "family": "x", "people": [{"id": "x", "name": "x", "role": "x"}],
              "cycle": 1, "in_shot": ["x"]}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Source(Generic[M]):
    """A file that was read: its model, and where each of its fields stands.

    Attributes:
        lost: the lists, as `people`, that lack an entry in the model since it is wrong.
    """

    path: Path
    model: M
    document: CommentedMap
    lost: frozenset[str] = frozenset()

    def problem(self, at: Location, found: str, mend: str = "") -> Problem:
        """Returns a problem with the file, line and field of a place in this file."""
        return _problem(self.path, self.document, at, found, mend)


def read_model(path: Path, model: type[M]) -> M:
    """Reads one YAML file into a model.

    Raises:
        CaseError: with every problem found in it.
    """
    problems: list[Problem] = []
    source = read_source(path, model, lambda _: (), problems)
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
    document = _load(path, to_edit=True)
    edit(document)
    problems: list[Problem] = []
    check = _CHECKS.get(model, lambda _: ())
    if _inspect(path, document, model, check, problems) is None or problems:
        raise CaseError(problems)
    text = io.StringIO()
    _yaml().dump(document, text)
    publish_bytes(path, text.getvalue().encode())


# What is wrong by sense in one file, whatever stands in the others.
_CHECKS: dict[type[BaseModel], Callable[[Any], Iterable[Finding]]] = {
    Case: check_case,
    Cycle: lambda cycle: check_cycle(cycle, None),
}


class _Constructor(RoundTripConstructor):
    """Makes a document's values; a date that no calendar has stays text, to be told by field."""

    def construct_yaml_timestamp(self, node: ScalarNode, values: object = None) -> Any:
        try:
            return super().construct_yaml_timestamp(node, values)
        except ValueError:
            return self.construct_scalar(node)


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_yaml_timestamp)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.max_depth = _DEEPEST  # a case has 8 levels; thousands take ruamel.yaml many seconds
    yaml.version = None  # YAML 1.2 without writing a %YAML line
    yaml.preserve_quotes = True
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


@functools.lru_cache(maxsize=32)  # a family's: the notebook's process begins with what this holds
def _parse(text: str) -> Any:
    """Returns the document in a text, which nobody may change: the next to ask gets the same."""
    return _yaml().load(text)


def _load(path: Path, *, to_edit: bool = False) -> CommentedMap:
    name = show_path(path)
    try:
        text = read_file(path, _LARGEST_FILE).decode("utf-8-sig")
    except FileNotFoundError as err:
        mend = "'vigbook new CASE' writes one to start from"
        raise CaseError(Problem(file=name, found="is not there", mend=mend)) from err
    except UnicodeDecodeError as err:
        raise CaseError(
            Problem(file=name, found="is not UTF-8 text", mend="save it as UTF-8")
        ) from err
    except OSError as err:
        if err.errno == errno.EFBIG:
            raise CaseError(Problem(file=name, found="is too large for a case file")) from err
        found, mend = f"cannot be read: {err.strerror}", "ask for the right to read it"
        if err.errno == errno.EINVAL:
            mend = "put the real file there"
        if path.is_dir():
            found = "is a folder, and a file was looked for"
            mend = "'vigbook new CASE' writes one to start from"
        raise CaseError(Problem(file=name, found=found, mend=mend)) from err
    if sum(map(text.count, "\n,:")) > _MOST_MARKS:
        found = f"holds more than {_MOST_MARKS} lines, colons and commas, which no family's does"
        raise CaseError(Problem(file=name, found=found, mend="was another file put here?"))
    try:
        known = len(text) <= _LONGEST_KEPT and not to_edit
        document = _parse(text) if known else _yaml().load(text)
    except MarkedYAMLError as err:
        raise CaseError(_explain_syntax(name, err)) from err
    except ReaderError as err:
        line = text.count("\n", 0, err.position) + 1
        found = f"is not YAML: there is a character that no text has (U+{err.character:04X})"
        raise CaseError(Problem(file=name, line=line, found=found, mend="take it out")) from err
    except RecursionError as err:
        raise CaseError(Problem(file=name, found="is nested too deeply")) from err
    except (YAMLError, ValueError) as err:
        if "integer string conversion" in str(err):
            found, mend = "holds a number that is longer than anybody writes", "take it out"
            raise CaseError(Problem(file=name, found=found, mend=mend)) from err
        raise CaseError(Problem(file=name, found=f"is not YAML: {err}")) from err
    if not isinstance(document, CommentedMap):
        found = "is empty" if document is None else "does not hold 'key: value' lines"
        raise CaseError(Problem(file=name, line=1, found=found, mend="start from 'vigbook new'"))
    _check_size(name, document)
    return document


def _explain_syntax(name: str, err: MarkedYAMLError) -> Problem:
    """Returns what is wrong with a file's form, where a person would look for it."""
    said, mark = err.problem or "it cannot be read", err.problem_mark or err.context_mark
    found = f"is not YAML: {said}"
    mend = "check the indents, and quote words with a colon or a # in them"
    if "maximum depth" in said:
        found, mend = "is nested too deeply", "check the indents and the brackets"
    elif err.context and "quoted scalar" in err.context:
        # The parser only notices at the end of the file; the mark that opened is what to mend.
        mark = err.context_mark or mark
        found, mend = "is not YAML: a quotation mark opens here and is not closed", "close it"
    elif "mapping values are not allowed" in said:
        found = "is not YAML: there is a second colon in the line, or the indent is wrong"
        mend = "put quotation marks around words with a colon in them"
    elif "\\t" in said:
        found, mend = "is not YAML: there is a tab", "use spaces"
    return Problem(file=name, line=mark.line + 1 if mark else None, found=found, mend=mend)


def _check_size(name: str, document: CommentedMap) -> None:
    """Raises a CaseError where a few lines stand for millions of values, by aliases of aliases."""
    count = 0
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        inside = [*node.values()] if isinstance(node, dict) else node
        count += len(inside)
        if count > _MOST_VALUES:
            found = f"holds more than {_MOST_VALUES} values, counting each that is repeated"
            raise CaseError(Problem(file=name, found=f"{found} by its mark", mend="write less"))
        waiting += [one for one in inside if isinstance(one, dict | list)]


def read_source(
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
    return _inspect(path, document, model, check, problems)


def _inspect(
    path: Path,
    document: CommentedMap,
    model: type[M],
    check: Callable[[M], Iterable[Finding]],
    problems: list[Problem],
) -> Source[M] | None:
    value, details, dropped = _validate(model, document)
    problems.extend(
        _problem(path, document, place, *explain_mistake(model, place, detail))
        for place, detail in itertools.islice(details.items(), _MOST_TOLD)
    )
    if len(details) > _MOST_TOLD:
        found = f"{len(details) - _MOST_TOLD} more things are wrong in this file"
        problems.append(Problem(file=show_path(path), found=found, mend="mend those above first"))
    if value is None:
        return None
    lost = frozenset(str(place[0]) for place in dropped if len(place) <= 2)
    source = Source(path, value, document, lost)
    lists: _Lists = {}
    for finding in check(value):
        # What is named and could not be read is there all the same; and nobody wrote a stand-in.
        key = finding.at[0]
        if finding.among in lost or key not in document or (key,) in dropped:
            continue
        place = _as_written(document, finding.at, dropped, lists)
        problems.append(source.problem(place, finding.found, finding.mend))
    return source


def _validate(
    model: type[M], document: CommentedMap
) -> tuple[M | None, dict[Location, ErrorDetails], set[Location]]:
    """Returns the model, what is wrong by type and where, and what was left out for it.

    Where something is wrong it is left out and the rest tried again, so that what is wrong by
    sense elsewhere in the file is reported in the same run.
    """
    first: dict[Location, ErrorDetails] = {}
    dropped: set[Location] = set()
    stand_ins: dict[str, Any] = {}
    while True:
        try:
            plain = {**_plain(document, dropped), **stand_ins}
            return model.model_validate(plain), first, dropped
        except ValidationError as err:
            details = err.errors(include_url=False)
        found: dict[Location, ErrorDetails] = {}
        lists: _Lists = {}
        for detail in details:
            named = detail["type"] in ("missing", "extra_forbidden")
            at = detail["loc"][:-1] if named else detail["loc"]
            place = _as_written(document, at, dropped, lists)
            found.setdefault((*place, detail["loc"][-1]) if named else place, detail)
        # A list is also said to be too short where what is in it is wrong.
        outer = {place[:length] for place in found for length in range(len(place))}
        found = {place: detail for place, detail in found.items() if place not in outer}
        first = first or found
        more = {
            place[:-1] if detail["type"] == "missing" else place
            for place, detail in found.items()
        } - dropped - {()}  # fmt: skip
        lacking = [str(place[0]) for place in found if found[place]["type"] == "missing"]
        needed = {key: _STAND_INS[key] for key in lacking if key in _STAND_INS} if not more else {}
        if not more and not needed:
            return None, first, dropped
        dropped |= more | {(key,) for key in needed}
        stand_ins |= needed


def _as_written(
    document: CommentedMap, at: Location, dropped: set[Location], lists: _Lists
) -> Location:
    """Returns where a place in what was left stands in the whole file.

    pydantic's steps that are no places, as which kind of a union it tried, end it.

    Args:
        document: the whole file.
        at: the place.
        dropped: what was left out.
        lists: what was left of the lists that were looked through before, for the same `dropped`.
    """
    node: Any = document
    place: Location = ()
    for step in at:
        if isinstance(node, CommentedSeq) and isinstance(step, int):
            if place not in lists:
                every = range(len(node))
                lists[place] = [index for index in every if (*place, index) not in dropped]
            step = lists[place][step]
        elif not isinstance(node, CommentedMap) or step not in node:
            break
        place, node = (*place, step), node[step]
    return place


def _plain(node: object, dropped: set[Location], at: Location = ()) -> Any:
    """Returns a document's plain values, without what ruamel keeps for writing it again.

    Args:
        node: the document, or a part of it.
        dropped: places to leave out.
        at: where `node` stands.
    """
    if isinstance(node, CommentedMap):
        return {str(key) if not isinstance(key, int) else key: _plain(value, dropped, (*at, key))
                for key, value in node.items() if (*at, key) not in dropped}  # fmt: skip
    if isinstance(node, CommentedSeq):
        return [_plain(value, dropped, (*at, index))
                for index, value in enumerate(node) if (*at, index) not in dropped]  # fmt: skip
    if isinstance(node, bool):
        return bool(node)
    for kind in (str, int, float):
        if isinstance(node, kind):
            return kind(node)
    return copy.copy(node)


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
