"""Gentle words: what the worker wrote, read for long sentences, hard words, judgements and praise.

Suggestions and nothing more: none of them stops anything, and none is ever about what somebody in
the family said or wrote, nor about words between quotation marks. The words are data, in
`templates/words/<language>.yaml`; a team's own file is laid over ours.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from vigbook.case.models import PRACTITIONER, Language, Model, Text
from vigbook.case.rules import Location
from vigbook.case.yaml_file import read_model
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, Problem, show_path
from vigbook.system.atomic import stamp_of

LONGEST_SENTENCE = 20  # words; longer ones are lost before their end (plain-language guides)
FEWEST_WORDS = 30  # of a text whose reading age can be told at all
_MOST_READ = 20_000  # characters of one text
# For families as our own fixed words, which are for 9 to 11; for colleagues as a newspaper.
OLDEST_READER = {"family": 11, "team": 14}
# How an English word is spoken: each is looked for in turn, before groups of vowels are counted.
_SPOKEN = (
    (r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)es?$|(?<=[^aeiouylcsxzgh])es$", ""),  # smile; but little
    (r"(?<=[^aeioudt])ed$", "d"),  # looked, played; but wanted
    (r"e(?=(?:ly|ful|fully|ment|less)$)", ""),  # lovely, careful
    (r"(?<=[aeiouy])(?=ing)", "."),  # going, seeing
    (r"(?<![tcsg])i(?=a|o(?!u))|e(?=o(?![pu]))", r"\g<0>."),  # media, video; but attention
)
_GROWN_UP = 18
_HIDDEN = "\ue000"  # stands for a name or a quotation, which are nobody's to mend


class WordEntry(Model):
    """Words that have a kinder or plainer way to say them."""

    words: tuple[Text, ...]
    kind: Literal["deficit", "praise", "jargon"]
    why: Text
    say: Text
    but_not: tuple[Text, ...] = ()


class WordList(Model):
    """One language's words: the whole of `words/<language>.yaml`."""

    vigbook: Literal[1]
    language: Language
    checked: bool = False
    replace: bool = False
    leave_out: tuple[Text, ...] = ()
    entries: tuple[WordEntry, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerText:
    """Something that the worker wrote.

    Attributes:
        text: as it was written.
        language: in which it most likely is.
        seen_by: who may read it: the family, or only the team.
        where: a problem that tells its place.
    """

    text: str
    language: str
    seen_by: Literal["family", "team"]
    where: Problem


@dataclasses.dataclass(frozen=True, slots=True)
class _Rule:
    entry: WordEntry
    found: re.Pattern[str]
    checked: bool


def list_suggestions(context: CycleContext) -> list[Problem]:
    """Returns where the worker's own words could be gentler or plainer, and how."""
    names = _names(context)
    suggestions: list[Problem] = []
    try:
        rules = _load_rules(context.templates, (context.case.language, context.service.language))
    except CaseError as err:  # a team's list that is wrong is told, and stops nothing
        rules, suggestions = (), [*err.problems]
    plain: list[str] = []
    every = list(_list_written(context))
    for written in every:
        text = _hide(written.text, names)
        suggestions += _judge_words(written, text, rules)
        suggestions += _judge_sentences(written, text)
        suggestions += _judge_age(written, text)
        if written.seen_by == "family" and count_words(text) < FEWEST_WORDS:
            plain.append(text)
    return suggestions + _judge_all_short(context, plain)


def reading_age(text: str) -> float | None:
    """Returns the age at which an English text is read with ease, or None of a short one.

    The Flesch-Kincaid grade (Kincaid et al., 1975), and five years for the age in that grade.
    """
    words = re.findall(rf"[^\W\d_{_HIDDEN}]+(?:'[^\W\d_]+)*|{_HIDDEN}", text)
    if len(words) < FEWEST_WORDS:
        return None
    syllables = sum(count_syllables(word) for word in words)
    grade = 0.39 * len(words) / len(_sentences(text)) + 11.8 * syllables / len(words) - 15.59
    return grade + 5


def count_syllables(word: str) -> int:
    """Returns the syllables of an English word, by its groups of vowels: right for most words."""
    word = word.lower().removesuffix("'s")
    for pattern, put in _SPOKEN:
        word = re.sub(pattern, put, word)
    return max(1, len(re.findall(r"[aeiouy]+", word)))


def count_words(text: str) -> int:
    """Returns how many words a text has; a name, or all of a quotation, is one."""
    return len(re.findall(rf"{_HIDDEN}|\w+(?:['-]\w+)*", text))


# --- What the worker wrote ------------------------------------------------------------------


def _list_written(context: CycleContext) -> Iterator[WorkerText]:
    yield from _in_cycle(context)
    yield from _in_case(context)
    yield from _in_service(context)
    yield from _in_answers(context)


def _in_cycle(context: CycleContext) -> Iterator[WorkerText]:
    ours, theirs = context.service.language, context.case.language

    def written(text: str | None, at: Location, seen_by: Literal["family", "team"]) -> WorkerText:
        language = theirs if seen_by == "family" else ours
        where = context.source.problem(at, "")
        return WorkerText(text=text or "", language=language, seen_by=seen_by, where=where)

    film = context.cycle.film
    every = [
        written(film.place, ("film", "place"), "family"),
        written(film.activity, ("film", "activity"), "family"),
        written(film.child_agreed, ("film", "child_agreed"), "team"),
    ]
    for index, clip in enumerate(context.cycle.clips):
        at: Location = ("clips", index)
        every.append(written(clip.title, (*at, "title"), "family"))
        every.append(written(clip.question, (*at, "question"), "family"))
        every.append(written(clip.why, (*at, "why"), "team"))
        for number, still in enumerate(clip.stills):
            every.append(written(still.alt, (*at, "stills", number, "alt"), "family"))
    yield from (one for one in every if one.text)


def _in_case(context: CycleContext) -> Iterator[WorkerText]:
    """A goal's wording is its owner's; what stands at the ends of its ladder is the worker's."""
    source, language = context.family.case, context.case.language
    for index, goal in enumerate(context.case.goals):
        at: Location = ("goals", index)
        texts: list[tuple[str, Location]] = [
            (text, (*at, "scale", "anchors", step)) for step, text in goal.scale.anchors.items()
        ]
        if goal.owner == PRACTITIONER:
            texts.append((goal.wording, (*at, "wording")))
        for text, place in texts:
            where = source.problem(place, "")
            yield WorkerText(text=text, language=language, seen_by="family", where=where)


def _in_service(context: CycleContext) -> Iterator[WorkerText]:
    path, footer = context.family.service_path, context.service.footer
    if path and footer:
        where = Problem(file=show_path(path), field="footer", found="")
        yield WorkerText(
            text=footer, language=context.service.language, seen_by="family", where=where
        )


def _in_answers(context: CycleContext) -> Iterator[WorkerText]:
    """What stands for a prompt and came from the worker; names are the family's to choose."""
    journal = context.folder / "answers.jsonl"
    for prompt_id, prompt in context.prompts.items():
        answer = context.journal.last(prompt_id)
        if answer is None or answer.by != PRACTITIONER or prompt.kind not in ("text", "list"):
            continue
        if prompt_id.startswith("words."):
            continue
        value = answer.value if isinstance(answer.value, list) else [answer.value]
        yield WorkerText(
            text="\n".join(str(one) for one in value),
            language=context.case.language,
            seen_by="family",
            where=Problem(
                file=show_path(journal),
                line=context.journal.last_number(prompt_id),
                field=prompt_id,
                found="",
            ),
        )


# --- What could be gentler ------------------------------------------------------------------


def _judge_words(written: WorkerText, text: str, rules: Sequence[_Rule]) -> Iterator[Problem]:
    hits = [
        (match.start(), -match.end(), rule, match[0])
        for rule in rules
        if rule.entry.kind != "jargon" or written.seen_by == "family"
        for match in rule.found.finditer(text)
        if match["hit"]
    ]
    seen: set[str] = set()
    end = 0
    # Of words within words, as "good mum" in "very good mum", the longest that comes first.
    for start, minus_end, rule, said in sorted(hits, key=lambda hit: hit[:2]):
        if start < end:
            continue
        end = -minus_end
        said = " ".join(said.split())
        if said.lower() in seen:
            continue
        seen.add(said.lower())
        sees = "the family may read it" if written.seen_by == "family" else "for the team's record"
        mend = rule.entry.say
        if not rule.checked:
            mend += " (no native speaker has checked this list yet)"
        found = f"'{said}' {rule.entry.why} ({sees})"
        yield dataclasses.replace(written.where, found=found, mend=mend)


def _judge_sentences(written: WorkerText, text: str) -> Iterator[Problem]:
    long = [one for one in _sentences(text) if count_words(one) > LONGEST_SENTENCE]
    if not long:
        return
    longest = max(long, key=count_words)
    begin = " ".join(longest.replace(_HIDDEN, "...").split()[:5])
    found = f"a sentence of {count_words(longest)} words, '{begin} ...', is long to read"
    if len(long) > 1:
        found += f", and {len(long) - 1} more have over {LONGEST_SENTENCE}"
    yield dataclasses.replace(written.where, found=found, mend="make two of it")


def _judge_age(written: WorkerText, text: str) -> Iterator[Problem]:
    age = reading_age(text) if _is_english(written.language, text) else None
    if age is not None and round(age) > OLDEST_READER[written.seen_by]:
        yield dataclasses.replace(
            written.where, found=_say_age(age, written.seen_by), mend="use shorter words"
        )


def _judge_all_short(context: CycleContext, texts: Sequence[str]) -> list[Problem]:
    """A title or a question is too short to judge; all of them together may not be."""
    text = "\n".join(texts)
    age = reading_age(text) if _is_english(context.case.language, text) else None
    if age is None or round(age) <= OLDEST_READER["family"]:
        return []
    where = context.source.problem(("clips",), "")
    found = "all that is short, taken together, " + _say_age(age, "family")
    return [dataclasses.replace(where, found=found, mend="use shorter words")]


def _say_age(age: float, seen_by: Literal["family", "team"]) -> str:
    reader = "the family's page" if seen_by == "family" else "the record"
    said = str(round(age)) if age < _GROWN_UP else f"{_GROWN_UP} and over"
    return f"reads as for age {said}, and {reader} is easiest at {OLDEST_READER[seen_by]}"


def _is_english(language: str, text: str) -> bool:
    return language.partition("-")[0] == "en" and not re.search(r"[^\W\d_a-zA-ZÀ-ɏ\ue000]", text)


def _sentences(text: str) -> list[str]:
    """Returns the sentences of a text; each line is at least one."""
    parts = re.split(r"(?<=[.!?…؟।])[\"'”»)]*\s+|\n+", text)
    return [part for part in parts if count_words(part)] or [text]


# --- Names and quotations -------------------------------------------------------------------


def _names(context: CycleContext) -> re.Pattern[str]:
    """Returns what finds the names in a text: a family may be called Poor."""
    known = [person.name for person in context.case.people] + [context.worker or ""]
    for journal in (context.journal, *context.earlier):
        chosen = (journal.last(prompt) for prompt in ("words.child", "words.us"))
        known += [str(one.value) for one in chosen if one]
    whole = {_normalise(name).strip() for name in [*known, context.service.name or ""]}
    # Parts of a name stand for it where they are written as names are.
    parts = {part for name in known for part in _normalise(name).split() if part[0].isupper()}
    every = sorted((whole | parts) - {""}, key=len, reverse=True)
    named = "|".join(map(re.escape, every)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{named})(?!\w)")


def _hide(text: str, names: re.Pattern[str]) -> str:
    """Returns a text without names and without what it quotes."""
    text = _normalise(text)
    quoted = r'"[^"\n]*"|“[^“”]*”|«[^«»]*»|„[^„“”]*[“”]|‘[^‘]*?’(?!\w)'
    return names.sub(_HIDDEN, re.sub(quoted, _HIDDEN, text)).replace("’", "'")


def _normalise(text: str) -> str:
    text = unicodedata.normalize("NFC", text[:_MOST_READ])
    return text.replace("\u2011", "-").replace("\u00ad", "")


# --- The lists ------------------------------------------------------------------------------


def _load_rules(templates: tuple[Path, ...], languages: tuple[str, ...]) -> tuple[_Rule, ...]:
    """Loads the words of some languages; a language without a list has none.

    Raises:
        CaseError: a list is wrong.
    """
    lists = tuple(
        tuple(path for one in templates if (path := one / "words" / f"{name}.yaml").is_file())
        for name in dict.fromkeys(one.partition("-")[0] for one in languages)
    )
    return _read_rules(lists, tuple(stamp_of(path) for some in lists for path in some))


@functools.lru_cache(maxsize=16)
def _read_rules(
    lists: tuple[tuple[Path, ...], ...], _stamps: tuple[object, ...]
) -> tuple[_Rule, ...]:
    rules: list[_Rule] = []
    for files in lists:
        kept: list[tuple[WordEntry, bool]] = []
        for path in reversed(files):  # a team's own goes over ours
            added = read_model(path, WordList)
            named = [*added.leave_out, *(one for entry in added.entries for one in entry.words)]
            gone = set(itertools.chain.from_iterable(map(_forms, named)))
            earlier = ((_without(entry, gone), checked) for entry, checked in kept)
            kept = [] if added.replace else [one for one in earlier if one[0].words]
            kept += [(entry, added.checked) for entry in added.entries]
        rules += [_Rule(entry, _compile(entry), checked) for entry, checked in kept]
    return tuple(rules)


def _without(entry: WordEntry, gone: set[str]) -> WordEntry:
    """Returns an entry without the words of which any form is gone."""
    left = tuple(word for word in entry.words if gone.isdisjoint(_forms(word)))
    return entry.model_copy(update={"words": left})


def _compile(entry: WordEntry) -> re.Pattern[str]:
    """Returns what finds an entry's words; what is no hit is found first, and is not named."""
    hit, spared = _alternatives(entry.words), _alternatives(entry.but_not)
    return re.compile(
        rf"(?<!\w)(?<!\w['-])(?:(?:{spared})|(?P<hit>{hit}))(?:'s)?(?!['-]?\w)", re.IGNORECASE
    )


def _alternatives(phrases: Iterable[str]) -> str:
    every = sorted(itertools.chain.from_iterable(map(_forms, phrases)), key=len, reverse=True)
    return "|".join(every) or r"(?!)"


def _forms(phrase: str) -> Iterator[str]:
    """Yields a pattern for every way to say a phrase: `fail/fails to` is two."""
    words = [one.split("/") for one in _normalise(phrase).replace("’", "'").lower().split()]
    for chosen in itertools.product(*words):
        parts = (re.escape(word).replace(r"\-", r"[-\s]?") for word in chosen)
        yield r"\s+".join(parts)
