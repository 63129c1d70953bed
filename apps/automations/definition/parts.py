"""The parts of a definition: triggers, rules and steps.

The steps are a list: one goes on to the next unless it names another; ``""`` is the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Steps of an automation; and of one enrolment, whatever its loops.
MOST_STEPS: Final = 100
STEPS_TAKEN: Final = 200
#: The end of the way.
END: Final = ""
#: The longest wait is a year.
_YEAR: Final = 366 * 86_400

Key = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Id = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Called = Annotated[str, Field(max_length=40)]
Next = Annotated[str, Field(max_length=40)] | None
Seconds = Annotated[int, Field(ge=0, le=_YEAR)]
Days = Annotated[int, Field(ge=-366, le=366)]


class Part(BaseModel):
    """A part of a definition: nothing beside what is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SubscribedTrigger(Part):
    """Somebody is on the list now: subscribed, or has confirmed."""

    kind: Literal["subscribed"]
    list: Id


class TagTrigger(Part):
    """Somebody has got the tag."""

    kind: Literal["tag"]
    tag: Id


class SegmentTrigger(Part):
    """Somebody is in the segment who was not at the last look."""

    kind: Literal["segment"]
    segment: Id
    minutes: Annotated[int, Field(ge=5, le=1440)] = 15


class DateTrigger(Part):
    """So many days from a date of the recipient, at a time of their day; ``yearly``: each year."""

    kind: Literal["date"]
    field: Name
    days: Days = 0
    at: time = time(10)
    yearly: bool = True


class LetterTrigger(Part):
    """A letter of the mailing was sent, or opened or clicked by a person (its link ``link``)."""

    kind: Literal["sent", "opened", "clicked"]
    mailing: Id
    link: Id | None = None


class EventTrigger(Part):
    """A program has reported the event."""

    kind: Literal["event"]
    name: Name


class ManualTrigger(Part):
    """Nobody comes in but manually, by a program or another automation."""

    kind: Literal["manual"]


Trigger = Annotated[
    SubscribedTrigger
    | TagTrigger
    | SegmentTrigger
    | DateTrigger
    | LetterTrigger
    | EventTrigger
    | ManualTrigger,
    Field(discriminator="kind"),
]


class Reentry(Part):
    """Who may come in again: nobody, after the end, after so many days, or every time."""

    kind: Literal["once", "finished", "days", "always"] = "once"
    days: Annotated[int, Field(ge=1, le=3660)] = 1


class Exits(Part):
    """Who leaves before the next step. Archived people always do."""

    goal: dict[str, Any] | None = None
    unsubscribed: bool = True
    suppressed: bool = True


class StepPart(Part):
    """What every step has. ``next`` None: the one below."""

    key: Key
    next: Next = None

    def paths(self, below: str) -> dict[str, str]:
        """The keys of the steps that follow, by the name of the way."""
        return {"next": below if self.next is None else self.next}


class Send(StepPart):
    """A letter. ``transactional``: neither consent nor frequency rules are asked about."""

    kind: Literal["send"]
    message: Id
    channel: Called = "email"
    account: Called = "email"
    second_channel: Called = ""
    second_account: Called = ""
    sender: Id | None = None
    local_from: time | None = None
    local_to: time | None = None
    on_cap: Literal["wait", "skip"] = "wait"
    transactional: bool = False
    basis: Literal["subscription", "consent", "stated"] | None = None
    wait_until_sent: bool = False


class Until(Part):
    """What a wait ends with: a reaction to a letter of this automation, a tag, or an event."""

    did: Literal["opened", "clicked"] | None = None
    letter: Key | None = None
    tag: Id | None = None
    event: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Until:
        given = [self.did is not None, self.tag is not None, self.event is not None]
        if sum(given) != 1 or (self.did is None) is not (self.letter is None):
            raise ValueError("one of did with letter, tag, event")
        return self


class Wait(StepPart):
    """For ``seconds``; until ``at`` on ``weekdays`` (Monday is 0); until ``days`` from the date in
    ``field``; or until something, at most for ``seconds``: then the way is ``otherwise``."""

    kind: Literal["wait"]
    seconds: Seconds | None = None
    at: time | None = None
    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1)] | None = None
    field: Name | None = None
    days: Days = 0
    until: Until | None = None
    otherwise: Next = None

    @model_validator(mode="after")
    def _one(self) -> Wait:
        if self.until is not None:
            fits = self.seconds is not None and self.at is None and self.field is None
        elif self.field is not None:
            fits = self.seconds is None and self.weekdays is None
        else:
            fits = (self.seconds is None) is not (self.at is None)
        if not fits or (self.weekdays is not None and self.at is None):
            raise ValueError("one kind of wait")
        return self

    def paths(self, below: str) -> dict[str, str]:
        found = super().paths(below)
        if self.until is not None:
            found["otherwise"] = below if self.otherwise is None else self.otherwise
        return found


