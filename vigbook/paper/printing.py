"""Executed notebook and answers -> the three papers.

The take-home is a fixed page for the family, with a plain script of it to be read aloud. The record
walks the outputs of the executed notebook, in their order, for the team. The worksheet is blank
paper for the hour itself. What may stand on each is asked of `vigbook.case.consent` by the
elements that they are made of.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vigbook.case.models import Person, Size
from vigbook.cycle.context import CycleContext, open_again
from vigbook.cycle.review_data import format_review, make_review
from vigbook.errors import PaperError, Problem, UsageError, show_path
from vigbook.method.language import check_language, load_words
from vigbook.method.templates import find_template, hash_templates
from vigbook.paper.attachment import Attachment
from vigbook.paper.geometry import FITS
from vigbook.paper.glyphs import drop_controls, find_missing_glyphs, glyph_problem, set_in_one_face
from vigbook.paper.kinds.record import make_record
from vigbook.paper.kinds.take_home import make_take_home
from vigbook.paper.kinds.worksheet import make_worksheet
from vigbook.paper.page import Page, View
from vigbook.paper.page_frame import find_logo
from vigbook.paper.page_templates import fill
from vigbook.paper.printed import latest, long_problem, read_state, write_state
from vigbook.paper.renderer import PageRenderer, check_length
from vigbook.paper.variants import Variant, most_pages
from vigbook.system.atomic import publish_bytes, sha256_of

_MOST_FOOT_LETTERS = 1_000  # twice what four lines hold
# What papers are: one that was made to lesser standards is made again.
_STANDARDS = "PDF/A-3a and PDF/UA-1"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PrintResult:
    """A paper on the disk, and what was left out of it for want of consent.

    Attributes:
        path: where it is.
        made: whether it was made just now.
        withheld: what was left out, and why.
        long: that it has more sides than it should, or None.
    """

    path: Path
    made: bool
    withheld: tuple[Problem, ...]
    long: Problem | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """All that a paper is made of, before it is laid out, and the process that lays it out."""

    page: Page
    renderer: PageRenderer
    variant: Variant
    name: str
    values: View
    places: Mapping[str, Path]
    data: bytes

    @property
    def path(self) -> Path:
        return self.page.context.folder / "print" / self.name


def print_paper(
    context: CycleContext,
    variant: Variant,
    renderer: PageRenderer,
    laid: dict[str, tuple[int, bytes]] | None = None,
) -> PrintResult:
    """Prints one paper, unless the one that is there was made from the same things.

    It is of one day, the one on which it is published: what midnight found half laid out is begun
    again with the consents of the day that came.

    Args:
        context: the cycle.
        variant: which paper, for whom and how.
        renderer: the process that lays it out.
        laid: what was laid out before it; the copy of somebody who is shown all that is on the
            family's page is that page, and is taken from there.

    Raises:
        PaperError: it cannot be laid out whole or is not to the standards, or there is no workbook
            to make a record from.
        UsageError: there is nobody of that id, or not in that language.
        OutputError: it cannot be written. The earlier paper is whole.
    """
    draft = _draft(context if context.is_of_today else open_again(context), variant, renderer)
    context, path, html = draft.page.context, draft.path, _render(draft)
    key = _key(draft, html)
    state = read_state(path.parent)
    known = state.get(path.name, {})
    said = latest(context)
    if known.get("key") == key and path.is_file() and known.get("sha256") == sha256_of(path):
        if known.get("said") != said:  # nothing of it is on this paper
            write_state(path.parent, state | {path.name: known | {"said": said}})
        return _printed(draft, known.get("pages"), made=False)
    laid = {} if laid is None else laid
    if key not in laid:
        laid[key] = _lay_out(draft, html)
    if not context.is_of_today:
        return print_paper(context, variant, renderer, laid)
    pages, content = laid[key]
    publish_bytes(path, content)
    state[path.name] = {
        "key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "variant": dataclasses.asdict(variant),
        "shown": draft.page.shown,
        "everybody": draft.page.own_people,
        "said": said,
        "pages": pages,
    }
    write_state(path.parent, state)
    return _printed(draft, pages, made=True)


def make_paper(
    context: CycleContext,
    variant: Variant,
    renderer: PageRenderer,
    node: Mapping[str, Any] | None = None,
) -> tuple[bytes, tuple[Problem, ...]]:
    """Returns one paper's PDF, which goes nowhere yet, and what was left out of it.

    It is of the day on which it is returned (`print_paper`).

    Args:
        context: the cycle.
        variant: which paper, for whom and how.
        renderer: the process that lays it out.
        node: the executed notebook that a record is made from; the one on the disk where None.

    Raises:
        PaperError, UsageError: as `print_paper`.
    """
    draft = _draft(context, variant, renderer, node)
    content = _lay_out(draft, _render(draft))[1]
    if not context.is_of_today:
        return make_paper(open_again(context), variant, renderer, node)
    return content, tuple(draft.page.withheld.list_problems())


def _draft(
    context: CycleContext,
    variant: Variant,
    renderer: PageRenderer,
    node: Mapping[str, Any] | None = None,
) -> _Draft:
    _check_foot(context)
    page, name = open_page(context, variant)
    makers: dict[str, Callable[[Page], View]] = {
        "take-home": make_take_home,
        "script": make_take_home,
        "record": functools.partial(make_record, renderer=renderer, node=node),
        "worksheet": make_worksheet,
    }
    # The record goes out of the house by mail: what was taken back stays in the archive's bag.
    record = variant.name == "record"
    return _Draft(
        page=page,
        renderer=renderer,
        variant=variant,
        name=name,
        values=makers[variant.name](page),
        places=_places(context),
        data=format_review(make_review(context, history=False)) if record else b"",
    )


def _printed(draft: _Draft, pages: object, *, made: bool) -> PrintResult:
    return PrintResult(
        path=draft.path,
        made=made,
        withheld=tuple(draft.page.withheld.list_problems()),
        long=long_problem(draft.path, draft.variant.name, draft.page.size, pages),
    )


def open_page(context: CycleContext, variant: Variant) -> tuple[Page, str]:
    """Returns the page of a variant before anything is on it, and its file's name.

    Raises:
        UsageError: there is nobody of that id.
        MethodError: nobody speaks that language.
    """
    case = context.case
    person: Person | None = None
    if variant.person is not None:
        person = case.person(variant.person)
        if person is None:
            there = ", ".join(one.id for one in case.people)
            raise UsageError(f"there is nobody '{variant.person}'", f"there is: {there}")
    record = variant.name == "record"
    if variant.language:
        check_language(context.templates, variant.language)
    language = context.service.language if record else case.language
    language = (person.language if person else None) or language
    size: Size = "clear" if record else (person.size if person else None) or case.print.size
    wishes_pictures = person.pictures if person and person.pictures is not None else None
    pictures = case.print.pictures if wishes_pictures is None else wishes_pictures
    page = Page(
        context=context,
        words=load_words(context.templates, variant.language or language),
        use="service-record" if record else "take-home",
        audience=variant.person,
        size=variant.size or size,
        paper=variant.paper or case.print.paper,
        pictures=record or pictures,
        private=variant.private,
        blank=variant.blank,
    )
    name = variant.name + (f"-{variant.person}" if variant.person else "")
    usual = (language, size, case.print.paper)
    if (page.words.language, page.size, page.paper) != usual or variant.private or variant.blank:
        name += f".{page.words.language}.{page.size}"
        name += "".join(
            f".{word}"
            for word, wanted in (
                ("letter", page.paper == "letter"),
                ("private", page.private),
                ("blank", page.blank),
            )
            if wanted
        )
    return page, f"{name}.pdf"


def _lay_out(draft: _Draft, html: str) -> tuple[int, bytes]:
    """Returns a paper's sides and its PDF, checked, from its HTML at its roomiest.

    It is set as closely as it must be to keep within the sides that it should have. Where even the
    closest setting needs more, it is set as roomily as those sides allow.

    Raises:
        PaperError: it cannot be laid out whole, goes beyond limits, or is not to the standards.
    """
    from vigbook.paper.conformance import check_pdf  # the checker's rules take a while to load

    with _named(draft.path):
        check_length(html, _list_texts(draft.page.context))
    _check_glyphs(draft, html)
    most = most_pages(draft.variant.name, draft.page.size)
    tried: list[int] = []
    content = b""
    while not content:
        sides, content = _press(draft, _render(draft, len(tried)) if tried else html, most)
        tried.append(sides)
        # No setting is so close that it halves a page.
        if most is not None and (len(tried) == FITS or sides > 2 * most):
            break
    if not content:
        fewest = tried[-1]
        fit = next(fit for fit, sides in enumerate(tried) if sides <= fewest)
        sides, content = _press(draft, _render(draft, fit) if fit else html, None)
    check_pdf(content, str(draft.path))
    return sides, content


def _press(draft: _Draft, html: str, at_most: int | None) -> tuple[int, bytes]:
    context = draft.page.context
    attached = [_attach_all(context, draft.data)] if draft.data else []
    with _named(draft.path):
        return draft.renderer.lay_out(
            html, draft.places, attached, draft.page.own_pictures, at_most
        )


def _render(draft: _Draft, fit: int = 0) -> str:
    """Returns a paper's HTML, set closer than usual by so many steps."""
    page, name = draft.page, draft.variant.name
    template = f"print/{'easy' if name == 'take-home' and page.size == 'easy' else name}.html.j2"
    templates = page.context.templates
    values = {**draft.values, "page": {**draft.values["page"], "fit": fit}}
    if len(templates) > 1:  # a team's own may hold anything, work without an end too
        text = draft.renderer.fill(template, templates, page.words.language, values)
    else:
        text = fill(templates, page.words, template, values)
    return set_in_one_face(drop_controls(text))


