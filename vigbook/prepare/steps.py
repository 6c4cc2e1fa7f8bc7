"""What the page on which clips are chosen may ask for: one step each, told apart by `do`.

What is no such step never came from our page. What is one and cannot be done now (a clip that is
gone, a time outside it) is for the step itself to say, in words.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class StepError(ValueError):
    """What was sent is no step at all."""


_Part = Annotated[float, Field(allow_inf_nan=False)]


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    revision: str | None = Field(None, description="the content of the file that was on the screen")


class _OfClip(_Step):
    clip: str


class _OfStill(_OfClip):
    still: int


class MaskBox(BaseModel):
    """A box as it was drawn: left, top, width and height, in 0..1 of the upright picture."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    start: str | None = Field(None, alias="from")
    end: str | None = Field(None, alias="to")
    box: tuple[_Part, _Part, _Part, _Part]
    covers: str | None = None


class MaskChange(MaskBox):
    """What is to be changed of a box; what is not named stays."""

    box: tuple[_Part, _Part, _Part, _Part] | None = None  # type: ignore[assignment]


class AddClip(_Step):
    """A new clip."""

    do: Literal["add-clip"]
    start: str
    end: str


class MoveClip(_OfClip):
    """A clip takes another place, from 0."""

    do: Literal["move-clip"]
    to: int


class DeleteClip(_OfClip):
    """A clip goes."""

    do: Literal["delete-clip"]


class _SetClip(_OfClip):
    do: Literal["set-clip"]


class SetText(_SetClip):
    """Words about a clip."""

    field: Literal["title", "question", "why"]
    value: str | None = None


class SetMark(_SetClip):
    """Where a clip starts or ends."""

    field: Literal["start", "end"]
    value: str


class SetInitiative(_SetClip):
    """Whose initiative came first, by id; nobody's."""

    field: Literal["initiative"]
    value: str | None = None


class SetSound(_SetClip):
    """What becomes of a clip's sound."""

    field: Literal["sound"]
    value: Literal["keep", "level", "mute"]


class SetSlow(_SetClip):
    """Whether a clip is shown at half speed as well."""

    field: Literal["slow"]
    value: bool


class SetInShot(_SetClip):
    """Who is in a clip's picture, by their ids."""

    field: Literal["in_shot"]
    value: list[str]


class PrincipleMark(BaseModel):
    """A principle that was seen, and of whom."""

    id: str
    by: str


class SetPrinciples(_SetClip):
    """The principles that were seen in a clip."""

    field: Literal["principles"]
    value: list[PrincipleMark]


SetClip = SetText | SetMark | SetInitiative | SetSound | SetSlow | SetInShot | SetPrinciples
"""One thing of a clip."""


class AddStill(_OfClip):
    """A new still."""

    do: Literal["add-still"]
    at: str


class DeleteStill(_OfStill):
    """A still goes."""

    do: Literal["delete-still"]


class SetStill(_OfStill):
    """One thing of a still."""

    do: Literal["set-still"]
    field: Literal["at", "alt"]
    value: str | None = None


class AddMasks(_OfClip):
    """New boxes."""

    do: Literal["add-masks"]
    masks: list[MaskBox]


class SetMasks(_OfClip):
    """Some boxes, from 1, change."""

    do: Literal["set-masks"]
    masks: list[int]
    set: MaskChange


class DeleteMasks(_OfClip):
    """Some boxes, from 1, go."""

    do: Literal["delete-masks"]
    masks: list[int]


class CheckMasks(_OfClip):
    """Somebody watched the covered clip through."""

    do: Literal["check-masks"]


class UndoRedo(_Step):
    """The last step is taken back, or done again."""

    do: Literal["undo", "redo"]


class WantCopy(_Step):
    """This browser does not play the film: a copy is made."""

    do: Literal["want-copy"]


class Faces(_Step):
    """Faces are looked for in a clip, or no longer."""

    do: Literal["seek-faces", "leave-faces"]
    clip: str | None = None


MaskStep = AddMasks | SetMasks | DeleteMasks | CheckMasks
StillStep = AddStill | DeleteStill | SetStill
FileStep = AddClip | MoveClip | DeleteClip | SetClip | StillStep | MaskStep
"""What changes `cycle.yaml`."""
Step = Annotated[
    AddClip | MoveClip | DeleteClip | Annotated[SetClip, Field(discriminator="field")] | StillStep
    | MaskStep | UndoRedo | WantCopy | Faces,
    Field(discriminator="do"),
]  # fmt: skip
_STEPS: TypeAdapter[Step] = TypeAdapter(Step)


def parse_step(sent: object) -> Step:
    """Returns the step that was sent.

    Raises:
        StepError: it is none.
    """
    try:
        return _STEPS.validate_python(sent)
    except ValidationError as err:
        raise StepError(str(err)) from err
