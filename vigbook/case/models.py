"""What a case is: a family, its people and consents, its cycles, clips and stills.

Frozen models and the vocabulary, nothing else: reading and writing files is
`vigbook.case.yaml_file`'s. Ids are pseudonyms; names stand only in `Person.name`.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from vigbook.system import clock
from vigbook.timecode import Span, Timecode

Use = Literal[
    "filming", "film-review", "shared-review", "supervision", "accreditation", "own-copy",
    "take-home", "service-record", "show-others", "training", "research",
]  # fmt: skip
"""What a person may say yes or no to. The list is practice's consent form."""

PRACTITIONER = "practitioner"
"""Who said or rated something, when it was the worker and nobody in the family."""


WRONG = "wrong_value"
"""The kind of an error that carries what was found and how to mend it, each by itself."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_ZONE = 60  # in letters, in a sentence


def _date(value: object) -> object:
    # pydantic would also take a number, typed with quotation marks or without, as seconds since
    # 1970: nobody writes a date that way.
    if isinstance(value, str) and _DAY.fullmatch(value):
        with contextlib.suppress(ValueError):  # 30 February
            return datetime.date.fromisoformat(value)
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise _wrong(f"'{value}' is not a date", "write year-month-day, as 2026-03-14")
    return value


def _time(value: object) -> object:
    if isinstance(value, Timecode):
        return value
    try:
        return Timecode.parse(str(value))
    except ValueError as err:
        raise _wrong(str(err), "write hh:mm:ss.mmm") from err


def _zone(value: object) -> object:
    if isinstance(value, str) and not clock.is_zone(value):
        near = clock.find_nearest_zone(value)
        mend = f"did you mean '{near}'?" if near else "write an area and a city, as Europe/London"
        raise _wrong(f"'{value[:_LONGEST_ZONE]}' is no zone of time", mend)
    return value


def _wrong(found: str, mend: str) -> PydanticCustomError:
    """Returns what a validator raises: `value_errors` tells a person the one and the other."""
    return PydanticCustomError(WRONG, "{found}; {mend}", {"found": found, "mend": mend})


def _yes_or_no(value: object) -> object:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Text = Annotated[str, Field(min_length=1, max_length=100_000)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
Date = Annotated[datetime.date, BeforeValidator(_date)]
Zone = Annotated[str, BeforeValidator(_zone)]
Time = Annotated[
    Timecode,
    PlainValidator(_time),
    PlainSerializer(Timecode.format, return_type=str),
    WithJsonSchema(
        {
            "description": "hh:mm:ss.mmm, mm:ss.mmm or seconds",
            "anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}],
        }
    ),
]
Size = Literal["clear", "large", "easy"]
Paper = Literal["a4", "letter"]


class Model(BaseModel):
    """A part of a case file: frozen, and a key that nobody knows is an error."""

    # No number in a file may be "not a number": every comparison with it, as of a mask's edges
    # with the picture's, would be false.
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Returns a copy with other values; what was worked out of the old ones is left behind."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Person(Model):
    """Somebody in the family or in the films: a pseudonym, and what they are called."""

    id: Id
    name: Text
    role: Text
    born: Date | None = None
    receives: bool = Field(False, description="gets a copy of the take-home page")
    language: Language | None = None
    size: Size | None = None
    pictures: bool | None = None


class Consent(Model):
    """What somebody said about what a person's pictures and words may be used for.

    No entry means not asked, and counts as no.
    """

    person: Id
    uses: Annotated[tuple[Use, ...], BeforeValidator(_listed), Field(min_length=1)]
    answer: Annotated[Literal["yes", "no"], BeforeValidator(_yes_or_no)] = "yes"
    given_by: Text = Field(description="a person's id, or plain words for somebody else")
    authority: Text = Field(
        description="self, parental responsibility, local authority, special guardian, court, "
        "the young person"
    )
    date: Date
    until: Date | None = Field(None, description="the last day it holds")
    withdrawn: Date | None = None
    evidence: Text | None = Field(None, description="where the signed form is kept")
    to: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = Field(
        (), description="who may see it, where that was named; ids or plain words"
    )


class PrintSettings(Model):
    """How the take-home is printed for this family."""

    size: Size = "clear"
    pictures: bool = True
    paper: Paper = "a4"


class Scale(Model):
    """The steps of a goal's ladder, ends included."""

    name: Text = "1-10"
    min: int = 1
    max: int = 10
    anchors: dict[int, Text] = {}

    @model_validator(mode="after")
    def _upwards(self) -> Scale:
        if not 1 <= self.max - self.min <= 20:
            raise ValueError(f"a scale from {self.min} to {self.max} cannot be drawn as a ladder")
        return self