def _places(context: CycleContext) -> dict[str, Path]:
    """Returns what a page may read, by the place it is called by in the page."""
    places = {"print": find_template(context.templates, "print"), "media": context.media}
    logo = find_logo(context)
    return places | {"logo": logo} if logo else places


def _attach_all(context: CycleContext, data: bytes) -> Attachment:
    """Returns what the record carries, with times from the data: of the film and of the answers."""
    film = context.cycle.film.date or datetime.date(1980, 1, 1)  # as zip files say "unknown"
    created = datetime.datetime.combine(film, datetime.time(), datetime.UTC)
    modified = created
    for answer in context.journal.lines:
        with contextlib.suppress(ValueError, OverflowError):  # a line somebody wrote by hand
            at = datetime.datetime.fromisoformat(answer.at)
            aware = at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
            modified = max(modified, aware.astimezone(datetime.UTC))
    return Attachment(
        name="review.json",
        content=data,
        description="review.schema.json",
        created=created,
        modified=modified,
    )


def _key(draft: _Draft, html: str) -> str:
    """Returns a SHA-256 of all that a paper is made from.

    That is its HTML, styles, fonts and pictures, the data it carries, and the standards.
    """
    digest = hashlib.sha256(html.encode())
    digest.update(_STANDARDS.encode())
    digest.update(hashlib.sha256(draft.data).digest())
    ours = [place for name, place in draft.places.items() if name != "media"]
    digest.update(hash_templates(ours).encode())
    manifest = draft.page.context.manifest
    if manifest:
        digest.update(json.dumps([one.sha256 for one in manifest.stills]).encode())
    return digest.hexdigest()


