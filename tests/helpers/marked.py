"""A family in every field of whose files stands a word of its own, to see which paper it gets to.

`ALLOWED` is the table of what may stand where. Papers, by one letter each:

    F  the family's page           M  mum's copy           D  dad's copy
    P  the private page            W  the worksheet
    R  the record, as it is read   A  the data that the record carries
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image

PAPERS = "FMDPWRA"


class Marks(dict[str, str]):
    """Words that stand nowhere else, by the field that each was put in."""

    def __call__(self, field: str) -> str:
        """Returns a field's word: short, so that no line breaks within it."""
        return self.setdefault(field, self._word(len(self)))

    @staticmethod
    def _word(number: int) -> str:
        digits = [number // 100 % 10, number // 10 % 10, number % 10]
        return "qu" + "".join("bdgkmprtvz"[one] + "a" for one in digits)


DAYS = {  # each its own; written as people write them, and as files do
    "born child": "2024-02-03", "born mum": "1991-05-06", "consent date": "2026-01-07",
    "consent until": "2026-03-09", "consent withdrawn": "2026-02-08", "film date": "2026-09-12",
    "baseline date": "2026-04-10", "review_on": "2027-05-11", "closed": "2026-11-20",
    "last_contact": "2026-11-19", "media_until": "2026-12-25", "review date": "2026-09-21",
    "next date, replaced": "2027-06-13", "next.date": "2027-03-04",
}  # fmt: skip
EVERY_ROW = "1999-12-31"


def make_case(mark: Marks) -> dict[str, Any]:
    """Returns a case with a word in every field."""

    def person(who: str, **more: Any) -> dict[str, Any]:
        return {"id": mark(f"id {who}"), "name": mark(f"name {who}"), **more}

    def row(who: str, *uses: str, **more: Any) -> dict[str, Any]:
        own = {"given_by": mark(f"id {who}"), "authority": "self", "date": EVERY_ROW}
        return {"person": mark(f"id {who}"), "uses": uses, **own, **more}

    def goal(name: str, owner: str, **more: Any) -> dict[str, Any]:
        return {"id": mark(f"goal {name} id"), "wording": mark(f"goal {name} wording"),
                "owner": owner, **more}  # fmt: skip

    pages = ("filming", "shared-review", "take-home")
    return {
        "vigbook": 1, "family": mark("family"), "worker": mark("worker"),
        "reference": mark("reference"), "helping_question": mark("question of the case"),
        "closed": DAYS["closed"], "last_contact": DAYS["last_contact"],
        "retention": {"class": mark("retention class"), "media_until": DAYS["media_until"]},
        "people": [
            person("child", role="child", born=DAYS["born child"]),
            person("mum", role=mark("role mum"), born=DAYS["born mum"], receives=True),
            person("dad", role="father", receives=True),
            person("gran", role="grandmother"), person("lee", role="uncle"),
            person("tia", role="sister"),
        ],
        "consents": [
            row("child", *pages, given_by=mark("id mum"), authority=mark("authority"),
                evidence=mark("evidence")),
            row("mum", *pages), row("dad", *pages, to=[mark("id mum")]),
            row("gran", "take-home"), row("lee", "filming", "shared-review"),
            row("lee", "take-home", answer="no", date=DAYS["consent date"]),
            row("tia", "filming"),
            row("child", "supervision", given_by=mark("given by"), to=[mark("named audience")],
                until=DAYS["consent until"]),
            row("child", "training", given_by=mark("id mum"), withdrawn=DAYS["consent withdrawn"]),
        ],
        "goals": [
            goal("hers", mark("id mum"), hoped=7, review_on=DAYS["review_on"],
                 supersedes=mark("goal before"),
                 scale={"name": mark("scale name"), "anchors": {1: mark("low"), 10: mark("high")}},
                 baseline={"value": 3, "date": DAYS["baseline date"], "rated_by": mark("rater"),
                           "words": mark("baseline words")}),
            goal("his", mark("id lee")), goal("closed", mark("id mum"), status="closed"),
            goal("dads", mark("id dad")), goal("workers", "practitioner"),
        ],
    }  # fmt: skip


def make_cycle(mark: Marks) -> dict[str, Any]:
    """Returns a cycle with a word in every field; some have no title, so that numbers show."""
    child, mum, lee, tia = (mark(f"id {who}") for who in ("child", "mum", "lee", "tia"))

    def clip(number: int, stills: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        start = 1.6 * (number - 1)
        times = {"start": f"{start:.3f}", "end": f"{start + 1.2:.3f}"}
        return {"id": mark(f"clip {number} id"), **times, "stills": stills, **more}  # fmt: skip

    def still(at: float, name: str, **more: Any) -> dict[str, Any]:
        return {"at": at, "alt": mark(f"alt {name}"), **more}

    return {
        "cycle": 1,
        "film": {"file": f"{mark('film file')}.mp4", "date": DAYS["film date"],
                 "place": mark("place"), "activity": mark("activity"),
                 "child_agreed": mark("child_agreed")},
        "in_shot": [child, mum],
        "helping_question": mark("question"),
        "clips": [
            clip(1, [still(0.4, "1")], title=mark("title 1"), initiative=child,
                 principles=[{"id": "encouraging", "by": mum}], question=mark("asked"),
                 why=mark("why")),
            clip(2, [still(1.8, "2.1", in_shot=[child, lee]), still(2.1, "2.2"),
                     still(2.4, "2.3")]),
            clip(3, [still(3.6, "3")], title=mark("title 3"), in_shot=[mum, tia]),
            clip(4, [still(5.2, "4")]),
            clip(5, [], title=mark("title 5")),
            clip(6, [still(8.4, "6", in_shot=[lee])], title=mark("title 6")),
            clip(7, [still(9.8, "7.1", in_shot=[mum, lee]), still(10.1, "7.2")]),
        ],
        "review": {"date": DAYS["review date"], "minutes": 457,
                   "present": [mum, mark("present")], "clips_shown": [mark("clip 1 id")]},
        "next": {"date": DAYS["next date, replaced"]},
    }  # fmt: skip


def make_answers(mark: Marks) -> list[dict[str, Any]]:
    """Returns a journal: by each person, said, written and agreed on, replaced ones as well."""
    lines: list[dict[str, Any]] = []

    def say(prompt: str, by: str | None, name: str, source: str = "said", **more: Any) -> None:
        value = more.pop("value", None) or mark(name)
        line = {"v": 1, "id": mark(f"line {len(lines)}"), "at": "2026-10-02T10:00:00.000Z",
                "prompt": prompt, "value": value, "source": source, **more}  # fmt: skip
        lines.append(line | ({"by": by} if by else {}))

    mum, dad, gran, lee = (mark(f"id {who}") for who in ("mum", "dad", "gran", "lee"))
    clips = {number: mark(f"clip {number} id") for number in range(1, 7)}
    say("words.child", mum, "words.child")
    say("words.us", mum, "words.us")
    say(f"{clips[1]}.did", mum, "did 1, replaced")
    say(f"{clips[1]}.did", mum, "did 1", base=mark("line 2"), entered_by=mark("entered by"),
        film_time=mark("film time"), later=mark("a later key"))  # fmt: skip
    say(f"{clips[1]}.see", mum, "see 1", "written")
    say(f"{clips[1]}.repair", "practitioner", "repair 1", "written")
    say(f"{clips[2]}.see", dad, "see 2, dad's", translations={
        "en": {"text": mark("translation"), "by": mark("translator")},
        "cy": {"text": mark("in Welsh"), "by": "x"}})  # fmt: skip
    say(f"{clips[4]}.child-mind", gran, "child-mind 4, gran's")
    say(f"{clips[5]}.did", "practitioner", "did 5, the worker's", "written")
    say(f"{clips[5]}.felt", None, "felt 5, nobody's")
    say(f"{clips[6]}.did", lee, "did 6, lee's")
    say("helped", mum, "", value=[mark("helped 1"), mark("helped 2")])
    say("remember", mum, "remember, replaced by mum")
    say("remember", dad, "remember, dad's")
    say("try.what", dad, "try.what, dad's, replaced by mum")
    say("try.what", mum, "try.what")
    say("try.where", mum, "try.where")
    say("try.when", mum, "try.when", "agreed-summary")
    say(f"goal.{mark('goal hers id')}.now", mum, "", value=4)
    say("next.date", mum, "", value=DAYS["next.date"])
    say("own.noticed", "practitioner", "own words in the wrong file", "written")
    say("nosuch.see", mum, "a prompt that is not there")
    return lines


def make_service(mark: Marks) -> dict[str, Any]:
    """Returns a team with a word in every field."""
    return {
        "name": mark("team"), "worker": mark("team's worker"), "phone": mark("phone"),
        "footer": mark("footer"), "logo": "logo.png",
        "retention": {mark("retention class"): mark("schedule"), "other": mark("schedule, other")},
    }  # fmt: skip


def write_marked_family(folder: Path, film: Path, mark: Marks) -> Path:
    """Writes a family's folder, its team's file and logo, answers and the worker's reflection."""
    cycle = folder / "cycle-1"
    cycle.mkdir(parents=True)
    case, marks = make_case(mark), make_cycle(mark)
    # YAML holds JSON.
    (folder / "case.yaml").write_text(json.dumps(case, indent=1), "utf-8")
    (cycle / "cycle.yaml").write_text(json.dumps(marks, indent=1), "utf-8")
    (folder.parent / "service.yaml").write_text(json.dumps(make_service(mark)), "utf-8")
    Image.new("RGB", (40, 20), (10, 110, 60)).save(folder.parent / "logo.png")
    shutil.copyfile(film, cycle / marks["film"]["file"])
    answers = "".join(json.dumps(line) + "\n" for line in make_answers(mark))
    (cycle / "answers.jsonl").write_text(answers, "utf-8")
    own = {"v": 1, "id": "1", "at": "2026-11-20T10:00:00.000Z", "prompt": "own.learning",
           "value": mark("reflection"), "by": "practitioner", "source": "written"}  # fmt: skip
    (cycle / "reflection.jsonl").write_text(json.dumps(own) + "\n", "utf-8")
    return folder


ALLOWED = {
    # who: names where they are the family's own, or stand under that person's words
    "name child": "DRA", "name mum": "FMDPWRA", "name dad": "FMDPWRA", "name gran": "FPRA",
    "name lee": "RA", "name tia": "RA",
    "words.child": "FPWRA", "words.us": "FMPWRA",
    "role mum": "RA", "family": "RA", "worker": "FMDPRA", "team's worker": "A",
    "reference": "RA",
    # the team: its name and foot are how somebody else knows whose page it is
    "team": "FMDWRA", "footer": "FMDWA", "phone": "FMDPA",
    # consents: the team's alone
    "authority": "RA", "given by": "RA", "evidence": "A", "named audience": "A",
    "retention class": "A", "schedule": "RA", "schedule, other": "A",
    # question and goals
    "question": "FMDPWRA", "question of the case": "A",
    "goal hers wording": "FMPWRA", "goal dads wording": "FMDPWRA", "goal his wording": "RA",
    "goal workers wording": "FMDPWRA", "goal closed wording": "A",
    "scale name": "RA", "low": "FMPWA", "high": "FMPWA", "baseline words": "A", "rater": "A",
    "goal before": "A",
    # film and clips
    "film file": "A", "clip 1 id": "RA", "place": "RA", "activity": "RA", "child_agreed": "RA",
    "present": "RA",
    "title 1": "FMDPWRA", "title 3": "WRA", "title 5": "FMDPWRA", "title 6": "WRA",
    "asked": "RA", "why": "A",
    "alt 1": "FMDWRA", "alt 2.1": "RA", "alt 2.2": "FMDWRA", "alt 2.3": "RA", "alt 3": "RA",
    "alt 4": "FMDWRA", "alt 6": "RA", "alt 7.1": "RA", "alt 7.2": "FMDWRA",
    # words: on another's copy only with a yes that names them
    "did 1, replaced": "", "did 1": "FMPRA", "see 1": "RA", "repair 1": "RA",
    "see 2, dad's": "FMDPRA", "translation": "FMDPRA", "translator": "FMDPRA", "in Welsh": "A",
    "child-mind 4, gran's": "FPRA", "did 5, the worker's": "FMDPRA", "felt 5, nobody's": "RA",
    "did 6, lee's": "RA", "helped 1": "FMPRA", "helped 2": "FMPRA",
    "remember, replaced by mum": "", "remember, dad's": "FMDPRA",
    # what dad had said before stands on his own copy, where mum's is not for him
    "try.what, dad's, replaced by mum": "D", "try.what": "FMPRA", "try.where": "FMRA",
    "try.when": "FMPRA",
    "own words in the wrong file": "", "reflection": "", "a prompt that is not there": "A",
    "entered by": "A", "film time": "A", "a later key": "A",
}  # fmt: skip
"""Which word may stand on which paper, and must stand there; ids stand in the data alone."""

ALLOWED_DAYS = {
    "born child": "A", "born mum": "A", "consent date": "RA", "consent until": "RA",
    "consent withdrawn": "RA", "film date": "FMDRA", "baseline date": "A", "review_on": "A",
    "closed": "A", "last_contact": "A", "media_until": "FMDPRA", "review date": "RA",
    "next date, replaced": "A", "next.date": "FMDRA",
}  # fmt: skip
