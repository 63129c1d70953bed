"""No address and no body can say anything but itself: proved on the raw bytes at the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core.contracts import Letter, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from apps.delivery.channels.email.smtp.transaction import Extensions, Unsendable, build_transaction
from tests.delivery.channels.email.smtp.smtp_promises import SENDER, RecordingGuard, body, configure
from tests.smtp_server import SmtpServer

ALL = Extensions(pipelining=True, sizes=True, eightbit=True, smtputf8=True)
FIXED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
NASTY = st.sampled_from('\r\n\0<> @.\t\x7f\x85\u2028\u3000\uff1e\uff20\ud800a0бß:,"\\[]-')
ADDRESSES = st.text(NASTY | st.characters(), max_size=30) | st.builds(
    "{}@{}".format, st.text(NASTY, max_size=8), st.text(NASTY, max_size=8)
)
LINES = st.lists(
    st.sampled_from(
        [b".", b"..", b"QUIT", b".\r", b"\n.\n", b"\0", b"a" * 998, b"b" * 999, b"x", b""]
    )
)


@dataclass
class Stream:
    channel: SmtpChannel
    server: SmtpServer

    def send(self, sender: str, address: str, message: bytes) -> Verdict:
        self.server.commands.clear()
        self.server.accepted.clear()
        self.channel.hand_over([Letter(1, sender, address, message)])
        (outcome,) = self.channel.outcomes(5.0)
        return outcome.verdict


@pytest.fixture(scope="module")
def stream() -> Iterator[Stream]:
    with SmtpServer() as server:
        channel = SmtpChannel(configure(server, connections=1), RecordingGuard())
        channel.hand_over([Letter(0, SENDER, "first@example.net", body(0))])
        assert len(channel.outcomes(5.0)) == 1
        yield Stream(channel, server)
        channel.close()


@FIXED
@given(address=ADDRESSES)
@example("anna@example.net>\r\nRSET\r\nMAIL FROM:<x@y")
@example("anna@example.net\uff1e\u3000SIZE=1")
@example("anna\uff20b@пример.рф")
def test_an_address_is_sent_as_it_is_or_not_at_all(stream: Stream, address: str) -> None:
    verdict = stream.send(SENDER, address, body(1))

    if verdict is Verdict.FAILED:
        assert stream.server.commands == []
    else:
        assert [line[:4] for line in stream.server.commands] == [b"MAIL", b"RCPT", b"DATA"]
        (accepted,) = stream.server.accepted
        assert accepted.sender == SENDER.encode() and accepted.data == body(1)
        local, _, _ = address.rpartition("@")
        assert accepted.recipient.startswith(local.encode())
        assert not set(accepted.recipient) & set(b"\r\n\0<> ")


@FIXED
@given(sender=ADDRESSES)
@example("")
def test_a_sender_is_sent_as_it_is_or_not_at_all(stream: Stream, sender: str) -> None:
    verdict = stream.send(sender, "anna@example.net", body(1))

    if verdict is Verdict.FAILED:
        assert stream.server.commands == []
    else:
        assert [line[:4] for line in stream.server.commands] == [b"MAIL", b"RCPT", b"DATA"]
        assert stream.server.accepted[0].recipient == b"anna@example.net"


@FIXED
@given(lines=LINES, end=st.sampled_from([b"", b"\r\n", b"\r", b"\n"]))
@example([b"Subject: x", b"", b".", b"MAIL FROM:<evil@example.org>"], b"\r\n")
def test_a_body_arrives_as_it_is_or_not_at_all(
    stream: Stream, lines: list[bytes], end: bytes
) -> None:
    message = b"\r\n".join(lines) + end
    parts = message.split(b"\r\n")
    clean = parts[-1] == b"" and len(parts) > 1
    clean = clean and not any(set(part) & set(b"\r\n\0") or len(part) > 998 for part in parts)

    verdict = stream.send(SENDER, "anna@example.net", message)

    if clean:
        assert verdict is Verdict.SENT
        assert [one.data for one in stream.server.accepted] == [message]
        assert [line[:4] for line in stream.server.commands] == [b"MAIL", b"RCPT", b"DATA"]
    else:
        assert verdict is Verdict.FAILED
        assert stream.server.commands == []


def test_a_sharp_s_in_a_domain_is_not_turned_into_another_domain() -> None:
    transaction = build_transaction(Letter(1, SENDER, "anna@straße.de", body(1)), ALL)

    assert transaction.rcpt == b"RCPT TO:<anna@xn--strae-oqa.de>\r\n"


@pytest.mark.parametrize("size", [len(body(1)) - 1, len(body(1))])
def test_the_announced_size_is_a_limit_that_may_be_reached(size: int) -> None:
    offered = Extensions(sizes=True, size=size)
    one = Letter(1, SENDER, "anna@example.net", body(1))
    if size < len(body(1)):
        with pytest.raises(Unsendable, match="envelope_too_large"):
            build_transaction(one, offered)
    else:
        assert b" SIZE=%d" % size in build_transaction(one, offered).mail


@pytest.mark.parametrize(("text", "limit"), [("", 0), ("0", 0), ("x", 0), ("²", 0), ("99", 99)])
def test_a_size_that_is_no_number_is_no_limit(text: str, limit: int) -> None:
    assert Extensions.from_ehlo({"size": text}).size == limit
