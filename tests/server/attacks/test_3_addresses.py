"""Attacks by addresses: a page that has the key, or whoever stole it, asks for everything."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from attacking import (
    KEYS,
    Answer,
    Place,
    ask,
    code,
    find_kernel,
    list_state,
    render,
    with_cookie,
    with_token,
)
from live import Server, free_port
from playwright.sync_api import Page

KERNEL = "00000000-0000-0000-0000-000000000000"
OFF = [
    "GET voila", "GET voila/", "GET voila/tree/", "GET voila/tree/cycle-1",
    "GET voila/files/cycle-1/film.mp4", "GET voila/files/case.yaml",
    "GET voila/files/cycle-1/media/clip-1.mp4", "GET voila/api/contents/",
    "GET voila/api/contents/cycle-1", f"GET voila/execution/{KERNEL}",
    "GET voila/render/", "GET voila/render/cycle-1", "GET voila/render/cycle-1/cycle.yaml",
    "GET api/contents", "GET api/contents/", "GET api/contents/case.yaml",
    "GET api/contents/cycle-1/film.mp4?format=base64", "DELETE api/contents/cycle-1/answers.jsonl",
    "DELETE api/contents/cycle-1", "PUT api/contents/cycle-1/answers.jsonl",
    "PUT api/contents/vigbook.py", "PATCH api/contents/case.yaml", "POST api/contents/cycle-1",
    "GET api/contents/case.yaml/checkpoints", "POST api/contents/case.yaml/checkpoints",
    "GET files/case.yaml", "GET files/cycle-1/film.mp4", "GET files/cycle-1/media/clip-1.mp4",
    "GET files/cycle-1/media/clip-2.mp4", "GET vigbook/media/cycle-1/clip-2.mp4",
    "GET vigbook/media/cycle-1/clip-2-1.jpg", "GET vigbook/media/cycle-1/../film.mp4",
    "GET vigbook/media/cycle-1/%2e%2e/film.mp4", "GET vigbook/media/cycle-1/..%2ffilm.mp4",
    "GET vigbook/media/cycle-1/manifest.json", "GET vigbook/media/../robin/cycle-1/clip-1.mp4",
    "GET vigbook/live/../print/print.css", "GET vigbook/live/error.html.j2",
    "GET vigbook/papers/cycle-1/..%2fcycle.pdf", "GET vigbook/film/../robin/cycle-1/film",
    "GET vigbook/film/cycle-1/answers.jsonl",
    "GET api/kernels", "POST api/kernels", f"DELETE api/kernels/{KERNEL}",
    f"POST api/kernels/{KERNEL}/restart", f"POST api/kernels/{KERNEL}/interrupt",
    "GET api/sessions", "POST api/sessions", "GET api/kernelspecs", "GET kernelspecs/python3/x",
    "GET api/terminals", "POST api/terminals", "GET terminals/1",
    "GET nbconvert/html/cycle-1/workbook.ipynb", "POST nbconvert/html",
    "GET nbconvert/vigbook-record/cycle-1/workbook.ipynb", "GET api/nbconvert",
    "GET view/cycle-1/film.mp4", "GET view/case.yaml", "GET edit/case.yaml", "GET tree",
    "GET notebooks/cycle-1/workbook.ipynb", "GET lab", "GET lab/tree/cycle-1/workbook.ipynb",
    "GET metrics", "POST api/shutdown", "GET api/status", "GET api", "GET api/me",
    "GET api/config/notebook", "PUT api/config/notebook", "GET api/events/subscribe",
    "POST api/events", "GET api/spec.yaml", "POST api/security/csp-report",
    "GET login", "POST login", "GET logout", "GET custom/custom.css", "GET favicon.ico",
    "GET static/favicons/favicon.ico", "GET", "GET ..", "GET //films.example/%2e%2e",
    "PUT vigbook/", "DELETE vigbook/media/cycle-1/clip-1.mp4", "PUT vigbook/api/cycle-1/answers",
    "PATCH vigbook/api/cycle-1/prepare", "POST voila/render/cycle-1/workbook.ipynb",
    "OPTIONS vigbook/api/cycle-1/answers", "TRACE vigbook/", "CONNECT vigbook/",
]  # fmt: skip


@pytest.fixture(scope="module")
def links(place: Place) -> Iterator[None]:
    """Notebooks in the cycle's folder that are links to its answers, and out of the folder."""
    cycle = place.family / "cycle-1"
    shutil.copyfile(cycle / "workbook.ipynb", place.robin / "cycle-1" / "other.ipynb")
    (cycle / "link.ipynb").symlink_to("answers.jsonl")
    (cycle / "outside.ipynb").symlink_to(place.robin / "cycle-1" / "other.ipynb")
    yield
    for path in (cycle / "link.ipynb", cycle / "outside.ipynb"):
        path.unlink()
    (place.robin / "cycle-1" / "other.ipynb").unlink()


