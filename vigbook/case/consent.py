"""May this, of these people, be used for that, today?

The one place that decides. Every view, print, export and archive asks here; others read
`Case.consents` only to print the rows or to check them. The rules are those of the practice's
consent forms: no entry is no, the latest word of each person who may decide counts, and where two
of them disagree the answer is no.
"""

from __future__ import annotations

import bisect
import dataclasses
import datetime
from collections.abc import Collection, Iterable
from typing import Literal

from vigbook.case.models import PRACTITIONER, Case, Consent, Cycle, Service, Use

WORDS_FOR_USE: dict[Use, str] = {
    "filming": "being filmed",
    "film-review": "filming while looking together",
    "shared-review": "looking together",
    "supervision": "supervision",
    "accreditation": "accreditation",
    "own-copy": "the family's own copy",
    "take-home": "the printed page",
    "service-record": "the team's record",
    "show-others": "showing others",
    "training": "training",
    "research": "research",
}
"""What each use is called in a sentence for the worker."""
COVERED_USES: tuple[Use, ...] = ("shared-review", "take-home", "service-record")
"""For which somebody who was not asked may be in a picture with their face covered."""


RefusalKind = Literal["not asked", "no", "taken back", "ended", "not for them", "hold"]


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """Whether something may be used, and if not, why, by person.

    Attributes:
        allowed: whether it may.
        reasons: why not, in sentences for the worker; never on a page that a family sees.
        kinds: of which kinds the reasons are, for programs.
    """

    allowed: bool
    reasons: tuple[str, ...] = ()
    kinds: frozenset[RefusalKind] = dataclasses.field(default=frozenset(), compare=False)

    def __bool__(self) -> bool:
        return self.allowed

    def __and__(self, other: Decision) -> Decision:
        reasons = dict.fromkeys(self.reasons + other.reasons)
        allowed = self.allowed and other.allowed
        return Decision(allowed, tuple(reasons), self.kinds | other.kinds)


def may_use(
    case: Case, people: Iterable[str], use: Use, today: datetime.date, audience: str | None = None
) -> Decision:
    """Returns whether pictures or words of all these people may be used so, today.

    Args:
        case: the family.
        people: ids of everybody concerned; everybody in shot, for a picture.
        use: what for.
        today: the day it is asked.
        audience: the id of the person a copy is for. A consent that names whom it is `to` holds
            for nobody else.
    """
    if case.legal_hold:
        return Decision(False, ("a legal hold stops all use",), frozenset({"hold"}))
    found = [
        (person_id, refusal)
        for person_id in people
        if (refusal := _find_refusal(case, person_id, use, today, audience))
    ]
    reasons = tuple(f"{case.name_of(person_id)}: {refusal.words}" for person_id, refusal in found)
    return Decision(not found, reasons, frozenset(refusal.kind for _, refusal in found))


def may_show(
    case: Case,
    people: Iterable[str],
    use: Use,
    today: datetime.date,
    audience: str | None = None,
    covered: Collection[str] = (),
) -> Decision:
    """Returns whether a picture of all these people may be used so, today.

    A picture needs the yes to being filmed as well: taking that back ends every use of pictures.

    Somebody whose face is covered in it need not have been asked about this use, so that a cousin
    who came in does not keep the family from its page. No more than that, since a covered face is
    still somebody whose body, clothes and home are seen: their yes to being filmed is needed all
    the same; a no, or a yes that was taken back or has ended, stands; and only the family's own
    uses are meant, not showing a film to strangers.

    Args:
        case, people, use, today, audience: as for `may_use`.
        covered: ids of whose faces are covered there, as a person has confirmed.
    """
    people = tuple(people)
    asked = [
        one
        for one in people
        if one not in covered
        or use not in COVERED_USES
        or standing(case, one, use, today) != "not asked"
    ]
    return may_use(case, people, "filming", today) & may_use(case, asked, use, today, audience)