class Rating(Model):
    """Where somebody put a goal on its scale, on a day, with their words."""

    value: int
    date: Date | None = None
    rated_by: Text | None = None
    words: Text | None = None


class Goal(Model):
    """What somebody in the family wants, in their words, rated then and now."""

    id: Id
    wording: Text
    owner: Text = Field(description="a person's id")
    scale: Scale = Scale()
    baseline: Rating | None = None
    hoped: int | None = None
    review_on: Date | None = None
    status: Literal["open", "met", "changed", "closed"] = "open"
    supersedes: Id | None = None


class CaseRetention(Model):
    """Which class of the team's schedule the records fall in; a set day for the media."""

    record_class: Text | None = Field(None, alias="class")
    media_until: Date | None = None


ConsentTurn = tuple[datetime.date, Consent]
"""The day from which on a row of consents stands, and the row."""


def _day_of(turn: ConsentTurn) -> datetime.date:
    return turn[0]


class Case(Model):
    """One family: the whole of `case.yaml`."""

    vigbook: Literal[1]
    family: Id
    method: Id = "vig"
    language: Language = "en"
    print: PrintSettings = PrintSettings()
    people: Annotated[tuple[Person, ...], Field(min_length=1)]
    consents: tuple[Consent, ...] = ()
    helping_question: Text | None = None
    goals: tuple[Goal, ...] = ()
    worker: Text | None = Field(None, description="the name the family knows their worker by")
    reference: Text | None = None
    closed: Date | None = None
    last_contact: Date | None = None
    legal_hold: Text | Date | None = None
    retention: CaseRetention = CaseRetention()

    def person(self, person_id: str) -> Person | None:
        """Returns the person with this id, or None."""
        return next((person for person in self.people if person.id == person_id), None)

    def name_of(self, person_id: str) -> str:
        """Returns what a person is called; plain words for somebody outside stay as they are."""
        person = self.person(person_id)
        return person.name if person else person_id

    @functools.cached_property
    def consent_turns(self) -> Mapping[tuple[str, Use], Mapping[str, Sequence[ConsentTurn]]]:
        """Of each person and use, by who decided, the days on which another row came to stand.

        Taking a yes back is a word of its own, and may come after a newer yes. One that is dated
        before its yes was mistyped: it takes back all the same, and uncovers no older yes. Of two
        words on one day the later row stands.
        """
        turns: dict[tuple[str, Use], dict[str, dict[datetime.date, Consent]]] = {}
        for row in self.consents:
            days = {row.date, max(row.date, row.withdrawn or row.date)}
            for use in row.uses:
                of_giver = turns.setdefault((row.person, use), {}).setdefault(row.given_by, {})
                of_giver |= dict.fromkeys(days, row)
        return {
            question: {giver: sorted(rows.items(), key=_day_of) for giver, rows in givers.items()}
            for question, givers in turns.items()
        }

    @property
    def children(self) -> tuple[Person, ...]:
        """The children of the family, in the file's order."""
        return tuple(person for person in self.people if person.role == "child")

    @property
    def receivers(self) -> tuple[Person, ...]:
        """Who gets a copy of the take-home page."""
        return tuple(person for person in self.people if person.receives)


class CycleFilm(Model):
    """The film of one cycle and how it was made."""

    model_config = ConfigDict(title="Film")  # for editors; `vigbook.film` has a Film of its own
    file: Text = "film.mp4"
    date: Date | None = None
    place: Text | None = None
    activity: Text | None = None
    child_agreed: Text | None = Field(
        None, description="how the child showed that it was all right"
    )


