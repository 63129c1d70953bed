"""No-break spaces: which ones somebody meant."""

from __future__ import annotations

import pytest

from apps.core.content.blocks.typography import plain_blanks


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("without~any", "without any"),
        ("10~%", "10~%"),
        ("в~доме и~на~улице", "в~доме и~на~улице"),
        ("дом~и~сад", "дом и~сад"),
        ("three~words~here", "three words here"),
        ("~begins", " begins"),
        ("indented~~twice", "indented~~twice"),
        ("a ~b", "a ~b"),
    ],
)
def test_single_ones_break_unless_they_hold_a_short_word(source: str, text: str) -> None:
    assert plain_blanks(source.replace("~", "\u00a0")) == text.replace("~", "\u00a0")
