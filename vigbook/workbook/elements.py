"""Kind and id of an element -> what the screen shows of it.

An element is named by its kind and id alone. The saved workbook gets fixed words and links for it;
what it says on paper is `vigbook.paper.page`'s.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vigbook.case.manifest import clip_file, still_file
from vigbook.cycle.context import CycleContext
from vigbook.method.language import Words
from vigbook.method.rendering import environment

MIME = "application/vnd.vigbook.v1+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KINDS = (
    "title", "helping-question", "clip", "stills", "prompt", "goals", "next-step", "next-date",
)  # fmt: skip
TRY_PROMPTS = ("try.what", "try.where", "try.when")


def find_links(context: CycleContext, kind: str, element_id: str, start: Path) -> tuple[str, ...]:
    """Returns links to an element's files, relative to `start`, if the family may look at them.

    A link may point to a file that is not cut yet: elements only refer.
    """
    clip = context.cycle.clip(element_id)
    if clip is None or kind not in ("clip", "stills"):
        return ()
    if kind == "clip":
        names = [clip_file(clip.id)] if context.may_show("shared-review", clip) else []
    else:
        names = [
            still_file(clip.id, number)
            for number, still in enumerate(clip.stills, start=1)
            if context.may_show("shared-review", clip, still)
        ]
    media = os.path.relpath(context.media, start)
    return tuple(Path(media, name).as_posix() for name in names)


def reference(
    context: CycleContext, kind: str, element_id: str, links: Sequence[str], words: Words
) -> dict[str, Any]:
    """Returns an element's display for the saved workbook: kind, id, fixed words and links."""
    prompt = context.prompts.get(element_id)
    # A goal's own wording is the family's: the saved workbook says only that there is a goal.
    ours = prompt is not None and prompt.kind != "rating"
    names = context.names(words, generic=True)
    label = words.fill(prompt.label, names) if prompt and ours else words.say("Our goals")
    html = environment(context.templates, words).get_template("screen/element.html.j2")
    return {
        MIME: {"kind": kind, "id": element_id, "links": list(links)},
        "text/plain": f"{kind} {element_id}",
        "text/html": html.render(
            kind=kind, links=links, label=label, number=context.clip_numbers.get(element_id)
        ).strip(),
    }
