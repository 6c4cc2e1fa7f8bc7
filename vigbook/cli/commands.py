"""The commands: options -> pipeline -> sentences and exit codes (`output`).

Exit 0: done, though something may have been left out for want of consent. Exit 1: a problem, told
in plain sentences. Exit 2: wrong usage.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from vigbook import __version__
from vigbook.cli.output import (
    complain,
    each_or_leave,
    format_film,
    leave,
    or_leave,
    print_json,
    print_line,
    print_value,
    report,
    show_status,
    tell_outcomes,
)
from vigbook.cli.serving import serve_family
from vigbook.cli.usage import Commands
from vigbook.errors import Problem, VigbookError

if TYPE_CHECKING:
    from vigbook.batch.plan import Plan
    from vigbook.outcome import Options, Outcome

T = TypeVar("T")

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From a family's film to a live review workbook and printed pages.",
)

Cases = Annotated[
    list[Path], typer.Argument(metavar="CASE...", help="families' folders, or one cycle's folder")
]
Case = Annotated[Path, typer.Argument(metavar="CASE", help="a family's folder, or one cycle's")]
Service = Annotated[
    Path | None, typer.Option(help="the team's file, where it is not beside the family")
]
Templates = Annotated[Path | None, typer.Option(help="a team's own folder of templates")]
Browser = Annotated[bool, typer.Option(help="open the browser as well")]
Port = Annotated[
    int | None,
    typer.Option(metavar="N", min=1024, max=65535, help="where, if another family is open too"),
]
Json = Annotated[bool, typer.Option("--json", help="print one JSON array for another program")]
Today = Annotated[datetime.datetime | None, typer.Option(formats=["%Y-%m-%d"], hidden=True)]
_WAIT_HELP = "for how long another program at work on the same family is waited for"
Wait = Annotated[float | None, typer.Option(metavar="SECONDS", min=0, hidden=True, help=_WAIT_HELP)]


class OnlyPaper(StrEnum):
    """A paper's name; typer takes a list of nothing but an enumeration's."""

    TAKE_HOME = "take-home"
    SCRIPT = "script"
    RECORD = "record"
    WORKSHEET = "worksheet"


def _version(wanted: bool) -> None:
    if wanted:
        print_line(f"vigbook {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[  # typer calls it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None: ...


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="where to make it")] = Path(
        "vigbook-demo"
    ),
    today: Today = None,
) -> None:
    """Make an example family with a film, and go the whole way to the printed pages."""
    from vigbook import pipeline
    from vigbook.demo.examples import draw_films, lay_out
    from vigbook.paper.renderer import PageRenderer

    options = _options(None, None, today)
    with show_status() as progress, PageRenderer() as renderer:
        family = or_leave(lambda: lay_out(folder))
        or_leave(lambda: draw_films(family, progress))
        outcomes = or_leave(lambda: pipeline.build(family, options, renderer, progress))
    tell_outcomes(outcomes)
    made = [path for path in outcomes[-1].made + outcomes[-1].kept if "/media/" not in path]
    for path in sorted(made, key=lambda one: not one.endswith(".ipynb")):
        print_line(path)
    leave(outcomes)


@app.command()
def new(case: Case) -> None:
    """Write a family's folder to start from, or the next cycle of one, with comments."""
    from vigbook import pipeline

    or_leave(lambda: pipeline.new(case))
    cycle = case / "cycle-1"
    if (case / "case.yaml").exists():
        print_line(f"{case / 'case.yaml'}: fill in the people and what they said yes to")
    else:
        cycle = case
    print_line(f"{cycle / 'cycle.yaml'}: put the film beside it and mark the clips")


@app.command()
def check(
    cases: Cases,
    service: Service = None,
    templates: Templates = None,
    as_json: Json = False,
    today: Today = None,
) -> None:
    """Tell what is wrong, not agreed to, or due to be deleted; suggest gentler words."""
    from vigbook import pipeline

    options = _options(service, templates, today)
    outcomes = _each(cases, lambda case: pipeline.check(case, options))
    report(outcomes, as_json, lambda _: "checked")


