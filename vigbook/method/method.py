"""A method: its principles and prompts, found by the name of its folder.

A method is a folder, not a registration: `templates/<method>/method.yaml` and its notebooks. A
team's own folder of templates goes before ours (`vigbook.method.templates`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from vigbook.case.models import Case, Cycle, Id, Model, Text
from vigbook.case.rules import Finding, nearest
from vigbook.case.yaml_file import read_model
from vigbook.errors import CaseError, MethodError, Problem
from vigbook.system.atomic import stamp_of

Kind = Literal["text", "list", "tick", "rating", "date", "marks"]


class Principle(Model):
    """One of the principles of attuned interaction: a lens for strengths, never a score."""

    id: Id
    heading: Text
    look_for: Text
    adult: Text
    child: Text | None = None


class Prompt(Model):
    """A question that somebody answers, on screen or on paper.

    `label` and `hint` may hold `{child}`, `{us}` and `{worker}`: names are put in when shown.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]{0,63}$")]
    label: Text
    hint: Text | None = None
    kind: Kind = "text"
    lines: Annotated[int, Field(ge=1, le=40)] = 3
    most: Annotated[int, Field(ge=1, le=20)] | None = None
    on_paper: bool = Field(True, description="asked on the worksheet")


class PromptsByPlace(Model):
    """A method's prompts in the order they are asked: of each clip, at the end, of the worker."""

    opening: tuple[Prompt, ...] = ()
    clip: tuple[Prompt, ...] = ()
    closing: tuple[Prompt, ...] = ()
    practitioner: tuple[Prompt, ...] = ()

    @model_validator(mode="after")
    def _told_apart(self) -> PromptsByPlace:
        for prompts in (self.clip, (*self.opening, *self.closing, *self.practitioner)):
            ids = [prompt.id for prompt in prompts]
            for index, prompt in enumerate(prompts):
                if prompt.id in ids[:index]:
                    raise ValueError(f"'{prompt.id}' is used twice; give each its own id")
                # A rating's steps are those of a goal; each goal brings its own prompt.
                if prompt.kind == "rating":
                    raise ValueError(
                        f"'{prompt.id}' cannot be a rating; ratings belong to goals, so choose "
                        "another kind"
                    )
        return self


class TakeHomeChoice(Model):
    """Which words stand beside a picture: the first of these prompts that was answered."""

    words: tuple[Id, ...] = ("did", "see")


class MethodFile(Model):
    """The whole of `method.yaml`."""

    vigbook: Literal[1]
    method: Id
    name: Text
    principles: tuple[Principle, ...] = ()
    prompts: PromptsByPlace = PromptsByPlace()
    take_home: TakeHomeChoice = TakeHomeChoice()


@dataclasses.dataclass(frozen=True, slots=True)
class Method:
    """A loaded method.

    Attributes:
        folder: its folder of templates.
        file: what its `method.yaml` says.
    """

    folder: Path
    file: MethodFile

    def principle(self, principle_id: str) -> Principle | None:
        """Returns the principle with this id, or None."""
        return next((one for one in self.file.principles if one.id == principle_id), None)

    def notebook(self, name: str) -> Path:
        """Returns the path of one of the method's notebooks, by its name without the suffix.

        Raises:
            MethodError: there is none of that name.
        """
        path = self.folder / f"{name}.ipynb"
        if not path.is_file():
            there = [one.stem for one in self.folder.glob("*.ipynb")]
            raise MethodError(
                Problem(
                    file=str(path), found="there is no such notebook", mend=nearest(name, there)
                )
            )
        return path

    def prompts(self, case: Case, cycle: Cycle) -> dict[str, Prompt]:
        """Returns every prompt of a cycle by its full id, in the order they are asked."""
        own = self.file.prompts
        ratings = [_goal_prompt(goal.id, goal.wording) for goal in case.goals]
        clips = [
            prompt.model_copy(update={"id": f"{clip.id}.{prompt.id}"})
            for clip in cycle.clips
            for prompt in own.clip
        ]
        every = (*own.opening, *clips, *own.closing, *ratings, *own.practitioner)
        return {prompt.id: prompt for prompt in every}

    def is_practitioners(self, prompt_id: str) -> bool:
        """Whether a prompt is the worker's own: its answers never stand on a family's page."""
        return any(one.id == prompt_id for one in self.file.prompts.practitioner)


def load_method(templates: tuple[Path, ...], name: str) -> Method:
    """Loads a method by the name of its folder.

    Raises:
        MethodError: there is none of that name, or its `method.yaml` is wrong.
    """
    place = next((one / name for one in templates if (one / name / "method.yaml").is_file()), None)
    if place is None:
        there = {path.parent.name for one in templates for path in one.glob("*/method.yaml")}
        raise MethodError(Problem(found=f"there is no method '{name}'", mend=nearest(name, there)))
    file = place / "method.yaml"
    return _read_method(file, stamp_of(file))


@functools.lru_cache(maxsize=8)
def _read_method(file: Path, _stamp: object) -> Method:
    try:
        return Method(file.parent, read_model(file, MethodFile))
    except CaseError as err:
        raise MethodError(err.problems) from err


def check_principles(method: Method, cycle: Cycle) -> Iterator[Finding]:
    """Yields principles that a cycle names and the method does not have."""
    known = [principle.id for principle in method.file.principles]
    for index, clip in enumerate(cycle.clips):
        for place, seen in enumerate(clip.principles):
            if seen.id not in known:
                at = ("clips", index, "principles", place, "id")
                yield Finding(at, f"there is no principle '{seen.id}'", nearest(seen.id, known))


def _goal_prompt(goal_id: str, wording: str) -> Prompt:
    return Prompt(id=f"goal.{goal_id}.now", label=wording, kind="rating", lines=1)
