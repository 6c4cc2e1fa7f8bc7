"""HTML -> PDF through WeasyPrint, with our own fonts and nothing from anywhere else.

Only files in the places that a caller names are read: no network, no other file of the disk,
whatever stands in a page. A picture that is missing or a letter that no font has is an error, not
a hole in the page.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import PIL.Image
import weasyprint
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from vigbook.errors import PaperError, Problem, show_path
from vigbook.paper.attachment import Attachment as Attachment
from vigbook.paper.pdfa import PDF_VARIANT, finish_pdf

_TYPES = {
    ".css": "text/css", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
    ".ttf": "font/ttf", ".otf": "font/otf", ".woff2": "font/woff2",
}  # fmt: skip
_STYLESHEET = "print/print.css"
_LARGEST_FILE = 8 * 2**20
_MOST_DOTS = 40_000_000  # decoded, a quarter of a gigabyte at the most


def lay_out(
    html: str,
    places: Mapping[str, Path],
    enclosures: Sequence[Attachment] = (),
    pictures: Mapping[str, bytes] | None = None,
    at_most: int | None = None,
) -> tuple[int, bytes]:
    """Returns a page's sides and its PDF: the same bytes for the same page, wherever the case lies.

    Args:
        html: a whole HTML document. It names files as `../<place>/<file>`, from within `print`.
        places: the folders, or single files, that it may read, by place; `print` is ours, with the
            stylesheets and fonts.
        enclosures: the files that the PDF carries.
        pictures: more that it may read, by name: files of the place `cells` that are on no disk.
        at_most: a page with more sides is not painted, and its PDF is empty.

    Raises:
        PaperError: something on the page is missing, or WeasyPrint left something out.
    """
    folder = places["print"].resolve()
    with (
        _own_fonts_only(folder / "fonts"),
        warnings.catch_warnings(),
        _complaints() as complaints,
    ):
        # WeasyPrint leaves its colour profile to be closed by itself.
        warnings.filterwarnings("ignore", "unclosed file .*sRGB", ResourceWarning)
        try:
            styles = _load_styles(folder, _stamp(folder))
            page = weasyprint.HTML(
                string=html,
                base_url="file:///print/",
                url_fetcher=PlaceFetcher(places, pictures, loaded=_STYLESHEET),
            )
            options = {
                "pdf_variant": PDF_VARIANT,
                "stylesheets": [styles.sheet],
                "uncompressed_pdf": True,  # what is large, the finisher packs
                # WeasyPrint reads each once: they are made anew for every page.
                "attachments": [_attach(one) for one in enclosures],
            }
            document = page.render(font_config=styles.fonts, **options)
            sides = len(document.pages)
            if at_most is not None and sides > at_most:
                content = b""
            else:
                content = document.write_pdf(finisher=finish_pdf, **options)
        except FatalURLFetchingError as err:
            if isinstance(err.__cause__, PaperError):
                raise err.__cause__ from err
            raise PaperError(f"the page names a file that it may not have: {err}") from err
    if complaints:
        raise PaperError([Problem(found=f"the page is not whole: {one}") for one in complaints])
    return sides, content


@dataclasses.dataclass(frozen=True, slots=True)
class _Styles:
    """A stylesheet that was read, and the fonts that it names."""

    sheet: weasyprint.CSS
    fonts: FontConfiguration


@functools.lru_cache(maxsize=2)
def _load_styles(folder: Path, _files: tuple[tuple[str, int, int], ...]) -> _Styles:
    """Returns the styles of every page: reading them anew takes longer than laying a page out.

    Raises:
        PaperError: WeasyPrint would leave something of them out.
    """
    fonts = FontConfiguration()
    with _complaints() as complaints:
        sheet = weasyprint.CSS(
            url=f"file:///{_STYLESHEET}",
            url_fetcher=PlaceFetcher({"print": folder}),
            font_config=fonts,
        )
    if complaints:
        found = f"the stylesheet is not whole: {complaints[0]}"
        raise PaperError(Problem(file=show_path(folder / "print.css"), found=found))
    return _Styles(sheet, fonts)


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Returns what changes when a stylesheet or font does, so that it is read again."""
    files = [*sorted(folder.glob("*.css")), *sorted(folder.glob("fonts/*"))]
    stats = [(one.name, one.stat()) for one in files]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _attach(attachment: Attachment) -> weasyprint.Attachment:
    return weasyprint.Attachment(
        file_obj=io.BytesIO(attachment.content),
        name=attachment.name,
        description=attachment.description,
        created=attachment.created,
        modified=attachment.modified,
        relationship="Data",
    )


