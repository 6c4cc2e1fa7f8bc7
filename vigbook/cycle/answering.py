"""What a person types on a screen -> the journal, and back: one way in, with a kernel or without.

A screen sends the whole text each time, under an id of its own and with the id of the answer that
it was begun from. So what is sent twice is written once, and what two people typed at the same
time is never lost: the later one is told, and keeps both texts until a person has chosen.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from vigbook.case.journal import SOURCES, Answer, ConflictError, Said, read_journal, write_answer
from vigbook.case.models import Clip
from vigbook.cycle.context import CycleContext
from vigbook.cycle.parsing import default_source, parse_answer
from vigbook.errors import AnswerError, OutputError, Problem, VigbookError
from vigbook.timecode import Timecode

_MOST_MARKS = 500


def save_typed(context: CycleContext, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Puts what was typed into the journal, and tells what came of it, for the screen.

    Args:
        context: the cycle.
        typed: `prompt`; `value`, a text, or for moments a list of {at}; `by`; `source`; `base`,
            the id of the answer it was begun from, or null; `id`, 16 hexadecimal digits, its own;
            `own`, the ids that the same window sent earlier drafts of it under.

    Returns:
        {"saved": answer} once it is on the disk; {"conflict": answer} when somebody else answered
        meanwhile; {"refused": a sentence} when it cannot be saved, with {"again": true} where the
        fault is not in the text, so that the same may be sent again. An answer is as `show_answer`
        returns it.
    """
    try:
        return {"saved": show_answer(_save(context, typed))}
    except ConflictError as err:
        return {"conflict": show_answer(err.standing)}
    except AnswerError as err:
        return {"refused": err.as_sentences()}
    except VigbookError as err:
        return {"refused": err.as_sentences(), "again": True}


def answer_prompt(
    context: CycleContext, prompt_id: str, text: str, *, by: str, source: Said | None = None
) -> Answer:
    """Puts one answer into the journal in the place of the one that stands, and returns it.

    Raises:
        AnswerError: there is no such prompt or person, or the text does not fit the prompt.
        JournalError, OutputError: it could not be written.
    """
    value = parse_answer(context.prompts, context.case, prompt_id, text)
    last = read_journal(context.journal_of(prompt_id)).last(prompt_id)
    return _write(
        context, prompt_id, value, by=by, source=source or default_source(by),
        base=last.id if last else None,
    )  # fmt: skip


def show_prompt(context: CycleContext, prompt_id: str) -> list[dict[str, Any]]:
    """Returns every answer to a prompt, oldest first, as `show_answer` does each.

    Raises:
        JournalError: the journal cannot be read.
    """
    journal = read_journal(context.journal_of(prompt_id))
    return [show_answer(answer) for answer in journal.history(prompt_id)]


def show_answer(answer: Answer) -> dict[str, Any]:
    """Returns an answer for the screen: its value as it was typed, and the clock's time."""
    return {
        "id": answer.id,
        "value": answer.value if _are_marks(answer.value) else to_text(answer.value),
        "by": answer.by,
        "source": answer.source,
        "at": answer.at,
        "clock": _clock(answer.at),
    }


def to_text(value: object) -> str:
    """Returns an answer as it was typed: a list one entry a line, nothing for no answer."""
    if isinstance(value, list):
        return "\n".join(str(entry) for entry in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _save(context: CycleContext, typed: Mapping[str, Any]) -> Answer:
    prompt_id, value = str(typed.get("prompt")), typed.get("value")
    prompt = context.prompts.get(prompt_id)
    if prompt and prompt.kind == "marks":
        clip = context.cycle.clip(prompt_id.rpartition(".")[0])
        parsed: Any = _parse_marks(prompt_id, value, clip)
    elif isinstance(value, str):
        parsed = parse_answer(context.prompts, context.case, prompt_id, value)
    else:
        raise AnswerError(Problem(field=prompt_id, found="what was sent is no text"))
    source = typed.get("source")
    if source not in SOURCES:
        found = "it is not said how it was said"
        raise AnswerError(Problem(field=prompt_id, found=found, mend="choose whose words they are"))
    own_id = typed.get("id")
    if not re.fullmatch(r"[0-9a-f]{16}", str(own_id)):
        raise AnswerError(Problem(field=prompt_id, found="what was sent has no id of its own"))
    return _write(
        context, prompt_id, parsed, by=str(typed.get("by")), source=cast(Said, source),
        base=_base(context.journal_of(prompt_id), prompt_id, typed),
        answer_id=str(own_id), only_on_base=True,
    )  # fmt: skip


def _write(
    context: CycleContext, prompt_id: str, value: Any, *, by: str, source: Said, **more: Any
) -> Answer:
    """Writes an answer: the one door into a cycle's journals."""
    speakers = [speaker for _, speaker in context.speakers()]
    if by not in speakers:
        found, mend = f"there is nobody '{by}' in the family", f"use one of: {', '.join(speakers)}"
        raise AnswerError(Problem(found=found, mend=mend))
    if not context.folder.is_dir():
        # Else the lock would make a folder at the old place, and the words would lie alone there.
        found = "could not be written: the family's folder is not where it was"
        mend = "put it back, or open it again from where it is now"
        raise OutputError(Problem(file=str(context.folder), found=found, mend=mend))
    journal = context.journal_of(prompt_id)
    return write_answer(journal, prompt_id, value, by=by, source=source, **more)


def _base(journal: Path, prompt_id: str, typed: Mapping[str, Any]) -> str | None:
    """Returns the answer that a text replaces: one of its own drafts, if that came to be saved.

    A page that goes, or a network that breaks, may never hear that its last draft was saved.
    """
    history = read_journal(journal).history(prompt_id)
    own = typed.get("own")
    if history and isinstance(own, list) and history[-1].id in own:
        return history[-1].id
    base = typed.get("base")
    return base if isinstance(base, str) else None


def _parse_marks(prompt_id: str, value: object, clip: Clip | None) -> list[dict[str, str]]:
    """Returns marked moments in order, each once; they are film times within their clip."""
    if not (isinstance(value, Sequence) and _are_marks(value)) or len(value) > _MOST_MARKS:
        raise AnswerError(Problem(field=prompt_id, found="what was sent are no moments"))
    try:
        times = sorted({Timecode.parse(str(one["at"])) for one in value})
    except ValueError as err:
        raise AnswerError(Problem(field=prompt_id, found="what was sent are no moments")) from err
    if clip is None or any(not clip.start <= time < clip.end for time in times):
        raise AnswerError(Problem(field=prompt_id, found="a moment lies outside its clip"))
    return [{"at": time.format()} for time in times]


def _are_marks(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, Mapping) and "at" in one for one in value
    )


def _clock(at: str) -> str:
    """Returns the time of day on this computer's clock, as 14:03:22."""
    try:
        return f"{datetime.datetime.fromisoformat(at).astimezone():%H:%M:%S}"
    except ValueError:
        return ""