@pytest.fixture(scope="module")
def before(place: Place, opened: Server, labbed: Server, links: None) -> dict[str, str]:
    """The family's files before any of these attacks."""
    assert links is None
    answers = place.family / "cycle-1" / "answers.jsonl"
    line = {"v": 1, "id": "0123456789abcdef", "at": "2026-11-01T10:00:00.000Z", "by": "mum",
            "prompt": "remember", "value": "She waits.", "entered_by": "practitioner",
            "source": "said", "base": None}  # fmt: skip
    answers.write_text(json.dumps(line) + "\n", "utf-8")
    assert (opened.process.poll(), labbed.process.poll()) == (None, None)
    return list_state(place.family)


@pytest.fixture(autouse=True)
def _nothing_changes(place: Place, before: dict[str, str]) -> Iterator[None]:
    """Whatever is asked for in this file leaves the family's files as they were."""
    yield
    assert list_state(place.family) == before


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("asked", OFF)
def test_an_address_that_no_page_needs_is_asked_for(opened: Server, asked: str, key: str) -> None:
    """There is nothing, though the key is good, and nothing is given out or changed."""
    method, _, path = asked.partition(" ")
    body = b"{}" if method not in ("GET", "DELETE", "OPTIONS", "TRACE") else None
    answer = ask(opened, path, method, headers=KEYS[key](opened), body=body)
    # Beside the part of an address that only its user knows, no key is good.
    assert answer.status in ((403,) if path.startswith("/") else (400, 404, 405))
    assert b"Mia" not in answer.body
    assert len(answer.body) < 5000


CLIMBING = ["voila/static/../../../case.yaml", "voila/templates/../../case.yaml",
            "voila/labextensions/..%2f..%2fcase.yaml", "voila/static/%2fetc%2fpasswd",
            "voila/static//etc/passwd", "voila/templates/lab/static/../../../../../etc/passwd",
            "voila/api/themes/../../../etc/passwd", "vigbook/live/..%2f..%2f..%2fetc%2fpasswd",
            "vigbook/live/0123456789ab/common.css"]  # fmt: skip


@pytest.mark.parametrize("path", CLIMBING)
def test_the_files_of_a_package_are_climbed_out_of(opened: Server, path: str) -> None:
    """Scripts and styles are of their packages alone, however the address is written."""
    answer = ask(opened, path, headers=with_token(opened))
    assert answer.status >= 400
    assert b"Mia" not in answer.body
    assert b"root:" not in answer.body


def test_a_kernel_of_another_page_is_not_to_be_found(opened: Server, family_page: Page) -> None:
    """What a page can ask for, and all pages that it can load, name no kernel but its own."""
    theirs = find_kernel(render(opened))
    asking = """async (address) => {
        const one = await fetch(address);
        return [one.status, await one.text()];
    }"""
    answered = []
    for path in ("api/kernels", "api/sessions", "api/status", "api", "voila/api/kernels", "metrics",
                 "vigbook/", "voila/render/cycle-1/workbook.ipynb"):  # fmt: skip
        status, text = family_page.evaluate(asking, opened.base + path)
        answered += [path] if status == 200 else []
        assert theirs not in text
    assert answered == ["vigbook/", "voila/render/cycle-1/workbook.ipynb"]