class PrincipleSeen(Model):
    """A principle that can be seen in a clip, and in whom."""

    id: Id
    by: Id


class Mask(Model):
    """A box that covers part of the picture for part of the film."""

    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    box: tuple[float, float, float, float] = Field(
        description="left, top, width, height in 0..1 of the upright picture"
    )
    covers: Id | None = Field(None, description="whose face it covers")

    @model_validator(mode="after")
    def _inside(self) -> Mask:
        left, top, width, height = self.box
        if (
            min(left, top) < 0
            or min(width, height) <= 0
            or max(left + width, top + height) > 1.0001
        ):
            found = "the box is not inside the picture"
            raise _wrong(found, "write left, top, width and height in 0..1")
        if self.end <= self.start:
            raise ValueError(f"it ends at {self.end}, not after its start {self.start}")
        return self


class MasksChecked(Model):
    """That a person has watched the covered clip through, and found it covered."""

    date: Date
    of: Annotated[str, Field(pattern=r"^[0-9a-f]{12}-[0-9a-f]{12}$")] = Field(
        description="what was watched; vigbook prepare writes it, and it is void once that changed"
    )


class Still(Model):
    """One picture taken from a clip."""

    at: Time
    alt: Text | None = Field(None, description="what the picture shows, for who cannot see it")
    in_shot: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None


class Clip(Model):
    """A short part of the film to look at together: `start` is in it, `end` is not."""

    id: Id
    title: Text | None = None
    start: Time
    end: Time
    initiative: Id | None = Field(None, description="who took the first initiative")
    principles: tuple[PrincipleSeen, ...] = ()
    question: Text | None = None
    why: Text | None = Field(None, description="why this clip answers the helping question")
    stills: tuple[Still, ...] = ()
    in_shot: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None
    sound: Literal["keep", "level", "mute"] = "keep"
    slow: bool = False
    quality: Literal["normal", "original"] = Field(
        "normal", description="original: its pictures are the film's own, where that is exact"
    )
    masks: tuple[Mask, ...] = ()
    masks_checked: MasksChecked | None = None

    @property
    def span(self) -> Span:
        """The clip's half-open span of the film."""
        return Span(self.start, self.end)


class HeldReview(Model):
    """The shared review, once it was held."""

    date: Date | None = None
    minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    present: tuple[Text, ...] = ()
    clips_shown: tuple[Id, ...] = ()


class NextVisit(Model):
    """When the worker and the family meet next."""

    date: Date | None = None


class Cycle(Model):
    """One film and one shared review: the whole of `cycle.yaml`."""

    cycle: Annotated[int, Field(ge=1, le=99)]
    film: CycleFilm = CycleFilm()
    in_shot: Annotated[tuple[Id, ...], Field(min_length=1)]
    clips: tuple[Clip, ...] = ()
    review: HeldReview | None = None
    helping_question: Text | None = None
    next: NextVisit = NextVisit()

    def clip(self, clip_id: str) -> Clip | None:
        """Returns the clip with this id, or None."""
        return next((clip for clip in self.clips if clip.id == clip_id), None)

    def in_picture(self, clip: Clip, still: Still | None = None) -> tuple[str, ...]:
        """Returns the ids of who can be seen: the still's own list, else the clip's, else all.

        Whose face is covered in the clip is there all the same, though no list should say so.
        """
        if still is not None and still.in_shot is not None:
            return still.in_shot
        seen = clip.in_shot if clip.in_shot is not None else self.in_shot
        covered = (mask.covers for mask in clip.masks if mask.covers)
        return tuple(dict.fromkeys((*seen, *covered)))


class Service(Model):
    """The team: the whole of `service.yaml`."""

    name: Text | None = None
    worker: Text | None = None
    phone: Text | None = None
    footer: Text | None = None
    logo: Text | None = Field(None, description="a PNG or JPEG beside service.yaml")
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#0b6e3b"
    language: Language = "en"
    media_weeks: Annotated[int, Field(ge=1, le=520)] = 8
    zone: Zone | None = Field(
        None, description="where it is today for the team, as Europe/London; else of this computer"
    )
    retention: dict[str, Text] = {}
