"""The instruments of the fault rounds can fail: an instrument that cannot proves nothing."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.faults.installation import LEFT_OUT, STATES
from tests.faults.processes.points import POINTS, Point
from tests.faults.rounds.observer import unequal
from tests.faults.rounds.table import BEGIN, END, write_between
from tests.faults.servers.mail_server import Fault, MailServer, chosen

pytestmark = pytest.mark.faults


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer(1, delay=0.0)
    yield made
    made.close()


def letter(name: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message["Message-ID"] = f"<{name}@example.org>"
    message.set_content("text")
    return message


def snapshot(
    audience: int,
    counters: dict[str, int],
    rows: dict[str, int],
    reasons: dict[str, int] | None = None,
    left_out: str = "",
) -> list[tuple[object, ...]]:
    """One run as the observer sees it. ``left_out``: what the rows that got nothing say."""
    kept = tuple(counters.get(state, 0) for state in STATES)
    kept += tuple((reasons or {}).get(code, 0) for code in LEFT_OUT)
    return [
        (1, audience, *kept, state, left_out if state == "suppressed" else "", number)
        for state, number in rows.items()
    ]


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_every_fault_point_is_a_step_of_the_program(point: Point) -> None:
    assert callable(getattr(point.holder(), point.name))


def test_an_equation_that_holds_is_not_reported() -> None:
    assert unequal(snapshot(3, {"sent": 2, "pending": 1}, {"sent": 2, "pending": 1})) == []
    some = {"sent": 2, "suppressed": 1}
    assert unequal(snapshot(3, some, some, {"paused": 1}, "paused")) == []


@pytest.mark.parametrize(
    ("audience", "counters", "rows"),
    [
        (4, {"sent": 2, "pending": 1}, {"sent": 2, "pending": 1}),
        (3, {"sent": 2, "pending": 1}, {"sent": 3}),
        (3, {"sent": 2, "pending": 1}, {"sent": 2}),
    ],
    ids=["audience", "rows", "missing"],
)
def test_an_equation_that_is_broken_is_seen(
    audience: int, counters: dict[str, int], rows: dict[str, int]
) -> None:
    assert unequal(snapshot(audience, counters, rows))


@pytest.mark.parametrize(
    ("reasons", "left_out"), [({}, "paused"), ({"paused": 1}, ""), ({"paused": 1}, "cap")]
)
def test_reasons_that_do_not_add_up_are_seen(reasons: dict[str, int], left_out: str) -> None:
    some = {"sent": 2, "suppressed": 1}
    assert unequal(snapshot(3, some, some, reasons, left_out))


def test_the_receiver_notes_what_it_accepts(server: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.send_message(letter("one"))
        client.send_message(letter("one"))
    assert server.log.counts() == {"one": 2}


def test_what_the_receiver_refuses_is_not_noted(server: MailServer) -> None:
    server.faults = [Fault("DOT", say=b"450 4.2.1 later\r\n")]
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        with pytest.raises(smtplib.SMTPDataError):
            client.send_message(letter("one"))
    assert not server.log.accepted


def test_an_answer_that_is_kept_back_is_known_to_the_receiver(server: MailServer) -> None:
    server.faults = [Fault("ANSWER", close=True)]
    with pytest.raises(smtplib.SMTPServerDisconnected):
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.send_message(letter("one"))
    assert (server.log.withheld, server.log.counts()) == ({"one"}, {"one": 1})


def test_a_receiver_that_is_away_comes_back_on_its_port(server: MailServer) -> None:
    server.down()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 2.0)
    server.up()
    socket.create_connection(("127.0.0.1", server.port), 2.0).close()


def test_a_fixed_set_is_a_share_and_always_the_same() -> None:
    addresses = [f"r{number}@example.org".encode() for number in range(2000)]
    struck = [address for address in addresses if chosen(address, 0.05)]
    assert 60 < len(struck) < 140
    assert struck == [address for address in addresses if chosen(address, 0.05)]


def test_the_table_goes_between_its_markers(tmp_path_factory: pytest.TempPathFactory) -> None:
    page = tmp_path_factory.mktemp("page") / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_between(page, "new")
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="results"):
        write_between(page, "new")