def test_a_kernel_is_ended_and_started_again_by_jupyter_s_own_ways(opened: Server) -> None:
    """Only its page ends it, by the one way that is meant for that."""
    kernel = find_kernel(render(opened))
    for headers in (with_token(opened), with_cookie(opened)):
        assert ask(opened, f"api/kernels/{kernel}", "DELETE", headers=headers).status == 405
        for action in ("restart", "interrupt"):
            path = f"api/kernels/{kernel}/{action}"
            assert ask(opened, path, "POST", headers=headers, body=b"{}").status == 404
    assert ask(opened, f"api/kernels/{kernel}", headers=with_token(opened)).status == 200


# --- The table ------------------------------------------------------------------------------

LIST = """
import json, os, sys
from pathlib import Path
from vigbook.outcome import Options
from vigbook.server import app, routes
from vigbook.server.session import FamilySession
from vigbook.server.tickets import Tickets

family, port, lab = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "lab"
session = FamilySession(family=family, options=Options())
os.environ |= {"JUPYTER_NO_CONFIG": "1",
               "JUPYTER_PATH": os.pathsep.join(map(str, session.templates))}
made = app._make_app(session, port, lab, "/")
tickets = Tickets(family, "http://x/")
routes.keep_to_the_table(made.web_app, made.base_url, session, tickets, lab=lab)

def list_rules(router):
    for rule in router.rules:
        if hasattr(rule.target, "rules"):
            yield from list_rules(rule.target)
        else:
            yield rule.matcher.regex.pattern.removesuffix("$"), rule.target.__name__
ours = [["/" + one.pattern, one.handler.__name__]
        for one in routes.list_routes(session, tickets, lab=lab)]
theirs = [[one.pattern, one.handler.rpartition(".")[2]]
          for one in routes.list_foreign_routes(lab=lab)]
print(json.dumps({"answered": [*list_rules(made.web_app.wildcard_router),
                               *list_rules(made.web_app.default_router)],
                  "tables": ours + theirs,
                  "reasons": [one.why and one.who for one in
                              (*routes.list_routes(session, tickets, lab=lab),
                               *routes.list_foreign_routes(lab=lab))],
                  "else": made.web_app.settings["default_handler_class"].__name__}))
"""
# It stands in no list of addresses that are ours or theirs: it is both.
WORKBOOK = (r"/voila/render/(cycle-[1-9][0-9]?)/workbook.ipynb", "WorkbookHandler")


