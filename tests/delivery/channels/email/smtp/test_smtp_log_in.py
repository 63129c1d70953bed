"""Logging in: mechanisms, passwords in every script, access tokens, the name in EHLO."""

from __future__ import annotations

import base64
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from apps.core.contracts import Blame, Verdict
from apps.core.responses.stored import code_of
from apps.delivery.channels.email.ehlo_name import address_literal, is_ehlo_name, machine_name
from apps.delivery.channels.email.smtp.auth import (
    CredentialsError,
    TokenFromCommand,
    TokenFromFile,
    saslprep,
)
from tests.delivery.channels.email.smtp.smtp_promises import certificate, letters, send, verdicts
from tests.smtp_server import Behavior, SmtpServer

USER = "news@example.org"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("password", ["s3cret", "пароль-ÿ", "two words"])
def test_every_mechanism_takes_a_password_in_every_script(mechanism: str, password: str) -> None:
    behavior = Behavior(auth=(mechanism,), user="анна", password=password)
    with SmtpServer(behavior) as server:
        found = send(server, letters(3), username="анна", password=password)
    assert verdicts(found) == {Verdict.SENT}


def test_over_tls_the_password_goes_by_plain(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)
    behavior = Behavior(auth=("CRAM-MD5", "PLAIN"), user="news", password="s3cret", tls=theirs)
    with SmtpServer(behavior) as server:
        login: dict[str, Any] = {"username": "news", "password": "s3cret"}
        send(server, letters(1), security="tls", ssl_context=ours, **login)
        assert auth_lines(server)[0].startswith(b"AUTH PLAIN ")


def test_without_encryption_the_digest_goes_first() -> None:
    with SmtpServer(Behavior(auth=("PLAIN", "CRAM-MD5"), user="news", password="s3cret")) as server:
        send(server, letters(1), username="news", password="s3cret")
        assert auth_lines(server) == [b"AUTH CRAM-MD5"]


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("s3cret", "s3cret"),
        ("I\u00adX", "IX"),  # a soft hyphen is nothing (RFC 4013, 3)
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_passwords_are_prepared_as_the_server_prepares_them(typed: str, prepared: str) -> None:
    assert saslprep(typed) == prepared


