"""Segments: conditions on people as data, compiled into the question that a database answers."""

from apps.mailings.segments.answers import (
    Counted,
    count,
    estimate,
    explained,
    explained_all,
    members,
)
from apps.mailings.segments.checking import checked, rows_named
from apps.mailings.segments.compile import compiled
from apps.mailings.segments.errors import SegmentInvalid
from apps.mailings.segments.ground import Ground, ground_in, ground_of
from apps.mailings.segments.in_words import sentence, sentences

__all__ = [
    "Counted",
    "Ground",
    "SegmentInvalid",
    "checked",
    "compiled",
    "count",
    "estimate",
    "explained",
    "explained_all",
    "ground_in",
    "ground_of",
    "members",
    "rows_named",
    "sentence",
    "sentences",
]
