"""What is to be done and what came of it, in few words for whoever gave the command."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

from vigbook.batch.plan import Plan
from vigbook.outcome import Outcome

_ORDER = ("built", "up to date", "not done", "not begun")


def format_outcome(outcome: Outcome, word: Callable[[Outcome], str] | None = None) -> str:
    """Returns what came of one cycle.

    Args:
        outcome: what came of it.
        word: how that is put where all went well; else how many files were made.
    """
    cycle = f"cycle {outcome.cycle}: " if outcome.cycle else ""
    times = ", ".join(f"{stage} {spent:.1f} s" for stage, spent in outcome.seconds.items())
    times = f" ({times})" if times else ""
    if not outcome.ok:
        return f"{cycle}NOT DONE, {len(outcome.errors)} to mend{times}"
    if word:
        return cycle + word(outcome)
    made = f"{len(outcome.made)} made" if outcome.made else "nothing to make"
    return f"{cycle}{made}, {len(outcome.kept)} up to date{times}"


def format_plans(plans: Sequence[Plan]) -> str:
    """Returns how many families there are to build, and why."""
    counted = Counter(plan.reasons[0] for plan in plans if plan.reasons)
    if not counted:
        return f"{len(plans)} families: all up to date"
    why = "; ".join(f"{number} {reason}" for reason, number in counted.most_common())
    stale = counted.total()
    return f"{len(plans)} families: {stale} to build ({why}), {len(plans) - stale} up to date"


def shorten(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Returns the outcomes of a family among many, without what was told when it was built.

    Told of hundreds of families each night, that would hide what is new. What presses stays.
    """
    return [one if one.reasons else _shortened(one) for one in outcomes]


def _shortened(outcome: Outcome) -> Outcome:
    pressing = [one for one in outcome.warnings if one.pressing]
    return dataclasses.replace(outcome, warnings=pressing, withheld=[])


def is_quiet(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing was done for a family and there is nothing to tell of it."""
    return all(one.ok and not (one.reasons or one.warnings or one.withheld) for one in outcomes)


def count_up(
    plans: Sequence[Plan], done: Sequence[tuple[Plan, Sequence[Outcome]]]
) -> list[tuple[str, str, str]]:
    """Returns how many families came out how and why, as the rows of a table."""
    rows = Counter[tuple[str, str]]()
    for plan, outcomes in done:
        if not all(one.ok for one in outcomes):
            rows["not done", "to mend, as told above"] += 1
        elif plan.reasons:
            rows["built", "; ".join(plan.reasons)] += 1
        elif shorten(outcomes) == [*outcomes]:
            rows["up to date", ""] += 1
        else:
            rows["up to date", "with notes as before; vigbook check tells them"] += 1
    if len(done) < len(plans):
        rows["not begun", "run the same command again to go on"] += len(plans) - len(done)
    ranked = sorted(rows.items(), key=lambda row: (_ORDER.index(row[0][0]), -row[1]))
    return [(str(number), result, why) for (result, why), number in ranked]
