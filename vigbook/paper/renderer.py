"""The process that lays pages out: WeasyPrint runs there, under limits, and never here.

What stands on a page comes from anywhere: pasted answers, a team's own cells, templates and logo.
What would never end, or fill the memory, takes down this process, and the person gets a sentence
while the other papers are printed. It is told the page and where its pictures, styles and fonts
lie; of the machine's settings it gets what Python and WeasyPrint need to start.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vigbook.errors import PaperError, Problem
from vigbook.paper.attachment import Attachment
from vigbook.system.limits import Limits
from vigbook.system.sandbox import (
    ChildCrashedError,
    Reply,
    ReportedError,
    SandboxedProcess,
    answer_requests,
)

LIMITS = Limits(seconds=60, memory_bytes=2 * 1024**3, file_bytes=64 * 1024**2)
"""Of one paper. The longest that a family ever wrote takes some seconds and 300 MB."""

_MOST_LETTERS = 3_000_000  # of a whole page with its tags: a thousand sheets and more
_LONGEST_WORD = 20_000  # without a space; twice as long takes four times as long
_MOST_REQUESTS = 500  # so that whatever a library may keep of each ends with it
_HANDED_ON = re.compile(
    r"PATH|SYSTEMROOT|WINDIR|LANG|TZ|(LC|LD|DYLD|PYTHON|WEASYPRINT|XDG|VIGBOOK)_?\w*", re.IGNORECASE
)
# Laying out a page needs none of these, whatever stands on it.
_FORBIDDEN = (
    "socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request", "subprocess.Popen",
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.startfile", "webbrowser.open",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """A picture of a team's own, decoded whole and written again without anything but its dots.

    Attributes:
        content: a PNG or a JPEG.
        suffix: of its file.
        width, height: in dots.
    """

    content: bytes
    suffix: str
    width: int
    height: int


class PageRenderer(SandboxedProcess):
    """A process that lays pages out, started when it is first asked and again after it fell.

    To start it takes a second, so whoever makes many papers keeps one for them all.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        handed_on = {key: one for key, one in os.environ.items() if _HANDED_ON.fullmatch(key)}
        super().__init__("vigbook.paper.renderer", limits, handed_on)
        self._requests = 0

    def lay_out(
        self,
        html: str,
        places: Mapping[str, Path],
        enclosures: Sequence[Attachment] = (),
        pictures: Mapping[str, bytes] | None = None,
        at_most: int | None = None,
    ) -> tuple[int, bytes]:
        """Returns a page's sides and its PDF, as `vigbook.paper.pdf.lay_out` does.

        Raises:
            PaperError: something on the page is missing or wrong, or it went beyond the limits.
        """
        request = {
            "do": "render",
            "html": html,
            "places": {name: os.path.abspath(place) for name, place in places.items()},
            "enclosures": [one.as_json() for one in enclosures],
            "pictures": {name: _pack(one) for name, one in (pictures or {}).items()},
            "at_most": at_most,
        }
        said, content = self._ask(request, "the page")
        return int(said["sides"]), content

    def fill(
        self, name: str, templates: Sequence[Path], language: str, context: Mapping[str, Any]
    ) -> str:
        """Returns the HTML of a page template with a page's values in it.

        Raises:
            PaperError: the template is wrong, or its work never ends.
        """
        request = {
            "do": "fill",
            "name": name,
            "templates": [os.path.abspath(place) for place in templates],
            "language": language,
            "context": context,
        }
        return self._ask(request, "the page's template")[1].decode("utf-8", "surrogatepass")

    def tidy_html(self, html: str, top: int, *, markdown: bool = False) -> str:
        """Returns a team's own HTML, or Markdown, as `vigbook.paper.clean_html` makes it.

        Raises:
            PaperError: it went beyond the limits.
        """
        request = {"do": "markdown" if markdown else "html", "html": html, "top": top}
        return self._ask(request, "a cell's own page")[1].decode()

    def tidy_picture(self, content: bytes) -> Tidied:
        """Returns a team's own PNG or JPEG, decoded and written again.

        Raises:
            PaperError: it is none, is broken or too large.
        """
        request = {"do": "picture", "content": _pack(content)}
        said, made = self._ask(request, "a cell's picture")
        return Tidied(
            content=made, suffix=said["suffix"], width=said["width"], height=said["height"]
        )

    def _ask(self, request: Mapping[str, Any], what: str) -> Reply:
        self._requests += 1
        if self._requests > _MOST_REQUESTS:
            self.close()
            self._requests = 1
        try:
            (answer,) = list(self.exchange(request))
        except ReportedError as err:
            raise PaperError(err.problems) from err
        except ChildCrashedError as err:
            raise PaperError(_beyond(what, err.took_too_long)) from err
        except OSError as err:
            found = f"the process that lays pages out cannot be started: {err.strerror}"
            mend = "close other programs and try again"
            raise PaperError(Problem(found=found, mend=mend)) from err
        return answer


