"""A team's own page templates: what they call stays, and gives what it always gave."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from pdfs import pages_of, text_of

from vigbook.errors import PaperError
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates
from vigbook.paper.page_templates import fill

Run = Callable[..., "CompletedProcess[str]"]
PAGE = {
    "lang": "en", "dir": "ltr", "size": "clear", "paper": "a4", "fit": 0, "record": False,
    "colour": "#0b6e3b", "title": "Our page", "quotes": ("“", "”"),
}  # fmt: skip
LANDSCAPE = {"src": "a.jpg", "alt": "A look", "width": 1920, "height": 1080}
PORTRAIT = {"src": "b.jpg", "alt": "A smile", "width": 1080, "height": 1920}
SMALL = {"src": "c.jpg", "alt": "A spoon", "width": 160, "height": 120}
GOAL = {
    "wording": None, "steps": [str(step) for step in range(1, 11)], "now": 4, "hoped": 6,
    "low": "never", "high": "always",
}  # fmt: skip

# What `elements.html.j2` had when teams could first have pages of their own. Add to it; what stands
# here may be in a page that nobody of us has seen.
MACROS = {
    "aloud": "page said",
    "clip_heading": "page clip",
    "code": "page value",
    "consents": "page consents",
    "ending": "",
    "facts": "page rows pairs",
    "figure": "picture width_mm class",
    "furniture": "page foot",
    "gap": "",
    "goal": "page goal blank",
    "head": "page foot",
    "helping_question": "page question label lines",
    "isolate": "text page",
    "left_out": "page line",
    "ltr": "text",
    "moment": "page moment pictures area_mm2 tallest_mm",
    "record_block": "page block prompt_level",
    "record_clip": "page clip",
    "record_goals": "page block",
    "record_next_step": "page block",
    "record_prompt": "page block level",
    "record_stills": "page block",
    "record_title": "page block",
    "room": "lines",
    "sentences": "page lines",
    "signed": "page sign",
    "signoff": "",
    "strip": "page pictures tallest_mm",
    "text": "page value class",
    "try_next": "page try private named",
    "tucks_in": "page goal marked",
    "what_next": "page team next_date deletion deletion_unknown private",
    "when_deleted": "page deletion deletion_unknown",
    "whom_to_call": "page team",
    "width_of": "picture area_mm2 most_mm tallest_mm",
    "words": "page said kind lines named dated below",
    "write": "page item",
}
OWN = """\
{% import "elements.html.j2" as el %}
<!DOCTYPE html>
<html lang="{{ page.lang }}" dir="{{ page.dir }}" class="take-home size-{{ page.size }}">
<head>
{{ el.head(page, [team.name]) }}
</head>
<body>
{{ el.furniture(page, [team.name]) }}
<h1>{{ names }}</h1>
{% for moment in moments %}
{{ el.figure(moment.pictures[0],
             [el.width_of(moment.pictures[0], 1000, 60, 60) | float, 40] | min) }}
{{ el.strip(page, moment.pictures + moment.pictures, 30) }}
{{ el.moment(page, moment, moment.pictures, 1500) }}
{{ el.record_block(page, {"kind": "text", "id": "", "text": "Ours: " ~ moment.title}, 2) }}
{{ el.record_block(page, {"kind": "stills", "id": "", "pictures": moment.pictures,
                          "times": ["0:03"], "left_out": none}, 2) }}
{% endfor %}
<section>
<h2>Our goals</h2>
{% for goal in goals %}
{{ el.goal(page, goal) }}
{% endfor %}
</section>
{{ el.try_next(page, try, private, try_named) }}
</body>
</html>
"""


@pytest.fixture
def show(tmp_path: Path) -> Callable[..., str]:
    """Fills in a template of a team's own that has this text after the elements' import."""

    def fill_in(text: str, page: dict[str, Any] | None = None, **context: Any) -> str:
        folder = tmp_path / "print"
        folder.mkdir(exist_ok=True)
        name = f"own-{len([*folder.iterdir()])}.html.j2"
        (folder / name).write_text('{% import "elements.html.j2" as el %}' + text, "utf-8")
        templates = (tmp_path, *find_templates())
        whole = {"page": PAGE | (page or {}), **context}
        return fill(templates, load_words(templates, "en"), f"print/{name}", whole).strip()

    return fill_in


def test_every_macro_that_teams_may_call_is_there_with_its_arguments(
    show: Callable[..., str],
) -> None:
    found = show("".join(
        f"{name}: {{{{ el.{name}.arguments | join(' ') }}}}\n" for name in MACROS
    ))  # fmt: skip
    assert dict(re.findall(r"^(\w+): ?(.*)$", found, re.MULTILINE)) == MACROS


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("el.width_of(wide, 2000, 100, 100) | float | round(2)", "59.63"),
        ("el.width_of(tall, 2000, 100, 100) | float | round(2)", "33.54"),
        ("el.width_of(wide, 99999, 174, 97) | float | round(2)", "172.44"),
        ("el.width_of(wide, 99999, 90, 82)", "90"),
        ("el.width_of(small, 2000, 100, 100)", "40.64"),
        ("el.dot_mm", "0.254"),
        ("el.tucks_in(page, goal, [4, 6])", "tucked"),
        ("el.tucks_in(page, goal, [0, none])", ""),
        ("el.tucks_in(page, goal, [none, none])", ""),
    ],
)
def test_sizes_that_a_teams_page_asks_for_are_what_they_always_were(
    show: Callable[..., str], asked: str, expected: str
) -> None:
    pictures = {"wide": LANDSCAPE, "tall": PORTRAIT, "small": SMALL}
    assert show(f"{{{{ {asked} }}}}", goal=GOAL, **pictures) == expected


@pytest.mark.parametrize(
    ("called", "page", "expected"),
    [
        ("el.head(page, ['Riverside'])", {}, ["margin-bottom: 18.4mm"]),
        ("el.head(page, ['x' * 200, none, 'y' * 60])", {}, ["margin-bottom: 37.7mm"]),
        ("el.head(page, ['Riverside', none])", {"size": "easy"}, ["margin-bottom: 19.3mm"]),
        ("el.head(page, ['x' * 43])", {"size": "large", "fit": 1}, ["margin-bottom: 27.5mm"]),
        ("el.head(page, ['x' * 91])", {"record": True}, ["margin-bottom: 20.7mm"]),
        ("el.figure(wide, 61.749, 'aside')", {}, ["width: 61.7mm"]),
        ("el.strip(page, [wide, tall])", {}, ["width: 106.67mm", "width: 33.75mm", "3mm"]),
        ("el.strip(page, [wide, wide, tall])", {"paper": "letter"},
         ["width: 75.03mm", "width: 75.03mm", "3mm", "width: 23.74mm", "3mm"]),
        ("el.strip(page, [wide, small])", {}, ["width: 54.19mm", "width: 40.64mm", "3mm"]),
        ("el.strip(page, [wide], 34)", {}, ["width: 60.44mm"]),
        ("el.moment(page, moment, [wide], 2750)", {},
         ["min-height: 39.3mm", "padding-inline-start: 75.9mm", "width: 69.9mm"]),
        ("el.moment(page, moment, [tall], 9999)", {},
         ["min-height: 82.0mm", "padding-inline-start: 52.1mm", "width: 46.1mm"]),
        ("el.moment(page, moment, [wide], 0, 34)", {}, ["width: 60.44mm"]),
        ("el.record_stills(page, stills)", {}, ["width: 52.8mm", "width: 29.7mm"]),
        ("el.record_block(page, stills, 2)", {}, ["width: 52.8mm", "width: 29.7mm"]),
    ],
)  # fmt: skip
def test_lengths_on_a_teams_page_are_what_they_always_were(
    show: Callable[..., str], called: str, page: dict[str, Any], expected: list[str]
) -> None:
    moment = {"title": "Waiting", "prompt": "", "words": None}
    stills = {"kind": "stills", "pictures": [LANDSCAPE, PORTRAIT], "times": [], "left_out": None}
    pictures = {"wide": LANDSCAPE, "tall": PORTRAIT, "small": SMALL}
    made = show(f"{{{{ {called} }}}}", page, moment=moment, stills=stills, **pictures)
    length = r"(?:margin-bottom|min-height|padding-inline-start|width): [\d.]+mm"
    assert re.findall(rf"{length}|(?<=margin-inline-start: )[\d.]+mm", made) == expected


def test_a_goals_anchors_stand_on_the_line_of_marks_where_there_is_room(
    show: Callable[..., str],
) -> None:
    assert '<div class="anchors tucked" style="--steps: 10">' in show(
        "{{ el.goal(page, goal) }}", goal=GOAL
    )
    long = GOAL | {"low": "never at any time of day, I believe"}
    assert '<div class="anchors " style="--steps: 10">' in show(
        "{{ el.goal(page, goal) }}", goal=long
    )


def test_only_few_words_of_the_plan_are_set_large(show: Callable[..., str]) -> None:
    said = {"quoted": False, "speaker": None, "lang": "en", "translation": None}
    kinds = [
        re.findall(r'class="said ([\w-]*)"', show("{{ el.try_next(page, try) }}", **{"try": plan}))
        for plan in (
            {"what": {**said, "text": "x" * letters}, "where": None, "when": None}
            for letters in (90, 91)
        )
    ]
    assert kinds == [["said-lead"], [""]]


def test_a_picture_without_a_size_is_told_as_a_mistake_of_the_template(
    show: Callable[..., str],
) -> None:
    with pytest.raises(PaperError, match=r"the page's template is wrong: .*width"):
        show("{{ el.width_of({}, 1, 2, 3) }}")
    with pytest.raises(PaperError, match=r"the page's template is wrong: .*zero"):
        show("{{ el.width_of({'width': 1, 'height': 0}, 1, 2, 3) }}")


def test_a_teams_own_take_home_is_printed_of_our_elements(
    built_family: Path, tmp_path: Path, vigbook: Run
) -> None:
    """It is filled in by the process that lays pages out, which has the same sizes."""
    own = tmp_path / "ours"
    shutil.copytree(find_templates()[0] / "print", own / "print")
    (own / "print" / "take-home.html.j2").write_text(OWN, "utf-8")
    vigbook("answer", built_family, "try.what", "Count to five.", "--by", "mum")
    done = vigbook("print", built_family, "--only", "take-home", "--templates", own)
    assert done.returncode == 0, done.stderr
    paper = built_family / "cycle-1" / "print" / "take-home.pdf"
    text = text_of(paper)
    wanted = [
        "Ours: Waiting for Mia", "Ours: The spoon", "0:03", "“I want us both to enjoy bedtime.”",
        "One thing I will try", "“Count to five.”",
    ]  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    assert pages_of(paper) <= 3
