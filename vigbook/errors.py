"""Every error a user can meet.

    VigbookError
    ├── UsageError            what was asked on the command line cannot be done
    ├── CaseError             a case's files are wrong: all problems at once
    ├── ConsentError          nobody has said yes to this
    ├── JournalError          answers.jsonl or log.jsonl cannot be read or written
    ├── AnswerError           an answer does not fit its prompt
    ├── MethodError           a folder of templates is missing or wrong
    ├── FilmError             a film cannot be read
    │   └── CutError          a clip or still could not be made from it
    ├── WorkbookError         the notebook could not be run
    ├── PaperError            a page could not be printed
    ├── ArchiveError          a bag could not be written or is damaged
    ├── SettingsError         this user's own settings cannot be read
    └── OutputError           a file could not be written (disk full, read-only, taken)

Each carries `problems`: what failed, where, what was found and how to mend it. `str()` gives one
line a problem, fit to be shown as it is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong or that a person should know.

    Attributes:
        file: the file it was found in, relative to where the command was run.
        line: its line there, counted from 1.
        field: the field, as `clips[2].start`.
        found: what was found, in words.
        mend: what to do about it.
        pressing: whether it is told again each time until it is mended, also among hundreds of
            families in which nothing changed.
    """

    found: str
    mend: str = ""
    file: str | None = None
    line: int | None = None
    field: str | None = None
    pressing: bool = False

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        if self.field:
            place += f" {self.field}" if place else self.field
        sentence = f"{self.found}; {self.mend}" if self.mend else self.found
        # One line whatever was typed: a name with a line break must not look like two problems.
        return " ".join((f"{place}: {sentence}" if place else sentence).split())

    def as_json(self) -> dict[str, str | int | None]:
        """Returns the problem as the `--json` option prints it."""
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "found": self.found,
            "mend": self.mend,
        }


def show_path(path: Path) -> str:
    """Returns a path as a person would type it here: relative where that is shorter."""
    with_dots = os.path.relpath(path) if path.drive == Path.cwd().drive else str(path)
    return min(str(path), with_dots, key=len)


class VigbookError(Exception):
    """Something a user can mend; `problems` says what and how."""

    def __init__(self, problems: Iterable[Problem] | Problem | str, mend: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(found=problems, mend=mend)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def as_sentences(self) -> str:
        """Returns what was wrong, for who looks at a page and not at a file: no file is named."""
        parts = []
        for one in self.problems:
            words = " ".join((f"{one.found}: {one.mend}" if one.mend else one.found).split())
            parts.append(words[:1].upper() + words[1:].rstrip(".") + ".")
        return " ".join(parts)

    def __reduce__(self) -> tuple[type[VigbookError], tuple[tuple[Problem, ...]]]:
        # Errors cross from worker processes to the command; the default would lose `problems`.
        return type(self), (self.problems,)


class UsageError(VigbookError):
    """What was asked on the command line cannot be done."""


class CaseError(VigbookError):
    """A case's files are wrong; every problem found is carried at once."""


class ConsentError(VigbookError):
    """What was asked needs a yes that nobody has given."""


class JournalError(VigbookError):
    """A journal cannot be read or written."""


class AnswerError(VigbookError):
    """An answer does not fit its prompt, or there is no such prompt."""


class MethodError(VigbookError):
    """A method's folder of templates is missing or wrong."""


class FilmError(VigbookError):
    """A film cannot be read."""


class CutError(FilmError):
    """A clip or a still could not be made from a film."""


class WorkbookError(VigbookError):
    """The notebook could not be run."""


class SettingsError(VigbookError):
    """This user's own settings cannot be read."""


class PaperError(VigbookError):
    """A page could not be printed."""


class ArchiveError(VigbookError):
    """A bag could not be written, or what it holds is not what was put in."""


class OutputError(VigbookError):
    """A file could not be written."""


@contextlib.contextmanager
def told_in(errors: list[Problem]) -> Iterator[None]:
    """Puts what a user can mend into a list; anything else is our fault and goes on up."""
    try:
        yield
    except VigbookError as err:
        # Several papers may fail for one reason; it is told once.
        errors += [one for one in err.problems if one not in errors]