@app.command()
def build(
    cases: Cases,
    service: Service = None,
    templates: Templates = None,
    fresh: Annotated[
        bool, typer.Option(help="replace a workbook that was changed by hand")
    ] = False,
    engine: Annotated[
        Literal["vigbook", "nbclient"],
        typer.Option(help="what runs the workbook: a copy of this process, or a Jupyter kernel"),
    ] = "vigbook",
    rehash: Annotated[
        bool, typer.Option("--rehash", help="read every film and file again to see what changed")
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="build on the Dask cluster at tcp://HOST:PORT"),
    ] = None,
    as_json: Json = False,
    today: Today = None,
    wait: Wait = None,
) -> None:
    """Cut clips and stills, run the notebook, print the papers; only what changed."""
    from vigbook.batch.run import build_many, plan_many
    from vigbook.cli.summary import count_up, format_plans, is_quiet, shorten
    from vigbook.outcome import Event

    options = _options(service, templates, today, wait, fresh=fresh, engine=engine, rehash=rehash)
    families = _families(cases)
    begin = time.monotonic()
    with show_status() as progress:
        progress(Event("looking", "what changed"))
        plans = plan_many(families, options)
    stale = [plan for plan in plans if plan.reasons]
    many = len(families) > 1 and not as_json
    if many:
        print_line(format_plans(plans), err=True)
    done: list[tuple[Plan, list[Outcome]]] = []
    try:
        with (
            show_status(len(stale)) as progress,
            # Interrupted in the middle, it is the batch that tidies up, and now.
            closing(build_many(plans, options, progress, scheduler)) as built,
        ):
            for plan, found in each_or_leave(built):
                done.append((plan, found))
                if plan.reasons:
                    progress(None)
                shown = shorten(found) if many else found
                if not as_json and not (many and sys.stdout.isatty() and is_quiet(shown)):
                    tell_outcomes(shown)
    finally:  # Ctrl-C too: what is done is done
        if many:
            from vigbook.cli.progress import print_table

            title = f"{len(plans)} families in {time.monotonic() - begin:.1f} s"
            print_table(("families", "", "why"), count_up(plans, done), title)
    outcomes = [outcome for _, found in done for outcome in found]
    if as_json:
        print_json(outcomes)
    leave(outcomes)


@app.command("print")
def print_(
    cases: Cases,
    only: Annotated[
        list[OnlyPaper] | None,
        typer.Option(help="only this paper; may be given more than once"),
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option(help="only the copy of this person, by id")
    ] = None,
    language: Annotated[str | None, typer.Option(help="of our own words, as en or ar")] = None,
    size: Annotated[
        Literal["clear", "large", "easy"] | None,
        typer.Option(help="of the type: clear is 14 points, easy 16, large 18"),
    ] = None,
    paper: Annotated[Literal["a4", "letter"] | None, typer.Option(help="A4 or US Letter")] = None,
    private: Annotated[
        bool, typer.Option(help="without pictures, logo, dates of visits and places")
    ] = False,
    blank: Annotated[bool, typer.Option(help="with nothing filled in")] = False,
    service: Service = None,
    templates: Templates = None,
    as_json: Json = False,
    today: Today = None,
    wait: Wait = None,
) -> None:
    """Print the papers again, with today's answers."""
    from vigbook import pipeline
    from vigbook.paper.renderer import PageRenderer
    from vigbook.paper.variants import Variant, choose_variants

    options = _options(service, templates, today, wait)
    style = Variant(
        name="take-home", language=language, size=size, paper=paper, private=private, blank=blank
    )
    choose = choose_variants([one.value for one in only or ()], style, person or ())
    with PageRenderer() as renderer:
        work = lambda case: pipeline.print_only(case, options, renderer, choose)  # noqa: E731
        outcomes = _each(cases, work)
    report(outcomes, as_json)


@app.command()
def answer(
    case: Case,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="as clip-1.see or try.what")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="nothing for room to write")],
    by: Annotated[str, typer.Option(help="who said it: an id")] = "practitioner",
    source: Annotated[
        Literal["said", "written", "agreed-summary"] | None, typer.Option(help="how it came")
    ] = None,
    service: Service = None,
    templates: Templates = None,
    today: Today = None,
) -> None:
    """Write one answer; of a family, into its latest cycle."""
    from vigbook import pipeline

    options = _options(service, templates, today)
    saved = or_leave(lambda: pipeline.answer(case, options, prompt, text, by, source))
    whose = "the worker's own words" if by == "practitioner" else f"words of {by}"
    print_line(f"{saved.prompt}: saved at {saved.at} as {whose}")


