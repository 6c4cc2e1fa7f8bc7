"""The widgets a person answers in, in a live session only.

Each saves through `vigbook.answers`, and says that it is saved only once the answer is on the
disk. Nothing typed here ever stands in the notebook file.
"""

from __future__ import annotations

import datetime
from typing import Any

import ipywidgets as widgets

from vigbook.answers import Answer, Said, read_journal, write_answer
from vigbook.errors import VigbookError
from vigbook.methods import Prompt, default_source, parse_answer
from vigbook.sitting import Sitting

NOT_RATED = "not rated"


class PromptWidget(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A question with room to answer, who said it, and whether it is saved, in words."""

    def __init__(self, sitting: Sitting, prompt: Prompt, label: str, hint: str | None) -> None:
        self._sitting, self._prompt = sitting, prompt
        self._journal = sitting.journal_of(prompt.id)
        standing = read_journal(self._journal).last(prompt.id)
        self._base = standing.id if standing else None
        self._answer = self._make_answer(standing)
        self._by = widgets.Dropdown(
            options=sitting.speakers(), value=self._first_speaker(standing), description="From"
        )
        self._status = widgets.Label(value="Saved" if standing else "Not answered yet")
        self._answer.observe(self._save, "value")
        self._by.observe(self._save, "value")
        text = widgets.Label(value=label, style={"font_weight": "bold"})
        rows = [text, widgets.Label(value=hint)] if hint else [text]
        super().__init__([*rows, self._answer, self._by, self._status])

    def _make_answer(self, standing: Answer | None) -> Any:
        wide = widgets.Layout(width="100%", max_width="46em")
        text = to_text(standing.value) if standing else ""
        if self._prompt.kind == "tick":
            return widgets.Checkbox(value=bool(standing), description="Yes", indent=False)
        if self._prompt.kind == "rating":
            goal = self._prompt.id.removeprefix("goal.").removesuffix(".now")
            scale = next(one.scale for one in self._sitting.case.goals if one.id == goal)
            steps = [str(step) for step in range(scale.min, scale.max + 1)]
            chosen = text if text in steps else NOT_RATED
            return widgets.ToggleButtons(options=[NOT_RATED, *steps], value=chosen)
        if self._prompt.lines == 1:
            return widgets.Text(value=text, layout=wide, continuous_update=False)
        return widgets.Textarea(
            value=text, rows=self._prompt.lines + 1, layout=wide, continuous_update=False
        )

    def _first_speaker(self, standing: Answer | None) -> str:
        known = [speaker for _, speaker in self._sitting.speakers()]
        return standing.by if standing and standing.by in known else known[0]

    def _save(self, _change: object) -> None:
        value = self._answer.value
        text = {True: "yes", False: "", NOT_RATED: ""}.get(value, value)
        by = self._by.value
        source: Said = default_source(by)
        try:
            parsed = parse_answer(self._sitting.prompts, self._sitting.case, self._prompt.id, text)
            answer = write_answer(
                self._journal, self._prompt.id, parsed, by=by, source=source, base=self._base
            )
        except VigbookError as err:
            self._status.value = f"NOT SAVED: {err}"
            return
        self._base = answer.id
        self._status.value = f"Saved at {datetime.datetime.now():%H:%M:%S}"


def to_text(value: object) -> str:
    """Returns an answer as it was typed: a list one entry a line, nothing for no answer."""
    if isinstance(value, list):
        return "\n".join(str(entry) for entry in value)
    return "" if value is None or isinstance(value, bool) else str(value)
