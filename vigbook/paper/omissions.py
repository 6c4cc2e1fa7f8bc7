"""What was left out of one paper for want of consent, gathered and told to the worker."""

from __future__ import annotations

import dataclasses

from vigbook.case.consent import Decision
from vigbook.case.models import Use
from vigbook.case.rules import Location
from vigbook.cycle.context import CycleContext
from vigbook.errors import Problem


@dataclasses.dataclass(slots=True, kw_only=True)
class Withheld:
    """What was left out of a paper, gathered while it is made.

    Attributes:
        context: the cycle.
        use: what pictures on the paper are used for.
        audience: the id of the person this copy is for, or None for the family's or the team's.
        own: pictures of a team's own cells that were left out.
    """

    context: CycleContext
    use: Use
    audience: str | None
    own: list[Problem] = dataclasses.field(default_factory=list)
    _words: dict[tuple[str, tuple[str, ...]], dict[str, None]] = dataclasses.field(
        default_factory=dict
    )
    _pictures: dict[str, dict[int, Decision]] = dataclasses.field(default_factory=dict)

    def add_words(self, field: str, what: str, decision: Decision) -> None:
        """Notes that somebody's words were left out, by the prompt or goal they belong to."""
        self._words.setdefault((what, decision.reasons), {})[field] = None

    def set_pictures(self, clip_id: str, refused: dict[int, Decision]) -> None:
        """Notes which of a clip's stills were left out, by number from 1."""
        self._pictures[clip_id] = refused

    def list_problems(self) -> list[Problem]:
        """Returns what was left out and why.

        One line for all words, all pictures, or all of a clip, where the reasons are the same.
        """
        clips = self.context.cycle.clips
        found = [
            Problem(field=", ".join(fields), found=self._tell(what, reasons))
            for (what, reasons), fields in self._words.items()
        ] + self.own
        every = [decision.reasons for one in self._pictures.values() for decision in one.values()]
        if len(every) == sum(len(clip.stills) for clip in clips) > 1 and len(set(every)) == 1:
            return [*found, self._picture_problem(("clips",), "all pictures", every[0])]
        for index, clip in enumerate(clips):
            refused = self._pictures.get(clip.id, {})
            reasons = {decision.reasons for decision in refused.values()}
            if len(reasons) == 1 and len(refused) == len(clip.stills) > 1:
                at: Location = ("clips", index)
                found.append(self._picture_problem(at, "its pictures", reasons.pop()))
                continue
            for number, decision in refused.items():
                at = ("clips", index, "stills", number - 1)
                found.append(self._picture_problem(at, "picture", decision.reasons))
        return found

    def _picture_problem(self, at: Location, what: str, reasons: tuple[str, ...]) -> Problem:
        return self.context.source.problem(at, self._tell(what, reasons))

    def _tell(self, what: str, reasons: tuple[str, ...]) -> str:
        case = self.context.case
        paper = f"{case.name_of(self.audience)}'s page" if self.audience else "the family's page"
        if self.use == "service-record":
            paper = "the record"
        return f"{what} left out of {paper}: " + "; ".join(reasons)
