"""Every address that the local server answers: what is in no table here is off.

The libraries bring some sixty addresses with them, of which some give out any file of a family's,
or delete it. So what they brought is taken out, and only what a page of ours needs is put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tornado import routing, web

from vigbook.server.foreign_routes import LAB, VOILA
from vigbook.server.guard import HOSTS, LAB_POLICY, OWN_POLICY, NothingHandler, guard
from vigbook.server.handlers import list_shared_routes
from vigbook.server.pages.enter import list_enter_routes
from vigbook.server.pages.home import list_home_routes
from vigbook.server.pages.lab import list_lab_routes
from vigbook.server.pages.paper import list_paper_routes
from vigbook.server.pages.prepare import list_prepare_routes
from vigbook.server.pages.workbook import WorkbookHandler, list_workbook_routes
from vigbook.server.route import ForeignRoute, Route
from vigbook.server.session import FamilySession
from vigbook.server.shown import list_shown_routes
from vigbook.server.tickets import Tickets


def list_routes(session: FamilySession, tickets: Tickets, *, lab: bool) -> list[Route]:
    """Returns the addresses that handlers of ours answer."""
    pages = (
        list_shared_routes, list_shown_routes, list_home_routes, list_workbook_routes,
        list_paper_routes, list_prepare_routes,
    )  # fmt: skip
    ours = [route for list_own in pages for route in list_own(session)]
    return [*ours, *list_enter_routes(session, tickets), *(list_lab_routes(session) if lab else ())]


def list_foreign_routes(*, lab: bool) -> tuple[ForeignRoute, ...]:
    """Returns the addresses that handlers of Voila and Jupyter answer."""
    return (*VOILA, *(LAB if lab else ()))


def keep_to_the_table(
    app: web.Application, base: str, session: FamilySession, tickets: Tickets, *, lab: bool
) -> None:
    """Takes every address out of a server and puts those of the tables in.

    Args:
        app: the server, as jupyter_server and its extensions made it.
        base: what every address begins with, as `/` or `/f/abc/`.
        session: the family that the server is for.
        tickets: by which a browser gets in.
        lab: whether JupyterLab is to be had.
    """
    brought = {_key(rule, base): rule for rule in _list_rules(app)}
    voila = brought[("/voila/render/(.*)", "voila.tornado.handler.TornadoVoilaHandler")]
    rules: list[tuple[Any, ...]] = []
    for ours in list_routes(session, tickets, lab=lab):
        given = voila.target_kwargs if ours.handler is WorkbookHandler else {}
        rules.append((base + ours.pattern, ours.handler, {**given, **ours.arguments}))
    wanted = {(route.pattern, route.handler): route for route in list_foreign_routes(lab=lab)}
    for key, rule in brought.items():  # in their order: some of their patterns match others'
        if route := wanted.get(key):
            policy = LAB_POLICY if route in LAB else OWN_POLICY
            handler = guard(rule.target, session, route.methods, policy)
            rules.append((base + route.pattern[1:], handler, rule.target_kwargs))
    app.default_router.rules.clear()
    app.wildcard_router.rules.clear()
    app.settings["default_handler_class"] = NothingHandler
    app.settings["default_handler_args"] = {"session": session}
    app.add_handlers(HOSTS, rules)


def _list_rules(app: web.Application) -> Iterator[routing.Rule]:
    for rule in app.default_router.rules:
        if isinstance(rule.target, routing.RuleRouter):
            yield from rule.target.rules


def _key(rule: routing.Rule, base: str) -> tuple[str, str]:
    """Returns a rule's pattern below the base, and its handler's name."""
    assert isinstance(rule.matcher, routing.PathMatches)
    pattern = rule.matcher.regex.pattern.removesuffix("$")
    if pattern.startswith(base):
        pattern = "/" + pattern[len(base) :]
    return pattern, f"{rule.target.__module__}.{rule.target.__qualname__}"