def _check_glyphs(draft: _Draft, html: str) -> None:
    """Raises a PaperError that names each letter without a font, and where it was typed."""
    context = draft.page.context
    missing = find_missing_glyphs(html, draft.places["print"] / "fonts")
    if not missing:
        return
    texts = _list_texts(context)
    problems = []
    for letter in missing:
        where = next((prompt for prompt, text in texts.items() if letter in text), None)
        problem = glyph_problem(letter, where)
        problems.append(dataclasses.replace(problem, file=str(draft.path)))
    raise PaperError(problems)


def _check_foot(context: CycleContext) -> None:
    """Raises a PaperError where the foot of every page would hold more than a page has room for."""
    team = context.service
    if len(team.name or "") + len(team.footer or "") <= _MOST_FOOT_LETTERS:
        return
    path = context.family.service_path
    field = "footer" if len(team.footer or "") > len(team.name or "") else "name"
    found = f"name and footer together have more than {_MOST_FOOT_LETTERS} letters"
    mend = "shorten it: it stands at the foot of every page"
    file = show_path(path) if path else None
    raise PaperError(Problem(file=file, field=field, found=found, mend=mend))


def _list_texts(context: CycleContext) -> dict[str, str]:
    """Returns what was typed, by the prompt or the file that it stands in."""
    texts = {prompt: str(one.value) for one in context.journal.lines if (prompt := one.prompt)}
    for source in (context.source, context.family.case):
        texts[source.path.name] = source.path.read_text("utf-8")
    return texts


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Puts the paper's name before what is wrong with it, where that names no file."""
    try:
        yield
    except PaperError as err:
        raise PaperError(
            one if one.file else dataclasses.replace(one, file=show_path(path))
            for one in err.problems
        ) from err
