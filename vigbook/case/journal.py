"""The journal of what was said: `answers.jsonl`, append-only.

Answers are the only thing that cannot be made again. Each is one line of JSON, on the disk before
anybody is told that it is saved. File order decides; the last line of a prompt wins and the
earlier ones stay as its history. JSON lines rather than a database: a person can read them, two
copies can be merged, and a synced folder does them no harm.
"""

from __future__ import annotations

import dataclasses
import datetime
import errno
import functools
import itertools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal, cast

from vigbook.case.log import append_line
from vigbook.case.models import PRACTITIONER
from vigbook.errors import JournalError, Problem
from vigbook.system.atomic import stamp_of
from vigbook.system.reading import open_to_read, parse_json

Said = Literal["said", "written", "agreed-summary"]
SOURCES: tuple[Said, ...] = ("said", "written", "agreed-summary")
UNKNOWN = "unknown"  # who said something, where the line does not tell: it is shared with nobody
LONGEST_ANSWER = 1_000_000
LONGEST_LINE = 4 * LONGEST_ANSWER
"""In bytes: no longer one is written, and of a longer one no more is read."""
_LARGEST_JOURNAL = 64_000_000  # bytes: in memory fifteen times as much, at the worst
_KNOWN = (
    "v", "id", "at", "prompt", "value", "by", "entered_by", "source", "base", "film_time",
    "translations",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of the journal.

    Attributes:
        prompt: the id of the prompt it answers, as `clip-1.see`.
        value: text, a number, a list or true; None or empty means room to write.
        by: who said it: a person's id, or `practitioner`.
        source: whether it was said, written, or agreed as a summary.
        at: when it was put down, RFC 3339 in UTC.
        id: its own id.
        base: the id of the answer that it replaces.
        entered_by: who typed it.
        film_time: where in the review's film it was said.
        translations: by language, each with `text` and `by`.
        extra: keys of a later vigbook, kept as they are.
    """

    prompt: str
    value: Any
    by: str
    source: Said
    at: str
    id: str
    base: str | None = None
    entered_by: str = PRACTITIONER
    film_time: str | None = None
    translations: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether it is room to write: null, blank or an empty list."""
        if isinstance(self.value, str):
            return not self.value.strip()
        return self.value is None or self.value == []

    @property
    def quotable(self) -> bool:
        """Whether it may stand in quotation marks: words said or written by that person."""
        return self.source in ("said", "written") and self.by not in (PRACTITIONER, UNKNOWN)

    def as_json(self) -> dict[str, Any]:
        """Returns the line's object, without empty optional keys."""
        line: dict[str, Any] = {
            "v": 1, "id": self.id, "at": self.at, "prompt": self.prompt, "value": self.value,
            "by": self.by, "entered_by": self.entered_by, "source": self.source, "base": self.base,
        }  # fmt: skip
        if self.film_time is not None:
            line["film_time"] = self.film_time
        if self.translations:
            line["translations"] = {key: dict(one) for key, one in self.translations.items()}
        return {**line, **self.extra}


@dataclasses.dataclass(frozen=True, slots=True)
class Journal:
    """All answers of one cycle, in file order.

    Attributes:
        lines: every line that could be read.
        torn: line numbers, from 1, that could not: a power cut's torn line, or damage.
        numbers: line numbers, from 1, of `lines`; none where they come from no file.
        too_long: line numbers, from 1, and sizes in bytes of those that no answer can have.
    """

    lines: tuple[Answer, ...] = ()
    torn: tuple[int, ...] = ()
    numbers: tuple[int, ...] = dataclasses.field(default=(), compare=False)
    too_long: tuple[tuple[int, int], ...] = ()
    # Where each prompt's answers stand in `lines`: hundreds of prompts are asked for, and a search
    # through thousands of lines for each would take longer than everything else.
    _places: dict[str, list[int]] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places: dict[str, list[int]] = {}
        for place, one in enumerate(self.lines):
            places.setdefault(one.prompt, []).append(place)
        object.__setattr__(self, "_places", places)

    def last(self, prompt: str) -> Answer | None:
        """Returns the answer that stands, or None where there is none or it was emptied."""
        places = self._places.get(prompt)
        found = self.lines[places[-1]] if places else None
        return None if found is None or found.empty else found

    def last_number(self, prompt: str) -> int | None:
        """Returns the number of a prompt's last line in its file, or None where there is none."""
        places = self._places.get(prompt)
        return self.numbers[places[-1]] if places and self.numbers else None

    def history(self, prompt: str) -> tuple[Answer, ...]:
        """Returns every answer to a prompt, oldest first."""
        return tuple(self.lines[place] for place in self._places.get(prompt, ()))

    def prompts(self) -> tuple[str, ...]:
        """Returns the prompts that were ever answered, in the order of their first answers."""
        return tuple(self._places)


class ConflictError(Exception):
    """Somebody else answered the same prompt meanwhile: `standing` is what they answered."""

    def __init__(self, standing: Answer) -> None:
        super().__init__(f"{standing.prompt} was answered meanwhile")
        self.standing = standing


def read_journal(path: Path) -> Journal:
    """Returns the answers in a journal; a file that is not there has none.

    One that has not changed since this process read it last is not read again.

    Raises:
        JournalError: it is there and cannot be read.
    """
    return _read(path, _read_lines)


def read_standing(path: Path) -> Journal:
    """Returns what stands in a journal, as its latest line of each prompt: for later cycles.

    Raises:
        JournalError: as `read_journal`.
    """
    return _read(path, _read_last_lines)


def _read(path: Path, read: Callable[[Path, object], Journal]) -> Journal:
    try:
        return read(path, stamp_of(path))
    except FileNotFoundError:
        return Journal()
    except OSError as err:
        mend = "see its rights"
        if err.errno == errno.EFBIG:
            mend = "keep it, and take out what no family said; nothing in it was changed"
        elif err.errno == errno.EINVAL:
            mend = "put the real file there"
        problem = Problem(file=str(path), found=f"cannot be read: {err.strerror}", mend=mend)
        raise JournalError(problem) from err


# Two: a cycle's own, and that of the cycle before it. They may be long, so no more are kept.
@functools.lru_cache(maxsize=2)
def _read_lines(path: Path, _stamp: object) -> Journal:
    with open_to_read(path, _LARGEST_JOURNAL) as file:
        return _parse_journal(file)


# As many as a family may have cycles. Each holds a line a prompt, however long its history is.
@functools.lru_cache(maxsize=99)
def _read_last_lines(path: Path, stamp: object) -> Journal:
    journal = _read_lines(path, stamp)
    last = (journal.last(prompt) for prompt in journal.prompts())
    return Journal(tuple(one for one in last if one))


def _parse_journal(file: IO[bytes]) -> Journal:
    answers: list[Answer] = []
    numbers: list[int] = []
    torn: list[int] = []
    too_long: list[tuple[int, int]] = []
    for number, line, size in _iter_lines(file):
        if size > LONGEST_LINE:
            too_long.append((number, size))
        elif answer := parse_line(line):
            answers.append(answer)
            numbers.append(number)
        elif line.strip():
            torn.append(number)
    return Journal(tuple(answers), tuple(torn), tuple(numbers), tuple(too_long))


def _iter_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """Yields each line's number, its beginning and its size in bytes; no more of it is kept."""
    for number in itertools.count(1):
        line = file.readline(LONGEST_LINE + 1)
        if not line:
            return
        size, end = len(line), line
        while not end.endswith(b"\n") and (end := file.readline(LONGEST_LINE)):
            size += len(end)
        yield number, line, size


def parse_line(line: bytes) -> Answer | None:
    """Returns the answer on a line, or None if it is not a whole one."""
    try:
        found = parse_json(line, numbers_only=True)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("prompt"), str):
        return None
    source, by = found.get("source", "said"), found.get("by")
    translations = found.get("translations") or {}
    return Answer(
        prompt=found["prompt"],
        value=found.get("value"),
        by=by if isinstance(by, str) else UNKNOWN,
        source=cast(Said, source if source in SOURCES else "agreed-summary"),
        at=str(found.get("at", "")),
        id=str(found.get("id", "")),
        base=found.get("base"),
        entered_by=str(found.get("entered_by", PRACTITIONER)),
        film_time=found.get("film_time"),
        translations=translations if _are_translations(translations) else {},
        extra={key: value for key, value in found.items() if key not in _KNOWN},
    )


