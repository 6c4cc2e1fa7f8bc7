"""Texts, pictures and cells that were made to do harm: they print as what they are, or are told."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import PIL.Image
import psutil
import pytest
from families import TODAY, vigbook_command
from live import wait_until
from pdfs import attachments_of, objects_in, pages_of, streams_in, text_of
from pypdf.generic import DictionaryObject, StreamObject
from soups import make_page

from vigbook.case.folder import read_case_folder
from vigbook.cycle.context import open_context
from vigbook.errors import CaseError, PaperError
from vigbook.method.templates import find_templates
from vigbook.paper.conformance import find_faults
from vigbook.paper.printing import print_paper
from vigbook.paper.renderer import LIMITS, PageRenderer
from vigbook.paper.variants import PaperName, Variant
from vigbook.system.atomic import sha256_of
from vigbook.system.limits import Limits

Run = Callable[..., "CompletedProcess[str]"]
PLACES = {"print": find_templates()[0] / "print"}
CANARY = "CANARY-" + "7f3a9c51"
TIGHT = Limits(seconds=3, memory_bytes=LIMITS.memory_bytes, file_bytes=LIMITS.file_bytes)
PAPERS: tuple[PaperName, ...] = ("take-home", "record", "worksheet")


def print_one(family: Path, name: PaperName, renderer: PageRenderer) -> Path:
    files = read_case_folder(family, [family / "cycle-1"], None)
    today = datetime.date.fromisoformat(TODAY)
    context = open_context(files, family / "cycle-1", find_templates(), today)
    return print_paper(context, Variant(name=name), renderer).path


def squash(text: str) -> str:
    """Returns a text without spaces: on paper, a line may end anywhere in it."""
    return re.sub(r"[\s\u200a-\u200d\u00ad]", "", text)


def say(family: Path, prompt: str, text: str) -> None:
    """Puts an answer into the journal by hand, however long it is."""
    line = {"v": 1, "id": "x1", "at": "2026-11-20T10:00:00.000Z", "prompt": prompt, "value": text,
            "by": "mum", "entered_by": "practitioner", "source": "said", "base": None}  # fmt: skip
    with (family / "cycle-1" / "answers.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


# --- Every text field, and a cell -------------------------------------------------------------


@pytest.fixture
def counting() -> Iterator[tuple[str, list[str]]]:
    """A local web server, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def make_hostile(server: str, folder: Path) -> str:
    """Returns a text with everything in it that some program somewhere would run or fetch."""
    canary, picture, style = (folder / f"canary.{one}" for one in ("txt", "png", "css"))
    return (
        "{{ 7*7 }} {% include '/etc/hostname' %} {# x #} %(name)s {child} {0} &lt;b&gt; ]]> "
        f'<link rel="attachment" href="file://{canary}"><a rel=attachment href="../canary.txt">a'
        f'</a><a href="{server}/click">x</a><link rel="stylesheet" href="file://{style}">'
        f"<style>@import url({server}/a.css); p {{ background: url(file://{picture}) }}</style>"
        f'<script src="{server}/a.js">app.alert(1)</script><img src="{server}/b.png" alt="">'
        f'<img src="file://{picture}"><svg><image href="{server}/c.png"/><use href="#a"/></svg>'
        f'<object data="file://{canary}"></object><iframe src="{server}/d"></iframe>'
        f'<base href="{server}/"> url({server}/e) --> </style></p></body></html>'
    )


