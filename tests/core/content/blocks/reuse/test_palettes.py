"""Whatever colour a logo has, links and labels of buttons can be read."""

from __future__ import annotations

import pytest

from apps.core.content.blocks.contrast import READABLE, contrast, parts_of
from apps.core.content.blocks.reuse.palettes import palette_of, readable
from apps.core.content.blocks.values import DARK, Palette

COLOURS = ["#ffd400", "#a11d45", "#ffffff", "#000000", "#7f7f7f", "#00ff00", "#0b5cad", "#777776"]


def ratio(one: str, other: str) -> float:
    return contrast(parts_of(one), parts_of(other))


@pytest.mark.parametrize("before", [Palette(), DARK])
@pytest.mark.parametrize("colour", COLOURS)
def test_everything_can_be_read(colour: str, before: Palette) -> None:
    made = palette_of(colour, before)
    assert made.button == colour
    assert ratio(made.button_text, made.button) >= READABLE
    assert min(ratio(made.link, one) for one in (made.surface, made.page)) >= READABLE
    assert made.accent == made.link
    assert (made.text, made.surface, made.page) == (before.text, before.surface, before.page)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert palette_of("#a11d45", Palette()).link == "#a11d45"


def test_where_nothing_can_be_read_it_is_black_or_white() -> None:
    assert readable("#a11d45", ("#000000", "#ffffff")) in ("#000000", "#ffffff")