class Condition(StepPart):
    """Is a segment's condition true, or did the person do this with a letter of the automation?"""

    kind: Literal["condition"]
    tree: dict[str, Any] | None = None
    did: Literal["sent", "opened", "clicked", "bounced"] | None = None
    letter: Key | None = None
    otherwise: Next = None

    @model_validator(mode="after")
    def _one(self) -> Condition:
        if (self.tree is None) is (self.did is None) or (self.did is None) is not (
            self.letter is None
        ):
            raise ValueError("a tree, or did with letter")
        return self

    def paths(self, below: str) -> dict[str, str]:
        otherwise = below if self.otherwise is None else self.otherwise
        return super().paths(below) | {"otherwise": otherwise}


class Share(Part):
    """A way of a split and how many of a hundred go it."""

    share: Annotated[int, Field(ge=1, le=99)]
    next: Next = None


class Split(StepPart):
    """Up to five ways by share; the same person always goes the same one."""

    kind: Literal["split"]
    shares: Annotated[list[Share], Field(min_length=2, max_length=5)]

    @model_validator(mode="after")
    def _whole(self) -> Split:
        if sum(one.share for one in self.shares) != 100:
            raise ValueError("the shares are a hundred together")
        return self

    def paths(self, below: str) -> dict[str, str]:
        nexts = (below if one.next is None else one.next for one in self.shares)
        return {str(number): key for number, key in enumerate(nexts, 1)}


ActName = Literal[
    "add_tag",
    "remove_tag",
    "subscribe",
    "unsubscribe",
    "set_attribute",
    "enrol",
    "archive",
    "webhook",
    "notify",
]


class Act(StepPart):
    """One thing that is done to the recipient, or about them.

    ``webhook`` reports the event ``name`` to the owner's webhooks; ``notify`` shows the text
    ``value`` to the owner, or to the manager with the email ``to``.
    """

    kind: Literal["act"]
    act: ActName
    tag: Id | None = None
    list: Id | None = None
    name: Name | None = None
    value: Annotated[str, Field(max_length=500)] | None = None
    automation: Id | None = None
    statement: Annotated[str, Field(max_length=500)] = ""
    to: Annotated[str, Field(max_length=254)] = ""

    @model_validator(mode="after")
    def _whole(self) -> Act:
        given = {name for name in ("tag", "list", "name", "value", "automation") if self._has(name)}
        if given != _NEEDS[self.act]:
            raise ValueError(f"{self.act} needs {', '.join(sorted(_NEEDS[self.act])) or 'nothing'}")
        if self.act == "subscribe" and not self.statement.strip():
            raise ValueError("subscribe needs a statement")
        if self.to and self.act != "notify":
            raise ValueError("only a notice has somebody whom it is for")
        return self

    def _has(self, name: str) -> bool:
        return getattr(self, name) is not None


_NEEDS: Final[Mapping[str, set[str]]] = {
    "add_tag": {"tag"},
    "remove_tag": {"tag"},
    "subscribe": {"list"},
    "unsubscribe": {"list"},
    "set_attribute": {"name", "value"},
    "enrol": {"automation"},
    "archive": set(),
    "webhook": {"name"},
    "notify": {"value"},
}


class Exit(StepPart):
    """The end, with a reason of the owner's."""

    kind: Literal["exit"]
    reason: Annotated[str, Field(max_length=120)] = ""

    def paths(self, below: str) -> dict[str, str]:
        return {}


AnyStep = Annotated[
    Send | Wait | Condition | Split | Act | Exit,
    Field(discriminator="kind"),
]


class Definition(Part):
    """The whole."""

    trigger: Trigger
    reentry: Reentry = Reentry()
    exits: Exits = Exits()
    steps: Annotated[list[AnyStep], Field(min_length=1, max_length=MOST_STEPS)]

    def below(self) -> Iterator[tuple[AnyStep, dict[str, str]]]:
        """Each step with its ways."""
        keys = [one.key for one in self.steps[1:]] + [END]
        for one, below in zip(self.steps, keys, strict=True):
            yield one, one.paths(below)
