"""Kind and id of an element -> what the screen shows of it, and the page templates' environment.

An element is named by its kind and id alone. The saved workbook gets fixed words and links for it;
what it says on paper is `vigbook.paper.page`'s.
"""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from vigbook.cycle.context import CycleContext
from vigbook.errors import PaperError, Problem
from vigbook.method.method import Words

MIME = "application/vnd.vigbook.v1+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KINDS = (
    "title", "helping-question", "clip", "stills", "prompt", "goals", "next-step", "next-date",
)  # fmt: skip
TRY_PROMPTS = ("try.what", "try.where", "try.when")
_MOST_OVERLAYS = 16


def find_links(sitting: CycleContext, kind: str, element_id: str, start: Path) -> tuple[str, ...]:
    """Returns links to an element's files, relative to `start`, if the family may look at them.

    A link may point to a file that is not cut yet: elements only refer.
    """
    clip = sitting.cycle.clip(element_id)
    if clip is None or kind not in ("clip", "stills"):
        return ()
    if kind == "clip":
        names = [f"{clip.id}.mp4"] if sitting.may_show("shared-review", clip) else []
    else:
        names = [
            f"{clip.id}-{number}.jpg"
            for number, still in enumerate(clip.stills, start=1)
            if sitting.may_show("shared-review", clip, still)
        ]
    media = os.path.relpath(sitting.media, start)
    return tuple(Path(media, name).as_posix() for name in names)


def reference(
    sitting: CycleContext, kind: str, element_id: str, links: Sequence[str], words: Words
) -> dict[str, Any]:
    """Returns an element's display for the saved workbook: kind, id, fixed words and links."""
    prompt = sitting.prompts.get(element_id)
    # A goal's own wording is the family's: the saved workbook says only that there is a goal.
    ours = prompt is not None and prompt.kind != "rating"
    names = sitting.names(words, generic=True)
    label = words.fill(prompt.label, names) if prompt and ours else words.say("Our goals")
    html = environment(sitting.templates, words).get_template("screen/element.html.j2")
    return {
        MIME: {"kind": kind, "id": element_id, "links": list(links)},
        "text/plain": f"{kind} {element_id}",
        "text/html": html.render(
            kind=kind, links=links, label=label, number=sitting.clip_numbers.get(element_id)
        ).strip(),
    }


# An overlay compiles its templates anew, so it is kept, with the words that it speaks.
@functools.lru_cache(maxsize=_MOST_OVERLAYS)
def environment(templates: tuple[Path, ...], words: Words) -> jinja2.Environment:
    """Returns the page templates' environment: everything escaped, fixed words in one language."""
    loaded = _environment(templates)
    overlay = loaded.overlay()
    overlay.globals = {
        **loaded.globals,
        "_": lambda english, **names: _say(words, english, names),
        "dir_of": direction_of,
    }
    return overlay


def fill(templates: tuple[Path, ...], words: Words, name: str, context: Mapping[str, Any]) -> str:
    """Returns the HTML of a page template with a page's values in it.

    Raises:
        PaperError: the template is wrong.
    """
    blocks = context.get("blocks")
    if blocks:
        # A team's own HTML is what `vigbook.paper.clean_html` made of it.
        made = [{**one, "html": Markup(one["html"])} if "html" in one else one for one in blocks]
        context = {**context, "blocks": made}
    try:
        return environment(templates, words).get_template(name).render(context)
    except (
        jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError,
        RecursionError, OSError,
    ) as err:  # fmt: skip
        found = f"the page's template is wrong: {err}"
        mend = "mend it, or leave --templates out"
        raise PaperError(Problem(file=f"templates/{name}", found=found, mend=mend)) from err


def direction_of(text: str | None, fallback: str = "ltr") -> str:
    """Returns `ltr` or `rtl`: which way the first letter of a text runs, as browsers decide."""
    for letter in text or "":
        kind = unicodedata.bidirectional(letter)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return fallback


def _say(words: Words, english: str, names: Mapping[str, Any]) -> Any:
    """Returns a fixed sentence for a page; names are escaped unless they are markup already."""
    sentence = words.say(english)
    if not names:
        return sentence
    return Markup(escape(sentence)) % names


@functools.lru_cache(maxsize=4)
def _environment(templates: tuple[Path, ...]) -> jinja2.Environment:
    places = [str(place) for place in templates]
    # `print/` as well, so that page templates name each other as they do their stylesheets.
    places += [str(place / "print") for place in templates]
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(places),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