def _beyond(what: str, took_too_long: bool) -> Problem:
    found = "takes far too long to make" if took_too_long else "made the program that lays out stop"
    mend = "shorten the longest text on it, or take out what it was made to do harm with"
    return Problem(found=f"{what} {found}", mend=mend)


def _pack(content: bytes) -> str:
    return base64.b64encode(content).decode()


def check_length(html: str, texts: Mapping[str, str]) -> None:
    """Raises a PaperError where a page is too long to lay out, before anything is tried.

    Nothing that a family could write comes near: it is for a file that was pasted or made to harm.

    Args:
        html: the page.
        texts: what was typed, by where.
    """
    words = (word[0] for word in re.finditer(r"[^\s<>]+", html))
    word = next((word for word in words if len(word) > _LONGEST_WORD), None)
    if word:
        begin = word.lstrip("“”„«»'\"")[:20]
        where = next((one for one, text in texts.items() if begin in text), None)
        found = f"has a word of {len(word)} letters without a space, beginning '{begin}'"
        raise PaperError(Problem(field=where, found=found, mend="put spaces in, or take it out"))
    if len(html) > _MOST_LETTERS:
        where = max(texts, key=lambda one: len(texts[one]), default="")
        longest = len(texts.get(where, ""))
        found = f"the page holds {len(html)} letters, the longest text {longest} of them"
        mend = f"shorten it: a page takes up to {_MOST_LETTERS}"
        raise PaperError(Problem(field=where or None, found=found, mend=mend))


# --- In the process itself ------------------------------------------------------------------


def main() -> None:
    """Answers requests until there are no more."""
    # Where a system looks for a library in the folder one stands in, as macOS does, it is no case.
    with contextlib.chdir(sys.prefix):
        from vigbook.paper import clean_html, page_templates, pdf

    assert page_templates
    assert pdf
    assert clean_html
    _shut_off()
    answer_requests(_answer, _memory_problem)


def _memory_problem(_request: Mapping[str, Any]) -> Problem:
    return Problem(
        found="needs more memory than a page should",
        mend="make its pictures smaller or its longest text shorter",
    )


def _answer(request: Mapping[str, Any]) -> Iterator[Reply]:
    try:
        yield from _do(request)
    except RecursionError as err:
        found, mend = "holds things too deep inside each other", "take out what is nested so deep"
        raise PaperError(Problem(found=found, mend=mend)) from err


def _do(request: Mapping[str, Any]) -> Iterator[Reply]:
    match request["do"]:
        case "render":
            sides, content = _render(request)
            yield {"sides": sides}, content
        case "fill":
            from vigbook.method.language import load_words
            from vigbook.paper.page_templates import fill

            templates = tuple(Path(one) for one in request["templates"])
            words = load_words(templates, request["language"])
            text = fill(templates, words, request["name"], request["context"])
            yield {}, text.encode("utf-8", "surrogatepass")
        case "html":
            from vigbook.paper.clean_html import tidy_html

            yield {}, tidy_html(request["html"], request["top"]).encode()
        case "markdown":
            from vigbook.paper.clean_html import tidy_markdown

            yield {}, tidy_markdown(request["html"], request["top"]).encode()
        case "picture":
            from vigbook.paper.clean_image import tidy_picture

            content, suffix, (width, height) = tidy_picture(base64.b64decode(request["content"]))
            yield {"suffix": suffix, "width": width, "height": height}, content


def _render(request: Mapping[str, Any]) -> tuple[int, bytes]:
    from vigbook.paper.pdf import lay_out

    return lay_out(
        request["html"],
        {name: Path(place) for name, place in request["places"].items()},
        [Attachment.from_json(one) for one in request["enclosures"]],
        {name: base64.b64decode(one) for name, one in request["pictures"].items()},
        request["at_most"],
    )


def _shut_off() -> None:
    """Lets this process reach no network and start no program from here on."""

    def refuse(event: str, _details: object) -> None:
        if event in _FORBIDDEN:
            raise PermissionError(f"a page may not do that: {event}")

    sys.addaudithook(refuse)


if __name__ == "__main__":
    main()
