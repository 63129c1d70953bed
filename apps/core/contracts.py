"""What the rooms promise each other: small abstract classes over plain, frozen data.

Nothing here knows a table, a request or a settings object. A higher app fills a contract
through a slot (apps.core.slots) in its ``AppConfig.ready()``; tests swap in their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from apps.core.responses.stored import NOTHING, Response


class Actor(Protocol):
    """The caller: enough of a user for the gate, so that core needs no User."""

    @property
    def pk(self) -> int: ...

    @property
    def email(self) -> str: ...

    @property
    def sees_all(self) -> bool: ...


class Verdict(StrEnum):
    """The verdict on one hand-over: a closed set."""

    SENT = "sent"  # the server accepted
    RETRY = "retry"  # not now for this recipient: the server said so, or the body was cut
    FAILED = "failed"  # never for this recipient
    UNKNOWN = "unknown"  # the last byte may have left, and no complete answer was read
    UNSENT = "unsent"  # proven not sent and not even tried: goes back to pending, costs no attempt
    EXPIRED = "due_over"  # proven not sent because the mailing's end, or closing time, came first


class Blame(StrEnum):
    """Who is to blame for an outcome."""

    RECIPIENT = "recipient"
    NETWORK = "network"  # refused, lost, timed out, 421: the account is down for a while
    ACCOUNT = "account"  # log-in refused, TLS not to be trusted: somebody must fix it
    BUSY = "busy"  # it answers, and takes no more for now: a short rest, longer while it goes on
    LETTER = "letter"  # everybody is refused in the same words: somebody must check the message


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file of one recipient, by the hash under which its bytes lie."""

    name: str
    content_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that this worker alone may send.

    ``fields`` and ``lists`` are what a template may show, ``condition_bits`` what the content
    asks, ``content_version`` is the one chosen. Who is ``unmeasured`` gets plain links."""

    delivery_id: int
    recipient_id: int
    address: str
    attempt: int
    fields: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    condition_bits: int = 0
    files: tuple[StagedFile, ...] = ()
    content_version: int = 1
    unmeasured: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished message for one recipient.

    ``body`` is the whole message as it is sent (for email RFC 5322, CRLF line ends,
    not dot-stuffed; for other channels UTF-8, see their ``compile.py``). ``sender`` is the envelope
    sender, ``address`` the one recipient. ``attachments`` (name, MIME type, content) are for
    channels that send files beside the body; all letters of a run share them, not ``personal``.
    """

    delivery_id: int
    sender: str
    address: str
    body: bytes
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    personal: tuple[tuple[str, str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter.

    ``code`` is the server's reply code (0: there was none), ``response`` its words or a code of
    our own (core.responses.stored), ``seconds`` how long the hand-over took. ``wait``: the server
    wants nothing from the whole account for so many seconds. ``gone``: not this letter is refused
    but all of them; the address must not be written to again.
    """

    delivery_id: int
    verdict: Verdict
    code: int = 0
    response: Response = NOTHING
    seconds: float = 0.0
    blame: Blame = Blame.RECIPIENT
    wait: float = 0.0
    gone: bool = False


class Guard(ABC):
    """Guards the write with which bytes leave for good (reliability: 1.5, 1.6).

    A channel asks it right before the write after which a message may be accepted (for SMTP: the
    write that carries the final dot; for HTTP: the request) and notifies it of the answer.
    ``connection`` numbers the channel's connections from 0.
    """

    @abstractmethod
    def allow(self, connection: int, delivery_id: int) -> bool:
        """Note in the crash journal that the message may leave, then check lease and deadline.

        False: it must not leave. The channel then writes nothing more of it, and drops the
        connection if some of it has already been written.
        """

    @abstractmethod
    def answered(self, connection: int, delivery_id: int, accepted: bool) -> None:
        """A complete answer was read, or the message was proven not to have left."""

    @property
    @abstractmethod
    def too_late(self) -> bool:
        """True when ``allow`` refuses because the time is over, not because of the lease."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a provider still lets through, of how much, and when it is renewed (if it says)."""

    left: int
    limit: int
    renews_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What a channel has found out about its server, worth knowing at the next start.

    ``pipelining``: how much may be written at once, in the channel's own words (empty: not known);
    ``letters_per_connection``: after so many a new connection is wanted (0: no such limit).
    """

    pipelining: str = ""
    letters_per_connection: int = 0


class Channel(ABC):
    """A channel. Exactly one outcome for every letter, in any order; never raises for one letter.

    The engine feeds it and asks it in turns, from one thread. A channel opens its connections when
    the first letter comes, and keeps them.
    """

    #: The most messages that can be in flight at once (K), and so unknown after a crash.
    connections: int

    @abstractmethod
    def hand_over(self, letters: Sequence[Letter]) -> None:
        """Take these letters on. Returns at once, or after as much work as needs no waiting."""

    @abstractmethod
    def outcomes(self, wait: float) -> list[Outcome]:
        """Work for at most ``wait`` seconds and return the outcomes that came to be known.

        Returns early as soon as it has outcomes and is about to run out of letters, so that
        the engine records and claims a whole group at a time.
        """

    @abstractmethod
    def recall(self) -> list[Outcome]:
        """Return, as UNSENT, every letter that no connection has begun. The others continue."""

    @abstractmethod
    def close(self) -> list[Outcome]:
        """Drop all connections now. UNKNOWN for what may have left, UNSENT for the rest."""

    def restore_streak(self, refusals: Sequence[Outcome]) -> None:
        """Take note of refusals without an acceptance between, newest first, that came last in the
        run before this channel was opened: a row of them goes on."""

    def learned(self) -> Learned | None:
        """Return what was learned about the server since the last call. None: nothing new."""
        return None

    def quota(self) -> Quota | None:
        """Ask the provider what is left. None: it does not say. May raise OSError."""
        return None


class BackgroundJob(ABC):
    """Work that waits for others: servers, mailboxes, receivers. The scheduler gives it turns
    beside its rounds, and no round waits for it. ``name`` stands in the log; ``every_tick`` asks
    for a turn every few seconds instead of with every check."""

    name: ClassVar[str]
    every_tick: ClassVar[bool] = False

    @abstractmethod
    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        """Do what there is to do; end soon after ``stopping`` has become true."""


@dataclass(frozen=True, slots=True)
class Launched:
    """The answer to a launch: which run, and whether this call created it."""

    run_id: int
    number: int
    created: bool


@dataclass(frozen=True, slots=True)
class LaunchedTransactional:
    """The answer to the launch of a message to one recipient. ``state`` is the delivery's."""

    run_id: int
    delivery_id: int
    state: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a run would be through. ``left``: how many do not get out before the mailing's end."""

    done_at: datetime | None
    left: int

    @classmethod
    def together(cls, several: Iterable[Forecast]) -> Forecast:
        """Join the forecasts of several channels: while one of them waits, the others continue."""
        found = list(several)
        known = [one.done_at for one in found if one.done_at is not None]
        until = max(known) if known and len(known) == len(found) else None
        return cls(until, sum(one.left for one in found))


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """A sending account as those need it who choose one. ``to_files``: nothing leaves by it.
    ``sender``: name and address in From, if its channel has such; ``users`` are email addresses,
    and ``managers``. ``price``: of one part of a text; ``transliterate``: in Latin letters.
    """

    name: str
    channels: frozenset[str]
    to_files: bool = False
    users: frozenset[str] = frozenset()
    sender: str = ""
    price: str = ""
    transliterate: bool = False

    def is_for(self, actor: Actor) -> bool:
        """True if this user may send by it. Nobody named: everybody may."""
        if not self.users or actor.email in self.users:
            return True
        return "managers" in self.users and actor.sees_all


class RunControl(ABC):
    """The one way to make a mailing move. Page, command, scheduler and API all call this.

    Every method raises ``Refused`` (apps.core.errors) with a code when it may not be done now.
    """

    @abstractmethod
    def launch(self, *, mailing_id: int, trigger: str, early: bool = False) -> Launched:
        """Start the mailing's current run, or join it when it is open."""

    @abstractmethod
    def launch_transactional(self, *, mailing_id: int, trigger: str) -> LaunchedTransactional:
        """Start a message to one recipient, whole or not at all."""

    @abstractmethod
    def pause(self, *, mailing_id: int) -> None:
        """Hold its run; before its start: make it a draft, which does not start on its own."""

    @abstractmethod
    def resume(self, *, mailing_id: int) -> None:
        """Resume its run; before its start: schedule the draft."""

    @abstractmethod
    def stop(self, *, mailing_id: int) -> None: ...

    @abstractmethod
    def reset(self, *, mailing_id: int) -> int:
        """Open a new run (number + 1) for a mailing whose last run is done. Returns the number."""

    @abstractmethod
    def change_status(self, *, mailing_id: int, status: str, actor: str) -> int:
        """Move the mailing to this status manually. Return how many audit rows record it."""

    @abstractmethod
    def skip(self, *, mailing_id: int) -> None:
        """Pass over the start of a repeated mailing that is due or was missed."""

    @abstractmethod
    def replace_content(self, *, mailing_id: int) -> int:
        """Send the message as it is now to the rest of a paused run. Return how many they are."""

    @abstractmethod
    def retry_failed(self, *, mailing_id: int, hopeful_only: bool = False) -> int:
        """Put the failed back into the current run, or those whom another try may reach
        (``hopeful_only``). Returns how many."""

    @abstractmethod
    def send_remaining(self, *, mailing_id: int) -> int:
        """Put recipients left out by a stop or the end back into the run. Return how many."""

    @abstractmethod
    def add_recipient(self, *, mailing_id: int, recipient_id: int) -> int:
        """Let one more recipient into the frozen current run. Returns the delivery's id."""

    @abstractmethod
    def launch_open(self, *, mailing_id: int, trigger: str) -> Launched:
        """Open the run of an automation's mailing: nobody is in it yet."""

    @abstractmethod
    def add_recipients(self, *, mailing_id: int, recipient_ids: Sequence[int]) -> dict[int, int]:
        """Let these into its open run. Returns recipients and their deliveries."""

    @abstractmethod
    def resolve_unknown(
        self, *, run_id: int, delivery_ids: list[int] | None, verdict: str, actor: str
    ) -> int:
        """A person's decision about unknown deliveries (None: all of the run's): ``verdict`` is
        ``sent``, ``failed`` or ``pending`` (send again). Returns how many."""

    @abstractmethod
    def owner_changed(self, *, owner_id: int) -> None:
        """A user was blocked or unblocked: hold the open runs of that owner, or resume them."""


class DirectSender(ABC):
    """Sends outside any run. Raises ``Refused`` with a code when it may not be done now."""

    @abstractmethod
    def send_test(
        self, *, message_id: int, address: str, account: str, recipient_id: int | None, lang: str
    ) -> Outcome:
        """Send it to one address now, outside any run. No ``lang``: that of the recipient."""

    @abstractmethod
    def send_system_message(
        self, *, key: str, account: str, address: str, subject: str, text: str, owner_id: int = 0
    ) -> str:
        """Send a system email once per key, however often it is asked for. Return its verdict.

        ``owner_id``: the user in whose name, and within whose rights and limits, it leaves.
        """


class Planner(ABC):
    """What may be sent by what, when it would be out, and what is due."""

    @abstractmethod
    def forecast(
        self, *, account: str, count: int, starts_at: datetime, ends_at: datetime
    ) -> Forecast:
        """When so many messages would be out, with the account's rate, limits and hours."""

    @abstractmethod
    def rehearse(self, *, mailing_id: int, early: bool) -> int:
        """Check all that a start checks, and start nothing. How many would get it. Refuses as
        ``launch`` does."""

    @abstractmethod
    def accounts(self) -> list[str]:
        """The names of the sending accounts that this installation declares."""

    @abstractmethod
    def account_infos(self) -> list[AccountInfo]:
        """The same with what each can send, by name."""

    @abstractmethod
    def planned(self) -> None:
        """A start has been set: look when the next one comes, instead of at the next round."""

    @abstractmethod
    def dispatch_due(self, *, trigger: str = "scheduled") -> list[Launched]:
        """Launch every mailing that is due and wake every run whose wait is over."""