def write_hostile(family: Path, text: str) -> None:
    """Puts a text into every field that takes one."""
    consent = {"given_by": text, "authority": text, "date": "2026-09-01", "evidence": text}
    uses = ["filming", "shared-review", "take-home", "service-record"]
    (family / "case.yaml").write_text(json.dumps({
        "vigbook": 1, "family": "wren", "worker": text, "reference": text,
        "people": [
            {"id": "child", "name": f"Mia {text}", "role": "child", "born": "2025-02-11"},
            {"id": "mum", "name": f"Sam {text}", "role": text, "receives": True},
        ],
        "consents": [
            {"person": "child", "uses": uses, **consent, "to": [text, "mum"]},
            {"person": "mum", "uses": uses, **consent, "given_by": "mum", "authority": "self"},
        ],
        "helping_question": text,
        "goals": [{
            "id": "settle", "wording": text, "owner": "mum", "hoped": 7,
            "scale": {"name": text, "min": 1, "max": 10, "anchors": {"1": text, "10": text}},
            "baseline": {"value": 3, "rated_by": text, "words": text},
        }],
        "retention": {"class": "plain"},
    }), "utf-8")  # fmt: skip
    still = {"at": "00:00:03.000", "alt": text}
    clip = {"id": "clip-1", "start": "00:00:02.000", "end": "00:00:04.000", "title": text,
            "question": text, "why": text, "stills": [still], "initiative": "child",
            "principles": [{"id": "encouraging", "by": "mum"}]}  # fmt: skip
    (family / "cycle-1" / "cycle.yaml").write_text(json.dumps({
        "cycle": 1, "in_shot": ["child", "mum"], "helping_question": text, "clips": [clip],
        "film": {"file": "film.mp4", "date": "2026-09-12", "place": text, "activity": text,
                 "child_agreed": text},
        "review": {"date": "2026-09-20", "minutes": 40, "present": ["mum", text],
                   "clips_shown": ["clip-1"]},
    }), "utf-8")  # fmt: skip
    (family.parent / "service.yaml").write_text(json.dumps({
        # The foot of a page has room for so much; the whole stands in `worker`.
        "name": text[:200], "footer": text[200:900], "worker": text, "phone": text,
        "retention": {"plain": text},
    }), "utf-8")  # fmt: skip
    for prompt in ("clip-1.see", "clip-1.felt", "remember", "try.what", "try.where", "words.us",
                   "words.child"):  # fmt: skip
        say(family, prompt, text)
    path = family / "cycle-1" / "workbook.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    shown = [{"output_type": "display_data", "metadata": {}, "data": {kind: text}}
             for kind in ("text/plain", "text/markdown", "text/html", "image/svg+xml")]  # fmt: skip
    about = {"metadata": {"alt": text}, "source": text}
    notebook["cells"][2:2] = [
        {"cell_type": "markdown", "id": "m", **about},
        {"cell_type": "code", "id": "c", "execution_count": 1, "outputs": shown, **about},
    ]
    path.write_text(json.dumps(notebook), "utf-8")


def list_actions(path: Path) -> set[str]:
    """Returns what in a PDF does something, or leads out of it."""
    found: set[str] = set()

    def walk(thing: Any) -> None:
        if isinstance(thing, DictionaryObject):
            found.update({"/JS", "/AA", "/OpenAction", "/URI"} & set(thing))
            if isinstance(thing, StreamObject) and "/F" in thing:
                found.add("a stream in another file")
            if thing.get("/S") in ("/URI", "/Launch", "/JavaScript", "/GoToR", "/SubmitForm"):
                found.add(str(thing["/S"]))
            if thing.get("/Subtype") in ("/Link", "/FileAttachment", "/RichMedia", "/Widget"):
                found.add(str(thing["/Subtype"]))
            for one in thing.values():
                walk(one)
        elif isinstance(thing, list):
            for one in thing:
                walk(one)

    for one in objects_in(path):
        walk(one)
    return found


