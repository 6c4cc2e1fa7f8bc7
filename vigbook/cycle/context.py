"""One cycle of one family with all that is known of it: what screens and papers are made from."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Callable
from pathlib import Path

from vigbook.case.consent import Decision, may_show, may_use
from vigbook.case.folder import CaseFolder, cycle_name
from vigbook.case.journal import Answer, Journal, read_journal, read_standing
from vigbook.case.manifest import (
    Manifest,
    StillRecord,
    clip_file,
    clip_recipe,
    read_manifest,
    still_recipe,
)
from vigbook.case.masks import is_checked, list_covered
from vigbook.case.models import PRACTITIONER, Case, Clip, Cycle, Service, Still, Use
from vigbook.case.yaml_file import Source
from vigbook.errors import MethodError
from vigbook.method.language import Words
from vigbook.method.method import Method, Prompt, load_method
from vigbook.system import clock


@dataclasses.dataclass(frozen=True, kw_only=True)  # no slots: it keeps what it works out
class CycleContext:
    """One cycle of one family with all that is known of it: what its elements are shown from.

    Attributes:
        family: the family's files.
        folder: the cycle's folder.
        templates: the folders of templates, a team's own first.
        journal: what was said.
        earlier: what stands of earlier cycles, the latest first: no history.
        manifest: what was cut, or None before it was.
        today: the day that consent is asked for: when it was opened.
        given_day: the day that it was asked to be, where that is not the clock's.
    """

    family: CaseFolder
    folder: Path
    templates: tuple[Path, ...]
    method: Method
    journal: Journal
    earlier: tuple[Journal, ...]
    manifest: Manifest | None
    today: datetime.date
    given_day: datetime.date | None = None

    @property
    def case(self) -> Case:
        """The family's case."""
        return self.family.case.model

    @property
    def source(self) -> Source[Cycle]:
        """The cycle's file."""
        return self.family.cycles[self.folder]

    @property
    def cycle(self) -> Cycle:
        """The cycle."""
        return self.source.model

    @property
    def service(self) -> Service:
        """The team."""
        return self.family.service

    @property
    def is_of_today(self) -> bool:
        """Whether the day for which consent was asked is still today."""
        return self.today == (self.given_day or clock.today(self.service.zone))

    @property
    def media(self) -> Path:
        """Where the clips and stills are."""
        return self.folder / "media"

    @functools.cached_property
    def prompts(self) -> dict[str, Prompt]:
        """Every prompt of the cycle by its id, in order."""
        return self.method.prompts(self.case, self.cycle)

    @functools.cached_property
    def clip_numbers(self) -> dict[str, int]:
        """The place of each clip in the cycle, from 1, by its id."""
        return {clip.id: number for number, clip in enumerate(self.cycle.clips, start=1)}

    @property
    def worker(self) -> str | None:
        """The name the family knows their worker by."""
        return self.case.worker or self.service.worker

    @property
    def helping_question(self) -> str | None:
        """The question of this cycle, or else the family's."""
        return self.cycle.helping_question or self.case.helping_question

    def journal_of(self, prompt_id: str) -> Path:
        """Returns the file that answers to a prompt go to: the worker's own are kept apart."""
        own = self.method.is_practitioners(prompt_id)
        return self.folder / ("reflection.jsonl" if own else "answers.jsonl")

    def speakers(self) -> list[tuple[str, str]]:
        """Returns who may have said something, as (name, id): page receivers first, worker last."""
        people = sorted(self.case.people, key=lambda person: not person.receives)
        known = [(person.name, person.id) for person in people]
        return [*known, (self.worker or "worker", PRACTITIONER)]

    def name_of(self, person_id: str) -> str:
        """Returns what a person is called, the worker by the name the family knows."""
        if person_id == PRACTITIONER:
            return self.worker or person_id
        return self.case.name_of(person_id)

    def still_record(self, clip: Clip, number: int) -> StillRecord | None:
        """Returns the record of a still as it is marked now, or None if that was not taken yet.

        Never that of another moment which bore the same number before, with other people in it.
        """
        record = self.manifest.still(clip.id, number) if self.manifest else None
        stands = record and record.recipe == still_recipe(clip, clip.stills[number - 1])
        return record if stands else None

    def is_cut(self, clip: Clip) -> bool:
        """Returns whether a clip is cut as it is marked, and covered, now."""
        record = self.manifest.clip(clip.id) if self.manifest else None
        stands = record is not None and record.recipe == clip_recipe(clip)
        return stands and (self.media / clip_file(clip.id)).is_file()

    def may_show(
        self, use: Use, clip: Clip, still: Still | None = None, audience: str | None = None
    ) -> Decision:
        """Returns whether a clip, or one of its stills, may be used so today."""
        people = self.cycle.in_picture(clip, still)
        covered = self.list_covered(clip, still)
        return may_show(self.case, people, use, self.today, audience, covered)

    def masks_checked(self, clip: Clip) -> bool:
        """Returns whether a person has watched a clip covered as it is marked and cut now."""
        return is_checked(clip, self.manifest.film.sha256 if self.manifest else None)

    def list_covered(self, clip: Clip, still: Still | None = None) -> tuple[str, ...]:
        """Returns the ids of who is covered well enough to need no asking (`consent.may_show`).

        That is only what a person has watched and confirmed. In a still it is whose face is covered
        at its moment; in a clip, whose face is covered from its first frame to its last and whose
        voice is not heard either: with its sound, they could be known by that.
        """
        voiced = still is None and clip.sound != "mute"
        return list_covered(clip, still) if self.masks_checked(clip) and not voiced else ()

    @functools.cached_property
    def everybody(self) -> tuple[str, ...]:
        """The ids of all who are in the film, as far as any of its marks says."""
        shots = [self.cycle.in_shot]
        for clip in self.cycle.clips:
            shots += [self.cycle.in_picture(clip, still) for still in (None, *clip.stills)]
        return tuple(dict.fromkeys(person for shot in shots for person in shot))

    def may_show_everybody(self, use: Use) -> Decision:
        """Returns whether a picture may be used so today that could be of anybody in the film."""
        return may_show(self.case, self.everybody, use, self.today)

    def may_film(self) -> Decision:
        """Returns whether all who are in the film have agreed to be filmed, as of today.

        Else nothing of the whole film is shown, nor kept beside it to choose clips by.
        """
        return may_use(self.case, self.everybody, "filming", self.today)

    def names(
        self,
        words: Words,
        *,
        generic: bool = False,
        may_see: Callable[[str], bool] = lambda _: True,
    ) -> dict[str, str]:
        """Returns what stands for `{child}`, `{us}` and `{worker}` in prompts.

        Args:
            words: the language.
            generic: whether to use words that fit any family, as a saved workbook must.
            may_see: whether the reader may see what somebody said, by their id.
        """
        child, us, worker = words.say("your child"), words.say("us"), words.say("your worker")
        if generic:
            return {"child": child, "us": us, "worker": worker}
        chosen = self._chosen("words.child")
        children = words.list(person.name for person in self.case.children)
        return {
            "child": str(chosen.value) if chosen and may_see(chosen.by) else children or child,
            "us": self.family_name(words, may_see),
            "worker": self.worker or worker,
        }

    def family_name(self, words: Words, may_see: Callable[[str], bool] = lambda _: True) -> str:
        """Returns what the family calls itself, or the names of who is in the film.

        Args:
            words: the language.
            may_see: whether the reader may see what somebody said, by their id.
        """
        chosen = self._chosen("words.us")
        if chosen and may_see(chosen.by):
            return str(chosen.value)
        seen = [person for person in self.case.people if person.id in self.cycle.in_shot]
        kept = [person for person in seen if person.role == "child" or person.receives]
        return words.list(person.name for person in kept or seen)

    def _chosen(self, prompt_id: str) -> Answer | None:
        """Returns the family's words for themselves, from this cycle or the last that has any."""
        journals = (self.journal, *self.earlier)
        return next((found for one in journals if (found := one.last(prompt_id))), None)


