"""What the family's page says: their moments, in their own words."""

from __future__ import annotations

from collections.abc import Sequence

from vigbook.case.journal import Answer
from vigbook.case.models import PRACTITIONER
from vigbook.cycle.context import CycleContext
from vigbook.paper.page import Page, View
from vigbook.paper.page_frame import format_deletion, is_deletion_unknown, make_frame
from vigbook.workbook.elements import TRY_PROMPTS


def make_take_home(page: Page) -> View:
    """Returns what the take-home says, and the script of it."""
    context, say = page.context, page.words.say
    question = None if page.blank else page.helping_question()["words"]
    return {
        **make_frame(page, say("Our page")),
        "read_through": not is_read_through(context, page.audience),
        "names": page.names(),
        "date": page.title()["date"],
        "question": question,
        "moments": _moments(page),
        "helped": page.said("helped"),
        "helped_prompt": "",
        "remember": _first(page.said("remember")),
        "remember_prompt": "",
        "try": {
            prompt_id.removeprefix("try."): _first(page.said(prompt_id))
            for prompt_id in TRY_PROMPTS
        },
        # Who gets a copy of somebody else's plan is told whose it is.
        "try_named": len(context.case.receivers) > 1,
        "goals": page.goals()["goals"],
        "next_date": page.next_date()["date"],
        "deletion": format_deletion(page),
        "deletion_unknown": is_deletion_unknown(page),
        "private": page.private,
    }


def _moments(page: Page) -> list[View]:
    """Returns the moments of the page, counted as they stand there: a gap would be a trace."""
    moments: list[View] = []
    for clip in page.context.cycle.clips:
        moment = _moment(page, clip.id, len(moments) + 1)
        moments += [moment] if moment else []
    return moments


def _moment(page: Page, clip_id: str, place: int) -> View | None:
    """Returns a moment of the page: a picture and the parent's own words, or None for no trace."""
    clip, stills = page.clip(clip_id) or {}, page.stills(clip_id) or {}
    method = page.context.method
    # A strip of three tells before, during and after; of two, the first says it.
    pictures = stills["pictures"][:3] if len(stills["pictures"]) >= 3 else stills["pictures"][:1]
    asked = [
        one for one in method.file.take_home.words if f"{clip_id}.{one}" in page.context.prompts
    ]
    said = [(one, words) for one in asked for words in page.said(f"{clip_id}.{one}")[:1]]
    # The family's own words before any note of the worker's.
    said.sort(key=lambda one: not one[1]["own"])
    if not said and stills["refused"]:
        # An empty place with a title would tell that something was kept back.
        return None
    prompt_id, words = said[0] if said else (next(iter(asked), ""), None)
    prompt = page.context.prompts.get(f"{clip_id}.{prompt_id}")
    return {
        "id": clip_id,
        "title": clip["title"] or page.words.say("Clip %(number)s", number=place),
        "pictures": pictures,
        "prompt": page.label(prompt) if prompt else "",
        "words": words,
    }


def is_read_through(context: CycleContext, audience: str | None) -> bool:
    """Whether this page, as it stands, has been read through with who gets it.

    Words put down after the reading have not been read, and another person's tick is not theirs.
    """
    ticks: list[tuple[int, Answer]] = [
        (number, answer)
        for number, answer in enumerate(context.journal.lines)
        if answer.prompt == "take-home.checked"
        and (audience is None or answer.by in (audience, PRACTITIONER))
    ]
    if not ticks or ticks[-1][1].empty:
        return False
    return all(
        answer.prompt == "take-home.checked" for answer in context.journal.lines[ticks[-1][0] :]
    )


def _first(words: Sequence[View]) -> View | None:
    return words[0] if words else None
