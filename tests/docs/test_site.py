"""The documents as pages: they are made without a warning, and ask for nothing outside."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import typer
from playwright.sync_api import Page

import vigbook.schemas
from vigbook.cli.commands import app
from vigbook.cli.output import format_film
from vigbook.film.describe import describe_facts
from vigbook.film.facts import HLG, FilmFacts, Sound
from vigbook.timecode import Timecode

REPOSITORY = Path(__file__).parents[2]
# Names of things, and remarks in the theme's own scripts and styles: nothing asks for them.
NOT_ASKED_FOR = {
    "http://www.w3.org/2000/svg",
    "https://developer.mozilla.org/en-US/docs/Web/JavaScript/Guide/Regular_Expressions#escaping",
    "https://github.com/pypa/pip/issues/9159",
    "https://snowballstem.org/",
}
ASKS = (
    r"""\b(?:src|srcset|href|action|poster|data)\s*=\s*["']?([^"'\s>]+)""",
    r"""url\(\s*["']?([^"')]+)""",
    r"""@import\s+["']([^"']+)""",
    r"""\b(?:fetch|import|importScripts|open)\(\s*["']([^"']+)""",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made of a copy of the documents."""
    place = tmp_path_factory.mktemp("documents")
    left_out = shutil.ignore_patterns("reference", "__pycache__")
    shutil.copytree(REPOSITORY / "docs", place / "docs", ignore=left_out)
    shutil.copy(REPOSITORY / "pyproject.toml", place)
    done = subprocess.run(
        [Path(sys.executable).with_name("sphinx-build"), "-W", "-n", "--keep-going", "-q",
         "-d", place / "doctrees", "-b", "html", place / "docs", place / "site"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return place / "site"


def read_pages(site: Path, *suffixes: str) -> Mapping[str, str]:
    found = {
        str(path.relative_to(site)): path.read_text("utf-8")
        for path in sorted(site.rglob("*"))
        if path.suffix in suffixes
    }
    assert found
    return found


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_no_page_names_an_address_outside(site: Path) -> None:
    for name, text in read_pages(site, ".html", ".css", ".js").items():
        named = set(re.findall(r"""(?:https?|wss?|ftp):\\?/\\?/[^\s"'()<>\\,]+""", text))
        assert named - NOT_ASKED_FOR == set(), name
        asked = [one for pattern in ASKS for one in re.findall(pattern, text)]
        outside = [one for one in asked if re.match(r"(?:[a-z]+:)?//", one.strip())]
        assert outside == [], name
    assert len(read_pages(site, ".html")) > 25


def test_every_page_is_read_without_a_network_and_without_scrolling_sideways(
    site: Path, page: Page
) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.partition(":")[0]))
    page.set_viewport_size({"width": 390, "height": 800})
    for name in read_pages(site, ".html"):
        page.goto((site / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    assert asked <= {"file", "data"}


def test_the_reference_tells_every_command_and_option(site: Path) -> None:
    told = text_of((site / "reference" / "commands.html").read_text("utf-8"))
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        assert f"vigbook {name}" in told
        for one in command.params:
            if not one.hidden:
                assert one.help in told, f"{name} {one.name}"
                assert one.param_type_name == "argument" or one.opts[0] in told


def test_the_reference_tells_every_field_of_every_file(site: Path) -> None:
    schemas = sorted(Path(vigbook.schemas.__path__[0]).glob("*.schema.json"))
    assert len(schemas) >= 5
    every = " ".join(map(text_of, read_pages(site / "reference", ".html").values()))
    for path in schemas:
        schema = json.loads(path.read_text("utf-8"))
        page = site / "reference" / path.name.replace(".schema.json", ".html")
        told = text_of(page.read_text("utf-8"))
        assert [one for one in schema["properties"] if f" {one} " not in told] == []
        for part in schema.get("$defs", {}).values():
            assert [one for one in part.get("properties", ()) if f" {one} " not in every] == []


def test_the_drawing_has_every_room_once_and_none_lies_on_another(site: Path) -> None:
    text = (site / "architecture.html").read_text("utf-8")
    drawing = text[text.index('<svg class="rooms"') :]
    drawing = drawing[: drawing.index("</svg>")]
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["id"] == "rooms")
    rooms = [room.strip() for layer in layers for room in layer.split("|")]
    assert sorted(re.findall(r"<text[^>]*>(\w+)<", drawing)) == sorted(rooms)
    boxes = [
        tuple(map(float, one))
        for one in re.findall(
            r'<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawing
        )
    ]
    assert len(boxes) == len(rooms)
    for index, (x, y, width, height) in enumerate(boxes):
        for left, top, *_ in boxes[:index]:
            assert abs(x - left) >= width or abs(y - top) >= height
    for room in rooms:
        assert f'id="room-{room.strip("_")}"' in text


def test_the_example_of_a_film_is_what_the_command_says() -> None:
    telephone = FilmFacts(
        length=Timecode(Fraction(723)), width=1920, height=1080, container="mov",
        video_codec="hevc", pixel_format="yuv420p10le", bits=10,
        sounds=(Sound(track=0, codec="aac", channels=2, rate=48_000),),
        frame_rate=Fraction(2998, 100), zero=Fraction(0), start=Fraction(0), interlaced=False,
        pixel_aspect=Fraction(1), turned=90, mirrored=False, transfer=HLG, primaries=9, matrix=9,
        tells=("place", "camera", "date"),
    )  # fmt: skip
    told = format_film(describe_facts(Path("film.mov"), telephone, uneven=True), "film.mov")
    page = (REPOSITORY / "docs" / "practitioners" / "film.md").read_text("utf-8")
    assert "```none\n{}\n```".format("\n".join(told)) in page


def test_the_reference_in_the_repository_is_that_of_the_code(tmp_path: Path) -> None:
    """`make docs` writes it; whoever reads the documents as files finds it too."""
    code = "import sys; from pathlib import Path; from reference_pages import write_reference; "
    code += "write_reference(Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "docs")}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
    kept = REPOSITORY / "docs" / "reference"
    assert {one.name: one.read_text("utf-8") for one in tmp_path.glob("*.md")} == {
        one.name: one.read_text("utf-8") for one in kept.glob("*.md")
    }
