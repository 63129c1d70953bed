"""What cannot be an address or a header of a service, and answers that are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from apps.core.contracts import Blame, Letter, Verdict
from apps.delivery.channels.gateway.channel import GatewayChannel
from apps.delivery.channels.http.channel import HttpOptions, retry_after
from apps.delivery.channels.http.client import (
    BaseUrl,
    Client,
    Connection,
    HttpResponse,
    NotSent,
    Timeouts,
)
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.http_service import HttpService

#: What the service has begun is never whole here.
TIMEOUT = Timeouts(connect=30, read=0.4, total=0.8)


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.json_reply({"code": 0})) as service:
        yield service


@pytest.mark.parametrize(
    "url", ["https://sms.example.org:many/", "ftp://sms.example.org/", "https:///send", "sms"]
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        BaseUrl.of(url)


def test_a_header_that_would_begin_another_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot stand there"):
        Client("https://sms.example.org", TIMEOUT, {"X-Name": "a\r\nX-Other: b"})


def test_a_path_that_would_begin_another_header_is_not_sent(service: HttpService) -> None:
    line = Connection(Client(service.url, TIMEOUT, {}))
    with pytest.raises(NotSent) as caught:
        line.post("/send/7 HTTP/1.1\r\nX-Other: b", b"{}", "application/json")
    assert caught.value.blame is Blame.ACCOUNT
    assert service.requests == []


@pytest.mark.parametrize(
    "beginning",
    [
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["no end", "another transfer coding", "another content coding"],
)
def test_an_answer_that_cannot_be_read_leaves_the_message_in_doubt(beginning: bytes) -> None:
    with HttpService(http.steps(beginning)) as service:
        channel = GatewayChannel(
            service.url, "token", BookGuard(), TIMEOUT, HttpOptions(connections=1)
        )
        (outcome,) = send_all(channel, [Letter(7, "", "79161234567", b"Hi")])
    assert outcome.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("30", 30, 30),
        ("Sat, 01 Jan 2000 00:00:00 -0000", 1, 1),
        ("soon", 1, 60),
        ("", 1, 60),
    ],
)
def test_a_rest_is_reported_in_seconds_by_a_date_or_not_at_all(
    value: str, least: float, most: float
) -> None:
    rest = retry_after(HttpResponse(503, {"retry-after": value}, b""))
    assert least <= rest <= most


def test_a_rest_until_a_date_is_reported_in_seconds() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 <= retry_after(HttpResponse(503, {"retry-after": date}, b"")) <= 3600