def write_answer(
    path: Path,
    prompt: str,
    value: Any,
    *,
    by: str,
    source: Said,
    entered_by: str = PRACTITIONER,
    base: str | None = None,
    film_time: str | None = None,
    answer_id: str | None = None,
    only_on_base: bool = False,
) -> Answer:
    """Appends an answer to the journal and returns it once it is on the disk.

    Args:
        path: the journal.
        prompt, value, by, source, entered_by, base, film_time: as in `Answer`.
        answer_id: its own id, so that one sent twice is written once.
        only_on_base: refuse when the latest answer to the prompt is not `base`.

    Raises:
        ConflictError: somebody else answered meanwhile; it holds what they answered.
        JournalError: another program holds the journal, or the answer is longer than a book.
        OutputError: it cannot be written. What was there is untouched.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    answer = Answer(
        prompt=prompt, value=value, by=by, source=source, at=now.replace("+00:00", "Z"),
        id=answer_id or secrets.token_hex(8), base=base, entered_by=entered_by, film_time=film_time,
    )  # fmt: skip
    line = json.dumps(answer.as_json(), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    if len(line) > LONGEST_LINE:
        raise JournalError(
            Problem(field=prompt, found=f"the answer has {len(line)} bytes", mend="shorten it")
        )
    found: list[Answer] = []

    def may() -> bool:
        history = read_journal(path).history(prompt)
        found.extend(one for one in history if one.id == answer.id)
        if found:
            return False
        latest = history[-1] if history else None
        if only_on_base and latest and latest.id != base:
            raise ConflictError(latest)
        return True

    append_line(path, line, may if answer_id or only_on_base else lambda: True)
    return found[0] if found else answer


def _are_translations(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(one, dict)
        and isinstance(one.get("text"), str)
        and isinstance(one.get("by"), str)
        for one in found.values()
    )