@pytest.mark.parametrize("which", ["calm", "lab"])
def test_a_library_brings_an_address_that_nobody_thought_of(place: Place, which: str) -> None:
    """What the running app answers is what stands in the tables; each row of them is answered."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LIST, str(place.family), str(free_port()), which],
        env=place.environment("-list"), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    answered = {(pattern, handler) for pattern, handler in found["answered"]}
    tables = {(pattern, handler) for pattern, handler in found["tables"]}
    assert len(tables) > 20
    assert answered == tables | {WORKBOOK}
    assert all(found["reasons"])
    assert found["else"] == "NothingHandler"


# --- JupyterLab -----------------------------------------------------------------------------

NOTEBOOK = nbformat.from_dict(nbformat.v4.new_notebook(cells=[code("1")]))
LAB = [
    "DELETE api/contents/cycle-1/answers.jsonl", "DELETE api/contents/case.yaml",
    "DELETE api/contents/cycle-1/workbook.ipynb", "DELETE api/contents/cycle-1",
    "DELETE api/contents/cycle-1/film.mp4", "DELETE api/contents/cycle-1/media/clip-1.mp4",
    "PUT api/contents/cycle-1/answers.jsonl", "PUT api/contents/case.yaml",
    "PUT api/contents/vigbook.py", "PUT api/contents/cycle-1/vigbook.py",
    "PUT api/contents/cycle-1/sub", "PUT api/contents/cycle-2/new", "PUT api/contents/cycle-4",
    "PUT api/contents/other.ipynb", "PUT api/contents/cycle-9/other.ipynb",
    "PUT api/contents/../robin/cycle-1/other.ipynb",
    "PUT api/contents/cycle-1/%2e%2e/%2e%2e/robin/cycle-1/other.ipynb",
    "PATCH api/contents/cycle-1/answers.jsonl", "PATCH api/contents/case.yaml",
    "PATCH api/contents/cycle-1/workbook.ipynb", "PATCH api/contents/cycle-1",
    "POST api/contents", "POST api/contents/cycle-1/sub", "POST api/contents/cycle-1/media",
    "GET api/contents/case.yaml", "GET api/contents/case.yaml?content=1&format=text",
    "GET api/contents/cycle-1/film.mp4?content=1&format=base64",
    "GET api/contents/cycle-1/media/clip-1.mp4?content=1&format=base64",
    "GET api/contents/cycle-1/media/clip-2.mp4?content=1&format=base64",
    "GET api/contents/cycle-1/answers.jsonl?content=1&format=text",
    "GET api/contents/../robin/case.yaml", "GET api/contents/../robin/cycle-1/workbook.ipynb",
    "GET api/contents/cycle-1/%2e%2e/case.yaml",
    "GET api/contents/cycle-1/link.ipynb", "GET api/contents/cycle-1/outside.ipynb",
    "GET api/contents/case.yaml/checkpoints", "POST api/contents/case.yaml/checkpoints",
    "POST api/contents/cycle-1/answers.jsonl/checkpoints",
    "DELETE api/contents/cycle-1/answers.jsonl/checkpoints/checkpoint",
    "GET files/case.yaml", "GET files/cycle-1/film.mp4", "GET files/cycle-1/media/clip-2.mp4",
    "GET files/cycle-1/media/clip-2-1.jpg", "GET files/cycle-1/answers.jsonl",
    "GET files/cycle-1/workbook.ipynb", "GET files/../robin/case.yaml",
    "GET nbconvert/html/cycle-1/link.ipynb", "GET nbconvert/script/case.yaml",
    "GET nbconvert/html/../robin/cycle-1/workbook.ipynb", "GET view/case.yaml",
    "POST api/shutdown", "GET api/terminals", "POST api/terminals", "GET metrics",
    "PUT api/config/notebook", "GET api/spec.yaml", "GET custom/custom.css",
    "GET static/../../../etc/passwd", "GET lab/extensions/../../../etc/passwd",
]  # fmt: skip


BODIES: dict[str, Any] = {
    "PUT": {"type": "notebook", "format": "json", "content": NOTEBOOK},
    "PATCH": {"path": "cycle-1/moved.ipynb"}, "POST": {"type": "directory"},
}  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("asked", LAB)
def test_jupyterlab_is_asked_for_what_is_no_notebook(
    labbed: Server, place: Place, asked: str, key: str
) -> None:
    """It reads and changes notebooks of this family's cycles, and shows what may be shown."""
    robin = list_state(place.robin)
    method, _, path = asked.partition(" ")
    wanted = BODIES.get(method)
    if method == "PUT" and not path.endswith(".ipynb"):
        file = "." in path.rpartition("/")[2]
        wanted = {"type": "file" if file else "directory", "format": "text", "content": "import os"}
    body = json.dumps(wanted).encode() if wanted else None
    answer = ask(labbed, path, method, headers=KEYS[key](labbed), body=body)
    assert answer.status in (400, 403, 404, 405), answer.text
    check_tells_nothing(answer, place.family)
    assert list_state(place.robin) == robin


def check_tells_nothing(answer: Answer, family: Path) -> None:
    for name in ("cycle-1/film.mp4", "cycle-1/media/clip-2.mp4", "cycle-1/media/clip-2-1.jpg"):
        content = (family / name).read_bytes()[-600:]
        assert content[-300:] not in answer.body
        assert base64.b64encode(content)[4:400] not in answer.body
    assert b"Mia" not in answer.body
    assert b"She waits" not in answer.body


def test_jupyterlab_lists_no_file_but_notebooks(labbed: Server) -> None:
    """In the family's folder its cycles, in a cycle its notebooks: nothing else has a name."""
    for path, wanted in (("", "cycle-"), ("cycle-1", "workbook.ipynb")):
        answer = ask(labbed, f"api/contents/{path}?content=1", headers=with_token(labbed))
        names = [one["name"] for one in json.loads(answer.body)["content"]]
        assert names
        assert [name for name in names if not name.startswith(wanted)] == []
