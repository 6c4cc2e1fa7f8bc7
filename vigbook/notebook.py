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
import functools
import html
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.display import publish_display_data

from vigbook.case.folder import cycle_name, find_family, read_case_folder, stat_files
from vigbook.cycle.context import open_context
from vigbook.errors import Problem, UsageError
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates
from vigbook.workbook.elements import TRY_PROMPTS, WIDGET_VIEW, find_links, reference


class Review:
    """One cycle of one family, for the cells of a notebook.

    Args:
        case: the family's folder, relative to the kernel's working directory.
        cycle: the number of the cycle.

    Raises:
        UsageError: there is no such case or cycle, or live it is not the workbook's own.
        CaseError: its files are wrong; every problem is named.
    """

    def __init__(self, case: str, cycle: int) -> None:
        family, _ = find_family(Path(case))
        folder = family / cycle_name(cycle)
        if not folder.is_dir():
            found = f"there is no cycle {cycle}"
            raise UsageError(Problem(file=str(family), found=found, mend="check the number"))
        self._live = os.environ.get("VIGBOOK_LIVE") == "1"
        if self._live and folder.resolve() != Path.cwd().resolve():
            # Whoever changes two values in a shared folder would else choose who is shown here.
            found = f"a live workbook shows its own cycle, and this one asks for '{case}' {cycle}"
            mend = "put case = '..' and its own number into its cell of parameters"
            raise UsageError(Problem(file=str(Path.cwd()), found=found, mend=mend))
        self._family, self._folder = family, folder
        own, service = os.environ.get("VIGBOOK_TEMPLATES"), os.environ.get("VIGBOOK_SERVICE")
        self._own_templates = Path(own) if own else None
        self._service = Path(service) if service else None
        self._open()

    def _open(self) -> None:
        """Reads the family's files as they are now, for the day that it is now."""
        templates = find_templates(self._own_templates)
        self._seen = stat_files(self._family, self._folder, self._service)
        files = read_case_folder(self._family, [self._folder], self._service)
        today = os.environ.get("VIGBOOK_TODAY")
        given_day = datetime.date.fromisoformat(today) if today else None
        self._context = open_context(files, self._folder, templates, given_day)
        self._words = load_words(templates, files.case.model.language)

    def _keep_up(self) -> None:
        """Reads the files anew where they changed, or another day came: a kernel lives for long."""
        seen = stat_files(self._family, self._folder, self._service)
        if seen != self._seen or not self._context.is_of_today:
            self._open()

    @property
    def clips(self) -> tuple[ReviewClip, ...]:
        """The cycle's clips, in the order of `cycle.yaml`."""
        return tuple(ReviewClip(self, clip.id) for clip in self._context.cycle.clips)

    def clip(self, clip_id: str) -> ReviewClip:
        """Returns one clip, for a cell of a team's own.

        Raises:
            UsageError: there is no clip of that id.
        """
        if self._context.cycle.clip(clip_id) is None:
            there = ", ".join(clip.id for clip in self._context.cycle.clips) or "none"
            raise UsageError(f"there is no clip '{clip_id}'", f"there is: {there}")
        return ReviewClip(self, clip_id)

    def title(self) -> None:
        """Displays the title."""
        self._show("title", cycle_name(self._context.cycle.cycle), self._live_title)

    def helping_question(self) -> None:
        """Displays the question that the family wants help with."""
        self._show("helping-question", cycle_name(self._context.cycle.cycle), self._live_question)

    def ask(self, *prompt_ids: str) -> None:
        """Displays prompts, each its own output.

        Raises:
            UsageError: there is no such prompt.
        """
        prompts = self._context.prompts
        for prompt_id in prompt_ids:
            if prompt_id not in prompts:
                raise UsageError(f"there is no prompt '{prompt_id}'", "see the method.yaml")
            self._show("prompt", prompt_id, functools.partial(self._live_prompts, prompt_id))

    def goals(self) -> None:
        """Displays the goals on their ladders."""
        ratings = [f"goal.{goal.id}.now" for goal in self._context.case.goals]
        self._show("goals", "goals", lambda: self._live_prompts(*ratings, heading="Our goals"))

    def next_step(self) -> None:
        """Displays the one thing to try: what, where and when."""

        def live() -> Any:
            return self._live_prompts(*TRY_PROMPTS, heading="One thing I will try")

        self._show("next-step", "try", live)

    def next_date(self) -> None:
        """Displays when worker and family meet next."""
        self._show("next-date", "next.date", lambda: self._live_prompts("next.date"))

    def _show(self, kind: str, element_id: str, live: Callable[[], Any]) -> None:
        self._keep_up()
        links = find_links(self._context, kind, element_id, Path.cwd())
        bundle = reference(self._context, kind, element_id, links, self._words)
        if self._live:
            bundle |= _view(live())
        publish_display_data(bundle)

    def _live_title(self) -> Any:
        names = self._context.family_name(self._words)
        return _lines(("p", "vb-eyebrow", self._words.say("Looking together")), ("h1", "", names))

    def _live_question(self) -> Any:
        ours = self._words.say("Our question")
        question = self._context.helping_question
        if not question:
            return _lines(("h2", "", ours))
        return _lines(("h2", "vb-eyebrow", ours), ("p", "vb-question", question))

    def _live_clip(self, clip_id: str) -> Any:
        # Widgets are made in a live session alone: no papermill run ever loads them.
        import ipywidgets

        from vigbook.workbook.widgets import ClipPlayer

        clip = self._context.cycle.clip(clip_id)
        if clip is None:
            return _lines()
        player = ClipPlayer(self._context, clip, self._words)
        marks = f"{clip_id}.marks"
        if marks not in self._context.prompts or not player.shown["source"]:
            return player
        return ipywidgets.VBox([player, self._live_prompts(marks)])

    def _live_prompts(self, *prompt_ids: str, heading: str | None = None) -> Any:
        import ipywidgets

        from vigbook.workbook.widgets import PromptWidget

        prompts = self._context.prompts
        made = [
            PromptWidget(self._context, prompts[one], self._words)
            for one in prompt_ids
            if one in prompts
        ]
        if heading and made:
            made = [_lines(("h2", "", self._words.say(heading))), *made]
        return made[0] if len(made) == 1 else ipywidgets.VBox(made)


class ReviewClip:
    """One clip, for the cells of a notebook."""

    def __init__(self, review: Review, clip_id: str) -> None:
        self._review, self.id = review, clip_id

    def show(self) -> None:
        """Displays the clip in its player."""
        self._review._show("clip", self.id, lambda: self._review._live_clip(self.id))

    def stills(self) -> None:
        """Displays the clip's stills; live, they stand below its player already."""
        self._review._show("stills", self.id, _lines)

    def ask(self, *prompt_ids: str) -> None:
        """Displays prompts about the clip: those named, as `see`, or all of the method's."""
        context = self._review._context
        asked = [f"{self.id}.{one}" for one in prompt_ids]
        own = context.method.file.prompts.clip
        every = [f"{self.id}.{one.id}" for one in own if one.kind != "marks"]
        self._review.ask(*(asked or every))


def _view(widget: Any) -> dict[str, Any]:
    """Returns the display of a widget; its own text would put what is in it into the file."""
    view = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}
    return {WIDGET_VIEW: view}


def _lines(*lines: tuple[str, str, str]) -> Any:
    """Returns a widget of plain lines, each of (tag, class, text)."""
    import ipywidgets

    return ipywidgets.HTML(
        "".join(f'<{tag} class="{name}">{html.escape(text)}</{tag}>' for tag, name, text in lines)
    )
