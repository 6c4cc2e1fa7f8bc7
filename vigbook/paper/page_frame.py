"""What stands round the elements on every paper: the sheet, whose it is, and when films go."""

from __future__ import annotations

from pathlib import Path

from vigbook.case.consent import media_due
from vigbook.cycle.context import CycleContext
from vigbook.paper.page import Page, View


def make_frame(page: Page, title: str) -> View:
    """Returns what every paper has: the sheet, and whose it is."""
    team, logo = page.context.service, find_logo(page.context)
    return {
        "page": {
            "lang": page.words.language,
            "dir": page.words.direction,
            "size": page.size,
            "paper": page.paper,
            # How much closer than usual it is set, in steps; the record never is.
            "fit": 0,
            "record": page.use == "service-record",
            "colour": team.colour,
            # No name stands in a file's properties.
            "title": title,
            "quotes": page.words.quotes,
        },
        "team": {
            "name": team.name,
            "worker": page.context.worker,
            "phone": team.phone,
            "footer": team.footer,
            "logo": "../logo" if logo and not page.private else None,
            "logo_alt": page.words.say("Logo of %(name)s", name=team.name or ""),
        },
    }


def format_deletion(page: Page) -> str | None:
    """Returns the day by which films and pictures are deleted, as people write it."""
    cycles = [source.model for source in page.context.family.cycles.values()]
    due = media_due(page.context.case, cycles, page.context.service)
    # A day that is past is a promise already broken: the worker is told, and the page is silent.
    late = due is not None and due < page.context.today and page.for_family
    return None if late else page.words.date(due)


def is_deletion_unknown(page: Page) -> bool:
    """Whether nobody has written down any day from which the time of films is counted."""
    cycles = [source.model for source in page.context.family.cycles.values()]
    held = page.context.case.legal_hold is not None
    return not held and media_due(page.context.case, cycles, page.context.service) is None


def find_logo(context: CycleContext) -> Path | None:
    """Returns the team's logo, where it has one that is there."""
    name, team = context.service.logo, context.family.service_path
    # Beside service.yaml and nowhere else: a path could lead to a family's pictures.
    if not name or not team or Path(name).name != name:
        return None
    path = team.parent / name
    return path if path.is_file() and not path.is_symlink() else None
