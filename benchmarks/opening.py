"""How long it takes to open a workbook, to save a word, and to step a frame.

    python benchmarks/opening.py [rounds]

Opens the first film of the example family in Chromium, beside bare Voila (its stock page, with the
two links to other hosts taken out) with a notebook of the same text and ipywidgets' own widgets.
Both have their turn in every round (five). Run it on a quiet machine.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page

sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))

from live import chromium, free_port, page_of, start_server, wait_until

QUESTIONS = 37  # as many as the workbook of the example has
STOCK = """{%- extends 'voila/templates/lab/index.html.j2' -%}
{%- block notebook_css -%}
{% if frontend == "voila" %}{{ resources.include_js("static/voila-style.js") }}{% endif %}
{% endblock %}
"""


def bare_notebook(path: Path) -> None:
    """Writes a notebook with as many questions as the workbook has, in ipywidgets' own widgets."""
    cell = (
        "import ipywidgets as w\n"
        f"for number in range({QUESTIONS}):\n"
        "    display(w.HTML(f'<b>What are you doing here that helps? {number}</b>'))\n"
        "    display(w.HTML('Start with what anybody could see and hear.'))\n"
        "    display(w.Textarea(description='Words', rows=3))\n"
        "    display(w.Dropdown(options=['Sam', 'Mia', 'Jo'], description='Whose words'))\n"
        "    display(w.Dropdown(options=['Said', 'Written', 'Agreed'], description='How'))\n"
        "    display(w.Label('Not answered yet'))\n"
    )
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    node.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(node, path)


@contextlib.contextmanager
def bare_voila(folder: Path) -> Iterator[str]:
    """Bare Voila with that notebook, and its address."""
    template = folder / "data" / "voila" / "templates" / "plain"
    template.mkdir(parents=True, exist_ok=True)
    (template / "conf.json").write_text('{"base_template": "lab"}')
    (template / "index.html.j2").write_text(STOCK)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "voila", "bare.ipynb", "--no-browser", f"--port={port}",
         "--template=plain"],
        cwd=folder, env={**os.environ, "JUPYTER_PATH": str(folder / "data")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def until_prompt(page: Page, address: str) -> float:
    """Returns the seconds until the first prompt can be typed in."""
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator("textarea, input[type=text]").first.wait_for()
    return time.perf_counter() - begin


def save_and_step(page: Page, journal: Path) -> tuple[float, list[float]]:
    """Returns the seconds from the last keystroke to the acknowledgement, and those of steps."""
    box = page.get_by_label("What I want to remember")
    status = page.locator(".vb-prompt", has=box).get_by_role("status")
    words = f"We found each other again, {random.random()}."
    box.fill("")
    box.press_sequentially(words)
    begin = time.perf_counter()
    wait_until(lambda: words in journal.read_text("utf-8"))
    status.filter(has_text=re.compile("Saved at")).wait_for()
    saved = time.perf_counter() - begin
    steps = page.evaluate(
        """async () => {
          const video = document.querySelector("video");
          video.muted = true;
          if (video.readyState < 2) await new Promise((go) => { video.onloadeddata = go; });
          const buttons = [...document.querySelectorAll("button")];
          const forward = buttons.find((one) => /frame on|Frame ▶/i.test(one.textContent));
          const took = [];
          for (let count = 0; count < 20; count++) {
            const begin = performance.now();
            const shown = new Promise((go) => video.requestVideoFrameCallback(go));
            forward.click();
            await shown;
            took.push((performance.now() - begin) / 1000);
          }
          return took;
        }"""
    )
    return saved, steps


def ours(family: Path, browser: Browser) -> tuple[float, float, float, list[float]]:
    """Returns the seconds from the command, and from the address, to the first prompt; and more."""
    begin = time.perf_counter()
    server = start_server(family / "cycle-1", free_port())
    try:
        printed = time.perf_counter() - begin
        with page_of(browser, "opening") as page:
            opened = until_prompt(page, server.address)
            page.locator("video").first.wait_for()
            saved, steps = save_and_step(page, family / "cycle-1" / "answers.jsonl")
        return printed + opened, opened, saved, steps
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.communicate(timeout=30)


def main() -> None:
    """Measures and prints a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        subprocess.run(
            [sys.executable, "-m", "vigbook", "demo", str(folder / "demo")],
            check=True, capture_output=True,
        )  # fmt: skip
        family = folder / "demo" / "otter"
        bare_notebook(folder / "bare.ipynb")
        found = []
        bare = []
        for _ in range(rounds):
            found.append(ours(family, browser))
            with bare_voila(folder) as address, page_of(browser, "bare") as page:
                bare.append(until_prompt(page, address))
        whole, opened, saved, steps = zip(*found, strict=True)
        every = [step for one in steps for step in one]
        print("| what | best | median | worst |")
        print("|---|---:|---:|---:|")
        for what, spent in {
            "from the address to the first prompt": opened,
            "the same, bare Voila with core widgets": bare,
            "from the command to the first prompt": whole,
            "from the last keystroke to `Saved`": saved,
            "a step of one frame": every,
        }.items():
            middle = statistics.median(spent)
            print(f"| {what} | {min(spent):.2f} s | {middle:.2f} s | {max(spent):.2f} s |")


if __name__ == "__main__":
    main()
