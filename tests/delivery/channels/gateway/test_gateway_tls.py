"""The gateway over TLS: a certificate that does not hold gets neither token nor text."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from apps.core.contracts import Blame, Letter, Outcome, Verdict
from apps.delivery.channels.gateway.channel import GatewayChannel
from apps.delivery.channels.http import client
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Timeouts
from tests import http_service as http
from tests.delivery.channels.email.smtp.smtp_promises import certificate
from tests.delivery.channels.guards import BookGuard, send_all
from tests.http_service import HttpService

YES = http.json_reply({"code": 0})


def outcomes_of(service: HttpService, count: int = 3) -> list[Outcome]:
    url = service.url.replace("http://", "https://")
    timeout = Timeouts(connect=1, read=1, total=2)
    channel = GatewayChannel(url, "t0ken", BookGuard(), timeout, HttpOptions(connections=1))
    return send_all(channel, [Letter(n, "", "79161234567", b"Hi") for n in range(1, count + 1)])


def test_it_speaks_tls_over_one_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = certificate(tmp_path)
    monkeypatch.setattr(client, "tls", lambda ca_file: ours)
    with HttpService(YES) as service:
        service.socket = theirs.wrap_socket(service.socket, server_side=True)
        outcomes = outcomes_of(service)
        assert {one.verdict for one in outcomes} == {Verdict.SENT}
        assert len({request.peer for request in service.requests}) == 1


@pytest.mark.parametrize("fault", [{"name": "10.1.1.1"}, {"expired": True}, None])
def test_a_certificate_that_does_not_hold_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object] | None
) -> None:
    theirs, ours = certificate(tmp_path, **(fault or {}))  # type: ignore[arg-type]
    if fault is not None:  # None: by an authority that nobody knows
        monkeypatch.setattr(client, "tls", lambda ca_file: ours)
    with HttpService(YES) as service:
        service.socket = theirs.wrap_socket(service.socket, server_side=True)
        outcomes = outcomes_of(service)
        assert {(one.verdict, one.blame) for one in outcomes} == {(Verdict.UNSENT, Blame.NETWORK)}
        assert "certificate" in outcomes[0].response
        assert service.requests == []


def test_what_speaks_no_tls_is_the_networks_affair() -> None:
    with HttpService(http.not_http()) as service:
        outcomes = outcomes_of(service, 1)
        assert (outcomes[0].verdict, outcomes[0].blame) == (Verdict.UNSENT, Blame.NETWORK)


def test_the_channel_trusts_no_less_than_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
    context = client.tls()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None