def test_what_stands_in_any_field_prints_as_it_is_and_fetches_nothing(
    built_family: Path, counting: tuple[str, list[str]], vigbook: Run
) -> None:
    server, asked = counting
    noise = random.Random(5).randbytes(16 * 16 * 3)
    folder = built_family / "cycle-1"
    for place in (folder, folder / "media", built_family, built_family.parent):
        (place / "canary.txt").write_text(CANARY, "utf-8")
        (place / "canary.css").write_text(f"p::after {{ content: '{CANARY}' }}", "utf-8")
        PIL.Image.frombytes("RGB", (16, 16), noise).save(place / "canary.png")
    text = make_hostile(server, built_family)
    write_hostile(built_family, text)
    shutil.rmtree(folder / "print")
    done = vigbook("print", built_family)
    assert done.returncode == 0, done.stderr
    printed = sorted((folder / "print").glob("*.pdf"))
    assert {path.stem for path in printed} == {
        "record", "take-home", "take-home-mum", "worksheet",
    }  # fmt: skip
    for path in printed:
        said = squash(text_of(path))
        assert squash(text)[:300] in said, path
        assert squash("7*7 }} {% include '/etc/hostname' %} {# x #} %(name)s {child}") in said
        assert squash("--> </style></p></body></html>") in said
        content = b"".join([path.read_bytes(), *streams_in(path)])
        assert CANARY.encode() not in content
        assert noise[:48] not in content
        assert list_actions(path) == set(), path
        assert set(attachments_of(path)) == ({"review.json"} if path.stem == "record" else set())
        assert find_faults(path.read_bytes()) == []
    assert asked == []


# --- The team's logo and colour ---------------------------------------------------------------