def open_context(
    family: CaseFolder,
    folder: Path,
    templates: tuple[Path, ...],
    given_day: datetime.date | None = None,
) -> CycleContext:
    """Returns a cycle with its method, its answers and its manifest, as they are on the disk now.

    Args:
        family: the family's files.
        folder: the cycle's folder.
        templates: the folders of templates, a team's own first.
        given_day: the day that consent is asked for; today in the team's zone where None.

    Raises:
        MethodError: the case's method is not there or is wrong.
        JournalError: the answers cannot be read.
    """
    try:
        method = load_method(templates, family.case.model.method)
    except MethodError as err:
        if any(problem.file for problem in err.problems):
            raise
        wrong = err.problems[0]
        raise MethodError(family.case.problem(("method",), wrong.found, wrong.mend)) from err
    return CycleContext(
        family=family,
        folder=folder,
        templates=templates,
        method=method,
        # Before its own: of a family that is gone through in order, each journal is then read once.
        earlier=_read_earlier(family.folder, family.cycles[folder].model.cycle),
        journal=read_journal(folder / "answers.jsonl"),
        manifest=read_manifest(folder / "media"),
        today=given_day or clock.today(family.service.zone),
        given_day=given_day,
    )


def open_again(context: CycleContext) -> CycleContext:
    """Returns a cycle with what was cut and said since it was opened, of the day that it is now.

    Raises:
        MethodError, JournalError: as `open_context`.
    """
    return open_context(context.family, context.folder, context.templates, context.given_day)


def _read_earlier(family: Path, number: int) -> tuple[Journal, ...]:
    folders = [family / cycle_name(one) for one in range(number - 1, 0, -1)]
    return tuple(read_standing(folder / "answers.jsonl") for folder in folders)