@pytest.mark.parametrize("typed", ["a\u0007b", "\u06271", "a\ue000"])
def test_a_password_that_no_server_may_take_is_refused_without_being_quoted(typed: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        saslprep(typed)
    assert typed not in str(caught.value)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_an_access_token_logs_in(tmp_path: Path, mechanism: str) -> None:
    file = tmp_path / "token"
    file.write_text("good-token\n", encoding="utf-8")
    with SmtpServer(Behavior(auth=(mechanism,), user=USER, password="good-token")) as server:
        found = send(server, letters(3), username=USER, access_token=TokenFromFile(file))
    assert verdicts(found) == {Verdict.SENT}


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_refused_token_is_renewed_once(tmp_path: Path, mechanism: str) -> None:
    counter = tmp_path / "runs"
    script = tmp_path / "token.py"
    script.write_text(
        "import pathlib, sys\n"
        f"file = pathlib.Path({str(counter)!r})\n"
        "runs = len(file.read_text()) + 1 if file.exists() else 1\n"
        "file.write_text('x' * runs)\n"
        "print('stale' if runs == 1 else 'fresh')\n",
        encoding="utf-8",
    )
    command = f'"{sys.executable}" "{script}"'
    with SmtpServer(Behavior(auth=(mechanism,), user=USER, password="fresh")) as server:
        found = send(server, letters(5), username=USER, access_token=TokenFromCommand(command))
    assert verdicts(found) == {Verdict.SENT}
    assert counter.read_text(encoding="utf-8") == "xx"


def test_a_token_that_stays_refused_is_the_accounts_fault(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("bad-token", encoding="utf-8")
    with SmtpServer(Behavior(auth=("XOAUTH2",), user=USER, password="good")) as server:
        found = send(server, letters(4), username=USER, access_token=TokenFromFile(file))
    assert {(one.verdict, one.blame) for one in found.values()} == {(Verdict.UNSENT, Blame.ACCOUNT)}
    assert "bad-token" not in found[0].response


@pytest.mark.parametrize("text", ["", "two words", "x" * 20_000])
def test_what_is_no_token_is_said_and_not_sent(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    with SmtpServer(Behavior(auth=("XOAUTH2",))) as server:
        found = send(server, letters(1), username=USER, access_token=TokenFromFile(file))
        assert auth_lines(server) == []
    assert code_of(found[0].response) == "token_unfit"


@pytest.mark.parametrize("command", ["no-such-program-here", f'"{sys.executable}" -c "raise 1"'])
def test_a_command_that_fails_is_the_accounts_fault(command: str) -> None:
    with SmtpServer(Behavior(auth=("XOAUTH2",))) as server:
        found = send(server, letters(1), username=USER, access_token=TokenFromCommand(command))
    assert (found[0].verdict, found[0].blame) == (Verdict.UNSENT, Blame.ACCOUNT)


def test_a_server_without_token_mechanisms_says_what_it_offers(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("t", encoding="utf-8")
    with SmtpServer(Behavior(auth=("PLAIN",))) as server:
        found = send(server, letters(1), username=USER, access_token=TokenFromFile(file))
    assert "PLAIN" in found[0].response


def test_ehlo_gives_the_accounts_name(server: SmtpServer) -> None:
    send(server, letters(1), ehlo_name="mail.example.org")
    assert server.commands[0].split()[1] == b"mail.example.org"


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("mx1.example.org", b"mx1.example.org"),
        ("localhost", b"[127.0.0.1]"),
        ("localhost.localdomain", b"[127.0.0.1]"),
        ("debian", b"[127.0.0.1]"),
        ("laptop.local", b"[127.0.0.1]"),
        ("10.0.0.7", b"[127.0.0.1]"),
        ("1.0.0.127.in-addr.arpa", b"[127.0.0.1]"),
        ("узел.example.org", b"[127.0.0.1]"),
    ],
)
def test_without_one_it_is_the_machines_or_its_address(
    server: SmtpServer, mocker: MockerFixture, machine: str, expected: bytes
) -> None:
    mocker.patch("socket.getfqdn", return_value=machine)
    machine_name.cache_clear()
    try:
        send(server, letters(1))
    finally:
        machine_name.cache_clear()
    assert server.commands[0].split()[1] == expected


@pytest.mark.parametrize("machine", ["localhost", "debian", "localhost.localdomain"])
def test_a_server_that_wants_a_full_name_takes_every_letter(
    mocker: MockerFixture, machine: str
) -> None:
    """As Postfix's reject_non_fqdn_helo_hostname, which refuses a bare name at every RCPT."""
    mocker.patch("socket.getfqdn", return_value=machine)
    machine_name.cache_clear()
    with SmtpServer(Behavior(full_name=True)) as server:
        found = send(server, letters(20))
    machine_name.cache_clear()
    assert verdicts(found) == {Verdict.SENT}


@pytest.mark.parametrize(
    ("address", "literal"),
    [
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("fe80::1%eth0", "[IPv6:fe80::1]"),
        ("::ffff:192.0.2.1", "[192.0.2.1]"),
    ],
)
def test_an_address_is_written_as_the_standard_writes_it(address: str, literal: str) -> None:
    assert address_literal(address) == literal
    assert is_ehlo_name(literal)


@pytest.mark.parametrize(
    "name", ["", "a b", "a\r\nRSET", "-a.org", "a_b.org", "[1.2.3]", "[IPv6:1.2.3.4]", "[::1]"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    assert not is_ehlo_name(name)


def test_a_token_is_encoded_as_google_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", encoding="utf-8")
    user = "someuser@example.com"
    with SmtpServer(Behavior(auth=("XOAUTH2",), user=user)) as server:
        send(server, letters(1), username=user, access_token=TokenFromFile(file))
        sent = base64.b64decode(auth_lines(server)[0].split()[2])
    assert sent == (
        b"user=someuser@example.com\x01auth=Bearer "
        b"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"
    )


def auth_lines(server: SmtpServer) -> list[bytes]:
    return [line for line in server.commands if line.startswith(b"AUTH")]


def test_a_connection_over_ipv6_names_itself_by_that_address() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        assert address_literal("::1") == "[IPv6:::1]"  # a machine without IPv6
        return
    with listener, socket.create_connection(("::1", listener.getsockname()[1])) as sock:
        assert address_literal(sock.getsockname()[0]) == "[IPv6:::1]"