def write_bomb(path: Path, width: int = 30_000, height: int = 30_000) -> None:
    """Writes a PNG of a few bytes that says it is very large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    about = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", about), chunk(b"IDAT", zlib.compress(b"\0" * 99)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


USE_BOMB = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><g id="a0">'
    '<rect width="9" height="9"/></g>'
    + "".join(f'<g id="a{n}">{f"""<use x:href="#a{n - 1}"/>""" * 10}</g>' for n in range(1, 20))
    + "</svg>"
)
LOGOS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bomb": (write_bomb, "has far more dots than a page can hold|has 30000 by 30000 dots"),
    "a drawing that never ends": (lambda path: path.write_text(USE_BOMB), "called a picture and"),
    "a page": (lambda path: path.write_text("<html><img src=x></html>"), "called a picture and is"),
    "twelve megabytes": (lambda path: path.write_bytes(b"x" * 12 * 2**20), "has 12 MB.*up to 8 MB"),
}


@pytest.mark.parametrize("logo", LOGOS)
def test_a_logo_that_is_no_picture_is_told_in_a_sentence(
    built_family: Path, logo: str, renderer: PageRenderer
) -> None:
    write, said = LOGOS[logo]
    write(built_family.parent / "logo.png")
    with (built_family.parent / "service.yaml").open("a") as file:
        file.write("logo: logo.png\n")
    paper = built_family / "cycle-1" / "print" / "take-home.pdf"
    before = sha256_of(paper)
    begin = time.monotonic()
    with pytest.raises(PaperError, match=rf"^\S*logo\.png: [^\n]*({said})[^\n]*$"):
        print_one(built_family, "take-home", renderer)
    assert time.monotonic() - begin < 15
    assert sha256_of(paper) == before


def test_a_logo_that_is_a_link_is_left_out_and_that_is_told(
    built_family: Path, vigbook: Run
) -> None:
    secret = built_family / "cycle-1" / "media" / "clip-1-1.jpg"
    (built_family.parent / "logo.jpg").symlink_to(secret)
    with (built_family.parent / "service.yaml").open("a") as file:
        file.write("logo: logo.jpg\n")
    done = vigbook("print", built_family, "--only", "worksheet")
    assert "service.yaml logo: 'logo.jpg' is no picture beside this file" in done.stderr


def test_a_colour_is_a_colour(built_family: Path) -> None:
    for colour in ("red; } body { background: url(x)", "#000000}", "#0b6e3b\n"):
        service = {"colour": colour}
        (built_family.parent / "service.yaml").write_text(json.dumps(service), "utf-8")
        with pytest.raises(CaseError, match=r"service\.yaml:1 colour: "):
            read_case_folder(built_family, [built_family / "cycle-1"], None)


# --- Too much of it ---------------------------------------------------------------------------


def test_megabytes_stop_one_paper_with_a_sentence_and_no_other(
    built_family: Path, vigbook: Run
) -> None:
    say(built_family, "clip-2.see", "word " * 700_000)
    folder = built_family / "cycle-1" / "print"
    before = {path.name: sha256_of(path) for path in folder.glob("*.pdf")}
    (folder / "worksheet.pdf").unlink()
    done = vigbook("print", built_family, "--only", "record", "--only", "worksheet")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "record.pdf" in line]
    assert len(lines) == 1, done.stderr
    assert re.search(
        r"record\.pdf clip-2\.see: the page holds \d+ letters, the longest text 3500000 of them; "
        r"shorten it: a page takes up to 3000000",
        lines[0],
    )
    assert {path.name: sha256_of(path) for path in folder.glob("*.pdf")} == before
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [".made.json"]


def test_a_word_without_an_end_is_told_with_its_place(
    built_family: Path, renderer: PageRenderer
) -> None:
    say(built_family, "clip-1.see", "x" * 100_000)
    said = (
        r"record\.pdf clip-1\.see: has a word of 10000[0-9] letters without a space.*put spaces in"
    )
    with pytest.raises(PaperError, match=said):
        print_one(built_family, "record", renderer)


def test_a_hundred_thousand_letters_are_printed_to_the_last(
    built_family: Path, renderer: PageRenderer
) -> None:
    words = " ".join(f"word{number}" for number in range(11_000))
    assert 98_000 < len(words) <= 100_000
    say(built_family, "clip-1.see", words)
    path = print_one(built_family, "record", renderer)
    assert pages_of(path) > 15
    found = set(re.findall(r"word\d+", text_of(path)))
    assert found >= {f"word{number}" for number in range(0, 11_000, 7)}


@pytest.mark.parametrize("name", PAPERS)
def test_a_name_of_four_hundred_letters_is_printed_whole(
    built_family: Path, name: PaperName, renderer: PageRenderer
) -> None:
    long = "".join(random.Random(3).choices("abcdefghijklmnopqrstuvwxyz", k=400))
    case = built_family / "case.yaml"
    case.write_text(case.read_text("utf-8").replace("name: Mia", f"name: {long}"), "utf-8")
    path = print_one(built_family, name, renderer)
    assert long in squash(text_of(path))
    assert pages_of(path) <= 6


# --- The process and its limits ---------------------------------------------------------------

SLOW = make_page("<p>" + " ".join("w" * 19_000 for _ in range(30)) + "</p>")


@pytest.fixture(scope="module")
def tight() -> Iterator[PageRenderer]:
    with PageRenderer(TIGHT) as renderer:
        yield renderer


def test_a_page_that_takes_too_long_is_told_and_the_next_one_is_laid_out(
    tight: PageRenderer,
) -> None:
    with pytest.raises(PaperError, match=r"^the page takes far too long to make; shorten the long"):
        tight.lay_out(SLOW, PLACES)
    assert tight.lay_out(make_page("<p>x</p>"), PLACES)[1].startswith(b"%PDF")


def test_a_template_that_never_ends_or_fills_the_memory_is_told(
    tight: PageRenderer, tmp_path: Path
) -> None:
    (tmp_path / "a.j2").write_text(
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    )
    (tmp_path / "b.j2").write_text("{{ ('x' * 4000000000) | length }}")
    (tmp_path / "c.j2").write_text("{{ 1 // 0 }}")
    templates = (tmp_path, find_templates()[0])
    with pytest.raises(PaperError, match="the page's template takes far too long to make"):
        tight.fill("a.j2", templates, "en", {})
    with pytest.raises(PaperError, match="needs more memory than a page should"):
        tight.fill("b.j2", templates, "en", {})
    with pytest.raises(PaperError, match=r"templates/c\.j2: the page's template is wrong: .*zero"):
        tight.fill("c.j2", templates, "en", {})


def test_html_that_takes_for_ever_to_read_is_told(tight: PageRenderer) -> None:
    """Each of its paragraphs is in all of the bold words before it."""
    html = "".join(f"<b id={number}>" for number in range(9_000)) + "<p>x" * 9_000
    with pytest.raises(PaperError, match=r"a cell's own page (takes far|made the)|more memory"):
        tight.tidy_html(html, 2)
    assert tight.tidy_html("<div>" * 2_000 + "deep", 2) == "<p>deep</p>"
    assert tight.tidy_html(USE_BOMB + "<p>x</p>", 2) == "<p>x</p>"


def test_a_plot_that_is_a_bomb_is_told(tight: PageRenderer, tmp_path: Path) -> None:
    for width, said in ((30_000, r"far more dots|30000 by 30000 dots"), (9_000, "9000 by 9000")):
        write_bomb(tmp_path / "bomb.png", width, width)
        with pytest.raises(PaperError, match=said):
            tight.tidy_picture((tmp_path / "bomb.png").read_bytes())


def test_a_page_is_the_same_from_the_process_as_without_it(tight: PageRenderer) -> None:
    from vigbook.paper.pdf import lay_out

    page = make_page("<p>x</p>")
    assert tight.lay_out(page, PLACES)[1] == lay_out(page, PLACES)[1]


def test_the_process_is_handed_nothing_it_does_not_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_TOKEN", CANARY)
    with PageRenderer() as renderer:
        before = {one.pid for one in psutil.Process().children()}
        renderer.tidy_html("x", 2)
        (child,) = (one for one in psutil.Process().children() if one.pid not in before)
        assert CANARY not in str(child.environ())
        assert child.environ()["TMPDIR"] != os.environ.get("TMPDIR")


def test_the_process_reaches_no_network_and_starts_no_program() -> None:
    code = """
        import socket, subprocess, sys
        from vigbook.paper.renderer import _shut_off
        _shut_off()
        for attempt in (lambda: socket.create_connection(("127.0.0.1", 9)),
                        lambda: subprocess.Popen([sys.executable, "-V"])):
            try:
                attempt()
            except PermissionError as err:
                print(err)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == [
        "a page may not do that: socket.getaddrinfo",
        "a page may not do that: subprocess.Popen",
    ]


