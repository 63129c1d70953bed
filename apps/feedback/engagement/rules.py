"""The rules that say who reacted: a person, a machine, or nobody can know. Data, in their order.

The first one that applies decides. A rule without a condition needs the other reactions to the same
letter: judging.py applies it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.feedback.engagement.reaction import TRAP, Reaction
from apps.feedback.engagement.user_agents import is_robot, is_scanner, proxied_client
from apps.mailings.models import Term

#: Around a click on the hidden link, everything is a machine's.
TRAP_REACHES: Final = timedelta(seconds=60)
#: A person needs longer than this to see the message and to press.
FIRST_CLICK: Final = timedelta(seconds=1)
#: Within this after acceptance, images are loaded by the servers that receive the message.
DELIVERING: Final = timedelta(seconds=2)
#: So many different links within so long are not followed by one person.
MANY: Final = 3
MANY_WITHIN: Final = timedelta(seconds=2)

_SEC_PURPOSE: Final = "https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Purpose"
_CRAWLERS: Final = "https://github.com/monperrus/crawler-user-agents"
_APPLE: Final = "https://wordtothewise.com/2021/09/apple-mpp-reporting-and-geolocation/"


@dataclass(frozen=True, slots=True)
class Case:
    """A reaction with what the rules know beside it.

    ``after``: since the message was accepted, if that is known; ``relayed``: from one of Apple's
    relays.
    """

    reaction: Reaction
    after: timedelta | None
    relayed: bool = False

    @property
    def is_open(self) -> bool:
        return self.reaction.kind == "open"

    @property
    def within(self) -> timedelta:
        """The same, or as long as can be where nobody knows."""
        return timedelta.max if self.after is None else self.after


@dataclass(frozen=True, slots=True)
class Rule:
    """``id`` is stored with what it judged; ``sentence`` is what people read; ``source``: why."""

    id: str
    term: Term
    sentence: str | Promise
    source: str
    applies: Callable[[Case], bool] | None = None


def _is_prefetch(case: Case) -> bool:
    values = [case.reaction.headers.get(name, "") for name in ("sec-purpose", "purpose")]
    values += [case.reaction.headers.get(name, "") for name in ("x-purpose", "x-moz")]
    return any(word in one.lower() for one in values for word in ("prefetch", "preview"))


def _is_robot(case: Case) -> bool:
    """Image proxies are on the list of crawlers: what they load, somebody opened."""
    user_agent = case.reaction.user_agent
    return is_robot(user_agent) and not (case.is_open and proxied_client(user_agent))


def _is_apple(case: Case) -> bool:
    return case.is_open and (case.relayed or case.reaction.user_agent == "Mozilla/5.0")


def _is_nameless(case: Case) -> bool:
    """Every browser and mail program names itself; what a provider leaves out says nothing."""
    return not case.reaction.user_agent and not case.reaction.source


RULES: Final = (
    Rule(
        "trap",
        Term.MACHINE,
        _("The hidden link was followed, which no person sees."),
        "the message itself",
        lambda case: not case.is_open and case.reaction.number == TRAP,
    ),
    Rule(
        "near_trap",
        Term.MACHINE,
        _("The hidden link was followed within a minute of this."),
        "the message itself",
    ),
    Rule(
        "head",
        Term.MACHINE,
        _("Only the head of the page was asked for (HEAD), as link checkers do."),
        "RFC 9110, 9.3.2",
        lambda case: case.reaction.method.upper() == "HEAD",
    ),
    Rule(
        "prefetch",
        Term.MACHINE,
        _("It was loaded in advance, as the request itself says."),
        _SEC_PURPOSE,
        _is_prefetch,
    ),
    Rule(
        "scanner",
        Term.MACHINE,
        _("A known security scanner of links."),
        "the names of these products",
        lambda case: is_scanner(case.reaction.user_agent),
    ),
    Rule(
        "robot",
        Term.MACHINE,
        _("A known robot, link preview or program library."),
        _CRAWLERS,
        _is_robot,
    ),
    Rule(
        "early_click",
        Term.MACHINE,
        _("Followed within a second of the message's acceptance."),
        "nobody reads that fast",
        lambda case: not case.is_open and case.within < FIRST_CLICK,
    ),
    Rule(
        "nameless_click",
        Term.MACHINE,
        _("Followed by a program that names no browser."),
        "RFC 9110, 10.1.5",
        lambda case: not case.is_open and _is_nameless(case),
    ),
    Rule(
        "many_links",
        Term.MACHINE,
        _("Three different links or more were followed within two seconds."),
        "nobody clicks that fast",
    ),
    Rule(
        "preloaded",
        Term.UNCLEAR,
        _("The provider reports that a mail program loaded all images in advance."),
        "the provider's own event",
        lambda case: case.is_open and case.reaction.preloaded,
    ),
    Rule(
        "apple",
        Term.UNCLEAR,
        _("Apple Mail loads all images, whether somebody opens the message or not."),
        _APPLE,
        _is_apple,
    ),
    Rule(
        "delivering",
        Term.UNCLEAR,
        _("The images were loaded at the moment of delivery."),
        "nobody reads that fast",
        lambda case: case.is_open and case.within < DELIVERING,
    ),
    Rule(
        "nameless_open",
        Term.UNCLEAR,
        _("The images were loaded by a program that names itself nowhere."),
        "RFC 9110, 10.1.5",
        lambda case: case.is_open and _is_nameless(case),
    ),
    Rule(
        "image_proxy",
        Term.PERSON,
        _("The image proxy of the mail service loaded the images when the message was opened."),
        "https://support.google.com/mail/answer/145919",
        lambda case: case.is_open and bool(proxied_client(case.reaction.user_agent)),
    ),
    Rule(
        "opened",
        Term.PERSON,
        _("The images were loaded by a browser or a mail program."),
        "what is left",
        lambda case: case.is_open,
    ),
    Rule(
        "clicked",
        Term.PERSON,
        _("A link was followed in a browser."),
        "what is left",
        lambda case: True,
    ),
)
BY_ID: Final = {rule.id: rule for rule in RULES}


def first_that_applies(case: Case) -> Rule:
    """The rule that decides by this reaction alone."""
    return next(rule for rule in RULES if rule.applies is not None and rule.applies(case))


def sentence_of(rule: str) -> str:
    """What people read of a rule; empty for one that is none any more."""
    return str(BY_ID[rule].sentence) if rule in BY_ID else ""
