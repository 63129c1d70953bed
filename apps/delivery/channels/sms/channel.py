"""Text messages by one provider: one call a message, judged by the provider's record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded, foreign
from apps.core.text.sms_parts import sms_text
from apps.delivery.channels.http.account import client_of, http_options
from apps.delivery.channels.http.channel import (
    GuardedRequest,
    HttpChannel,
    HttpOptions,
    json_object,
    retry_after,
)
from apps.delivery.channels.http.client import Client, HttpResponse, NotSent
from apps.delivery.channels.sms.calls import (
    Values,
    ready,
    secrets_of,
    value_at,
    values_for,
    values_of,
)
from apps.delivery.channels.sms.record import Meaning, Record, RecordWrong, record_of
from apps.delivery.sending_account import SendingAccount

#: Before the provider's id of a message in the response of its attempt.
ID_PREFIX: Final = "id="
#: Of a code that fits into its column.
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Judged(Outcome):
    """``personal``: what is refused concerns this one recipient."""

    personal: bool = False


class SmsChannel(HttpChannel):
    """The messages of one account."""

    def __init__(
        self, record: Record, account: SendingAccount, guard: Guard, client: Client
    ) -> None:
        options = replace(http_options(account), secrets=secrets_of(account))
        super().__init__(client, guard, options)
        self._record, self._common = record, values_of(account)
        self._transliterate = account.transliterate

    def deliver(self, letter: Letter, request: GuardedRequest) -> Outcome:
        number, record = letter.delivery_id, self._record
        if not (letter.address.isascii() and letter.address.isdigit()):
            return Judged(number, Verdict.FAILED, response=coded("no_phone"), personal=True)
        text = sms_text(letter.body.decode(), transliterate=self._transliterate)
        if record.longest and len(text) > record.longest:
            response = coded("sms_too_long", len(text), record.longest)
            return Judged(number, Verdict.FAILED, response=response)
        values = {**self._common, **values_for(record, letter.address, text, number)}
        call = ready(record.send, values)
        if call.method == "GET":
            answer = request.by_address(call.path, call.headers)
        else:
            answer = request(call.path, call.body, call.kind, call.headers)
        return self._judged(letter, answer, values)

    def is_personal(self, outcome: Outcome) -> bool:
        return outcome.gone or (isinstance(outcome, Judged) and outcome.personal)

    def _judged(self, letter: Letter, answer: HttpResponse, values: Values) -> Outcome:
        """What the answer says: the provider's code first, then the status, then its words."""
        record, found = self._record, json_object(answer)
        code = value_at(found, record.answer.code, values)
        if 200 <= answer.status < 300:
            return self._of_answer(letter, answer, code, values)
        if code and any(code in codes for codes in record.errors.values()):
            return self._refused_by(letter, answer, code, record.meaning_of(code, ""))
        meaning = record.meaning_of_status(answer.status)
        outcome = self.by_status(letter, answer)
        if meaning is None and outcome.verdict is Verdict.FAILED:
            meaning = record.meaning_by_words(value_at(found, record.answer.text, values))
        if meaning is None:
            return outcome
        return self._refused_by(letter, answer, str(answer.status), meaning)

    def _of_answer(
        self, letter: Letter, answer: HttpResponse, code: str, values: Values
    ) -> Outcome:
        """A 200 may be a yes, a no, or nothing that this provider would say."""
        record, found = self._record, json_object(answer)
        remote = value_at(found, record.answer.id, values)
        accepted = code in record.answer.ok if record.answer.ok else not code
        if accepted and (remote or not record.answer.id):
            text = foreign(f"{ID_PREFIX}{remote}") if remote else self.reply_text(answer)
            return Outcome(letter.delivery_id, Verdict.SENT, answer.status, text)
        if accepted or found is None or not code:
            return self.response_lost(letter, answer.status, self.reply_text(answer))
        reply = value_at(found, record.answer.text, values)
        return self._refused_by(letter, answer, code, record.meaning_of(code, reply))

    def _refused_by(
        self, letter: Letter, answer: HttpResponse, code: str, meaning: Meaning
    ) -> Outcome:
        number, text = letter.delivery_id, self.reply_text(answer)
        shown = _number_of(code) or answer.status
        if meaning is Meaning.ACCOUNT:
            return Outcome(number, Verdict.UNSENT, shown, text, blame=Blame.ACCOUNT)
        if meaning is Meaning.LATER:
            asked = retry_after(answer) if "retry-after" in answer.headers else 0.0
            wait = max(self._record.waits.get(code, 0.0), asked)
            return Outcome(number, Verdict.RETRY, shown, text, wait=wait)
        if meaning is Meaning.SERVICE:
            return self.response_lost(letter, shown, text)
        personal, gone = meaning is Meaning.PERSON, meaning is Meaning.GONE
        return Judged(number, Verdict.FAILED, shown, text, gone=gone, personal=personal)


class _Unreadable(HttpChannel):
    """An account whose record is gone since ``.env`` was read: nothing leaves by it."""

    def __init__(self, error: str, client: Client, guard: Guard, options: HttpOptions) -> None:
        super().__init__(client, guard, options)
        self._error = error

    def deliver(self, letter: Letter, request: GuardedRequest) -> Outcome:
        raise NotSent(coded("record_wrong", self._error), Blame.ACCOUNT)


def _number_of(code: str) -> int:
    """The code as it is stored; 0 for a word."""
    return int(code) if code.isascii() and code.isdigit() and len(code) <= _DIGITS else 0


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    client = client_of(account, {})
    try:
        record = record_of(account.provider, account.record)
    except RecordWrong as error:
        return _Unreadable(str(error), client, guard, http_options(account))
    return SmsChannel(record, account, guard, client)
