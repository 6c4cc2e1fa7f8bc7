"""Find and load a method: a folder of templates with its vocabulary, prompts, notebooks and words.

A method is a folder, not a registration: `templates/<method>/method.yaml` and its notebooks. A
team's own folder of templates, named first, goes before ours. Fixed words are English in the
templates and are translated by the catalogues in `templates/locale/`.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import gettext
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal
from pydantic import Field, model_validator

from vigbook.case.journal import Said
from vigbook.case.models import PRACTITIONER, Case, Cycle, Id, Model, Text
from vigbook.case.rules import Finding, nearest
from vigbook.case.yaml_file import read_model
from vigbook.errors import AnswerError, CaseError, MethodError, Problem
from vigbook.method.idiom import join_names, write_date
from vigbook.system.atomic import stamp_of

Kind = Literal["text", "list", "tick", "rating", "date", "marks"]
_PACKAGED = Path(__file__).parent.parent / "templates"
_CHECKOUT = Path(__file__).parent.parent.parent / "templates"


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


def find_templates(first: Path | None = None) -> tuple[Path, ...]:
    """Returns the folders of templates to look in, a team's own first.

    Raises:
        MethodError: vigbook's own are neither in the package nor in the checkout.
    """
    own = next((place for place in (_PACKAGED, _CHECKOUT) if place.is_dir()), None)
    if own is None:
        found = f"no templates in {_PACKAGED} nor in {_CHECKOUT}"
        raise MethodError(Problem(found=found, mend="install vigbook again"))
    if first is not None and not first.is_dir():
        raise MethodError(
            Problem(file=str(first), found="is not a folder", mend="check --templates")
        )
    # Ours named as a team's, as to the notebook's process, are not looked through twice.
    return (first, own) if first and first.resolve() != own.resolve() else (own,)


def find_template(templates: Sequence[Path], name: str) -> Path:
    """Returns a file of the templates, a team's own first.

    Raises:
        MethodError: no folder of templates has it.
    """
    path = next((place / name for place in templates if (place / name).exists()), None)
    if path is None:
        places = ", ".join(str(place) for place in templates)
        raise MethodError(Problem(found=f"there is no '{name}' in {places}", mend="check the name"))
    return path


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


def parse_answer(prompts: Mapping[str, Prompt], case: Case, prompt_id: str, text: str) -> Any:
    """Returns the value that a typed answer stands for, by its prompt's kind.

    A list takes one entry a line, a rating a number of its goal's scale, a date year-month-day, a
    tick yes or no. Blank text means room to write, and a rating of it is not rated, never 0.

    Raises:
        AnswerError: there is no such prompt, or the text does not fit it.
    """
    prompt = prompts.get(prompt_id)
    if prompt is None:
        found = f"there is no prompt '{prompt_id}'"
        raise AnswerError(Problem(found=found, mend=nearest(prompt_id, prompts)))
    if not text.strip():
        return [] if prompt.kind in ("list", "marks") else None if prompt.kind != "text" else ""
    match prompt.kind:
        case "list":
            return _parse_entries(prompt, prompt_id, text)
        case "tick":
            return _parse_tick(prompt_id, text)
        case "date":
            return _parse_day(prompt_id, text)
        case "rating":
            return _parse_rating(case, prompt_id, text)
        case "marks":
            found = "marks are made while looking together"
            mend = "leave this one to the workbook"
            raise AnswerError(Problem(field=prompt_id, found=found, mend=mend))
        case "text":
            return text


def _parse_entries(prompt: Prompt, prompt_id: str, text: str) -> list[str]:
    entries = [line.strip() for line in text.splitlines() if line.strip()]
    if prompt.most and len(entries) > prompt.most:
        found = f"{len(entries)} lines, and it takes up to {prompt.most}"
        raise AnswerError(Problem(field=prompt_id, found=found, mend="choose among them"))
    return entries


def _parse_day(prompt_id: str, text: str) -> str:
    try:
        return datetime.date.fromisoformat(text.strip()).isoformat()
    except ValueError as err:
        found = f"'{text}' is not a date"
        mend = "write year-month-day, as 2026-03-28"
        raise AnswerError(Problem(field=prompt_id, found=found, mend=mend)) from err


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Our fixed words in one language; equal to itself alone, so that what is made of it is found.

    Attributes:
        language: as asked for, for `lang=`.
        locale: for dates and lists.
        catalogue: English to this language; empty for English.
        checked: whether a native speaker has read the catalogue.
        numbers: the sentences with a number in them, in as many forms as the language has.
    """

    language: str
    locale: Locale
    catalogue: Mapping[str, str]
    checked: bool
    numbers: gettext.NullTranslations = dataclasses.field(default_factory=gettext.NullTranslations)

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way the language runs."""
        return "rtl" if self.locale.character_order == "right-to-left" else "ltr"

    @property
    def quotes(self) -> tuple[str, str]:
        """The language's quotation marks, opening and closing."""
        opening, _, closing = self.say("“|”").partition("|")
        return opening, closing

    def say(self, english: str, **names: object) -> str:
        """Returns a fixed sentence in this language, with names put in for `%(name)s`."""
        sentence = self.catalogue.get(english, english)
        return sentence % names if names else sentence

    def say_many(self, one: str, many: str, number: int, **names: object) -> str:
        """Returns a fixed sentence for a number of things, in the form that goes with it.

        English has two forms, Polish and Ukrainian three, Arabic and Welsh six: the catalogue's
        `Plural-Forms` say which number takes which.
        """
        return self.numbers.ngettext(one, many, number) % {"num": number, **names}

    def fill(self, text: str, names: Mapping[str, str]) -> str:
        """Returns a prompt's words in this language with `{child}` and the like put in."""
        return re.sub(r"\{(\w+)\}", lambda hole: names.get(hole[1], hole[0]), self.say(text))

    def date(self, day: datetime.date | None) -> str | None:
        """Returns a date as people write it, or None."""
        return write_date(day, self.locale) if day else None

    def number(self, value: float) -> str:
        """Returns a number to one decimal place as people write it: '17.6', '17,6'."""
        return str(format_decimal(value, format="0.#", locale=self.locale))

    def list(self, names: Iterable[str]) -> str:
        """Returns names as people list them: 'Mia and Sam'."""
        return join_names(names, self.locale)


