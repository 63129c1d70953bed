"""What an account's channels of one process share: one bound connection, and who waits on it.

A letter's thread writes its ``submit_sm`` and waits; the reading thread gives every answer to the
one that waits for its sequence number. So an answer that never comes, and a connection that
breaks, leave open what became of those alone that were written and not answered. Receipts are
kept by a third thread, and only then answered: the centre brings again what was not.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from apps.core.contracts import Letter
from apps.core.responses.stored import NOTHING, Response, coded
from apps.delivery.channels.smpp.errors import (
    NOT_BOUND,
    RECEIVER_BUSY,
    RECEIVER_REFUSES,
    UNKNOWN_COMMAND,
)
from apps.delivery.channels.smpp.link import Link, LinkFailed, failure_text
from apps.delivery.channels.smpp.pdu import (
    GENERIC_NACK,
    Command,
    Pdu,
    PduBroken,
    answer_to,
    message_id_in,
    short_message,
)
from apps.delivery.channels.smpp.receipts import bare, receipt_in
from apps.delivery.channels.tracked import Receipt, receipt_sink
from apps.delivery.sending_account import SendingAccount

#: Seconds a connection is kept after its last user: the next run need not bind anew.
LINGER: Final = 10.0
#: What has just failed is not tried again for every letter of those who waited for it.
_HOLD: Final = 1.0
#: How often the reading thread looks up while nothing comes.
_TICK: Final = 0.5
#: Receipts of one transaction, and letters whose receipts need no search.
_BATCH: Final = 200
_RECENT: Final = 10_000


class NotAllowed(Exception):
    """The guard said no; nothing has left."""


class AnswerLost(Exception):
    """It has left, and what the centre made of it is not known. ``response`` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


@dataclass(frozen=True, slots=True)
class Answer:
    """The centre's answer to one ``submit_sm``."""

    status: int
    message_id: str


@dataclass(slots=True, eq=False)
class _Submitted:
    """A letter that was written. One that nobody waits for any more stays for its late answer."""

    letter: Letter
    owner: object
    answer: Answer | None = None
    failure: Response = NOTHING
    settled: threading.Event = field(default_factory=threading.Event)


#: What the keeping thread of a connection is given; None: it is over.
_Receipts = queue.SimpleQueue[tuple[Pdu, Receipt] | None]


