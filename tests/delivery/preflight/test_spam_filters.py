"""A spam filter is asked in its own protocol, about a letter to nobody."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings

from apps.delivery.preflight.spam_filters import FilterAway, Verdict, ask_filter
from tests.delivery.preflight.faults import looked_at, said
from tests.factories import mailing_to

MAIL = b"Subject: Hello\r\n\r\nHello\r\n"
GOOD = (
    b"SPAMD/1.1 0 EX_OK\r\nContent-length: 25\r\nSpam: False ; 1.2 / 5.0\r\n\r\n"
    b"HTML_MESSAGE,MISSING_DATE"
)
BAD = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 11\r\nSpam: True ; 7.5 / 5.0\r\n\r\nFREE_MONEY\r\n"
RSPAMD = json.dumps({"score": 3.5, "required_score": 15, "symbols": {"B": {}, "A": {}}}).encode()


class Filter:
    """A server that reads one question to its end, keeps it and answers what it was given."""

    def __init__(self, answer: bytes, *, http: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked, self._http = b"", http
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(answer)
        self._answer = head + answer if http else answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        sock, _address = self._listener.accept()
        with sock:
            while not self._whole() and (part := sock.recv(65_536)):
                self.asked += part
            sock.sendall(self._answer)

    def _whole(self) -> bool:
        head, _, body = self.asked.partition(b"\r\n\r\n")
        lines = [line.lower().split(b":") for line in head.splitlines() if b":" in line]
        return any(name == b"content-length" and int(size) <= len(body) for name, size, *_ in lines)

    def close(self) -> None:
        self._listener.close()


Start = Callable[..., Filter]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Filter] = []

    def begin(answer: bytes, *, http: bool = False) -> Filter:
        running.append(Filter(answer, http=http))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def test_spamd_is_asked_for_score_and_rules(start: Start) -> None:
    server = start(GOOD)
    found = ask_filter(f"spamd://127.0.0.1:{server.port}", MAIL, 10.0)
    assert found == Verdict(1.2, 5.0, ("HTML_MESSAGE", "MISSING_DATE"))
    head = b"SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(MAIL)
    assert server.asked == head + MAIL


def test_rspamd_is_asked_over_http(start: Start) -> None:
    server = start(RSPAMD, http=True)
    found = ask_filter(f"rspamd://127.0.0.1:{server.port}", MAIL, 10.0)
    assert found == Verdict(3.5, 15.0, ("A", "B"))
    assert server.asked.startswith(b"POST /checkv2 HTTP/1.1\r\n") and server.asked.endswith(MAIL)


@pytest.mark.parametrize(
    "answer", [b"", b"SPAMD/1.1 74 EX_IOERR\r\n\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"SPAMD/1.1 0 "]
)
def test_what_is_no_answer_of_it_is_none(start: Start, answer: bytes) -> None:
    with pytest.raises(FilterAway):
        ask_filter(f"spamd://127.0.0.1:{start(answer).port}", MAIL, 10.0)


def test_a_filter_that_says_nothing_is_waited_for_so_long(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FilterAway):
        ask_filter(f"spamd://127.0.0.1:{silent.getsockname()[1]}", MAIL, 0.3)


@pytest.mark.django_db
def test_the_row_says_the_score_and_the_letter_is_nobodys(
    start: Start, settings: LazySettings
) -> None:
    settings.LANGUAGE_CODE = "en"
    mailing = mailing_to(1)
    server = start(BAD)
    settings.SPAM_CHECK = f"spamd://127.0.0.1:{server.port}"
    assert said(looked_at(mailing), "spam") == [("fail", "Score 7.5 of 5: FREE_MONEY.")]
    assert b"To: " in server.asked and b"anna@example.com" in server.asked
    assert b"@example.org>" not in server.asked.split(b"To: ")[1].splitlines()[0]


@pytest.mark.django_db
def test_a_filter_that_is_away_fails_nothing(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.SPAM_CHECK = "spamd://127.0.0.1:1"
    found = said(looked_at(mailing_to(1)), "spam")
    assert found == [("unchecked", "The spam filter does not answer.")]