def load_words(templates: tuple[Path, ...], language: str) -> Words:
    """Loads the fixed words of a language; what has no translation stays English.

    Raises:
        MethodError: nobody speaks that language, or its catalogue cannot be read.
    """
    name = f"locale/{language.partition('-')[0]}/LC_MESSAGES/vigbook.po"
    files = tuple(path for one in templates if (path := one / name).is_file())
    return _read_words(language, files, tuple(map(stamp_of, files)))


@functools.lru_cache(maxsize=16)
def _read_words(language: str, files: tuple[Path, ...], _stamps: tuple[object, ...]) -> Words:
    try:
        # British dates: 14 March 2026, never March 14.
        locale = Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as err:
        found = f"'{language}' is not a language we know"
        raise MethodError(Problem(found=found, mend="write a code as en, cy or ar")) from err
    catalogue: dict[str, str] = {}
    numbers = gettext.NullTranslations()
    checked = language.partition("-")[0] == "en"
    # A team's catalogue is laid over ours.
    for path in reversed(files):
        try:
            with path.open("rb") as file:
                loaded = read_po(file, abort_invalid=True)
        except (OSError, ValueError, PoFileError) as err:
            raise MethodError(Problem(file=str(path), found=f"cannot be read: {err}")) from err
        usable = [one for one in loaded if one.id and one.string and not one.fuzzy]
        for message in usable:
            _check_holes(path, message)
        catalogue |= {str(one.id): str(one.string) for one in usable if not one.pluralizable}
        numbers = _numbers(loaded, numbers)
        checked = "checked by a native speaker: yes" in (loaded.header_comment or "").lower()
    return Words(language, locale, catalogue, checked, numbers)


def check_language(templates: Sequence[Path], language: str) -> None:
    """Raises a MethodError where our own words do not come in a language somebody asked for."""
    there = {
        path.parent.parent.name for one in templates for path in one.glob("locale/*/*/vigbook.po")
    }
    if language.partition("-")[0] not in there | {"en"}:
        found = f"our own words do not come in '{language}' yet"
        mend = f"use one of: {', '.join(sorted(there | {'en'}))}"
        raise MethodError(Problem(found=found, mend=mend))


def hash_templates(paths: Iterable[Path]) -> str:
    """Returns one SHA-256 of the names and bytes of files and of all files in folders.

    What has not changed since it was asked for last is not read again: fonts have megabytes.
    """
    files = [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.is_file()
    ]
    return _hash_files(tuple((file, stamp_of(file)) for file in files))


@functools.lru_cache(maxsize=8)
def _hash_files(files: tuple[tuple[Path, object], ...]) -> str:
    digest = hashlib.sha256()
    for file, _ in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def default_source(by: str) -> Said:
    """Returns how an answer is taken to have come when nobody says: family say, workers write."""
    return "written" if by == PRACTITIONER else "said"


def _numbers(loaded: Catalog, fallback: gettext.NullTranslations) -> gettext.NullTranslations:
    """Returns a catalogue's sentences with a number in them, before those of another."""
    compiled = io.BytesIO()
    write_mo(compiled, loaded)
    found = gettext.GNUTranslations(io.BytesIO(compiled.getvalue()))
    found.add_fallback(fallback)
    return found


def _check_holes(path: Path, message: Message) -> None:
    """Raises a MethodError where a translation cannot take the names of its sentence."""
    asked = [message.id] if isinstance(message.id, str) else [*message.id]
    said = [message.string] if isinstance(message.string, str) else [*(message.string or ())]
    holes = re.findall(r"%\((\w+)\)s", " ".join(asked))
    try:
        for text in said if holes else ():
            _ = text % dict.fromkeys(holes, "")
    except (KeyError, TypeError, ValueError) as err:
        found = f"the words for '{asked[0]}' do not hold the same names"
        mend = "write each as it stands there, and any other % twice"
        raise MethodError(
            Problem(file=str(path), line=message.lineno, found=found, mend=mend)
        ) from err


def _goal_prompt(goal_id: str, wording: str) -> Prompt:
    return Prompt(id=f"goal.{goal_id}.now", label=wording, kind="rating", lines=1)


def _parse_tick(prompt_id: str, text: str) -> bool | None:
    ticks = {"yes": True, "true": True, "1": True, "no": None, "false": None, "0": None}
    if text.strip().lower() not in ticks:
        found = f"'{text}' is neither yes nor no"
        raise AnswerError(Problem(field=prompt_id, found=found, mend="write yes or no"))
    return ticks[text.strip().lower()]


def _parse_rating(case: Case, prompt_id: str, text: str) -> int:
    scale = next(goal.scale for goal in case.goals if prompt_id == f"goal.{goal.id}.now")
    mend = f"write a whole number from {scale.min} to {scale.max}, or nothing for not rated"
    try:
        value = int(text)
    except ValueError as err:
        found = f"'{text}' is not a whole number"
        raise AnswerError(Problem(field=prompt_id, found=found, mend=mend)) from err
    if not scale.min <= value <= scale.max:
        raise AnswerError(Problem(field=prompt_id, found=f"{value} is not on the scale", mend=mend))
    return value
