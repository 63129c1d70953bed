"""The sockets between apps."""

from __future__ import annotations

import pytest

from apps.core.slots import Slot


def test_a_slot_that_nobody_has_filled_is_named_in_the_error() -> None:
    with pytest.raises(LookupError, match="the slot 'dispatcher'"):
        Slot[int]("dispatcher").value


def test_what_was_swapped_in_is_gone_after_the_block_even_when_it_breaks() -> None:
    slot = Slot[int]("number")
    slot.fill(1)
    with pytest.raises(ZeroDivisionError), slot.swapped(2) as swapped:
        assert slot.value == swapped == 2
        raise ZeroDivisionError
    assert slot.value == 1