class Session:
    """Opens the connection when it is needed, and keeps it while somebody needs it."""

    def __init__(self, account: SendingAccount) -> None:
        self._account = account
        self._opening = threading.Lock()
        self._lock = threading.Lock()  # held for everything on the link but waiting
        self._link: Link | None = None
        self._failure: LinkFailed | None = None
        self._failed_until = 0.0
        self._failed_for: frozenset[object] = frozenset()
        self._submitted: dict[int, _Submitted] = {}
        self._recent: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._receipts: _Receipts = queue.SimpleQueue()
        self._users: set[object] = set()
        self._kept_until = 0.0

    # Who needs it

    def join(self, owner: object) -> None:
        """Keep the connection for this user."""
        with self._lock:
            self._users.add(owner)

    def leave(self, owner: object) -> None:
        """Its letters in flight get no answer any more; the connection may end soon."""
        with self._lock:
            self._users.discard(owner)
            self._kept_until = max(self._kept_until, time.monotonic() + LINGER)
            for one in self._submitted.values():
                if one.owner is owner:
                    one.failure = one.failure or coded("connection_dropped")
                    one.settled.set()

    def listen(self, seconds: float) -> None:
        """Be connected for so long from now. Raises LinkFailed."""
        with self._lock:
            self._kept_until = max(self._kept_until, time.monotonic() + seconds)
        self._ready(None)

    # One letter

    def submit(
        self, letter: Letter, body: bytes, allow: Callable[[], bool], owner: object
    ) -> Answer:
        """Write it and wait for the answer. Raises LinkFailed, NotAllowed, AnswerLost."""
        submitted = _Submitted(letter, owner)
        # A connection that ended while it was idle is no failure: over a new one.
        if not any(self._written(self._ready(owner), submitted, body, allow) for _ in range(3)):
            raise LinkFailed(coded("connection_lost"))
        if not submitted.settled.wait(self._account.timeout):
            raise AnswerLost(coded("no_answer_in_time"))
        if submitted.answer is None:
            raise AnswerLost(submitted.failure)
        return submitted.answer

    def _written(
        self, link: Link, submitted: _Submitted, body: bytes, allow: Callable[[], bool]
    ) -> bool:
        """Write it, if this is the connection still."""
        with self._lock:
            if self._link is not link:
                return False
            if not allow():
                raise NotAllowed
            try:
                self._submitted[link.ask(Command.SUBMIT_SM, body)] = submitted
            except OSError as error:
                link.interrupt()  # the reading thread takes the answers that have come, and ends it
                raise LinkFailed(failure_text(error)) from error
            return True

    # The connection

    def _ready(self, owner: object) -> Link:
        """The bound connection. Raises LinkFailed."""
        with self._opening:
            if self._link is not None:
                return self._link
            failed, now = self._failure, time.monotonic()
            if failed is not None and owner in self._failed_for and now < self._failed_until:
                raise LinkFailed(failed.response, failed.code, failed.blame)
            try:
                link = Link.opened(self._account)
            except LinkFailed as failure:
                self._failure, self._failed_until = failure, time.monotonic() + _HOLD
                self._failed_for = frozenset(self._users)
                raise
            receipts: _Receipts = queue.SimpleQueue()
            with self._lock:
                self._link, self._receipts = link, receipts
            _start(self._read, link)
            _start(self._keep_receipts, link, receipts)
            return link

    def _drop(self, link: Link, why: Response) -> None:
        """It has ended: nobody who waits on it gets an answer. The lock is held."""
        if self._link is link:
            self._link = None
            for one in self._submitted.values():
                one.failure = one.failure or why
                one.settled.set()
            self._submitted.clear()
            self._receipts.put(None)
        link.interrupt()

    def _is_wanted(self) -> bool:
        return bool(self._users) or time.monotonic() < self._kept_until

    # The reading thread

    def _read(self, link: Link) -> None:
        try:
            while self._turn(link):
                link.wait(_TICK)
        except (OSError, ValueError, PduBroken) as error:
            with self._lock:
                self._take_answers(link)
                self._drop(link, failure_text(error))
        finally:
            link.close()

    def _turn(self, link: Link) -> bool:
        """Serve what has come. False: the connection is over."""
        with self._lock:
            if self._link is not link:
                return False
            for pdu in link.read():
                self._take(link, pdu)
            link.keep_alive(time.monotonic())
            if not self._is_wanted():
                link.part()
                self._drop(link, coded("connection_dropped"))
            return self._link is link

    def _take_answers(self, link: Link) -> None:
        """Those that came before the end, whatever it was that ended."""
        with suppress(OSError, PduBroken):
            for pdu in link.read():
                if pdu.is_answer:
                    self._answered(pdu)

    def _take(self, link: Link, pdu: Pdu) -> None:
        """One PDU. Raises PduBroken, OSError."""
        if pdu.is_answer:
            self._answered(pdu)
        elif pdu.command == Command.DELIVER_SM:
            self._delivered(link, pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            link.write(pdu.answer())
        elif pdu.command == Command.UNBIND:
            link.write(pdu.answer())
            raise ConnectionResetError
        else:
            link.write(Pdu(GENERIC_NACK, pdu.sequence, status=UNKNOWN_COMMAND))

    def _answered(self, pdu: Pdu) -> None:
        """The answer to a letter, or a "no" to a PDU that the centre could not read."""
        is_nack = pdu.command == GENERIC_NACK
        if not is_nack and pdu.command != answer_to(Command.SUBMIT_SM):
            return
        if is_nack and not (pdu.status and pdu.sequence in self._submitted):
            raise PduBroken("generic_nack")
        submitted = self._submitted.pop(pdu.sequence, None)
        if submitted is None:
            return
        remote = "" if pdu.status else message_id_in(pdu.body)
        if remote:
            self._recent[submitted.letter.address, bare(remote)] = submitted.letter.delivery_id
            if len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        submitted.answer = Answer(pdu.status, remote)
        submitted.settled.set()
        if pdu.status == NOT_BOUND:
            raise ConnectionResetError

    def _delivered(self, link: Link, pdu: Pdu) -> None:
        """A receipt is answered when it is kept; a person's text is taken, and not read."""
        try:
            receipt = receipt_in(short_message(pdu.body))
        except PduBroken:
            link.write(pdu.answer(b"\0", RECEIVER_REFUSES))
            return
        if receipt is None:
            link.write(pdu.answer(b"\0"))
        else:
            self._receipts.put((pdu, self._with_delivery(receipt)))

    # The thread that keeps receipts

    def _with_delivery(self, receipt: Receipt) -> Receipt:
        for remote in receipt.remote_ids:
            for phone in receipt.phones:
                if (delivery_id := self._recent.get((phone, remote))) is not None:
                    return replace(receipt, delivery_id=delivery_id)
        return receipt

    def _keep_receipts(self, link: Link, receipts: _Receipts) -> None:
        over = False
        while not over:
            batch = [receipts.get()]
            while len(batch) < _BATCH and not receipts.empty():
                batch.append(receipts.get())
            over = None in batch
            self._keep(link, [one for one in batch if one is not None])
        receipt_sink.value.close()

    def _keep(self, link: Link, batch: list[tuple[Pdu, Receipt]]) -> None:
        status = 0
        if not batch:
            return
        try:
            receipt_sink.value.keep(self._account.name, [receipt for _pdu, receipt in batch])
        except Exception:  # whatever it is, the centre must bring them again
            status = RECEIVER_BUSY
        with self._lock, suppress(OSError):
            for pdu, _receipt in batch:
                if self._link is link:
                    link.write(pdu.answer(b"\0", status))


def _start(work: Callable[..., None], *args: object) -> None:
    threading.Thread(target=work, args=args, name="smpp", daemon=True).start()