def may_share_words(
    case: Case, speaker: str, today: datetime.date, audience: str | None = None
) -> Decision:
    """Returns whether somebody's words may stand on the printed page.

    On their own copy, or the family's, it takes their own yes to the page. On another's copy it
    takes a yes that names that other person in `to`. The worker's words are nobody's to give;
    those of anybody else who is not in the case were never agreed to.
    """
    if speaker == PRACTITIONER:
        return Decision(True)
    # A named copy asks first as for the speaker's own, then for that reader.
    own = may_use(case, [speaker], "take-home", today, speaker if audience else None)
    if not own or audience is None or audience == speaker:
        return own
    # The yes that stands, not one that was said before it: a later row may name fewer people.
    standing_rows = _latest(case, speaker, "take-home", today)
    named = any(audience in row.to for row in standing_rows)
    if named and all(not row.to or audience in row.to for row in standing_rows):
        return own
    why = f"{case.name_of(speaker)}: has not said yes to words on {case.name_of(audience)}'s copy"
    return Decision(False, (why,), frozenset({"not for them"}))


def standing(
    case: Case, person_id: str, use: Use, today: datetime.date
) -> Literal["yes", "no", "not asked"]:
    """Returns `yes`, `no` or `not asked`, as the record's table of consents shows it."""
    refusal = _find_refusal(case, person_id, use, today, None)
    if refusal is None:
        return "yes"
    return "not asked" if refusal.kind == "not asked" else "no"


def changes_on(case: Case, today: datetime.date) -> datetime.date | None:
    """Returns the next day on which some answer here would differ by the calendar alone."""
    days = [_later(row.until, days=1) for row in case.consents if row.until]
    days += [row.date for row in case.consents]
    days += [row.withdrawn for row in case.consents if row.withdrawn]
    return min((day for day in days if today < day < datetime.date.max), default=None)


def media_due(case: Case, cycles: Iterable[Cycle], service: Service) -> datetime.date | None:
    """Returns the day by which films, clips and pictures are to be deleted, or None if unknown.

    The clock starts at closing or at the last contact, whichever deletes sooner (a real form:
    within two months of the end); a day set in `retention.media_until` counts if it is sooner
    still. Without a written `last_contact` the latest film, review or next visit stands for it.
    """
    if case.legal_hold:
        return None
    held = [case.last_contact] if case.last_contact else []
    if not held:
        for cycle in cycles:
            reviewed = cycle.review.date if cycle.review else None
            held += [day for day in (cycle.film.date, reviewed, cycle.next.date) if day]
    starts = [day for day in (case.closed, max(held, default=None)) if day]
    due = [_later(day, days=7 * service.media_weeks) for day in starts]
    if case.retention.media_until:
        due.append(case.retention.media_until)
    return min(due, default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class _Refusal:
    """Why one person's pictures or words may not be used."""

    kind: RefusalKind
    words: str


def _find_refusal(
    case: Case, person_id: str, use: Use, today: datetime.date, audience: str | None
) -> _Refusal | None:
    words = WORDS_FOR_USE[use]
    latest = _latest(case, person_id, use, today)
    if not latest:
        return _Refusal("not asked", f"not asked about {words}")
    for row in latest:
        giver = case.name_of(row.given_by)
        if row.answer == "no":
            return _Refusal("no", f"{giver} said no to {words} on {row.date}")
        if row.withdrawn and row.withdrawn <= today:
            why = f"{giver} took back the yes to {words} on {row.withdrawn}"
            return _Refusal("taken back", why)
        if row.until and row.until < today:
            return _Refusal("ended", f"the yes to {words} ended on {row.until}")
        if audience is None and use == "take-home" and row.to:
            # The family's page is in everybody's hands who receives one.
            others = [one for one in case.receivers if one.id not in (person_id, *row.to)]
            if others:
                names = ", ".join(one.name for one in others)
                return _Refusal("not for them", f"the yes to {words} does not reach {names}")
        # A yes to one's own pictures and words always reaches one's own copy.
        if audience and row.to and audience not in (person_id, *row.to):
            why = f"the yes to {words} does not reach {case.name_of(audience)}'s copy"
            return _Refusal("not for them", why)
    return None


def _latest(case: Case, person_id: str, use: Use, today: datetime.date) -> list[Consent]:
    """Returns the last word, up to today, of each who has decided about a person and a use."""
    found = []
    for turns in case.consent_turns.get((person_id, use), {}).values():
        place = bisect.bisect_right(turns, today, key=lambda turn: turn[0])
        if place:
            found.append(turns[place - 1][1])
    return found


def _later(day: datetime.date, days: int) -> datetime.date:
    """Returns a day so much later, or the last of all: people write 9999 for "for ever"."""
    try:
        return day + datetime.timedelta(days=days)
    except OverflowError:
        return datetime.date.max
