"""What a person should know of a cycle before it is cut and printed."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vigbook.case.consent import (
    COVERED_USES,
    Decision,
    changes_on,
    may_share_words,
    may_use,
    media_due,
    standing,
)
from vigbook.case.folder import CaseFolder
from vigbook.case.models import Clip, Use
from vigbook.cycle.context import CycleContext
from vigbook.errors import CaseError, Problem, show_path
from vigbook.method.language import load_words
from vigbook.method.method import check_principles
from vigbook.system.rights import find_readable
from vigbook.timecode import Timecode

if TYPE_CHECKING:
    from vigbook.film.facts import FilmFacts

_JOURNALS = ("answers.jsonl", "reflection.jsonl")
_WRITTEN = ("cycle.yaml", *_JOURNALS, "workbook.ipynb")
_MOST_OWNERS = 20  # of answers that belong to nothing any more; the rest are counted
_SOON = datetime.timedelta(days=14)


def check_vocabulary(context: CycleContext) -> list[Problem]:
    """Returns what the cycle names and its method does not have."""
    found = check_principles(context.method, context.cycle)
    return [context.source.problem(one.at, one.found, one.mend) for one in found]


def check_links(folder: Path) -> list[Problem]:
    """Returns what vigbook writes or deletes, of a cycle, and is a link or no file at all."""
    family = folder.parent
    found = [folder] if folder.resolve().parent != family.resolve() else []
    files = [family / name for name in ("case.yaml", "log.jsonl")]
    files += [folder / name for name in (*_WRITTEN, *(f".{one}.lock" for one in _JOURNALS))]
    made = [folder / "media", folder / "print"]
    found += [one for one in (*files, *made) if one.is_symlink()]
    inside = [path for one in made if one not in found and one.is_dir() for path in one.iterdir()]
    found += [path for path in sorted(inside) if path.is_symlink()]
    links = "is a link, and vigbook writes only into the family's own folder"
    no_file, no_folder = (
        "is no file, and one was looked for",
        "is no folder, and one was looked for",
    )
    problems = [(path, links) for path in found]
    problems += [(one, no_file) for one in files if one.exists() and not one.is_file()]
    problems += [(one, no_folder) for one in made if one.exists() and not one.is_dir()]
    mend = "put the real thing there"
    told = {path: Problem(file=show_path(path), found=why, mend=mend) for path, why in problems}
    told |= {path: Problem(file=show_path(path), found=links, mend=mend) for path in found}
    return [*told.values()]


def check_film_there(context: CycleContext, path: Path) -> None:
    """Raises a CaseError where the film is not there, with the line that names it."""
    if path.is_file():
        return
    found = f"there is no film at {show_path(path)}"
    mend = "copy the film there, or mend its name here"
    raise CaseError(context.source.problem(("film", "file"), found, mend))


def check_spans(context: CycleContext, facts: FilmFacts, last_frame: Timecode | None) -> None:
    """Raises a CaseError with every clip that goes past the end of the film.

    Args:
        context: the cycle.
        facts: what the film says of itself; its length is a promise.
        last_frame: when the last frame comes up, where that was looked at.
    """
    # The last frame is on screen for a frame's length.
    frame = 1 / facts.frame_rate if facts.frame_rate else 0
    last = Timecode(max(facts.length, last_frame or facts.length).seconds + frame)
    problems = [
        context.source.problem(
            ("clips", index, "end"),
            f"{clip.end} is after the end of the film, which is {facts.length} long",
            "move the clip's end",
        )
        for index, clip in enumerate(context.cycle.clips)
        if clip.end > last
    ]
    if problems:
        raise CaseError(problems)


def split_by_filming(context: CycleContext) -> tuple[list[Clip], list[Problem]]:
    """Returns the clips that may be cut, and for the others who has not agreed to be filmed."""
    agreed, refused = [], []
    for index, clip in enumerate(context.cycle.clips):
        people = {
            one for still in (None, *clip.stills) for one in context.cycle.in_picture(clip, still)
        }
        decision = may_use(context.case, sorted(people), "filming", context.today)
        if decision:
            agreed.append(clip)
        else:
            found = "clip not cut: " + "; ".join(decision.reasons)
            refused.append(context.source.problem(("clips", index), found))
    return agreed, refused


def list_warnings(context: CycleContext, languages: Iterable[str] = ()) -> list[Problem]:
    """Returns what is no error and still wants somebody's eye.

    Args:
        context: the cycle.
        languages: of papers that are asked for besides the family's own.
    """
    return [
        *_media_due(context),
        *_film_kept(context),
        *_team(context),
        *_language(context, languages),
        *_authority(context),
        *_journal(context),
        *_copies(context),
        *_clips(context),
        *_masks(context),
    ]


def list_readable(context: CycleContext) -> list[Problem]:
    """Returns a sentence where every user of this computer can read the family's files."""
    if find_readable(context.family.folder) is None:
        return []
    found = "every user of this computer can read this family's files"
    mend = (
        "in the file manager, open this folder's properties and change its permissions so that "
        "nobody but you and your team may look into it, or ask whoever looks after the computer"
    )
    return [Problem(file=show_path(context.family.folder), found=found, mend=mend)]


