"""What a template's cells call.

    review = Review(case, cycle)
    review.title()
    for clip in review.clips:
        clip.show()
        clip.stills()
        clip.ask()

Each call displays elements by reference: kind, id, fixed words and relative links. Only in a live
session (`VIGBOOK_LIVE=1`) are names, questions and prompts shown, as widgets, which no notebook
file keeps. Cells may be run again at any time; nothing is cut or printed from here.
"""

from __future__ import annotations

import datetime
import html
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython.display import publish_display_data

from vigbook.casefile import find_family, read_case_folder
from vigbook.elements import TRY_PROMPTS, WIDGET_VIEW, find_links, reference
from vigbook.errors import Problem, UsageError
from vigbook.methods import find_templates, load_words
from vigbook.sitting import open_sitting


class Review:
    """One cycle of one family, for the cells of a notebook.

    Args:
        case: the family's folder, relative to the kernel's working directory.
        cycle: the number of the cycle.

    Raises:
        UsageError: there is no such case or cycle.
        CaseError: its files are wrong; every problem is named.
    """

    def __init__(self, case: str, cycle: int) -> None:
        family, _ = find_family(Path(case))
        folder = family / f"cycle-{cycle}"
        if not folder.is_dir():
            found = f"there is no cycle {cycle}"
            raise UsageError(Problem(file=str(family), found=found, mend="check the number"))
        own = os.environ.get("VIGBOOK_TEMPLATES")
        service = os.environ.get("VIGBOOK_SERVICE")
        templates = find_templates(Path(own) if own else None)
        files = read_case_folder(family, [folder], Path(service) if service else None)
        today = os.environ.get("VIGBOOK_TODAY")
        self._sitting = open_sitting(
            files, folder, templates,
            datetime.date.fromisoformat(today) if today else datetime.date.today(),
        )  # fmt: skip
        self._words = load_words(templates, files.case.model.language)
        self._live = os.environ.get("VIGBOOK_LIVE") == "1"

    @property
    def clips(self) -> tuple[ReviewClip, ...]:
        """The cycle's clips, in the order of `cycle.yaml`."""
        return tuple(ReviewClip(self, clip.id) for clip in self._sitting.cycle.clips)

    def clip(self, clip_id: str) -> ReviewClip:
        """Returns one clip, for a cell of a team's own.

        Raises:
            UsageError: there is no clip of that id.
        """
        if self._sitting.cycle.clip(clip_id) is None:
            there = ", ".join(clip.id for clip in self._sitting.cycle.clips) or "none"
            raise UsageError(f"there is no clip '{clip_id}'", f"there is: {there}")
        return ReviewClip(self, clip_id)

    def title(self) -> None:
        """Displays the title."""
        self._show("title", f"cycle-{self._sitting.cycle.cycle}", self._live_title)

    def helping_question(self) -> None:
        """Displays the question that the family wants help with."""
        self._show("helping-question", f"cycle-{self._sitting.cycle.cycle}", self._live_question)

    def ask(self, *prompt_ids: str) -> None:
        """Displays prompts, each its own output.

        Raises:
            UsageError: there is no such prompt.
        """
        prompts = self._sitting.prompts
        for prompt_id in prompt_ids:
            if prompt_id not in prompts:
                raise UsageError(f"there is no prompt '{prompt_id}'", "see the method.yaml")
            self._show("prompt", prompt_id, lambda one=prompt_id: self._live_prompts(one))

    def goals(self) -> None:
        """Displays the goals on their ladders."""
        ratings = [f"goal.{goal.id}.now" for goal in self._sitting.case.goals]
        self._show("goals", "goals", lambda: self._live_prompts(*ratings))

    def next_step(self) -> None:
        """Displays the one thing to try: what, where and when."""
        self._show("next-step", "try", lambda: self._live_prompts(*TRY_PROMPTS))

    def next_date(self) -> None:
        """Displays when worker and family meet next."""
        self._show("next-date", "next.date", lambda: self._live_prompts("next.date"))

    def _show(self, kind: str, element_id: str, live: Any = None) -> None:
        links = find_links(self._sitting, kind, element_id, Path.cwd())
        bundle = reference(self._sitting, kind, element_id, links, self._words)
        widget = live() if self._live and live else None
        if widget is not None and links:
            # Jupyter finds the files of a display's own links, and not those of a widget's.
            publish_display_data({"text/plain": "live", **_view(widget)})
        elif widget is not None:
            bundle |= _view(widget)
        publish_display_data(bundle)

    def _live_title(self) -> Any:
        return _heading("h1", self._sitting.family_name(self._words))

    def _live_question(self) -> Any:
        return _heading("h2", self._sitting.helping_question or self._words.say("Our question"))

    def _live_clip(self, clip_id: str) -> Any:
        clip = self._sitting.cycle.clip(clip_id)
        if clip is None:
            return None
        question = html.escape(clip.question or "")
        return _widget(f"<h2>{html.escape(clip.title or '')}</h2><p>{question}</p>")

    def _live_prompts(self, *prompt_ids: str) -> Any:
        # Widgets are made in a live session alone: no papermill run ever loads them.
        import ipywidgets

        from vigbook.prompts import PromptWidget

        prompts, names = self._sitting.prompts, self._sitting.names(self._words)
        made: Sequence[Any] = [
            PromptWidget(
                self._sitting,
                prompt,
                prompt.label if prompt.kind == "rating" else self._words.fill(prompt.label, names),
                self._words.fill(prompt.hint, names) if prompt.hint else None,
            )
            for prompt in (prompts[one] for one in prompt_ids if one in prompts)
        ]
        return ipywidgets.VBox(made) if made else None


class ReviewClip:
    """One clip, for the cells of a notebook."""

    def __init__(self, review: Review, clip_id: str) -> None:
        self._review, self.id = review, clip_id

    def show(self) -> None:
        """Displays the clip in its player."""
        self._review._show("clip", self.id, lambda: self._review._live_clip(self.id))

    def stills(self) -> None:
        """Displays the clip's stills."""
        self._review._show("stills", self.id)

    def ask(self, *prompt_ids: str) -> None:
        """Displays prompts about the clip: those named, as `see`, or all of the method's."""
        sitting = self._review._sitting
        asked = [f"{self.id}.{one}" for one in prompt_ids]
        every = [
            f"{self.id}.{one.id}" for one in sitting.method.file.prompts.clip if one.kind != "marks"
        ]
        self._review.ask(*(asked or every))


def _view(widget: Any) -> dict[str, Any]:
    """Returns the display of a widget; its own text would put what is in it into the file."""
    view = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}
    return {WIDGET_VIEW: view}


def _heading(tag: str, text: str) -> Any:
    return _widget(f"<{tag}>{html.escape(text)}</{tag}>")


def _widget(markup: str) -> Any:
    import ipywidgets

    return ipywidgets.HTML(markup)