class PlaceFetcher(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
    """Reads stylesheets, fonts and pictures from the places a page may use, and nothing else.

    A page's addresses, `file:///<place>/<file>`, are no paths of this machine: none stands in it.
    The stylesheet that is `loaded` already is not read again; it comes out empty.
    """

    def __init__(
        self,
        places: Mapping[str, Path],
        pictures: Mapping[str, bytes] | None = None,
        loaded: str | None = None,
    ) -> None:
        super().__init__(allowed_protocols={"file"}, allow_redirects=False, fail_on_errors=True)
        self._places = {name: place.resolve() for name, place in places.items()}
        self._pictures = pictures or {}
        self._loaded = loaded

    def fetch(  # weasyprint calls it so
        self,
        url: str,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> URLFetcherResponse:
        """Returns a file's bytes.

        Raises:
            ValueError: it is not a file of an allowed kind in one of the places.
            PaperError: it is, and no page can hold it.
        """
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc:
            raise ValueError("only files are read")
        _, name, *rest = unquote(parts.path).split("/")
        if self._loaded == "/".join([name, *rest]):
            return URLFetcherResponse(url, b"", {"Content-Type": "text/css"})
        if name == "cells" and "/".join(rest) in self._pictures:
            content = self._pictures["/".join(rest)]
            kind = _TYPES[Path(rest[-1]).suffix]
            return URLFetcherResponse(url, content, {"Content-Type": kind})
        place = self._places.get(name)
        if place is None:
            raise ValueError("outside the case and the templates")
        # Links are followed before the check, so that none leads out.
        path = place.joinpath(*rest).resolve(strict=True)
        if not path.is_relative_to(place):
            raise ValueError("outside the case and the templates")
        if path.suffix.lower() not in _TYPES:
            raise ValueError("not a kind of file that a page holds")
        kind = _TYPES[path.suffix.lower()]
        content = _read(path)
        if kind.startswith("image/"):
            _check_picture(path, content)
        return URLFetcherResponse(url, content, {"Content-Type": kind})


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        found = f"has {size / 2**20:.0f} MB, and a page takes files up to {_LARGEST_FILE >> 20} MB"
        raise PaperError(Problem(file=show_path(path), found=found, mend="make it smaller"))
    return path.read_bytes()


def _check_picture(path: Path, content: bytes) -> None:
    """Lets a picture pass that is what its name says, and no larger than a page can hold.

    WeasyPrint would take anything else that it finds behind the name, drawings and all they name.
    """
    found, mend = "", "save it as PNG or JPEG"
    try:
        with PIL.Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
        if width * height > _MOST_DOTS:
            found = f"has {width} by {height} dots, and a page takes pictures up to"
            found += f" {_MOST_DOTS // 10**6} million dots"
            mend = "make it smaller"
    except PIL.Image.DecompressionBombError:
        found, mend = "has far more dots than a page can hold", "make it smaller"
    except (OSError, ValueError, SyntaxError):  # as Pillow tells of broken files
        found = "is called a picture and is none"
    if found:
        raise PaperError(Problem(file=show_path(path), found=found, mend=mend))


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collects WeasyPrint's complaints: what it leaves out of a page it only logs."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    logger = logging.getLogger("weasyprint")
    collector = Collector(logging.WARNING)
    handlers, propagate = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [collector], False
    try:
        yield found
    finally:
        logger.handlers, logger.propagate = handlers, propagate


@contextlib.contextmanager
def _own_fonts_only(fonts: Path) -> Iterator[None]:
    """Hides the machine's fonts: the same page must come out of every machine."""
    with tempfile.TemporaryDirectory(prefix="vb-fonts-", ignore_cleanup_errors=True) as name:
        config = Path(name, "fonts.conf")
        config.write_text(
            f"<fontconfig><dir>{escape(str(fonts.resolve()))}</dir>"
            f"<cachedir>{escape(name)}</cachedir></fontconfig>",
            "utf-8",
        )
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(config)
        try:
            yield
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before