@app.command("open")
def open_(
    case: Case,
    lab: Annotated[
        bool, typer.Option("--lab", help="in JupyterLab, for whoever writes cells")
    ] = False,
    browser: Browser = True,
    port: Port = None,
    service: Service = None,
    templates: Templates = None,
    today: Today = None,
    wait: Wait = None,
) -> None:
    """Open the workbook in the browser, to look together and to write up."""
    serve_family(case, _options(service, templates, today, wait), "", lab, browser, port)


@app.command()
def prepare(
    case: Case,
    browser: Browser = True,
    port: Port = None,
    service: Service = None,
    templates: Templates = None,
    today: Today = None,
    wait: Wait = None,
) -> None:
    """Choose clips and stills in the browser; of a family, for its latest cycle."""
    from vigbook.case.folder import find_family

    _, folders = or_leave(lambda: find_family(case))
    if not folders:
        complain([Problem(file=str(case), found="has no cycle yet", mend="make a folder cycle-1")])
        raise typer.Exit(1)
    page = f"vigbook/prepare/{folders[-1].resolve().name}"
    serve_family(case, _options(service, templates, today, wait), page, False, browser, port)


@app.command()
def film(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a film")],
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON object for another program")
    ] = False,
) -> None:
    """Tell what a film is, in plain words, and what will be done about it."""
    from vigbook import pipeline

    try:
        described = pipeline.describe(file)
    except VigbookError as err:
        if not as_json:
            complain(err.problems)
        else:
            problems = [problem.as_json() for problem in err.problems]
            empty: dict[str, Any] = {key: [] for key in ("says", "will", "tells", "warnings")}
            print_value(
                {"file": str(file), "ok": False, **empty, "errors": problems, "facts": None}
            )
        raise typer.Exit(1) from err
    if as_json:
        print_value(described.as_json())
        return
    for line in format_film(described, str(file)):
        print_line(line)
    complain(described.warnings, "note: ")


@app.command()
def archive(
    cases: Cases,
    to: Annotated[Path, typer.Option(metavar="DIR", help="the folder of bags")],
    service: Service = None,
    templates: Templates = None,
    as_json: Json = False,
    today: Today = None,
    wait: Wait = None,
) -> None:
    """Write one bag a cycle for the archive."""
    from vigbook import pipeline
    from vigbook.paper.renderer import PageRenderer

    options = _options(service, templates, today, wait)
    with PageRenderer() as renderer:
        outcomes = _each(cases, lambda case: pipeline.archive(case, options, renderer, to))
    report(outcomes, as_json)


@app.command()
def verify(
    bags: Annotated[list[Path], typer.Argument(metavar="BAG...", help="bags to look at")],
    as_json: Json = False,
) -> None:
    """Read every byte of a bag again and tell what is not as it was."""
    from vigbook import pipeline
    from vigbook.batch.run import do_one

    outcomes = [one for bag in bags for one in do_one(bag, lambda bag: [pipeline.verify(bag)])]
    report(outcomes, as_json, lambda outcome: "whole" if outcome.ok else "damaged")


def _options(
    service: Path | None,
    templates: Path | None,
    today: datetime.datetime | None,
    wait: float | None = None,
    **chosen: Any,
) -> Options:
    from vigbook.outcome import Options

    if wait is not None:
        chosen["wait_s"] = wait
    if today:
        chosen["today"] = today.date()
    return Options(service=service, templates=templates, **chosen)


def _families(cases: Sequence[Path]) -> list[Path]:
    """Returns the cases, each once; `cases/*` names the team's file too, which is no case."""
    found = dict.fromkeys(case for case in cases if len(cases) == 1 or not case.is_file())
    return list(found)


def _each(cases: Sequence[Path], work: Callable[[Path], list[Outcome]]) -> list[Outcome]:
    from vigbook.batch.run import do_one

    return [outcome for case in _families(cases) for outcome in do_one(case, work)]
