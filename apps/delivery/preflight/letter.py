"""The letter of a mailing as checks read it: its bodies as programs, and what everybody may see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from apps.core.content.html_text import html_to_text
from apps.core.content.program import (
    Condition,
    Program,
    Values,
    html_steps,
    readable_steps,
    values_of,
)
from apps.core.content.program.liquid_blocks import BEGINNINGS, ENDS, stretches
from apps.core.content.program.parts import Each, Fragment, Link, Part, Placeholder, When
from apps.core.content.program.sources import filled_html
from apps.core.content.template_language import (
    ITEM,
    OUTPUT,
    TEXT,
    TemplateRefused,
    parse,
)
from apps.core.content.time_budget import time_budget
from apps.core.contracts import Claimed
from apps.delivery.accounts import declared
from apps.delivery.engine.render import compile_run, filled, message_id_domain, snapshot_of
from apps.delivery.preflight.markup import Markup, read_markup
from apps.mailings.models import Channel, Mailing, Run
from apps.mailings.run_content import Bodies, bodies_of
from apps.mailings.selectors.messages import sample_fields
from apps.mailings.services.feeds.content import waiting_entries
from apps.mailings.services.summary import Summary, summary_of_mailing

#: Seconds of the processor's time for reading a whole letter.
_SECONDS: Final = 2.0
#: Every tag and segment: all that anybody may see.
_ALL_BITS: Final = (1 << 62) - 1
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'()]+", re.IGNORECASE)
_NAME: Final = re.compile(r"(?:attributes\.)?[^\W\d]\w*(?:-\w+)*")
#: A letter to a filter goes to nobody.
NOBODY: Final = "anna@example.com"


@dataclass(frozen=True, slots=True)
class Written:
    """A stretch of a body. ``text``: as it is written; of a value, ``{{ … }}``.

    ``conditions``: those that stand around it; ``sometimes``: not everybody gets it, for these or
    for a condition of Liquid. ``names``: of a value, the fields that it asks for; ``guarded``: it
    has a fallback, or stands where a condition of Liquid asks for the same name.
    """

    text: str
    conditions: tuple[Condition, ...] = ()
    sometimes: bool = False
    names: frozenset[str] = frozenset()
    guarded: bool = False


@dataclass(frozen=True)
class Letter:
    """Read once, before any check. Needs the mailing's message, sender and owner.

    ``variant``: of an experiment; the mailing is then as this variant is sent.
    """

    mailing: Mailing
    variant: str = ""

    def part(self, name: str) -> Any:
        """What distinguishes this part of it (Check.reads) from that of another variant."""
        match name:
            case "message":
                return self.mailing.message_id
            case "head":
                return self.subject, self.mailing.message.preheader
            case "sender":
                return self.mailing.sender_id
            case "hours":
                return self.mailing.local_from, self.mailing.local_to
        raise KeyError(name)

    @cached_property
    def bodies(self) -> Bodies:
        """Raises TemplateRefused where the message cannot be read."""
        return bodies_of(self._content("example.com"))

    def check_readable(self) -> None:
        """Compile both bodies as a run does. Raises TemplateRefused, TemplatePlace."""
        html_steps(self.bodies.html)
        readable_steps(self.bodies.text, self.bodies.html)

    @property
    def subject(self) -> str:
        return self.mailing.message.subject

    @property
    def is_email(self) -> bool:
        """True if some of it goes out as email."""
        return any(channel == Channel.EMAIL for channel, _account in self.mailing.routes)

    @cached_property
    def html(self) -> list[Written]:
        """The HTML body, every branch of it."""
        return list(written_in(self.bodies.html))

    @cached_property
    def text(self) -> list[Written]:
        """The text body, every branch of it."""
        return list(written_in(self.bodies.text))

    @cached_property
    def markup(self) -> Markup:
        """Raises OverLimit."""
        with time_budget(_SECONDS):
            return read_markup("".join(one.text for one in self.html))

    @cached_property
    def links(self) -> list[str]:
        """Addresses of links, each once; those of the text as they stand in it."""
        text = "".join(one.text for one in self.text)
        of_text = [found.rstrip(".,;:!?") for found in _ADDRESS.findall(text)]
        return list(dict.fromkeys([*self.markup.links, *of_text]))

    @cached_property
    def filled_html(self) -> str:
        """The HTML as it is sent to the recipient whose data fill most of it, all tags given.

        Raises ContentRefused and RenderRefused.
        """
        with time_budget(_SECONDS):
            return filled_html(self.bodies.html, self._values)

    @cached_property
    def filled_subject(self) -> str:
        """The subject of the same recipient. Raises as ``filled_html``."""
        return " ".join(parse(self.subject).render(self._values).split())

    @cached_property
    def _values(self) -> Values:
        return values_of(sample_fields(self.mailing.message, ""), _ALL_BITS)

    @cached_property
    def summary(self) -> Summary:
        """To how many it goes, counted exactly as the freeze would, and until when."""
        return summary_of_mailing(self.mailing, exact=True)

    @cached_property
    def readable(self) -> str:
        """The text of the HTML, or the text body."""
        with time_budget(_SECONDS):
            return html_to_text("".join(one.text for one in self.html)) or "".join(
                one.text for one in self.text
            )

    def as_mail(self, now: datetime) -> bytes:
        """The whole email as it would leave, to nobody's address and with nobody's data.

        Raises AccountUnknown, ContentRefused and RenderRefused.
        """
        account = declared(next(name for kind, name in self.mailing.routes if kind == "email"))
        content = self._content(message_id_domain(account))
        run = Run(mailing_id=0, content=content, channel=Channel.EMAIL)
        compiled = compile_run(run, account, now, is_list=False)
        names = {"full_name": "Anna Example", "email": NOBODY}
        return filled(compiled, Claimed(0, 0, NOBODY, 1, names)).body

    def _content(self, domain: str) -> dict[str, Any]:
        """What a run would keep of the message, with what waits in the mailing's own feed."""
        message = self.mailing.message
        entries = waiting_entries(message, self.mailing)
        return snapshot_of(message, domain=domain, entries=entries)


