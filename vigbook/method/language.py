"""Our fixed words in one language, and dates and lists as people of it write them.

The words are English in the templates, and are translated by the catalogues in `templates/locale/`.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import gettext
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from vigbook.errors import MethodError, Problem
from vigbook.system.atomic import stamp_of

# Stands for the last of two or more names while it is found out which "and" goes before it.
_HOLD = "\ue000"


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


def write_date(day: datetime.date, locale: Locale) -> str:
    """Returns a day as a sentence holds it: '14 March 2026'."""
    text = str(format_date(day, format="long", locale=locale))
    if locale.language == "fr" and day.day == 1:
        return text.replace("1", "1er", 1)
    if locale.language == "uk":
        # An abbreviation's full stop would meet that of the sentence.
        return re.sub(r"\s+р\.$", "\u00a0року", text)
    return text


def join_names(names: Iterable[str], locale: Locale) -> str:
    """Returns names as people list them: 'Mia, Sam and Pat'.

    'And' follows the sound of the name after it: Spanish 'y' and 'e', Welsh 'a' and 'ac', Ukrainian
    'і' and 'та'. Sounds are guessed from the spelling.
    """
    every = [*names]
    if len(every) < 2:
        return str(format_list(every, locale=locale))
    joined = str(format_list([*every[:-1], _HOLD], locale=locale))
    before, _, after = joined.partition(_HOLD)
    last = every[-1]
    if locale.language == "cy":
        # babel has 'a(c)' for both.
        before = before.replace("a(c) ", "ac " if _starts(last, "[aeiouâêîôû]|y[^aeiou]") else "a ")
    elif locale.language == "es" and _starts(last, "h?i(?![aeo])|y[^aeiou]"):
        before = re.sub(r"\by $", "e ", before)
    elif locale.language == "uk" and _starts(last, "[іїйєюя]"):
        before = re.sub(r"\bі $", "та ", before)
    return before + last + after


def _starts(name: str, pattern: str) -> bool:
    return re.match(pattern, name.strip(), re.IGNORECASE) is not None
