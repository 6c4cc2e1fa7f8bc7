"""The widgets of a live workbook: a question with room to answer, and a clip's player.

Both are drawn and kept by modules of `templates/live`, which the page gets from our own server; a
widget brings only the way there, or says how to open the workbook. What is typed comes here as a
message and goes to `vigbook.cycle.answering`, which answers once it is on the disk. They exist in
a live session only, and nothing typed in them ever stands in the notebook file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from vigbook.case.folder import cycle_name
from vigbook.case.manifest import clip_file, still_file
from vigbook.case.models import PRACTITIONER, Clip, Goal
from vigbook.cycle.answering import save_typed, show_prompt
from vigbook.cycle.context import CycleContext
from vigbook.cycle.parsing import default_source
from vigbook.errors import VigbookError
from vigbook.method.language import Words
from vigbook.method.method import Prompt
from vigbook.method.rendering import direction_of
from vigbook.method.templates import find_template
from vigbook.workbook.live_modules import name_modules


class _LiveWidget(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget's traits have no types
    """A widget that saves what is typed in it, and shows what it is told in `shown`."""

    shown = traitlets.Dict().tag(sync=True)
    standing = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    module = traitlets.Unicode(help="its address, below the server's").tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, context: CycleContext, prompt_id: str | None, shown: Mapping[str, Any], name: str
    ) -> None:  # fmt: skip
        self._context, self._prompt_id = context, prompt_id
        super().__init__(
            shown=dict(shown),
            standing=_standing(context, prompt_id) if prompt_id else None,
            module=f"vigbook/live/{name_modules(context.templates)}/{name}.js",
            _esm=_read(context, "widget.js"),
            _css=_read(context, f"{name}.css"),
        )
        self.on_msg(self._hear)

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        """Answers a message of the page with `about`, which names it, and `result`."""
        if message.get("do") == "save":
            result = save_typed(self._context, message.get("typed") or {})
            if "saved" in result:
                self.standing = result["saved"]
        elif message.get("do") == "history" and self._prompt_id:
            result = _history(self._context, self._prompt_id)
        else:
            result = {"refused": "nobody knows what was asked"}
        self.send({"about": message.get("about"), "result": result})


class PromptWidget(_LiveWidget):
    """A question with room to answer, whose words they are, and whether they are saved."""

    def __init__(self, context: CycleContext, prompt: Prompt, words: Words) -> None:
        super().__init__(context, prompt.id, describe_prompt(context, prompt, words), "prompt")


class ClipPlayer(_LiveWidget):
    """A clip that is looked at together, with its stills; moments can be marked in it."""

    def __init__(self, context: CycleContext, clip: Clip, words: Words) -> None:
        marks = f"{clip.id}.marks"
        super().__init__(
            context, marks if marks in context.prompts else None,
            describe_clip(context, clip, words), "player",
        )  # fmt: skip


def describe_prompt(context: CycleContext, prompt: Prompt, words: Words) -> dict[str, Any]:
    """Returns all that the page shows of a prompt, but for its answer."""
    names = context.names(words)
    # A goal's wording is somebody's own: braces in it are no holes.
    rating = prompt.kind == "rating"
    label = prompt.label if rating else words.fill(prompt.label, names)
    shown: dict[str, Any] = {
        "place": _place(context, prompt),
        "kind": prompt.kind,
        "label": label,
        "hint": words.fill(prompt.hint, names) if prompt.hint else None,
        "language": words.language,
        "direction": direction_of(label),
        "lines": prompt.lines,
        "most": prompt.most,
        "speakers": [{"id": who, "name": name} for name, who in context.speakers()],
        "first": _first(context, prompt),
    }
    if rating:
        goal_id = prompt.id.removeprefix("goal.").removesuffix(".now")
        goal = next(one for one in context.case.goals if one.id == goal_id)
        shown |= _describe_ladder(context, goal, prompt.id, words)
    if prompt.kind == "marks" and (clip := context.cycle.clip(prompt.id.rpartition(".")[0])):
        shown |= {"clip": clip.id, "zero": _zero(context, clip)}
    return shown


def describe_clip(context: CycleContext, clip: Clip, words: Words) -> dict[str, Any]:
    """Returns all that the page shows of a clip: nothing to play where nobody may look at it.

    Times are seconds of the film. `zero` is where in it the clip's own time begins.
    """
    number = [one.id for one in context.cycle.clips].index(clip.id) + 1
    marks = context.prompts.get(f"{clip.id}.marks")
    named = clip.title or words.say("Clip %(number)s", number=number)
    shown: dict[str, Any] = {
        "clip": clip.id,
        "number": number,
        "title": named,
        "question": clip.question,
        "language": words.language,
        "direction": direction_of(named),
        "cycle": context.cycle.cycle,
        "source": None,
        "stills": [],
        "place": _place(context, marks) if marks else None,
        "first": {"by": PRACTITIONER, "source": "written"},
        "zero": _zero(context, clip),
        "start": float(clip.start.seconds),
        "end": float(clip.end.seconds),
        "slow": clip.slow,
    }
    video = context.media / clip_file(clip.id)
    stands = context.is_cut(clip) if clip.masks else video.is_file()
    if stands and context.may_show("shared-review", clip):
        shown["source"] = _source(context, video)
        there = [
            (picture, still)
            for number, still in enumerate(clip.stills, start=1)
            if (picture := context.media / still_file(clip.id, number)).is_file()
            and context.still_record(clip, number)
            and context.may_show("shared-review", clip, still)
        ]
        # Counted as they stand there: a number left out would tell of a picture left out.
        shown["stills"] = [
            {
                "source": _source(context, picture),
                "alt": still.alt or words.say("Picture %(number)s of this clip", number=place),
                "at": float(still.at.seconds),
            }
            for place, (picture, still) in enumerate(there, start=1)
        ]
    return shown


def _place(context: CycleContext, prompt: Prompt) -> dict[str, Any]:
    """Returns where an answer belongs; drafts in a browser are kept under it."""
    family = context.family.folder.resolve().name
    return {
        "family": family,
        "cycle": context.cycle.cycle,
        "prompt": prompt.id,
        "kind": prompt.kind,
    }


def _first(context: CycleContext, prompt: Prompt) -> dict[str, str]:
    """Returns whose words they are, and how they came, until somebody chooses."""
    own = prompt.kind == "marks" or context.method.is_practitioners(prompt.id)
    by = PRACTITIONER if own else context.speakers()[0][1]
    return {"by": by, "source": default_source(by)}


def _describe_ladder(
    context: CycleContext, goal: Goal, prompt_id: str, words: Words
) -> dict[str, Any]:
    scale = goal.scale
    return {
        "steps": list(range(scale.min, scale.max + 1)),
        "anchors": {str(step): text for step, text in scale.anchors.items()},
        "hoped": goal.hoped,
        "earlier": _earlier(context, goal, prompt_id, words),
    }


def _earlier(
    context: CycleContext, goal: Goal, prompt_id: str, words: Words
) -> dict[str, Any] | None:
    """Returns the last rating before this cycle, and when it was; never the words to it."""
    for journal in context.earlier:
        if found := journal.last(prompt_id):
            return {"value": found.value, "at": found.at}
    if goal.baseline:
        return {"value": goal.baseline.value, "day": words.date(goal.baseline.date)}
    return None


def _zero(context: CycleContext, clip: Clip) -> float:
    """Returns where in the film a clip's own time begins, in seconds, to 2 ms.

    That is its mark, or its first frame where that comes up later.
    """
    record = context.manifest.clip(clip.id) if context.manifest else None
    given = record.given_start if record else clip.start
    return float(max(given, clip.start).seconds)


def _source(context: CycleContext, path: Path) -> str:
    """Returns a file's address, below where our server gives out media."""
    return f"{cycle_name(context.cycle.cycle)}/{path.name}"


def _standing(context: CycleContext, prompt_id: str) -> dict[str, Any] | None:
    """Returns the latest answer on the disk, an emptied one too: what is typed is begun from it."""
    history = show_prompt(context, prompt_id)
    return history[-1] if history else None


def _history(context: CycleContext, prompt_id: str) -> dict[str, Any]:
    try:
        return {"history": show_prompt(context, prompt_id)}
    except VigbookError as err:
        return {"refused": str(err)}


def _read(context: CycleContext, name: str) -> str:
    return find_template(context.templates, f"live/{name}").read_text("utf-8")