LAYS_OUT = """
    import sys
    from pathlib import Path
    from vigbook.paper.renderer import PageRenderer
    renderer = PageRenderer()
    places = {"print": Path(sys.argv[1])}
    renderer.lay_out("<html lang=en><title>x</title><h1>x</h1></html>", places)
    print("ready", flush=True)
    if sys.argv[2] == "busy":
        renderer.lay_out(sys.stdin.readline(), places)
    sys.stdin.read()
"""


@pytest.mark.parametrize("busy", ["busy", "idle"])
def test_when_the_program_is_killed_its_process_ends_and_leaves_nothing(
    tmp_path: Path, busy: str
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(LAYS_OUT), str(PLACES["print"]), busy]
    pipe = subprocess.PIPE
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) as program:
        assert program.stdout
        assert program.stdin
        assert program.stdout.readline() == "ready\n"
        program.stdin.write(SLOW.replace("\n", " ") + "\n")
        program.stdin.flush()
        (child,) = psutil.Process(program.pid).children()
        assert list(tmp_path.iterdir()) != []
        if busy == "busy":
            spent = child.cpu_times().user
            wait_until(lambda: child.cpu_times().user > spent + 0.3)
        program.kill()
        program.wait()
        psutil.wait_procs([child], timeout=10)
        assert not child.is_running()
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_the_middle_of_a_page_leaves_nothing_half_written(built_family: Path) -> None:
    say(built_family, "clip-1.see", " ".join("w" * 19_000 for _ in range(30)))
    folder = built_family / "cycle-1" / "print"
    before = {path.name: sha256_of(path) for path in folder.iterdir()}
    command = [*vigbook_command(), "print", str(built_family), "--today", TODAY]
    with subprocess.Popen(
        [*command, "--only", "record"], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as program:
        children: list[psutil.Process] = []
        for _ in range(300):
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(program.pid).children()
            if children and children[0].cpu_times().user > 3:
                break
            time.sleep(0.1)
        os.killpg(program.pid, signal.SIGINT)
        _, said = program.communicate(timeout=20)
    assert "Stopped. Nothing is half-written" in said
    psutil.wait_procs(children, timeout=5)
    assert len(children) == 1
    assert not children[0].is_running()
    assert {path.name: sha256_of(path) for path in folder.iterdir()} == before
