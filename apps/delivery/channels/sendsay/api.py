"""Calls of Sendsay's API: who is calling, redirects on its own host, and errors inside a 200."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from apps.core.contracts import Blame
from apps.core.responses.stored import NOTHING, Response, coded, foreign, with_code
from apps.delivery.channels.http.account import connection_to, timeouts_of
from apps.delivery.channels.http.channel import JSON, Post, as_json, json_object
from apps.delivery.channels.http.client import CallFailed, Client, HttpResponse, NotSent, Timeouts
from apps.delivery.sending_account import SendingAccount

MAX_REDIRECTS: Final = 10
#: An id that no letter has: asking for it shows whether the key is good, and changes nothing.
_NOBODYS: Final = "0"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key, or a log-in (``login`` or ``login/sublogin``). The key goes first."""

    apikey: str = field(default="", repr=False)
    login: str = ""
    password: str = field(default="", repr=False)


class SendsayApi:
    """One account. Safe to share between threads; each brings its own way to post."""

    def __init__(self, url: str, credentials: Credentials, timeouts: Timeouts) -> None:
        parts = urlsplit(url)
        headers = {}
        if credentials.apikey:
            headers["Authorization"] = f"sendsay apikey={credentials.apikey}"
        self.client = Client(f"{parts.scheme}://{parts.netloc}", timeouts, headers)
        self._path = parts.path or "/"
        self._credentials = credentials
        self._session = ""
        self._lock = threading.Lock()

    def call(self, request: dict[str, Any], post: Post, unguarded: Post) -> HttpResponse:
        """The answer to this request, after all redirects. ``unguarded`` is for a log-in before it.

        An expired session is renewed once. Raises CallFailed.
        """
        if self._credentials.apikey:
            return self._follow(request, post)
        session = self._session or self._log_in("", unguarded)
        answer = self._follow({**request, "session": session}, post)
        if _is_expired(answer):
            session = self._log_in(session, unguarded)
            answer = self._follow({**request, "session": session}, post)
        return answer

    def _follow(self, request: dict[str, Any], post: Post) -> HttpResponse:
        path = self._path
        for _ in range(MAX_REDIRECTS + 1):
            answer = post(path, as_json(request), JSON)
            found = json_object(answer) or {}
            if answer.status != 200 or "REDIRECT" not in found:
                return answer
            path = self._redirected(found["REDIRECT"])
        raise NotSent(coded("redirects"), Blame.NETWORK)

    def _redirected(self, to: object) -> str:
        """The path it names on the same host. A credential is carried nowhere else."""
        site = self.client.base_url
        origin = f"{'https' if site.secure else 'http'}://{site.name}"
        path = str(to).removeprefix(origin)
        if not path.startswith("/") or path.startswith("//"):
            raise NotSent(coded("redirect_elsewhere"), Blame.ACCOUNT)
        return path

    def _log_in(self, stale: str, unguarded: Post) -> str:
        """A session newer than this one: by another thread meanwhile, or by a log-in of ours."""
        with self._lock:
            if self._session != stale:
                return self._session
            login, _, sublogin = self._credentials.login.partition("/")
            request = {"action": "login", "login": login, "passwd": self._credentials.password}
            if sublogin:
                request["sublogin"] = sublogin
            answer = self._follow(request, unguarded)
            session = (json_object(answer) or {}).get("session")
            if not isinstance(session, str) or not session:
                text = foreign("; ".join(f"{name} {why}" for name, why in errors_of(answer)))
                raise NotSent(coded("log_in_refused", reply=text), _blame(answer))
            self._session = session
            return session


def errors_of(answer: HttpResponse) -> list[tuple[str, str]]:
    """Id and explanation of every error in the answer."""
    found = json_object(answer) or {}
    errors = found.get("errors") or found.get("error") or []
    listed = errors if isinstance(errors, list) else [errors]
    return [
        (
            (str(one.get("id", "")), str(one.get("explain", "")))
            if isinstance(one, dict)
            else (str(one), "")
        )
        for one in listed
    ]


def _is_expired(answer: HttpResponse) -> bool:
    return any(
        name == "error/auth/failed" and "expired" in why.lower() for name, why in errors_of(answer)
    )


def _blame(answer: HttpResponse) -> Blame:
    """A refusal in Sendsay's own words needs a person; what is no answer of its may pass."""
    refused = answer.status in (401, 403) or bool(errors_of(answer))
    return Blame.ACCOUNT if refused and answer.status < 500 else Blame.NETWORK


def api_of(account: SendingAccount) -> SendsayApi:
    """The API for this account: sending, and asking what became of letters."""
    credentials = Credentials(account.token, account.username, account.password)
    return SendsayApi(account.url, credentials, timeouts_of(account))


def check(account: SendingAccount) -> Response:
    """Asks what became of a letter that there is not; only a good key gets so far."""
    api = api_of(account)
    with connection_to(api.client) as connection:
        try:
            answer = api.call(
                {"action": "track.get", "id": _NOBODYS}, connection.post, connection.post
            )
        except CallFailed as failed:
            return failed.response
    refused = [f"{name} {why}".strip() for name, why in errors_of(answer) if "auth" in name]
    if refused:
        return foreign("; ".join(refused)[:300])
    if json_object(answer) is not None:
        return NOTHING
    return with_code(answer.status, coded("no_json"))
