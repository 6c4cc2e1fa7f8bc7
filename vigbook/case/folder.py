"""A family's folder: find it, read and check all its files at once, and write a new one.

Everything that is wrong in any of them is collected, so that one look mends it all.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from vigbook.case.models import Case, Cycle, Service
from vigbook.case.rules import check_case, check_cycle
from vigbook.case.yaml_file import Source, read_source
from vigbook.errors import CaseError, Problem, UsageError
from vigbook.system.atomic import output_error, publish_bytes

CYCLE_FOLDER = r"cycle-[1-9][0-9]?"
"""What a cycle's folder is called, as a pattern: cycle-1 to cycle-99."""
_CYCLE_FOLDER = re.compile(CYCLE_FOLDER)


FileState = tuple[int, int, int]
"""A file's size in bytes, its time of change in nanoseconds and its inode; 0 where it is not."""


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


def find_family(path: Path) -> tuple[Path, list[Path]]:
    """Returns the family's folder and the cycle folders meant by a CASE on the command line.

    Raises:
        UsageError: it is neither a family's folder nor a cycle's, or may not be looked at.
    """
    try:
        return _find_family(path)
    except OSError as err:  # no right to look into the folder, a name that is too long
        mend = "ask for the right to read it" if err.errno == errno.EACCES else "check the path"
        found = f"cannot be read: {err.strerror}"
        raise UsageError(Problem(file=str(path), found=found, mend=mend)) from err


def _find_family(path: Path) -> tuple[Path, list[Path]]:
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
            if path.name not in ("", ".", ".."):
                return path.parent, [path]
            return parent, [parent / Path(os.path.abspath(path)).name]
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
    return sorted(found, key=number_of)


def cycle_name(number: int) -> str:
    """Returns what the folder of a cycle is called."""
    return f"cycle-{number}"


def number_of(cycle: Path) -> int:
    """Returns the number that a cycle's folder bears.

    Raises:
        ValueError: it bears none.
    """
    named = cycle if _CYCLE_FOLDER.fullmatch(cycle.name) else cycle.resolve()  # of "." and the like
    return int(named.name.removeprefix("cycle-"))


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
    case = read_source(family / "case.yaml", Case, check_case, problems)
    sources: dict[Path, Source[Cycle]] = {}
    # Somebody who could not be read is no stranger: then nobody is looked up.
    known = case.model if case and "people" not in case.lost else None
    for folder in find_cycles(family) if cycles is None else cycles:
        source = read_source(
            folder / "cycle.yaml", Cycle, lambda cycle: check_cycle(cycle, known), problems
        )
        if source:
            sources[folder] = source
            problems += _check_number(folder, source)
    service_path = find_service(family, service)
    team = read_source(service_path, Service, lambda _: (), problems) if service_path else None
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
        ValueError: it is absolute or leaves the family's folder, by `..` or by a link, or is a
            link that leads to itself.
    """
    if Path(name).is_absolute() or re.match(r"[A-Za-z]:|\\\\", name):
        raise ValueError(f"'{name}' is a path from the top of the disk")
    path = base / name
    if not Path(os.path.normpath(os.path.abspath(path))).is_relative_to(os.path.abspath(family)):
        raise ValueError(f"'{name}' leaves the case's folder")
    try:
        target = path.resolve()
    except RuntimeError as err:  # Python before 3.13
        raise ValueError(f"'{name}' is a link that leads to itself") from err
    if not target.is_relative_to(family.resolve()):
        raise ValueError(f"'{name}' is a link that leaves the case's folder")
    return path


def stat_files(family: Path, cycle: Path, service: Path | None = None) -> tuple[FileState, ...]:
    """Returns the state of each file that `read_case_folder` reads for one cycle.

    Args:
        family, service: as for `read_case_folder`.
        cycle: the cycle's folder.
    """
    team = find_service(family, service)
    paths = [family / "case.yaml", cycle / "cycle.yaml", *([team] if team else [])]
    return tuple(stat_file(path) for path in paths)


def stat_file(path: Path) -> FileState:
    """Returns a file's state, by which one can tell that it was changed."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return found.st_size, found.st_mtime_ns, found.st_ino


def write_new_case(folder: Path) -> None:
    """Writes a commented case to start from, its first cycle, and schemas for editors.

    A folder `cycle-N` in a family that is there already gets only its `cycle.yaml`.

    Raises:
        UsageError: there is a case already, or the folder's name is no pseudonym we can use.
        OutputError: it cannot be written.
    """
    if (folder.absolute().parent / "case.yaml").is_file():
        _write_new_cycle(folder)
        return
    family = folder.absolute().name
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", family):
        mend = "use a pseudonym: small letters, digits and hyphens, a letter first, as 'otter'"
        raise UsageError(Problem(file=str(folder), found=f"'{family}' will not do", mend=mend))
    if (folder / "case.yaml").exists():
        raise UsageError(Problem(file=str(folder), found="there is a case here already"))
    starters = resources.files("vigbook") / "starters"
    write_schemas(folder.parent)
    try:
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


def _write_new_cycle(folder: Path) -> None:
    family, name = folder.absolute().parent, folder.absolute().name
    if not _CYCLE_FOLDER.fullmatch(name):
        number = max(map(number_of, find_cycles(family)), default=0) + 1
        found = "is a folder in a family that is there already"
        mend = f"for its next cycle write 'vigbook new {folder.parent / cycle_name(number)}'"
        raise UsageError(Problem(file=str(folder), found=found, mend=mend))
    if (folder / "cycle.yaml").exists():
        raise UsageError(Problem(file=str(folder), found="there is a cycle here already"))
    text = (resources.files("vigbook") / "starters" / "cycle.yaml").read_text("utf-8")
    text = text.replace("cycle: 1\n", f"cycle: {number_of(folder.absolute())}\n", 1)
    publish_bytes(folder / "cycle.yaml", text.encode())


def write_schemas(cases: Path) -> None:
    """Writes the JSON Schemas beside the families, where their files tell editors to look.

    Raises:
        OutputError: they cannot be written.
    """
    for name in ("case", "cycle", "service"):
        schema = (resources.files("vigbook") / f"schemas/{name}.schema.json").read_bytes()
        publish_bytes(cases / ".schemas" / f"{name}.schema.json", schema)


def _check_number(folder: Path, source: Source[Cycle]) -> Iterator[Problem]:
    number = folder.resolve().name.removeprefix("cycle-")
    if "cycle" in source.lost:
        return
    if number.isdecimal() and int(number) != source.model.cycle:
        yield source.problem(
            ("cycle",), f"says {source.model.cycle}, and the folder is {folder.name}", "mend one"
        )
