"""What the live widgets are told and answer, without a browser."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from families import CASE

from vigbook.case.folder import read_case_folder
from vigbook.case.journal import write_answer
from vigbook.cycle.answering import save_typed
from vigbook.cycle.context import CycleContext, open_context
from vigbook.method.language import Words, load_words
from vigbook.method.templates import find_templates
from vigbook.workbook.widgets import ClipPlayer, PromptWidget, describe_clip, describe_prompt

TODAY = datetime.date(2026, 11, 22)


def open_first(family: Path, cycle: int = 1) -> CycleContext:
    folder = family / f"cycle-{cycle}"
    return open_context(read_case_folder(family, [folder]), folder, find_templates(), TODAY)


@pytest.fixture
def words() -> Words:
    """English."""
    return load_words(find_templates(), "en")


def typed(value: Any, **more: Any) -> dict[str, Any]:
    return {
        "prompt": "clip-1.see", "value": value, "by": "mum", "source": "said", "base": None,
        "id": "00000000000000a1", "own": [], **more,
    }  # fmt: skip


def values(family: Path) -> list[Any]:
    text = (family / "cycle-1" / "answers.jsonl").read_text("utf-8")
    return [json.loads(line)["value"] for line in text.splitlines()]


def test_a_draft_that_was_saved_unheard_is_replaced_by_its_next(family: Path) -> None:
    """A window knows its own earlier texts: they are no other person's answer."""
    context = open_first(family)
    assert "saved" in save_typed(context, typed("She"))
    again = save_typed(context, typed("She looks", id="00000000000000a2", own=["00000000000000a1"]))
    assert again["saved"]["value"] == "She looks"
    # The first one, sent once more and late, changes nothing.
    assert save_typed(context, typed("She"))["saved"]["id"] == "00000000000000a1"
    other = save_typed(context, typed("He", id="00000000000000b1"))
    assert other["conflict"]["value"] == "She looks"
    assert values(family) == ["She", "She looks"]


def test_only_what_is_not_the_texts_fault_is_sent_again(family: Path) -> None:
    """A list that is too long waits for a person; a journal that cannot be written does not."""
    context = open_first(family)
    long = save_typed(context, typed("1\n2\n3\n4", prompt="helped"))
    assert long == {"refused": "4 lines, and it takes up to 3: choose among them."}
    (family / "cycle-1" / "answers.jsonl").mkdir()
    taken = save_typed(context, typed("She looks"))
    assert taken["again"] is True
    assert str(family) not in taken["refused"]


def test_a_family_that_was_moved_away_gets_no_ghost_at_its_old_place(family: Path) -> None:
    """It is told, and nothing is written where nobody would look for it."""
    context = open_first(family)
    moved = family.rename(family.with_name("moved"))
    told = save_typed(context, typed("She looks"))
    assert told["again"] is True
    assert "not where it was" in told["refused"]
    assert not family.exists()
    moved.rename(family)
    assert "saved" in save_typed(context, typed("She looks"))


def test_a_prompt_tells_its_names_and_who_may_have_said_it(family: Path, words: Words) -> None:
    """The worker comes last; drafts are kept under the family's folder, cycle and prompt."""
    context = open_first(family)
    shown = describe_prompt(context, context.prompts["clip-1.child-first"], words)
    assert shown["label"] == "What did Mia do first?"
    assert [one["name"] for one in shown["speakers"]] == ["Sam", "Mia", "Jo"]
    assert shown["first"] == {"by": "mum", "source": "said"}
    assert shown["place"] == {
        "family": "wren", "cycle": 1, "prompt": "clip-1.child-first", "kind": "text",
    }  # fmt: skip


