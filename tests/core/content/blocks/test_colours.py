"""Colours by day and by night."""

from __future__ import annotations

import pytest

from apps.core.content.blocks.colours import Colours, partner
from apps.core.content.blocks.values import DARK, Theme


def lightness(colour: str) -> int:
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return (max(parts) + min(parts)) // 2


@pytest.mark.parametrize("colour", ["#ffffff", "#fff4dc", "#000000", "#c1121f", "#0b5cad"])
def test_a_free_colour_is_readable_in_the_dark(colour: str) -> None:
    assert lightness(partner(colour, DARK, "background")) < 80
    assert lightness(partner(colour, DARK, "color")) > 190


def test_a_role_has_the_value_of_the_palette() -> None:
    assert partner("button_text", DARK, "color") == DARK.button_text


def test_one_colour_has_a_class_for_each_use() -> None:
    colours = Colours(Theme())
    uses = ("color", "background", "border-color")
    assert len({colours.name("accent", use) for use in uses}) == 3  # type: ignore[arg-type]
    assert len(list(colours.rules())) == 3


def test_what_is_not_used_has_no_rule() -> None:
    assert list(Colours(Theme()).rules()) == []
    assert list(Colours(Theme(dark=None)).rules()) == []
