"""Which characters can be printed, and which are told before a page has a hole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigbook.errors import Problem
from vigbook.method.language import load_words
from vigbook.method.templates import find_templates
from vigbook.paper.glyphs import drop_controls, find_missing_glyphs, glyph_problem

FONTS = find_templates()[0] / "print" / "fonts"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    "text",
    [
        "She looks for me. \u201cYes\u201d \u2013 caf\u00e9 "
        "\u0141\u00f3d\u017a Ng\u1ecdc \u03a9 \u0416",
        "\u064a\u0636\u0639 \u0643\u0631\u064a\u0645 \u0645\u0643\u0639\u0651\u0628\u0647",
        "\u05e9\u05dc\u05d5\u05dd",
        "\U0001f9a6 \u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2192 \u2713 \u260e",
        "a\u00adb\u200bc\u200d\u200e\u200f\u202ad\u202c\u2066e\u2069\ufefff\u00a0g\u2028\t\n",
        "",
    ],
    ids=["latin, greek, cyrillic", "arabic", "hebrew", "signs", "unseen", "nothing"],
)
def test_what_families_write_can_be_printed(text: str) -> None:
    assert find_missing_glyphs(text, FONTS) == []


def test_what_no_font_has_is_found_once_and_in_order() -> None:
    text = "\u5b57 \u0ba4 a \u5b57\u3042 \ue000 b"
    assert find_missing_glyphs(text, FONTS) == ["\u0ba4", "\u3042", "\u5b57", "\ue000"]


def test_a_folder_without_fonts_can_print_nothing(tmp_path: Path) -> None:
    assert find_missing_glyphs("ab a", tmp_path) == ["a", "b"]


def test_a_missing_character_is_told_with_its_name_and_where() -> None:
    assert glyph_problem("\u3042", "clip-1.see") == Problem(
        field="clip-1.see",
        found="no font has the character '\u3042' (U+3042, HIRAGANA LETTER A)",
        mend="write it in another way, or put a font that has it into templates/print/fonts",
    )
    assert "(U+E000, no name)" in glyph_problem("\ue000").found


def test_every_word_of_the_examples_and_of_ours_can_be_printed() -> None:
    files = [*EXAMPLES.rglob("*.yaml"), *EXAMPLES.rglob("answers.jsonl")]
    texts = [path.read_text("utf-8") for path in files]
    spoken = [
        str(json.loads(line)) for text in texts for line in text.splitlines() if line[:1] == "{"
    ]
    ours = [*load_words(find_templates(), "ar").catalogue.values()]
    assert len(files) >= 8
    assert find_missing_glyphs("".join([*texts, *spoken, *ours]), FONTS) == []


def test_characters_that_no_page_can_hold_are_dropped() -> None:
    text = "a\0b\x07c\x1bd\x7fe\x9ff\ud83dg\ufffeh\uffffi\tj\nk\r\u200fl\u00e9\U0001f9a6"
    assert drop_controls(text) == "abcdefghi\tj\nk\r\u200fl\u00e9\U0001f9a6"


@given(st.text(st.characters()))
@example("a\u2028b\u2029")
def test_what_is_left_is_always_text_for_a_page(text: str) -> None:
    left = drop_controls(text)
    left.encode("utf-8")
    assert drop_controls(left) == left
    lines = text.replace("\u2028", "\n").replace("\u2029", "\n")  # other ways to end a line
    assert [letter for letter in lines if letter in set(left)] == [*left]
    assert not set(find_missing_glyphs(left, FONTS)) & set("\t\n\r ")
