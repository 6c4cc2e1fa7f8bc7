"""The main path: from a family's folder to a workbook and printed pages.

    read -> check -> cut -> run the notebook -> print

Read this first. Each stage is one function that calls one module; what is already made from the
same things is left as it is. Whatever goes wrong with one cycle is told in its `Outcome`, in
sentences for a person, and leaves what was made before whole. The way to a cycle is `gates`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vigbook.case.folder import find_inside, write_new_case
from vigbook.case.journal import Answer, Said
from vigbook.case.log import write_log
from vigbook.cycle import checks, plain_language
from vigbook.cycle.answering import answer_prompt
from vigbook.cycle.context import CycleContext, open_again
from vigbook.errors import CaseError, Problem, show_path, told_in
from vigbook.film.reader import Reader
from vigbook.gates import each_cycle, open_cycle
from vigbook.outcome import Event, Options, Outcome, Progress
from vigbook.paper.printed import (
    list_earlier_variants,
    list_long,
    remove_refused,
    remove_unreceived,
)
from vigbook.paper.renderer import PageRenderer
from vigbook.paper.variants import Variant, list_variants

if TYPE_CHECKING:
    from vigbook.film.describe import Description
    from vigbook.film.facts import FilmFacts
    from vigbook.film.film import Film


def build(
    case: Path, options: Options, renderer: PageRenderer, progress: Progress = lambda _: None
) -> list[Outcome]:
    """Cuts clips and stills, runs the notebook and prints the papers; only what changed."""

    def stages(context: CycleContext, outcome: Outcome) -> None:
        with _timed(outcome, "check"):
            outcome.warnings += checks.list_warnings(context)
            drop_refused(context, outcome)
            renderer.start()  # it loads WeasyPrint while the film is looked at and cut
            film, facts = check_film(context, reader, outcome)
        with _timed(outcome, "media"):
            cut_media(context, film, facts, outcome, progress)
        with _timed(outcome, "workbook"):
            run_workbook(context, outcome, options, progress)
        with _timed(outcome, "papers"):
            print_papers(open_again(context), outcome, renderer, (), progress)

    with Reader() as reader:
        return each_cycle(case, options, "built", stages, progress)


def print_only(
    case: Path,
    options: Options,
    renderer: PageRenderer,
    variants: Callable[[CycleContext], Sequence[Variant]],
) -> list[Outcome]:
    """Prints papers again with today's answers; the film need not be there."""

    def stages(context: CycleContext, outcome: Outcome) -> None:
        wanted = variants(context)
        languages = {one.language for one in wanted if one.language}
        outcome.warnings += checks.list_warnings(context, languages)
        drop_refused(context, outcome)
        with _timed(outcome, "papers"):
            print_papers(context, outcome, renderer, wanted)

    return each_cycle(case, options, "printed", stages)


def check(case: Path, options: Options) -> list[Outcome]:
    """Tells what is wrong, what is not agreed to, and what media is due to be deleted."""

    def stages(context: CycleContext, outcome: Outcome) -> None:
        outcome.warnings += [*checks.list_warnings(context), *checks.list_readable(context)]
        outcome.withheld += checks.list_withheld(context)
        outcome.warnings += list_long(context)
        outcome.suggestions = plain_language.list_suggestions(context)
        with Reader() as reader:
            check_film(context, reader, outcome)

    outcomes = each_cycle(case, options, None, stages)
    for outcome in outcomes:  # also of a cycle that could not be read
        outcome.suggestions = outcome.suggestions or []
    return outcomes


def archive(case: Path, options: Options, renderer: PageRenderer, to: Path) -> list[Outcome]:
    """Writes a bag for each cycle, of what was built."""
    # bagit asks Python for every installed package when it is imported.
    from vigbook.archive.bags import write_bag
    from vigbook.workbook.build import NOTEBOOK

    def stages(context: CycleContext, outcome: Outcome) -> None:
        # Today's answers and today's consents go into a file that is kept for decades.
        if (context.folder / NOTEBOOK).exists():
            print_papers(context, outcome, renderer, [Variant(name="record")])
            outcome.made.clear()
            outcome.kept.clear()
        if not context.is_of_today:  # a bag is of one day, as a paper is
            stages(open_again(context), outcome)
            return
        family = context.family.folder.resolve().name
        bag, written = write_bag(context, f"{family}-cycle-{context.cycle.cycle}", to)
        (outcome.made if written else outcome.kept).append(show_path(bag))

    return each_cycle(case, options, "exported", stages)


def verify(bag: Path) -> Outcome:
    """Reads every byte of a bag again and tells what is not as it was."""
    from vigbook.archive.verifying import verify_bag  # as above

    outcome = Outcome(case=str(bag))
    with told_in(outcome.errors):
        verify_bag(bag)
    return outcome


def answer(
    case: Path, options: Options, prompt_id: str, text: str, by: str, source: Said | None
) -> Answer:
    """Puts one answer into the journal of a cycle; of a family, into that of its latest cycle.

    Raises:
        UsageError: there is no such case or cycle.
        CaseError: the case's files are wrong.
        AnswerError: there is no such prompt or person, or the text does not fit the prompt.
        JournalError, OutputError: it could not be written.
    """
    return answer_prompt(open_cycle(case, options), prompt_id, text, by=by, source=source)


def describe(path: Path) -> Description:
    """Tells what a film is, in plain words, and what will be done about it.

    Raises:
        FilmError: it cannot be read.
    """
    from vigbook.film.describe import describe_film

    return describe_film(path)


