"""What a connection needs from its channel: letters, a guard, and a sink of outcomes."""

from __future__ import annotations

from abc import ABC, abstractmethod

from apps.core.contracts import Guard, Verdict
from apps.delivery.channels.email.smtp.classify import Failure
from apps.delivery.channels.email.smtp.config import SmtpConfig
from apps.delivery.channels.email.smtp.refusal_streak import Refusal
from apps.delivery.channels.email.smtp.server_behavior import ServerBehavior
from apps.delivery.channels.email.smtp.transaction import Extensions, MailTransaction


class LetterQueue(ABC):
    """Source of a connection's letters, and sink of their outcomes."""

    guard: Guard
    config: SmtpConfig
    behavior: ServerBehavior
    needs_attention: bool  # a connection became idle or closed: set by it, cleared here

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How many letters wait for a connection."""

    @abstractmethod
    def take(self, offered: Extensions, *, first_on_connection: bool) -> MailTransaction | None:
        """The next letter, ready for this server, or None.

        ``first_on_connection``: it would be the first letter that the connection sends.
        """

    @abstractmethod
    def requeue_with_strike(
        self, transaction: MailTransaction, *, suspect: bool, failure: Failure
    ) -> None:
        """Requeue a letter of which nothing but the envelope was written, and note the break.

        ``suspect``: the connection broke on its very first letter, this one. One that has broken
        too many connections is settled instead.
        """

    @abstractmethod
    def settle(
        self, transaction: MailTransaction, verdict: Verdict, failure: Failure, now: float
    ) -> None:
        """Report the letter's one outcome. ``failure`` holds the last reply, or its absence."""

    @abstractmethod
    def requeue(self, transaction: MailTransaction) -> None:
        """Put the letter to the front of the queue: nothing that happened was its fault."""

    @abstractmethod
    def refused(self, refusal: Refusal, now: float) -> bool:
        """Report a refusal. False: the connection is to be ended."""

    @abstractmethod
    def guard_denied(self, transaction: MailTransaction, now: float) -> None:
        """Report that the guard did not allow the letter."""

    @abstractmethod
    def connection_lost(self, number: int, failure: Failure, now: float) -> None:
        """The connection ended otherwise than it was meant to."""

    @abstractmethod
    def handshake_failed(self, failure: Failure, now: float) -> None:
        """A connection could not be opened."""
