"""The journal of what was said: `answers.jsonl`, append-only.

Answers are the only thing that cannot be made again. Each is one line of JSON, on the disk before
anybody is told that it is saved. File order decides; the last line of a prompt wins and the
earlier ones stay as its history. JSON lines rather than a database: a person can read them, two
copies can be merged, and a synced folder does them no harm.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from vigbook.errors import JournalError, Problem
from vigbook.log import append_line

Said = Literal["said", "written", "agreed-summary"]
SOURCES: tuple[Said, ...] = ("said", "written", "agreed-summary")
UNKNOWN = "unknown"  # who said something, where the line does not tell: it is shared with nobody
LONGEST_ANSWER = 1_000_000
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
    entered_by: str = "practitioner"
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
        return self.source in ("said", "written") and self.by not in ("practitioner", UNKNOWN)

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
    """

    lines: tuple[Answer, ...] = ()
    torn: tuple[int, ...] = ()

    def last(self, prompt: str) -> Answer | None:
        """Returns the answer that stands, or None where there is none or it was emptied."""
        found = next((one for one in reversed(self.lines) if one.prompt == prompt), None)
        return None if found is None or found.empty else found

    def history(self, prompt: str) -> tuple[Answer, ...]:
        """Returns every answer to a prompt, oldest first."""
        return tuple(one for one in self.lines if one.prompt == prompt)


class ConflictError(Exception):
    """Somebody else answered the same prompt meanwhile: `standing` is what they answered."""

    def __init__(self, standing: Answer) -> None:
        super().__init__(f"{standing.prompt} was answered meanwhile")
        self.standing = standing


def read_journal(path: Path) -> Journal:
    """Returns the answers in a journal; a file that is not there has none.

    Raises:
        JournalError: it is there and cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Journal()
    except OSError as err:
        raise JournalError(
            Problem(file=str(path), found=f"cannot be read: {err.strerror}", mend="see its rights")
        ) from err
    answers: list[Answer] = []
    torn: list[int] = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        answer = parse_line(line)
        if answer:
            answers.append(answer)
        else:
            torn.append(number)
    return Journal(tuple(answers), tuple(torn))


def parse_line(line: bytes) -> Answer | None:
    """Returns the answer on a line, or None if it is not a whole one."""
    try:
        found = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
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
        entered_by=str(found.get("entered_by", "practitioner")),
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
    entered_by: str = "practitioner",
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
    if len(line) > LONGEST_ANSWER * 4:
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


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no answer")


def _are_translations(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(one, dict)
        and isinstance(one.get("text"), str)
        and isinstance(one.get("by"), str)
        for one in found.values()
    )