def new(folder: Path) -> None:
    """Writes a commented case to start from.

    Raises:
        UsageError: there is one already, or its name is no pseudonym we can use.
        OutputError: it cannot be written.
    """
    write_new_case(folder)


def find_film_path(context: CycleContext) -> Path:
    """Returns the path of a cycle's film.

    Raises:
        VigbookError: it points out of the family's folder.
    """
    name = context.cycle.film.file
    try:
        film = find_inside(context.family.folder, context.folder, name)
    except ValueError as err:
        mend = "put the film into the family's folder"
        raise CaseError(context.source.problem(("film", "file"), str(err), mend)) from err
    inside = film.resolve().relative_to(context.family.folder.resolve())
    if {"media", "print"} & set(inside.parts[:-1]):
        found = f"'{name}' is in a folder that vigbook makes and clears"
        mend = "put the film beside cycle.yaml"
        raise CaseError(context.source.problem(("film", "file"), found, mend))
    return film


def check_film(context: CycleContext, reader: Reader, outcome: Outcome) -> tuple[Film, FilmFacts]:
    """Returns a cycle's film and what it is, after looking whether it plays and is long enough.

    Raises:
        CaseError: it is not there, or a clip goes past its end.
        FilmError: it cannot be read.
    """
    from vigbook.film.describe import check_size  # numpy is slow to load
    from vigbook.film.film import Film

    film = Film(find_film_path(context), reader)
    checks.check_film_there(context, film.path)
    facts = film.probe()
    latest = max((clip.end for clip in context.cycle.clips), default=facts.length)
    # Some films say that they are shorter than they are: then their last frame is looked for.
    last = film.find_frames([latest])[0].at if latest > facts.length else None
    checks.check_spans(context, facts, last)
    outcome.warnings += check_size(film.path, facts)
    return film, facts


def drop_refused(context: CycleContext, outcome: Outcome) -> None:
    """Takes away media of clips, and papers with pictures, that somebody has not agreed to.

    Before anything else: it must happen though the film be lost or a clip be wrong.
    """
    from vigbook.film.media import remove_unwanted  # as in `cut_media`
    from vigbook.film.previews import FOLDER, remove_aids

    agreed, _ = checks.split_by_filming(context)
    papers = remove_refused(context)
    for path in papers:
        found = "was deleted: it held a picture that may no longer be shown"
        outcome.warnings.append(Problem(file=show_path(path), found=found))
    removed = [*remove_unwanted(context.media, agreed), *papers]
    if not (context.may_film() and find_film_path(context).is_file()):
        removed += remove_aids(context.media / FOLDER, None)
    if removed:
        names = [path.name for path in removed]
        write_log(context.family.folder, "erased", context.cycle.cycle, names)


def cut_media(
    context: CycleContext,
    film: Film,
    facts: FilmFacts,
    outcome: Outcome,
    progress: Progress,
) -> None:
    """Cuts the clips and stills of those who agreed to be filmed."""
    # imageio and Pillow are slow to load, and printing again needs neither.
    from vigbook.film.media import build_media
    from vigbook.film.previews import FOLDER, remove_aids

    agreed, refused = checks.split_by_filming(context)
    outcome.withheld += refused
    name = context.cycle.film.file
    cutting = lambda clip, done: progress(Event("cutting", clip, done))  # noqa: E731
    built = build_media(film, name, agreed, context.media, cutting, facts)
    remove_aids(context.media / FOLDER, built.manifest.film.sha256)
    outcome.made += [show_path(path) for path in built.made]
    outcome.warnings += built.warnings


def run_workbook(
    context: CycleContext, outcome: Outcome, options: Options, progress: Progress
) -> None:
    """Runs the method's notebook for the cycle."""
    from vigbook.workbook.build import build_workbook

    progress(Event("running", "the workbook"))
    workbook = build_workbook(context, fresh=options.fresh, engine=options.engine)
    (outcome.made if workbook.made else outcome.kept).append(show_path(workbook.path))
    outcome.warnings += workbook.warnings
    if workbook.by_hand:
        found = "was changed by hand and is kept as it is"
        if workbook.stale:
            found += ", though the case or the template has changed since"
        outcome.warnings.append(
            Problem(file=show_path(workbook.path), found=found, mend="--fresh makes it anew")
        )


def print_papers(
    context: CycleContext,
    outcome: Outcome,
    renderer: PageRenderer,
    variants: Sequence[Variant] = (),
    progress: Progress = lambda _: None,
) -> None:
    """Prints the papers asked for, or those that every cycle has and all asked for before."""
    from vigbook.paper.printing import print_paper  # the page templates and the fonts' tables

    if not variants:
        removed = remove_unreceived(context)
        for path in removed:
            found = "was deleted: it was the copy of somebody who no longer receives one"
            outcome.warnings.append(Problem(file=show_path(path), found=found))
        if removed:
            names = [path.name for path in removed]
            write_log(context.family.folder, "erased", context.cycle.cycle, names)
        variants = [*list_variants(context), *list_earlier_variants(context)]
    laid: dict[str, tuple[int, bytes]] = {}
    for variant in variants:
        progress(Event("printing", variant.name))
        with told_in(outcome.errors):  # one paper that cannot be printed stops no other
            printed = print_paper(context, variant, renderer, laid)
            (outcome.made if printed.made else outcome.kept).append(show_path(printed.path))
            if printed.long:
                outcome.warnings.append(printed.long)
            outcome.withheld += [one for one in printed.withheld if one not in outcome.withheld]


@contextlib.contextmanager
def _timed(outcome: Outcome, stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    try:
        yield
    finally:
        outcome.seconds[stage] = time.perf_counter() - begin
