"""What there is to build and why, in words, before anything is done.

A build leaves a stamp in the family's folder (`.built.json`): what it was made from and what it
made, file by file, what it told, and the day on which the calendar alone changes something. A
family in which nothing of that differs is passed over without a file being parsed. Content
decides; a file of the same size, time and inode is not read again. Whatever is in doubt is built:
the stages of `pipeline` leave alone what they find up to date.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vigbook import __version__
from vigbook.case.folder import find_cycles, find_family, find_service, number_of
from vigbook.errors import Problem, VigbookError, show_path
from vigbook.method.templates import find_templates, hash_templates
from vigbook.outcome import Options, Outcome
from vigbook.system import clock
from vigbook.system.atomic import is_temporary, publish_bytes, sha256_of
from vigbook.system.reading import read_json

STAMP = ".built.json"
_LARGEST = 20_000_000  # bytes of a stamp, or of the list of what was cut
# What is made by others depends on none of these, and nothing that is built does.
_ASIDE = ("log.jsonl", "reflection.jsonl")
_MADE = ("media", "print")
_TOOLS = ("av", "imageio-ffmpeg", "ipywidgets", "nbformat", "pillow", "pydyf", "weasyprint")
_WORDS = {
    "answers.jsonl": "an answer changed",
    "case.yaml": "case.yaml changed",
    "cycle.yaml": "cycle.yaml changed",
    "service.yaml": "service.yaml changed",
    "workbook.ipynb": "the workbook changed",
    "media": "a clip or picture changed",
    "print": "a paper changed",
}

Seen = tuple[int, int, int]
"""A file's size in bytes, its time of change in nanoseconds and its inode; 0 where it is not."""
_NOT_THERE: Seen = (0, 0, 0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done about one case.

    Attributes:
        case: its folder, as it was named.
        reasons: why it is to be built, in words; none where nothing changed.
        last: what its last build told, where nothing is to be done.
    """

    case: Path
    reasons: tuple[str, ...]
    last: tuple[Outcome, ...] = ()


def plan_case(case: Path, options: Options) -> Plan:
    """Returns what is to be done about a case; what is wrong with it is for its build to tell."""
    try:
        family, folders = find_family(case)
        stamp = _read_stamp(family)
        if stamp is None:
            return Plan(case=case, reasons=("not built yet",))
        if reasons := tuple(dict.fromkeys(_find_reasons(family, options, stamp))):
            return Plan(case=case, reasons=reasons)
        kept = {one["cycle"]: one for one in stamp["outcomes"]}
        last = tuple(_parse_outcome(case, family, kept[number_of(one)]) for one in folders)
        return Plan(case=case, reasons=(), last=last)
    except (VigbookError, OSError):
        return Plan(case=case, reasons=("cannot be read",))
    except (ValueError, KeyError, TypeError, AttributeError):  # of another version, or damaged
        return Plan(case=case, reasons=("not built yet",))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What is seen of all that a build reads or makes.

    Attributes:
        files: every file of the case, by its path.
        templates: a SHA-256 of the templates.
    """

    files: Mapping[str, Seen]
    templates: str


def scan(case: Path, options: Options) -> Scan:
    """Returns what is seen of a case and of the templates now."""
    try:
        family, _ = find_family(case)
        return Scan(files=dict(_walk(family, "")), templates=_hash_templates(options.templates))
    except (VigbookError, OSError):
        return Scan(files={}, templates="")  # its build tells


def write_stamp(case: Path, options: Options, before: Scan, outcomes: Sequence[Outcome]) -> None:
    """Leaves a stamp that a family was built, unless something went wrong or changed meanwhile.

    Then an earlier one may stay: it tells of other content than is there now.

    Args:
        case: a family's folder; of one cycle alone nothing is said.
        options: what was asked for.
        before: what `scan` gave before the build read anything.
        outcomes: what came of it.
    """
    try:
        family, _ = find_family(case)
        after = dict(_walk(family, ""))
        made = {os.path.relpath(one, family) for outcome in outcomes for one in outcome.made}
        if (
            {one.cycle for one in outcomes} != {*map(number_of, find_cycles(family))}
            or not all(one.ok for one in outcomes)
            or _inputs(before.files, made) != _inputs(after, made)
        ):
            return
        known = (_read_stamp(family) or {}).get("files", {}) | _cut_from(family, after)
        service = find_service(family, options.service)
        beside = {os.path.relpath(one, family): _look(one) for one in outcomes[0].beside}
        stamp = {
            "v": 1,
            "service": service and os.path.relpath(service, family),
            "made_with": _list_versions(),
            "templates": before.templates,
            "zone": outcomes[0].zone,
            "day": max(one.day.isoformat() for one in outcomes if one.day),
            "until": min((one.until.isoformat() for one in outcomes if one.until), default=None),
            "files": {
                name: [*seen, _hash(family / name, seen, known.get(name))]
                for name, seen in (after | beside).items()
            },
            "outcomes": [_format_outcome(family, one) for one in outcomes],
        }
        publish_bytes(family / STAMP, json.dumps(stamp, ensure_ascii=False).encode() + b"\n")
    except (VigbookError, OSError, ValueError, TypeError):
        return  # it is looked at again, and nothing is lost


def _find_reasons(family: Path, options: Options, stamp: Mapping[str, Any]) -> Iterator[str]:
    if options.fresh:
        yield "asked to be made anew"
    yield from _compare_versions(stamp["made_with"])
    if stamp["templates"] != _hash_templates(options.templates):
        yield "template changed"
    today = (options.today or clock.today(stamp.get("zone"))).isoformat()
    until = stamp["until"]
    if today < stamp["day"] or (until and until <= today):
        yield "the date changes what may be shown, or when it is to be deleted"
    service = find_service(family, options.service)
    if stamp["service"] != (service and os.path.relpath(service, family)):
        yield _WORDS["service.yaml"]
    known: dict[str, list[Any]] = stamp["files"]
    there = {name: _look(family / name) for name in known if name.startswith("..")}
    there |= dict(_walk(family, ""))
    for name in sorted(known.keys() ^ there.keys()):
        yield _in_words(name)
    for name, seen in there.items():
        if name not in known or (not options.rehash and [*seen] == known[name][:3]):
            continue
        if seen[0] != known[name][0] or sha256_of(family / name) != known[name][3]:
            yield _in_words(name)


def _walk(folder: Path | str, prefix: str) -> Iterator[tuple[str, Seen]]:
    for entry in os.scandir(folder):
        name = prefix + entry.name
        if entry.name.startswith("."):
            if is_temporary(entry.name):  # half a picture may be a child's: it does not stay
                yield name, _NOT_THERE
            continue
        if entry.is_dir(follow_symlinks=False):
            # What prepare makes for itself comes and goes.
            if not (entry.name == "aids" and prefix.endswith("media/")):
                yield from _walk(entry.path, f"{name}/")
        elif entry.name not in _ASIDE:
            yield name, _look(entry.path)


def _look(path: Path | str) -> Seen:
    try:
        seen = Path(path).stat()
    except FileNotFoundError:
        return _NOT_THERE
    if not stat.S_ISREG(seen.st_mode):
        raise OSError(f"{path} is no file")
    return seen.st_size, seen.st_mtime_ns, seen.st_ino


def _inputs(state: Mapping[str, Seen], made: Iterable[str]) -> dict[str, Seen]:
    return {
        name: seen
        for name, seen in state.items()
        if name not in made and seen != _NOT_THERE and not set(_MADE) & set(name.split("/"))
    }


def _cut_from(family: Path, after: Mapping[str, Seen]) -> dict[str, list[Any]]:
    """Returns the films that were read just now, with the hash that they had then."""
    films = {}
    for cycle in find_cycles(family):
        try:
            film = read_json(cycle / "media" / "manifest.json", _LARGEST)["film"]
            name = os.path.relpath(cycle / film["file"], family)
            if name in after:
                films[name] = [*after[name], film["sha256"]]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return films


def _hash(path: Path, seen: Seen, known: Sequence[Any] | None) -> str:
    if known and [*known[:3]] == [*seen]:
        return str(known[3])
    return "" if seen == _NOT_THERE else sha256_of(path)


@functools.lru_cache(maxsize=1)
def _hash_templates(templates: Path | None) -> str:
    return hash_templates(find_templates(templates))


@functools.lru_cache(maxsize=1)
def _list_versions() -> dict[str, str]:
    tools = {name: importlib.metadata.version(name) for name in _TOOLS}
    return {"vigbook": __version__, **tools}


def _compare_versions(known: Mapping[str, str]) -> Iterator[str]:
    for name, version in _list_versions().items():
        if known.get(name) != version:
            yield f"{name} changed from {known.get(name)} to {version}"


def _in_words(name: str) -> str:
    parts = name.split("/")
    if parts[-1].startswith("."):
        return "a run that was killed left something lying"
    for part in (parts[-1], *parts[:-1]):
        if part in _WORDS:
            return _WORDS[part]
    return f"{parts[-1]} changed"


def _read_stamp(family: Path) -> dict[str, Any] | None:
    try:
        stamp = read_json(family / STAMP, _LARGEST)
        return stamp if stamp["v"] == 1 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _format_outcome(family: Path, outcome: Outcome) -> dict[str, Any]:
    def inside(problem: Problem) -> dict[str, Any]:
        file = problem.file and os.path.relpath(problem.file, family)
        return dataclasses.asdict(dataclasses.replace(problem, file=file))

    return {
        "cycle": outcome.cycle,
        "warnings": [inside(one) for one in outcome.warnings],
        "withheld": [inside(one) for one in outcome.withheld],
        "kept": [os.path.relpath(one, family) for one in (*outcome.kept, *outcome.made)],
    }


def _parse_outcome(case: Path, family: Path, kept: Mapping[str, Any]) -> Outcome:
    def here(problem: Mapping[str, Any]) -> Problem:
        file = problem["file"] and show_path(Path(os.path.normpath(family / problem["file"])))
        return Problem(**{**problem, "file": file})

    return Outcome(
        case=str(case),
        cycle=kept["cycle"],
        reasons=(),
        warnings=[here(one) for one in kept["warnings"]],
        withheld=[here(one) for one in kept["withheld"]],
        kept=[show_path(family / one) for one in kept["kept"]],
    )