def list_withheld(context: CycleContext) -> list[Problem]:
    """Returns which uses of the cycle's pictures nobody has said yes to, by clip and still."""
    found = split_by_filming(context)[1]
    if not context.cycle.clips:
        decision = may_use(context.case, context.cycle.in_shot, "filming", context.today)
        reasons = "nothing may be cut: " + "; ".join(decision.reasons)
        found += [context.source.problem(("in_shot",), reasons)] if not decision else []
    uses: tuple[tuple[Use, str], ...] = (
        ("shared-review", "not shown when looking together"),
        ("take-home", "not on the family's page"),
    )
    for index, clip in enumerate(context.cycle.clips):
        for use, words in uses:
            # A page has stills alone, and in each somebody else may be seen, or be covered.
            stills = clip.stills if use == "take-home" else ()
            decision = Decision(True)
            for still in stills or (None,):
                decision &= context.may_show(use, clip, still)
            if not decision:
                reasons = f"{words}: " + "; ".join(decision.reasons)
                found.append(context.source.problem(("clips", index), reasons))
    return found


def next_day(family: CaseFolder, today: datetime.date) -> datetime.date | None:
    """Returns the next day on which the calendar alone changes what is told or shown."""
    case = family.case.model
    due = media_due(case, [one.model for one in family.cycles.values()], family.service)
    days = [changes_on(case, today)]
    if due:
        # "overdue" from the day after.
        late = due + datetime.timedelta(days=1) if due < datetime.date.max else None
        days += [due - _SOON, due, late]
    return min((day for day in days if day and day > today), default=None)


def _media_due(context: CycleContext) -> Iterator[Problem]:
    cycles = [source.model for source in context.family.cycles.values()]
    due = media_due(context.case, cycles, context.service)
    if due is None and not context.case.legal_hold:
        found = "no day is known by which to delete the film: the family's page has a gap there"
        yield context.source.problem(("film",), found, "write 'date', the day it was filmed")
    if due is None or due > context.today + _SOON:
        return
    if due < context.today:
        found = f"films, clips and pictures are overdue: they were to be deleted by {due}"
        mend = "delete each cycle's film and media folder now"
    else:
        found = f"films, clips and pictures are to be deleted by {due}"
        mend = "delete each cycle's film and media folder by then"
    where = show_path(context.family.folder)
    yield Problem(file=where, found=found, mend=mend, pressing=True)


def _film_kept(context: CycleContext) -> Iterator[Problem]:
    """A film of somebody who has said no, or taken a yes back, is to be deleted."""
    film = context.folder / context.cycle.film.file
    said_no = [
        context.case.name_of(one)
        for one in context.everybody
        if standing(context.case, one, "filming", context.today) == "no"
    ]
    if said_no and film.is_file():
        found = f"is still here, and {', '.join(said_no)} may not be filmed"
        yield Problem(file=show_path(film), found=found, mend="delete it", pressing=True)


def _team(context: CycleContext) -> Iterator[Problem]:
    path = context.family.service_path
    if path is None:
        found = "there is no service.yaml, so the pages carry no team, name or phone"
        where = show_path(context.family.folder.parent)
        yield Problem(file=where, found=found, mend="put one beside the families")
        return
    if not context.service.phone:
        found = "no phone, so the family's page cannot say whom to call"
        yield Problem(file=show_path(path), field="phone", found=found, mend="add it")

    logo = context.service.logo
    picture = path.parent / logo if logo else None
    if picture and (picture.name != logo or not picture.is_file() or picture.is_symlink()):
        found = f"'{logo}' is no picture beside this file, so the pages carry no logo"
        mend = "copy the picture itself there, and write its name alone"
        yield Problem(file=show_path(path), field="logo", found=found, mend=mend)


def _authority(context: CycleContext) -> Iterator[Problem]:
    for index, row in enumerate(context.case.consents):
        if row.authority == "self" and row.given_by != row.person:
            found = f"'self' is for a person's own yes, and this one is from '{row.given_by}'"
            mend = "write on what authority it was given"
            yield context.family.case.problem(("consents", index, "authority"), found, mend)


