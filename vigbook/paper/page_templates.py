"""A paper's values -> its HTML, from the page templates, a team's own before ours."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from vigbook.errors import PaperError, Problem
from vigbook.method.language import Words
from vigbook.method.rendering import environment
from vigbook.paper.geometry import FOR_TEMPLATES

_MOST_OVERLAYS = 16


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
        return _environment(templates, words).get_template(name).render(context)
    except (
        jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError,
        RecursionError, OSError,
    ) as err:  # fmt: skip
        found = f"the page's template is wrong: {err}"
        mend = "mend it, or leave --templates out"
        raise PaperError(Problem(file=f"templates/{name}", found=found, mend=mend)) from err


# An overlay compiles its templates anew, so it is kept.
@functools.lru_cache(maxsize=_MOST_OVERLAYS)
def _environment(templates: tuple[Path, ...], words: Words) -> jinja2.Environment:
    """Returns an environment whose templates can ask how large things are on a paper."""
    shared = environment(templates, words)
    overlay = shared.overlay()
    overlay.globals = {**shared.globals, **FOR_TEMPLATES}
    return overlay