def test_a_ladder_shows_what_is_hoped_for_and_the_last_rating(family: Path, words: Words) -> None:
    """First the baseline, later what was said in the cycle before; never the words to it."""
    prompt_id = "goal.settle.now"
    (family / "case.yaml").write_text(CASE.replace("value: 3", "value: 3, words: A battle."))
    shown = describe_prompt(open_first(family), open_first(family).prompts[prompt_id], words)
    assert (shown["steps"], shown["hoped"]) == (list(range(1, 11)), 7)
    assert shown["earlier"] == {"value": 3, "day": None}
    assert "battle" not in json.dumps(shown)
    write_answer(family / "cycle-1" / "answers.jsonl", prompt_id, 5, by="mum", source="said")
    second = family / "cycle-2"
    second.mkdir()
    (second / "cycle.yaml").write_text("cycle: 2\nin_shot: [child, mum]\n")
    context = open_first(family, 2)
    later = describe_prompt(context, context.prompts[prompt_id], words)
    assert later["earlier"]["value"] == 5


def test_an_emptied_answer_is_still_what_the_next_is_begun_from(family: Path, words: Words) -> None:
    """Else the next text would look like somebody else's."""
    journal = family / "cycle-1" / "answers.jsonl"
    write_answer(journal, "remember", "She looks.", by="mum", source="said")
    emptied = write_answer(journal, "remember", "", by="mum", source="said")
    context = open_first(family)
    widget = PromptWidget(context, context.prompts["remember"], words)
    assert widget.standing is not None
    assert widget.standing["id"] == emptied.id


def test_a_widget_brings_only_the_way_to_its_module(family: Path, words: Words) -> None:
    """The same few lines for each: what draws it comes from our own server."""
    context = open_first(family)
    prompt = PromptWidget(context, context.prompts["remember"], words)
    player = ClipPlayer(context, context.cycle.clips[0], words)
    assert re.fullmatch(r"vigbook/live/[0-9a-f]{12}/prompt\.js", prompt.module)
    assert player.module == prompt.module.replace("prompt.js", "player.js")
    assert prompt._esm == player._esm
    assert len(prompt._esm.splitlines()) < 40
    assert "vigbook open FOLDER" in prompt._esm


def test_a_clip_is_shown_once_it_is_cut(built_family: Path, words: Words) -> None:
    """Before, there is nothing to play; after, its film and its stills, by their addresses."""
    context = open_first(built_family)
    shown = describe_clip(context, context.cycle.clips[0], words)
    assert shown["source"] == "cycle-1/clip-1.mp4"
    assert [still["source"] for still in shown["stills"]] == ["cycle-1/clip-1-1.jpg"]
    assert [still["alt"] for still in shown["stills"]] == ["Mia reaches up and Sam leans in."]
    assert (shown["zero"], shown["start"], shown["end"]) == (2.0, 2.0, 4.0)
    (context.media / "clip-1.mp4").unlink()
    gone = describe_clip(context, context.cycle.clips[0], words)
    assert (gone["source"], gone["stills"]) == (None, [])


def test_a_clip_that_somebody_said_no_to_leaves_no_trace(built_family: Path, words: Words) -> None:
    """Neither its film nor its stills are told of, and it says nothing of who said no."""
    no = "  - {person: child, uses: [shared-review], answer: no, given_by: mum, date: 2026-10-01, authority: parental responsibility}\n"  # noqa: E501
    (built_family / "case.yaml").write_text(
        CASE.replace("helping_question", no + "helping_question")
    )
    context = open_first(built_family)
    player = ClipPlayer(context, context.cycle.clips[0], words)
    assert (player.shown["source"], player.shown["stills"]) == (None, [])


def test_moments_are_kept_as_times_of_the_film(built_family: Path, words: Words) -> None:
    """In order, each once, by the worker's hand; one outside the clip is refused."""
    context = open_first(built_family)
    player = ClipPlayer(context, context.cycle.clips[0], words)
    place, first = player.shown["place"], player.shown["first"]
    marked = [{"at": "00:00:03.000"}, {"at": "00:00:02.200"}, {"at": "00:00:03.000"}]
    sent = {**typed(marked), **first, "prompt": place["prompt"]}
    saved = save_typed(context, sent)["saved"]
    assert saved["value"] == [{"at": "00:00:02.200"}, {"at": "00:00:03.000"}]
    assert (saved["by"], saved["source"]) == ("practitioner", "written")
    outside = {**sent, "value": [{"at": "00:00:09.000"}], "id": "00000000000000c1"}
    assert save_typed(context, outside) == {"refused": "A moment lies outside its clip."}