def written_in(program: Program) -> Iterator[Written]:
    """All that is written in a program, in its order. Raises TemplateRefused."""
    yield from _parts(program.parts, (), sometimes=False)


def _parts(
    parts: Sequence[Part], around: tuple[Condition, ...], *, sometimes: bool
) -> Iterator[Written]:
    for part in parts:
        match part:
            case str():
                yield Written(part, around, sometimes)
            case Placeholder(source):
                names = _names_in(source)
                yield Written(source, around, sometimes, names, "default:" in source)
            case Link(parts=inner):
                yield from _parts(inner, around, sometimes=sometimes)
            case When(condition, inner):
                yield from _parts(inner, (*around, condition), sometimes=True)
            case Each(parts=inner, empty=empty):
                yield from _parts(inner, around, sometimes=True)
                yield from _parts(empty, around, sometimes=True)
            case Fragment(source):
                yield from _liquid(source, around, sometimes)


def _liquid(source: str, around: tuple[Condition, ...], sometimes: bool) -> Iterator[Written]:
    """Every branch of a fragment. Names that it makes itself are none of a recipient's."""
    asked = parse(source, in_repeat=True).names
    tested: list[frozenset[str]] = []
    for one in stretches(source):
        inside = sometimes or bool(tested)
        if one.kind == TEXT:
            yield Written(one.text, around, inside)
        elif one.kind == OUTPUT:
            names = _names_in(one.source) & asked
            guarded = "default:" in one.source or bool(names & frozenset().union(*tested))
            yield Written(one.source, around, inside, names, guarded)
        elif one.name in BEGINNINGS:
            tested.append(frozenset(_NAME.findall(one.source)))
        elif one.name in ENDS and tested:
            tested.pop()
        elif one.name == "elsif" and tested:
            tested[-1] |= frozenset(_NAME.findall(one.source))


def _names_in(source: str) -> frozenset[str]:
    """The fields of a recipient that an output asks for."""
    try:
        names = parse(source, in_repeat=True).names
    except TemplateRefused:  # a variable of a loop
        return frozenset()
    return frozenset(name for name in names if not name.startswith(f"{ITEM}."))
