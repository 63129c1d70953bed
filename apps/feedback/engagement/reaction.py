"""Reactions of readers and machines, and what is known of each: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from apps.mailings.models import Term

Kind = Literal["open", "click"]
#: Numbers of a click that is on no link: the hidden one, and one that matches none of the letter.
TRAP: Final = 0
NO_LINK: Final = -1


@dataclass(frozen=True, slots=True)
class Reaction:
    """One opening or click as it came in.

    ``number`` is that of the link. ``headers`` are those of HEADERS that the request had, by their
    names in lower case. ``address``, ``user_agent`` and ``headers`` are for the rules only and
    kept nowhere. ``source`` is the provider that reported it, empty for our own links;
    ``preloaded``: it says that a mail program loaded the images without its reader.
    ``delivery_id`` is 0 where only totals are measured.
    """

    kind: Kind
    at: datetime
    delivery_id: int
    run_id: int
    version: int
    number: int = NO_LINK
    method: str = "GET"
    user_agent: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    source: str = ""
    preloaded: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """An earlier reaction to the same letter, as it was judged: what Engagement.events keeps."""

    kind: Kind
    at: datetime
    number: int
    term: Term
    rule: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who reacted, and the rule that says so.

    ``device`` and ``client`` are empty where nothing is known of the reader's own program.
    ``reclassed`` are earlier reactions that are now known better: the place in ``earlier``, the
    new term and its rule.
    """

    term: Term
    rule: str
    device: str = ""
    client: str = ""
    reclassed: tuple[tuple[int, Term, str], ...] = ()


#: The request headers that rules read.
HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz", "dnt", "sec-gpc")
