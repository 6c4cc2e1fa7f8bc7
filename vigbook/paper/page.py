"""What each element says on one paper, for one reader.

Pictures and words are asked of `vigbook.case.consent` here, on their way to any paper; what is
left out is told to the worker, and a family's page closes the gap.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from typing import Any, Literal

from vigbook.case.consent import Decision, may_share_words
from vigbook.case.journal import Answer
from vigbook.case.models import Clip, Goal, Size, Use
from vigbook.cycle.context import CycleContext
from vigbook.method.language import Words
from vigbook.method.method import Prompt
from vigbook.paper.omissions import Withheld
from vigbook.timecode import Timecode
from vigbook.workbook.elements import TRY_PROMPTS

View = dict[str, Any]
"""What an element says on paper: plain values for the page templates."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Page:
    """One paper being made of elements: for whom, in which language, and what was left out.

    Attributes:
        context: the cycle.
        words: the paper's language.
        use: what pictures on it are used for.
        audience: the id of the person this copy is for, or None for the family's or the team's.
        size: of the type.
        paper: `a4` or `letter`.
        pictures: whether the reader wants pictures.
        private: whether pictures, logo, dates of visits and places stay off.
        blank: whether nothing that was said is put in.
        shown: the stills on it, by clip and number, and what each was taken by.
        own_pictures: the pictures of a team's own cells on it, by file name.
        own_people: whether anybody may be seen in one of those.
        withheld: what was left out for want of consent.
    """

    context: CycleContext
    words: Words
    use: Use
    audience: str | None = None
    size: Size = "clear"
    paper: Literal["a4", "letter"] = "a4"
    pictures: bool = True
    private: bool = False
    blank: bool = False
    shown: list[tuple[str, int, str]] = dataclasses.field(default_factory=list)
    own_pictures: dict[str, bytes] = dataclasses.field(default_factory=dict)
    own_people: bool = False
    withheld: Withheld = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.withheld = Withheld(context=self.context, use=self.use, audience=self.audience)

    @property
    def for_family(self) -> bool:
        """Whether a family holds it, so that it gives away nobody's no."""
        return self.use == "take-home"

    def view(self, kind: str, element_id: str) -> View | None:
        """Returns what an element says on this paper, or None for an element it does not know."""
        views: dict[str, Callable[[str], View | None]] = {
            "title": lambda _: self.title(),
            "helping-question": lambda _: self.helping_question(),
            "clip": self.clip,
            "stills": self.stills,
            "prompt": self.prompt,
            "goals": lambda _: self.goals(),
            "next-step": lambda _: self.next_step(),
            "next-date": lambda _: self.next_date(),
        }
        return views[kind](element_id) if kind in views else None

    def title(self) -> View:
        """Names, the cycle and the day of the film."""
        return {
            "kind": "title",
            "id": "",
            "names": self.names(),
            "cycle": self.context.cycle.cycle,
            "date": None if self.private else self.words.date(self.context.cycle.film.date),
        }

    def names(self) -> str:
        """What the family calls itself, in words that this reader may see."""
        return self.context.family_name(self.words, self.may_see)

    def may_see(self, speaker: str) -> bool:
        """Whether the reader may see what somebody said."""
        if not self.for_family:
            return True
        case, today = self.context.case, self.context.today
        decision = may_share_words(case, speaker, today, self.audience)
        if not decision:  # asked of the names that the family chose, and of nothing else
            self.withheld.add_words("words", "chosen names", decision)
        return bool(decision)

    def helping_question(self) -> View:
        """The question that the family wants help with. Nobody in particular is quoted."""
        asked = self.context.helping_question
        words = self.plain(asked) if asked and not self.blank else None
        return {"kind": "helping-question", "id": "", "words": words}

    def clip(self, clip_id: str) -> View | None:
        """A clip's marks and what the worker wrote about it."""
        clip = self.context.cycle.clip(clip_id)
        if clip is None:
            return None
        method, case = self.context.method, self.context.case
        seen = [
            {"heading": self.words.say(found.heading), "by": case.name_of(one.by)}
            for one in clip.principles
            if (found := method.principle(one.id))
        ]
        shown = self.context.may_show("shared-review", clip)
        return {
            "kind": "clip",
            "id": clip.id,
            "number": self.context.clip_numbers[clip.id],
            "title": clip.title,
            "start": _short(clip.start),
            "end": _short(clip.end),
            "length": length_in_words(self.words, clip.end - clip.start),
            "first": case.name_of(clip.initiative) if clip.initiative else None,
            "principles": seen,
            "question": clip.question,
            "why": clip.why,
            "in_shot": [case.name_of(one) for one in self.context.cycle.in_picture(clip)],
            "covered": self._covered(clip),
            "left_out": None if shown else self._sentence("The clip may not be shown", shown),
        }

    def _covered(self, clip: Clip) -> list[str]:
        """Returns in words what was covered in a clip, and whether a person has watched it."""
        if not clip.masks:
            return []
        say, name_of = self.words.say, self.context.case.name_of
        people = dict.fromkeys(mask.covers for mask in clip.masks)
        lines = [
            say("%(name)s's face was covered.", name=name_of(one))
            if one
            else say("Part of the picture was covered.")
            for one in people
        ]
        checked = clip.masks_checked if self.context.masks_checked(clip) else None
        if checked is None:
            return [*lines, say("Nobody has confirmed yet that it is covered all through.")]
        date = self.words.date(checked.date)
        return [*lines, say("The covered clip was watched through on %(date)s.", date=date)]

    def stills(self, clip_id: str) -> View | None:
        """A clip's pictures, those that may stand on this paper, and the words for them."""
        clip = self.context.cycle.clip(clip_id)
        if clip is None:
            return None
        pictures: list[View] = []
        refused: dict[int, Decision] = {}
        for number, still in enumerate(clip.stills, start=1):
            decision = self.context.may_show(self.use, clip, still, self.audience)
            if not decision:
                refused[number] = decision
            elif self.pictures and not self.private:
                pictures += self._picture(clip, number, place=len(pictures) + 1)
        self.withheld.set_pictures(clip.id, refused)
        reasons = dict.fromkeys(reason for one in refused.values() for reason in one.reasons)
        left_out = None
        if reasons:
            left_out = self._sentence("Pictures were left out", Decision(False, tuple(reasons)))
        # Times and words belong to the pictures that are there, or tell of all where none is.
        stills = [one.pop("still") for one in pictures] or clip.stills
        return {
            "kind": "stills",
            "id": clip.id,
            "pictures": pictures,
            "times": [still.at.short() for still in stills],
            "alts": [still.alt or self.words.say("not described") for still in stills],
            "left_out": left_out,
            "refused": bool(refused) and len(refused) == len(clip.stills),
        }

    def prompt(self, prompt_id: str) -> View | None:
        """A question, and the words that stand for it."""
        prompt = self.context.prompts.get(prompt_id)
        if prompt is None:
            return None
        return {
            "kind": "prompt",
            "id": prompt_id,
            "label": self.label(prompt),
            "hint": self.hint(prompt),
            "lines": prompt.lines,
            "words": self.said(prompt_id),
        }

    def goals(self) -> View:
        """The goals, each on its ladder of steps."""
        every = (self._goal(goal) for goal in self.context.case.goals if goal.status != "closed")
        return {"kind": "goals", "id": "", "goals": [goal for goal in every if goal]}

    def next_step(self) -> View:
        """The one thing to try: what, where and when."""
        rows = []
        for prompt_id in TRY_PROMPTS:
            prompt = self.context.prompts.get(prompt_id)
            if prompt:
                rows.append([self.label(prompt), next(iter(self.said(prompt_id)), None)])
        return {"kind": "next-step", "id": "try", "rows": rows}

    def next_date(self) -> View:
        """When worker and family meet next."""
        answer = self.context.journal.last("next.date")
        day = _day(answer.value) if answer else self.context.cycle.next.date
        off = self.blank or self.private
        return {
            "kind": "next-date",
            "id": "next.date",
            "date": None if off else self.words.date(day),
        }

    def label(self, prompt: Prompt) -> str:
        """Returns a prompt's words with names put in."""
        if prompt.kind == "rating":
            return prompt.label
        return self.words.fill(prompt.label, self.context.names(self.words, may_see=self.may_see))

    def hint(self, prompt: Prompt) -> str | None:
        """Returns a prompt's hint with names put in, or None."""
        if prompt.hint is None:
            return None
        return self.words.fill(prompt.hint, self.context.names(self.words, may_see=self.may_see))

    def said(self, prompt_id: str) -> list[View]:
        """Returns the words that stand for a prompt on this paper, one for each entry of a list.

        Words of somebody who has not said yes to them here are left out, as if unsaid; what the
        reader, or somebody whose words they may see, had said before then stands in their place.
        """
        answer = self._standing(prompt_id)
        if answer is None:
            return []
        prompt = self.context.prompts.get(prompt_id)
        entries = answer.value if isinstance(answer.value, list) else [answer.value]
        texts = [self._text(entry, prompt) for entry in entries]
        return [self._words(answer, text) for text in texts if text.strip()]

    def _standing(self, prompt_id: str) -> Answer | None:
        last = None if self.blank else self.context.journal.last(prompt_id)
        if last is None or not self.for_family:
            return last
        asked = set[str]()  # a few people said thousands of lines
        for answer in reversed(self.context.journal.history(prompt_id)):
            if answer.by in asked:
                continue
            asked.add(answer.by)
            decision = may_share_words(
                self.context.case, answer.by, self.context.today, self.audience
            )
            if decision:
                return None if answer.empty else answer
            what = "rating" if prompt_id.startswith("goal.") else "words"
            self.withheld.add_words(prompt_id, what, decision)
        return None

    def plain(self, text: str) -> View:
        """Returns words that are nobody's quotation."""
        return {
            "text": text,
            "quoted": False,
            "own": True,
            "speaker": None,
            "lang": self.context.case.language,
            "translation": None,
            "said_on": None,
        }

    def _words(self, answer: Answer, text: str) -> View:
        translation = answer.translations.get(self.words.language)
        known = self.context.case.person(answer.by) is not None
        if translation:
            by = self.context.name_of(translation["by"])
            translation = {**translation, "by": by, "lang": self.words.language}
        return {
            "text": text,
            # A tick is nobody's sentence, whoever made it.
            "quoted": answer.quotable and known and answer.value is not True,
            # Whether it is the family's own, or only the worker's note.
            "own": known or answer.source == "agreed-summary",
            "speaker": self.context.case.name_of(answer.by) if known else None,
            "lang": self.context.case.language,
            "translation": translation,
            "said_on": None if self.for_family else self._said_on(answer),
        }

    def _said_on(self, answer: Answer) -> str:
        """Returns how and when words came; the page puts the name of who is quoted before it."""
        say, day = self.words.say, self.words.date(_day(answer.at)) or ""
        if answer.value is True:
            name = self.context.name_of(answer.by)
            return say("ticked by %(name)s on %(date)s", name=name, date=day)
        if answer.source == "agreed-summary":
            return say("agreed as a summary on %(date)s", date=day)
        if self.context.case.person(answer.by) is None:
            name = self.context.worker or say("worker")
            return say("written by %(name)s on %(date)s", name=name, date=day)
        if answer.source == "said":
            return say("said, noted on %(date)s", date=day)
        return say("written on %(date)s", date=day)

    def _text(self, value: object, prompt: Prompt | None) -> str:
        kind = prompt.kind if prompt else "text"
        if kind == "tick":
            return self.words.say("Yes") if value else ""
        if kind == "date":
            return self.words.date(_day(str(value))) or str(value)
        if isinstance(value, Mapping):
            return str(value.get("at", ""))
        return "" if value is None else str(value)

    def _goal(self, goal: Goal) -> View | None:
        case, scale = self.context.case, goal.scale
        owner = case.person(goal.owner)
        if self.for_family and owner:
            decision = may_share_words(case, owner.id, self.context.today, self.audience)
            if not decision:
                self.withheld.add_words(f"goal.{goal.id}", "goal", decision)
                return None
        # Somebody's rating is theirs to show, as their words are.
        answer = self._standing(f"goal.{goal.id}.now")
        steps = [str(step) for step in range(scale.min, scale.max + 1)]
        value = answer.value if answer else None
        rated = type(value) is int and scale.min <= value <= scale.max
        now = int(str(value)) if rated else None
        wording = {**self.plain(goal.wording), "quoted": owner is not None}
        return {
            "wording": wording | {"speaker": owner.name if owner else None},
            "name": scale.name,
            "owner": case.name_of(goal.owner),
            "scale": scale.name,
            "steps": steps,
            "now": _step(steps, now),
            "hoped": _step(steps, goal.hoped),
            "low": scale.anchors.get(scale.min),
            "high": scale.anchors.get(scale.max),
            "baseline": _number(goal.baseline.value if goal.baseline else None),
            "now_value": _number(now),
            "hoped_value": _number(goal.hoped),
            "rated_by": self.context.name_of(answer.by) if answer else None,
        }

    def _picture(self, clip: Clip, number: int, place: int) -> list[View]:
        """Returns one of a clip's pictures, if it was taken; `place` counts those on the paper.

        No number that a reader meets may count a picture that was left out.
        """
        record = self.context.still_record(clip, number)
        if record is None or not (self.context.media / record.file).is_file():
            return []
        self.shown.append((clip.id, number, record.recipe))
        still = clip.stills[number - 1]
        view = {
            "src": f"../media/{record.file}",
            "alt": still.alt or self.words.say("Picture %(number)s of this clip", number=place),
            "width": record.width,
            "height": record.height,
            "still": still,
        }
        return [view]

    def _sentence(self, what: str, decision: Decision) -> str | None:
        """Returns why something is left out, on the team's paper; on a family's page, nothing."""
        if self.for_family:
            return None
        return f"{self.words.say(what)}: " + "; ".join(decision.reasons)


def length_in_words(words: Words, length: Timecode) -> str:
    """Returns a length of time as '17.6 seconds' or '1:17'."""
    if length.seconds >= 60:
        return length.short()
    return words.say("%(num)s seconds", num=words.number(float(length.seconds)))


def _short(time: Timecode) -> str:
    """Returns a time as a person says it, with tenths where it has them."""
    tenth = int(time.seconds * 10) % 10
    return f"{time.short()}.{tenth}" if tenth else time.short()


def _day(text: object) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _step(steps: list[str], value: int | None) -> int | None:
    return steps.index(str(value)) if value is not None and str(value) in steps else None


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)
