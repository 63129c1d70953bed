"""Signed letters verify with two verifiers that are not ours; a changed byte does not.

dkimpy always judges; npm's mailauth where ``NODE_PATH`` leads to it (``npm install mailauth``).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.content.program import from_html, from_text
from apps.delivery.channels.content import Content
from apps.delivery.channels.email.dkim import DkimKey, KeyUnfit, load_key, new_key, signed
from apps.delivery.channels.email.letters import compile_letter
from tests.core.content.letters import NOW, to

MESSAGE = (
    b"From: News <news@example.org>\r\nTo: anna@example.net\r\nSubject: A subject\r\n of two"
    b" lines\r\nDate: Mon, 30 Nov 2026 02:00:00 +0000\r\nMessage-ID: <1.k@example.org>\r\n"
    b"List-Unsubscribe: <https://example.org/u/1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: <list-3.example.org>\r\n"
    b"Feedback-ID: mailing-9:owner-7:marketing:v0123456789\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
)
BODIES = {
    "short": b"Hello\r\n",
    "empty": b"",
    "only line ends": b"\r\n\r\n",
    "8 bit": "Привет, мир\r\n".encode(),
    "long lines": b"x" * 998 + b"\r\n" + "ж".encode() * 499 + b"\r\n",
    "dots": b".\r\n..\r\n.hidden\r\n",
    "blanks and tabs": b"a  b\t\tc \t\r\n \t \r\n\tend\t\r\n\r\n\r\n",
}
_MAILAUTH = """
const { dkimVerify } = require('mailauth/lib/dkim/verify');
const resolver = async () => [[process.argv[1]]];
dkimVerify(require('fs').readFileSync(0), { resolver }).then((found) =>
  console.log(found.results.map((one) => one.status.result).join()));
