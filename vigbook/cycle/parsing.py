"""What was typed -> the value that a prompt takes, and how words came where nobody says."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from vigbook.case.journal import Said
from vigbook.case.models import PRACTITIONER, Case
from vigbook.case.rules import nearest
from vigbook.errors import AnswerError, Problem
from vigbook.method.method import Prompt


def parse_answer(prompts: Mapping[str, Prompt], case: Case, prompt_id: str, text: str) -> Any:
    """Returns the value that a typed answer stands for, by its prompt's kind.

    A list takes one entry a line, a rating a number of its goal's scale, a date year-month-day, a
    tick yes or no. Blank text means room to write, and a rating of it is not rated, never 0.

    Raises:
        AnswerError: there is no such prompt, or the text does not fit it.
    """
    prompt = prompts.get(prompt_id)
    if prompt is None:
        found = f"there is no prompt '{prompt_id}'"
        raise AnswerError(Problem(found=found, mend=nearest(prompt_id, prompts)))
    if not text.strip():
        return [] if prompt.kind in ("list", "marks") else None if prompt.kind != "text" else ""
    match prompt.kind:
        case "list":
            return _parse_entries(prompt, prompt_id, text)
        case "tick":
            return _parse_tick(prompt_id, text)
        case "date":
            return _parse_day(prompt_id, text)
        case "rating":
            return _parse_rating(case, prompt_id, text)
        case "marks":
            found = "marks are made while looking together"
            mend = "leave this one to the workbook"
            raise AnswerError(Problem(field=prompt_id, found=found, mend=mend))
        case "text":
            return text


def _parse_entries(prompt: Prompt, prompt_id: str, text: str) -> list[str]:
    entries = [line.strip() for line in text.splitlines() if line.strip()]
    if prompt.most and len(entries) > prompt.most:
        found = f"{len(entries)} lines, and it takes up to {prompt.most}"
        raise AnswerError(Problem(field=prompt_id, found=found, mend="choose among them"))
    return entries


def _parse_day(prompt_id: str, text: str) -> str:
    try:
        return datetime.date.fromisoformat(text.strip()).isoformat()
    except ValueError as err:
        found = f"'{text}' is not a date"
        mend = "write year-month-day, as 2026-03-28"
        raise AnswerError(Problem(field=prompt_id, found=found, mend=mend)) from err


def _parse_tick(prompt_id: str, text: str) -> bool | None:
    ticks = {"yes": True, "true": True, "1": True, "no": None, "false": None, "0": None}
    if text.strip().lower() not in ticks:
        found = f"'{text}' is neither yes nor no"
        raise AnswerError(Problem(field=prompt_id, found=found, mend="write yes or no"))
    return ticks[text.strip().lower()]


def _parse_rating(case: Case, prompt_id: str, text: str) -> int:
    scale = next(goal.scale for goal in case.goals if prompt_id == f"goal.{goal.id}.now")
    mend = f"write a whole number from {scale.min} to {scale.max}, or nothing for not rated"
    try:
        value = int(text)
    except ValueError as err:
        found = f"'{text}' is not a whole number"
        raise AnswerError(Problem(field=prompt_id, found=found, mend=mend)) from err
    if not scale.min <= value <= scale.max:
        raise AnswerError(Problem(field=prompt_id, found=f"{value} is not on the scale", mend=mend))
    return value


def default_source(by: str) -> Said:
    """Returns how an answer is taken to have come when nobody says: family say, workers write."""
    return "written" if by == PRACTITIONER else "said"
