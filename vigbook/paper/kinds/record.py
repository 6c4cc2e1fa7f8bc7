"""What the team's record says: it walks the outputs of the executed notebook, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vigbook import __version__
from vigbook.case.consent import WORDS_FOR_USE, standing
from vigbook.case.models import Consent
from vigbook.errors import PaperError, Problem
from vigbook.paper.page import Page, View
from vigbook.paper.page_frame import format_deletion, make_frame
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.team_cells import show_cell
from vigbook.workbook.build import NOTEBOOK, list_outputs, read_workbook

# Elements that print with a heading of the second level.
_HEADED = ("helping-question", "clip", "prompt", "goals", "next-step", "next-date")
_RECORD_USES = ("filming", "shared-review", "take-home", "service-record")


def make_record(page: Page, renderer: PageRenderer, node: Mapping[str, Any] | None = None) -> View:
    """Returns what the record says, from the executed notebook and today's answers.

    Args:
        page: the paper.
        renderer: the process that makes safe what a team's own cells show.
        node: the notebook; the cycle's own, from the disk, where None.

    Raises:
        PaperError: there is no workbook to make it from.
        WorkbookError: the workbook cannot be read.
    """
    context, say = page.context, page.words.say
    node = node or read_workbook(context.folder / NOTEBOOK)
    if node is None:
        found = "there is no workbook yet, and the record is made from it"
        raise PaperError(
            Problem(file=str(context.folder / NOTEBOOK), found=found, mend="run 'vigbook build'")
        )
    blocks = list(_record_blocks(page, renderer, node))
    case, cycle = context.case, context.cycle
    return {
        **make_frame(page, say("Review record: %(family)s, cycle %(number)s",
                           family=case.family, number=cycle.cycle)),
        "record": {
            "title": say("Review record"),
            "facts": _facts(page),
            "running": say("%(family)s, cycle %(number)s", family=case.family, number=cycle.cycle),
        },
        "blocks": blocks,
        "consents": _consents(page),
        "left_out": _left_out(page, blocks),
        "keep": _keep(page),
        "provenance": _provenance(page, node),
    }  # fmt: skip


def _record_blocks(page: Page, renderer: PageRenderer, node: Any) -> Iterator[View]:
    """Yields the record's blocks: our elements by reference, a team's own output made safe.

    Prompts that nobody answered are named together, after the prompts of the same clip.
    """
    unanswered: list[str] = []
    about = ""  # the clip that the prompts are about, or nothing for those of the whole review
    clips = {clip.id for clip in page.context.cycle.clips}
    headed = False
    for output in list_outputs(node):
        kind, element_id = output.kind, output.id
        own = kind == "other"
        views = (
            show_cell(page, output, 3 if headed else 2, renderer)
            if own
            else [page.view(kind, element_id)]
        )
        for view in views:
            if view is None:
                continue
            # A cell's own headings stand under the heading before it, where there is one.
            headed = headed or view["kind"] in _HEADED or "<h" in view.get("html", "")
            clip = element_id.partition(".")[0]
            clip = clip if clip in clips else ""
            if unanswered and (view["kind"] != "prompt" or clip != about):
                yield {"kind": "unanswered", "id": "", "labels": unanswered}
                unanswered = []
            about = clip
            if view["kind"] == "prompt" and not view["words"]:
                unanswered.append(view["label"])
            else:
                yield view
    if unanswered:
        yield {"kind": "unanswered", "id": "", "labels": unanswered}


def _facts(page: Page) -> list[list[str]]:
    context, say, date = page.context, page.words.say, page.words.date
    case, cycle = context.case, context.cycle
    held = cycle.review
    people = ", ".join(f"{person.name} ({person.role})" for person in case.people)
    lines = context.journal.lines
    version = say("before any answers")
    if lines:
        at = lines[-1].at[:16].replace("T", " ") + " UTC"
        # In a line from right to left a day would turn round: 19-09-2026.
        at = f"\u2066{at}\u2069" if page.words.direction == "rtl" else at
        entries = "%(num)s entry, of %(at)s", "%(num)s entries, the last of %(at)s"
        version = page.words.say_many(*entries, len(lines), at=at)
    rows: list[tuple[str, str | None]] = [
        (say("Reference"), case.reference),
        (say("Family"), case.family),
        (say("Cycle"), str(cycle.cycle)),
        (say("People"), people),
        (say("Author"), context.worker),
        (say("Film"), date(cycle.film.date)),
        (say("Place"), cycle.film.place),
        (say("Activity"), cycle.film.activity),
        (say("How the child agreed"), cycle.film.child_agreed),
        (say("Shared review held"), date(held.date) if held else say("not yet")),
        (say("Minutes"), str(held.minutes) if held and held.minutes else None),
        (say("Present"), ", ".join(map(context.name_of, held.present)) if held else None),
        (say("Clips shown"), ", ".join(held.clips_shown) if held else None),
        (say("Version"), version),
    ]
    return [[label, value] for label, value in rows if value]


def _consents(page: Page) -> View:
    case, say, today = page.context.case, page.words.say, page.context.today
    asked = {use for row in case.consents for use in row.uses}
    uses = [use for use in WORDS_FOR_USE if use in asked or use in _RECORD_USES]
    return {
        "columns": [say(WORDS_FOR_USE[use]).capitalize() for use in uses],
        "rows": [
            {
                "name": person.name,
                "cells": [standing(case, person.id, use, today) for use in uses],
            }
            for person in case.people
        ],
        "entries": [
            [
                case.name_of(row.person),
                ", ".join(say(WORDS_FOR_USE[use]) for use in row.uses),
                _answer_in_words(page, row),
                case.name_of(row.given_by),
                row.authority,
                page.words.date(row.date) or "",
            ]
            for row in case.consents
        ],
    }


def _answer_in_words(page: Page, row: Consent) -> str:
    say, date = page.words.say, page.words.date
    if row.withdrawn:
        return say("yes, taken back on %(date)s", date=date(row.withdrawn))
    if row.until:
        return say("yes, until %(date)s", date=date(row.until))
    return row.answer


def _left_out(page: Page, blocks: Sequence[View]) -> list[str]:
    titles = {
        block["id"]: block["title"] or page.words.say("Clip %(number)s", number=block["number"])
        for block in blocks
        if block["kind"] == "clip"
    }
    found = []
    for block in blocks:
        if block.get("left_out"):
            title = titles.get(block["id"])
            reason = str(block["left_out"])
            if title:
                reason = page.words.say("%(title)s: %(reason)s", title=title, reason=reason)
            found.append(reason)
    return found


def _keep(page: Page) -> list[str]:
    context, say = page.context, page.words.say
    deletion = format_deletion(page)
    lines = []
    if context.case.legal_hold:
        lines.append(say("A legal hold stops deletion and every other use."))
    elif deletion:
        lines.append(say("Films, clips and pictures: deleted by %(date)s.", date=deletion))
    record_class = context.case.retention.record_class
    until = context.service.retention.get(record_class or "", record_class)
    if until:
        until = until.removeprefix("until ")
        lines.append(say("Written notes: kept until %(until)s.", until=until))
    lines.append(say("The family can ask to see these notes or have mistakes put right."))
    return lines


def _provenance(page: Page, node: Any) -> list[list[str]]:
    context, say = page.context, page.words.say
    manifest = context.manifest
    made_from = str(
        node.get("metadata", {}).get("vigbook", {}).get("template", say("a notebook of the team's"))
    )
    rows = [[say("Notebook"), made_from], [say("Made with"), f"vigbook {__version__}"]]
    if manifest:
        rows.insert(0, [say("Film's SHA-256"), manifest.film.sha256])
    return rows
