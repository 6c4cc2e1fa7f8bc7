"""What stands on the blank paper for the hour itself."""

from __future__ import annotations

import dataclasses
from typing import Any

from vigbook.paper.page import Page, View
from vigbook.paper.page_frame import make_frame


def make_worksheet(page: Page) -> View:
    """Returns what stands on the worksheet: pictures, questions and room to write."""
    context = page.context
    own = context.method.file.prompts
    clips = []
    for number, clip in enumerate(context.cycle.clips, start=1):
        pictures = (page.stills(clip.id) or {}).get("pictures", [])
        clips.append(
            {
                "id": clip.id,
                "number": number,
                "title": (page.clip(clip.id) or {})["title"],
                "start": clip.start.short(),
                "picture": pictures[0] if pictures else None,
                "prompts": [_to_write(page, one) for one in own.clip if one.on_paper],
            }
        )
    blank = dataclasses.replace(page, blank=True)
    blank.withheld = page.withheld  # one paper, and one list of what it lacks
    return {
        **make_frame(page, page.words.say("Worksheet")),
        "names": page.names(),
        "question": page.helping_question()["words"],
        "clips": clips,
        "closing": [_to_write(page, one) for one in own.closing if one.on_paper],
        "goals": blank.goals()["goals"],
    }


def _to_write(page: Page, prompt: Any) -> View:
    return {"label": page.label(prompt), "hint": page.hint(prompt), "lines": prompt.lines}