"""


def key(kind: str, selector: str = "s1") -> DkimKey:
    return DkimKey("example.org", selector, new_key(kind)[0])


KEYS = {"rsa": key("rsa"), "ed25519": key("ed25519")}
EVERY_KEY = pytest.mark.parametrize("one", KEYS.values(), ids=KEYS.keys())


def by_dkimpy(message: bytes, *keys: DkimKey) -> bool:
    """True if every signature verifies."""
    records = {f"{key.record_name}.".encode(): key.record.encode() for key in keys}

    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name)

    judge = dkim.DKIM(message)
    try:
        return all(judge.verify(index, dnsfunc=ask) for index in range(len(keys)))
    except dkim.ValidationError:  # of the body's hash
        return False


def by_mailauth(message: bytes, one: DkimKey) -> bool:
    """True if the one signature verifies."""
    run = subprocess.run(
        ["node", "-e", _MAILAUTH, one.record], input=message, capture_output=True, check=True
    )
    return run.stdout.decode().strip() == "pass"


def has_mailauth() -> bool:
    folders = os.environ.get("NODE_PATH", "").split(os.pathsep)
    return any((Path(folder) / "mailauth").is_dir() for folder in folders if folder)


VERIFIERS = [
    by_dkimpy,
    pytest.param(
        by_mailauth,
        marks=pytest.mark.skipif(not has_mailauth(), reason="npm install mailauth, NODE_PATH"),
    ),
]
EVERY_VERIFIER = pytest.mark.parametrize("verify", VERIFIERS)
Verify = Callable[[bytes, DkimKey], bool]


@EVERY_VERIFIER
@EVERY_KEY
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_signed_message_verifies(verify: Verify, one: DkimKey, body: bytes) -> None:
    assert verify(signed(MESSAGE + b"\r\n" + body, [one]), one)


@EVERY_VERIFIER
@EVERY_KEY
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"Hello", b"Hellp"),  # of the body
        (b"anna@", b"anne@"),
        (b"A subject", b"A Subject"),
        (b"example.org/u/1", b"example.com/u/1"),
        (b"One-Click", b"One-click"),
        (b"list-3", b"list-4"),
        (b"owner-7", b"owner-8"),
        (b"02:00:00", b"02:00:01"),
        (b"From: News", b"From: Eve <eve@example.com>\r\nFrom: News"),  # a second one is seen
        (b"Subject: A", b"Subject: Evil\r\nSubject: A"),
    ],
)
def test_a_message_that_was_changed_does_not(
    verify: Verify, one: DkimKey, was: bytes, becomes: bytes
) -> None:
    whole = signed(MESSAGE + b"\r\nHello\r\n", [one])
    assert was in whole
    assert not verify(whole.replace(was, becomes, 1), one)


@EVERY_KEY
def test_every_byte_of_the_body_counts(one: DkimKey) -> None:
    whole = signed(MESSAGE + b"\r\nHello there\r\n", [one])
    start = whole.index(b"Hello")
    for at in range(start, start + len("Hello there")):
        changed = bytearray(whole)
        changed[at] ^= 1
        assert not by_dkimpy(bytes(changed), one), at


@settings(max_examples=30)
@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b".", "é".encode()]), max_size=40))
def test_any_body_of_blanks_and_line_ends_verifies(parts: list[bytes]) -> None:
    one = KEYS["ed25519"]
    assert by_dkimpy(signed(MESSAGE + b"\r\n" + b"".join(parts) + b"\r\n", [one]), one)


def test_blanks_that_a_server_changes_do_not_count() -> None:
    one = KEYS["rsa"]
    whole = signed(MESSAGE + b"\r\na b\r\n", [one])
    assert by_dkimpy(whole.replace(b"a b\r\n", b"a  b \r\n\r\n"), one)
    assert by_dkimpy(whole.replace(b"Subject: A subject\r\n of", b"subject:  A subject of"), one)


def test_two_keys_of_a_domain_sign_both() -> None:
    two = [KEYS["rsa"], key("ed25519", "s2")]
    whole = signed(MESSAGE + b"\r\nHello\r\n", two)
    assert whole.count(b"DKIM-Signature:") == 2
    assert by_dkimpy(whole, *two)


def test_what_is_signed_is_named_and_from_and_subject_once_more() -> None:
    whole = signed(MESSAGE + b"\r\nHello\r\n", [KEYS["rsa"]])
    found = re.search(rb"h=([^;]+);", whole)
    assert found is not None
    names = re.sub(rb"\s", b"", found[1]).split(b":")
    assert names.count(b"from") == names.count(b"subject") == 2
    of_lists = {b"list-unsubscribe", b"list-unsubscribe-post", b"list-id", b"feedback-id"}
    assert of_lists | {b"to", b"date"} <= set(names)
    assert max(map(len, whole.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


@EVERY_VERIFIER
@EVERY_KEY
def test_a_letter_of_a_run_is_signed(verify: Verify, one: DkimKey) -> None:
    content = Content(
        subject="Здравствуйте, {{ full_name }}: новости, которые занимают больше одной строки",
        text=from_text("Привет, {{ full_name }}!\n\n.точка\n" + "долгая строка " * 80),
        html=from_html("<p>Привет, {{ full_name }}</p>" + "<p>x  y</p>" * 50),
        links=lambda number: (f"https://example.org/u/{number}", "", ""),
        now=NOW,
        channel="email",
        mailing_id=3,
        run_key="k1",
        domain="example.org",
        from_email="news@example.org",
        from_name="Новости",
        attachments=(("план.txt", "text/plain", "план\n".encode() * 99),),
        sign=partial(signed, keys=[one]),
    )
    letter = compile_letter(content).fill(to(full_name="Анна"))
    assert verify(letter.body, one)
    unsigned = compile_letter(replace(content, sign=None)).fill(to(full_name="Анна"))
    assert letter.body.endswith(unsigned.body)
    assert letter.address == unsigned.address


def test_a_key_signs_for_its_domain_and_those_below() -> None:
    one = KEYS["rsa"]
    assert one.signs_for("example.org") and one.signs_for("mail.Example.org")
    assert not one.signs_for("notexample.org") and not one.signs_for("org")


@EVERY_KEY
def test_a_key_is_read_back_from_its_file(one: DkimKey, tmp_path: Path) -> None:
    private, pem = new_key("rsa" if one is KEYS["rsa"] else "ed25519")
    file = tmp_path / "key.pem"
    file.write_bytes(pem)
    assert DkimKey("e.org", "s", load_key(file)).record == DkimKey("e.org", "s", private).record


def test_a_file_without_a_fit_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    with pytest.raises(KeyUnfit, match="no readable file"):
        load_key(file)
    file.write_bytes(b"no key")
    with pytest.raises(KeyUnfit, match="no private key in PEM"):
        load_key(file)
    weak = generate_private_key(public_exponent=65537, key_size=1024)
    file.write_bytes(weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyUnfit, match="1024 bits: 2048 are needed"):
        load_key(file)
