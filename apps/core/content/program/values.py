"""What a letter is filled with for one recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

#: Items of a list field: texts by their names in a template (``item.name``), the same in each.
Items = Sequence[Mapping[str, str]]
#: The name of the letter's token, which stands in its tracked links as it is.
TOKEN: Final = "letter_token"

_NOTHING: Mapping[str, Items] = MappingProxyType({})


class Values(dict[str, str]):
    """Texts by name; ``lists`` are what is repeated, ``bits`` the tags and segments of the person.

    Made for every letter, and as quick as a dictionary for those that ask for no more.
    """

    bits: int = 0
    lists: Mapping[str, Items] = _NOTHING


def values_of(
    texts: Mapping[str, str], bits: int = 0, lists: Mapping[str, Items] = _NOTHING
) -> Values:
    """A copy of the texts, with the rest beside them."""
    values = Values(texts)
    if bits:
        values.bits = bits
    if lists:
        values.lists = lists
    return values
