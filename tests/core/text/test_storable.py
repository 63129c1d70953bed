"""What a database would refuse never reaches it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.text.storable import is_storable, is_whole, storable


@pytest.mark.parametrize(
    ("text", "kept"), [("Анна 😀", "Анна 😀"), ("a\0b", "ab"), ("a\ud83d", "a?"), ("", "")]
)
def test_a_text_is_made_storable(text: str, kept: str) -> None:
    assert storable(text) == kept
    assert is_storable(text) == (text == kept)


def test_half_a_character_is_no_text_and_nul_is_one() -> None:
    assert not is_whole("\ud83d") and is_whole("\0")


@given(st.text(st.characters(exclude_categories=[])))
def test_what_was_made_storable_stays_as_it_is(text: str) -> None:
    assert is_storable(storable(text))
