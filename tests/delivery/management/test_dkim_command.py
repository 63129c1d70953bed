"""``manage.py dkim`` makes a key; what it prints is what ``.env`` and DNS want."""

from __future__ import annotations

import io
import re
import stat
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command

from apps.core.contracts import Letter
from apps.delivery.accounts import signer_of
from apps.delivery.channels.email.dkim import DkimKey, new_key
from apps.delivery.email_backend import _letters
from config import environment
from config.live_accounts import LiveAccounts
from tests.delivery.channels.email.test_dkim import by_dkimpy
from tests.delivery.engine.workers import send
from tests.env_file import SECRET, env_file
from tests.factories import mailing_to

__all__ = ["env_file"]  # a fixture

Live = tuple[Path, LiveAccounts]


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("dkim", *args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_what_it_prints_can_be_put_into_the_file_and_signs(
    env_file: Live, settings: LazySettings, tmp_path: Path, kind: str
) -> None:
    key_file = tmp_path / "key.pem"
    said = run("keygen", "example.org", "--type", kind, "--out", str(key_file))
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    lines = "\n".join(re.findall(r"^DKIM__\S+$", said, re.M))
    env_file[0].write_text(f"{SECRET}{lines}\n", encoding="utf-8")
    keys = LiveAccounts(environment.load()).dkim_keys
    (key,) = keys.values()
    assert key.record.replace(" ", "") in said.replace('" "', "").replace(" ", "")
    settings.DKIM_KEYS = keys
    sign = signer_of("news@mail.example.org")
    assert sign is not None
    assert by_dkimpy(sign(b"From: a@mail.example.org\r\nSubject: x\r\n\r\nHello\r\n"), key)
    assert "vestnik1._domainkey.example.org. TXT" in run("records")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(b"precious")
    with pytest.raises(CommandError, match="never overwritten"):
        run("keygen", "example.org", "--out", str(file))
    assert file.read_bytes() == b"precious"


def test_the_nearest_domain_signs(settings: LazySettings) -> None:
    near, far = (DkimKey(name, "s", new_key("ed25519")[0]) for name in ("m.example.org", "org"))
    settings.DKIM_KEYS = {"near": near, "far": far}
    sign = signer_of("a@m.example.org")
    assert sign is not None
    assert sign(b"From: a@m.example.org\r\n\r\nx\r\n").count(b"d=m.example.org;") == 1
    settings.DKIM_KEYS = {"near": near}
    assert signer_of("a@example.org") is None


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_a_mailing_leaves_signed(settings: LazySettings) -> None:
    key = DkimKey("localhost", "s", new_key("ed25519")[0])
    settings.DKIM_KEYS = {"one": key}
    assert send(mailing_to(2)).sent == 2
    letters = [file.read_bytes() for file in Path(settings.OUTBOX_DIR).glob("*.eml")]
    assert len(letters) == 2
    assert all(by_dkimpy(letter, key) for letter in letters)


def test_the_mail_of_the_site_itself_is_signed(settings: LazySettings) -> None:
    key = DkimKey("example.org", "s", new_key("ed25519")[0])
    settings.DKIM_KEYS = {"one": key}
    message = EmailMessage("Тема", "Текст\n", "Site <site@example.org>", ["anna@example.net"])
    letter: Letter
    (letter,) = _letters(message)
    assert by_dkimpy(letter.body, key)
