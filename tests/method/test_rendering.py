"""What every page template is given: the direction of what a person wrote."""

from __future__ import annotations

import pytest

from vigbook.method.rendering import direction_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Mia", "ltr"), ("مرحبا", "rtl"), ("שלום", "rtl"), ("1 (2) مرحبا Mia", "rtl"),
     ("12!", "rtl"), ("", "rtl"), (None, "rtl")],
)  # fmt: skip
def test_words_run_as_their_first_letter_does(text: str | None, expected: str) -> None:
    assert direction_of(text, "rtl") == expected
