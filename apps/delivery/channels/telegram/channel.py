"""Messages of a bot to those who have started it, through the Bot API.

The token is a part of the address, so no message holds a URL. A file travels once: for everybody
after the first it is named by the id that Telegram gave it.
"""

from __future__ import annotations

import re
import time
from typing import Any, Final

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import Response, coded, foreign
from apps.delivery.channels.http.account import http_options, timeouts_of
from apps.delivery.channels.http.channel import (
    JSON,
    UNAVAILABLE,
    GuardedRequest,
    HttpChannel,
    HttpOptions,
    as_json,
    json_object,
    retry_after,
)
from apps.delivery.channels.http.client import Client, HttpResponse, Timeouts
from apps.delivery.channels.telegram.multipart import form
from apps.delivery.channels.telegram.pacing import rate_of
from apps.delivery.sending_account import SendingAccount

_CHAT = re.compile(r"-?\d{1,19}|@\w{4,40}", re.ASCII)
_PERSONAL = re.compile(r"chat not found|user not found|peer_id_invalid|deactivated|blocked", re.I)
_NO_PHOTO = re.compile(r"photo_|image_process|wrong type of the web page", re.I)
_PHOTO_TYPES: Final = frozenset({"image/jpeg", "image/png"})
_MOST_OF_A_PHOTO = 10_000_000
#: Seconds for which a message waits for its chat's pace; beyond them it is tried again later.
_LONGEST_WAIT: Final = 10.0


class TelegramChannel(HttpChannel):
    """One call per letter; a pause that Telegram asks for holds for the whole bot."""

    def __init__(
        self, url: str, token: str, guard: Guard, timeouts: Timeouts, options: HttpOptions
    ) -> None:
        super().__init__(Client(url, timeouts, {}), guard, options)
        self._bot = f"/bot{token}"
        self._pace = rate_of(token)
        self._file_ids: dict[tuple[str, str, bytes], str] = {}
        self._no_photo: set[tuple[str, str, bytes]] = set()

    def deliver(self, letter: Letter, ask: GuardedRequest) -> Outcome:
        if not _CHAT.fullmatch(letter.address):
            return Outcome(letter.delivery_id, Verdict.FAILED, response=coded("no_chat"))
        wait = self._pace.reserve(letter.address, time.monotonic(), most=_LONGEST_WAIT)
        if wait is None:
            return Outcome(letter.delivery_id, Verdict.RETRY, response=coded("chat_busy"))
        if wait:
            time.sleep(wait)
        answer = self._call(letter, letter.address, ask)
        found = json_object(answer) or {}
        moved = _parameters(found).get("migrate_to_chat_id")
        if type(moved) is int:
            answer = self._call(letter, str(moved), ask)
        elif (file := _file_of(letter)) and _NO_PHOTO.search(_description(found)):
            self._no_photo.add(file)
            answer = self._call(letter, letter.address, ask)
            self._no_photo -= set(letter.personal)  # nobody else gets it
        return self._outcome_of(letter, answer)

    def is_personal(self, outcome: Outcome) -> bool:
        return outcome.code in (0, 403) or _PERSONAL.search(outcome.response) is not None

    # --- asking ---

    def _call(self, letter: Letter, chat: str, ask: GuardedRequest) -> HttpResponse:
        fields = {"chat_id": chat, "parse_mode": "HTML"}
        if (file := _file_of(letter)) is None:
            text = {**fields, "text": letter.body.decode()}
            return ask(f"{self._bot}/sendMessage", as_json(text), JSON)
        fields["caption"] = letter.body.decode()
        what = "photo" if self._is_photo(file) else "document"
        path = f"{self._bot}/send{what.title()}"
        if (known := self._file_ids.get(file)) is not None:
            return ask(path, as_json({**fields, what: known}), JSON)
        return ask(path, *form(fields, what, file))

    def _is_photo(self, file: tuple[str, str, bytes]) -> bool:
        small = len(file[2]) <= _MOST_OF_A_PHOTO
        return file[1] in _PHOTO_TYPES and small and file not in self._no_photo

    # --- judging ---

    def _outcome_of(self, letter: Letter, answer: HttpResponse) -> Outcome:
        found = json_object(answer)
        if found is None or type(found.get("ok")) is not bool:
            return self._unreadable(letter, answer)
        if found["ok"]:
            return self._accepted(letter, answer, found.get("result"))
        code = found.get("error_code")
        status = code if type(code) is int else answer.status
        return self._rejected(letter, answer, status, found)

    def _accepted(self, letter: Letter, answer: HttpResponse, result: Any) -> Outcome:
        if not isinstance(result, dict) or type(result.get("message_id")) is not int:
            return self.response_lost(letter, answer.status, self.reply_text(answer))
        if letter.attachments and (file_id := _file_id(result)):
            self._file_ids[letter.attachments[0]] = file_id
        text = foreign(f"message_id={result['message_id']}")
        return Outcome(letter.delivery_id, Verdict.SENT, answer.status, text)

    def _rejected(
        self, letter: Letter, answer: HttpResponse, status: int, found: dict[str, Any]
    ) -> Outcome:
        number, text = letter.delivery_id, _description(found)
        if status in (401, 404):
            return Outcome(number, Verdict.UNSENT, status, text, blame=Blame.ACCOUNT)
        if status == 429:
            asked = _parameters(found).get("retry_after")
            wait = float(asked) if type(asked) is int and asked > 0 else retry_after(answer)
            return Outcome(number, Verdict.RETRY, status, text, wait=min(wait, 86_400.0))
        if status in (408, 409):
            return Outcome(number, Verdict.RETRY, status, text)
        if 400 <= status < 500:
            # 403: blocked, deactivated, thrown out. Nothing gets there until they come back.
            return Outcome(number, Verdict.FAILED, status, text, gone=status == 403)
        if status == UNAVAILABLE:
            return self.unavailable(letter, answer, text)
        return self.response_lost(letter, status, text)

    def _unreadable(self, letter: Letter, answer: HttpResponse) -> Outcome:
        """Not a reply of the Bot API: something stands in between, or the URL is wrong."""
        if 400 <= answer.status < 500 and answer.status not in (408, 429):
            text = coded("no_bot_api", reply=self.reply_text(answer))
            number, status = letter.delivery_id, answer.status
            blame = Blame.ACCOUNT if status in (401, 403) else Blame.NETWORK
            return Outcome(number, Verdict.UNSENT, status, text, blame=blame)
        return self.by_status(letter, answer)


def _file_of(letter: Letter) -> tuple[str, str, bytes] | None:
    """The one file of a message: everybody's, or this person's own."""
    return next(iter((*letter.attachments, *letter.personal)), None)


def _description(found: dict[str, Any]) -> Response:
    return foreign(str(found.get("description", "")))


def _parameters(found: dict[str, Any]) -> dict[str, Any]:
    parameters = found.get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def _file_id(result: dict[str, Any]) -> str:
    """The id by which the file that was just sent can be sent again."""
    photos = result.get("photo")
    file = photos[-1] if isinstance(photos, list) and photos else result.get("document")
    found = file.get("file_id") if isinstance(file, dict) else None
    return found if isinstance(found, str) else ""


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    timeouts, options = timeouts_of(account), http_options(account)
    return TelegramChannel(account.url, account.token, guard, timeouts, options)