def _language(context: CycleContext, asked: Iterable[str]) -> Iterator[Problem]:
    """Our own words in each language that is in use, or asked for."""
    at = show_path(context.family.case.path)
    own = (one.language for one in context.case.receivers if one.language)
    used = {context.case.language, context.service.language, *own}
    for language in sorted({*used, *asked}):
        words = load_words(context.templates, language)
        if not words.catalogue and language.partition("-")[0] != "en":
            if language not in used:
                continue  # one that was only asked for does not print at all, which is told
            said = f"there are no words in '{language}' yet: our own words print in English"
            yield Problem(file=at, field="language", found=said)
        elif not words.checked:
            said = f"our own words in '{language}' have not been read by a native speaker"
            mend = "let one read the page before it is handed over"
            yield Problem(file=at, field="language", found=said, mend=mend)


def _journal(context: CycleContext) -> Iterator[Problem]:
    path = show_path(context.folder / "answers.jsonl")
    if torn := context.journal.torn:
        found = "is not a whole answer and is passed over"
        if len(torn) > 1:
            found += f", nor are {len(torn) - 1} other lines"
        mend = "it may have been torn by a power cut; the other answers stand"
        yield Problem(file=path, line=torn[0], found=found, mend=mend)
    if too_long := context.journal.too_long:
        number, size = too_long[0]
        found = f"has {size / 10**6:.0f} MB, which no answer has, and is passed over"
        if len(too_long) > 1:
            found += f", as are {len(too_long) - 1} other lines"
        mend = "look in a copy whether somebody's words are in it; the other answers stand"
        yield Problem(file=path, line=number, found=found, mend=mend)
    lost: dict[str, int] = {}
    for answer in context.journal.lines:
        if answer.prompt not in context.prompts:
            owner = answer.prompt.partition(".")[0]
            lost[owner] = lost.get(owner, 0) + 1
    for owner, count in itertools.islice(lost.items(), _MOST_OWNERS):
        answers = "1 answer belongs" if count == 1 else f"{count} answers belong"
        found = f"{answers} to '{owner[:100]}', which is not there any more, and prints nowhere"
        mend = "was it renamed? give it its old id again"
        yield Problem(file=path, found=found, mend=mend)
    if len(lost) > _MOST_OWNERS:
        rest = sum(lost.values()) - sum(itertools.islice(lost.values(), _MOST_OWNERS))
        found = (
            f"{rest} answers more belong to {len(lost) - _MOST_OWNERS} others that are not there"
        )
        yield Problem(file=path, found=found, mend="was another family's file put here?")


def _copies(context: CycleContext) -> Iterator[Problem]:
    """The family's page is nobody's own copy: it may hold words that one of them may not see."""
    case, today = context.case, context.today
    speakers = {line.by for line in context.journal.lines if case.person(line.by)}
    for reader in case.receivers:
        kept = [
            case.name_of(one)
            for one in sorted(speakers)
            if may_share_words(case, one, today)
            and not may_share_words(case, one, today, reader.id)
        ]
        if kept:
            found = f"holds words of {', '.join(kept)} that are not for {reader.name}"
            mend = f"give {reader.name} take-home-{reader.id}.pdf"
            path = show_path(context.folder / "print" / "take-home.pdf")
            yield Problem(file=path, found=found, mend=mend)


def _clips(context: CycleContext) -> Iterator[Problem]:
    problem = context.source.problem
    for index, clip in enumerate(context.cycle.clips):
        for place, still in enumerate(clip.stills):
            if still.alt is None:
                at = ("clips", index, "stills", place)
                mend = "add alt: what it shows, for somebody who cannot see it"
                yield problem(at, "has no words for who cannot see it", mend)


def _masks(context: CycleContext) -> Iterator[Problem]:
    """What is covered is only as good as the eyes that watched it."""
    for index, clip in enumerate(context.cycle.clips):
        at = ("clips", index, "masks")
        if clip.masks and not context.masks_checked(clip):
            found = "nobody has watched the covered clip through yet"
            if clip.masks_checked:
                found = "was changed since somebody watched the covered clip through"
            mend = "watch it in 'vigbook prepare', and confirm there that it is covered"
            yield context.source.problem(at, found, mend)
        names = [context.case.name_of(one) for one in _only_covered(context, clip)]
        if names:
            found = (
                f"{' and '.join(names)} may be shown here only because of a covered face; "
                "voices and bodies can still be recognised"
            )
            yield context.source.problem(at, found, "ask them, or whoever decides for them")


def _only_covered(context: CycleContext, clip: Clip) -> Iterator[str]:
    """Yields who was not asked about a use that a picture of them is allowed for, covered."""
    covered = {one for still in (None, *clip.stills) for one in context.list_covered(clip, still)}
    for one in sorted(covered & set(context.cycle.in_picture(clip))):
        asked = (standing(context.case, one, use, context.today) for use in COVERED_USES)
        if "not asked" in asked:
            yield one
