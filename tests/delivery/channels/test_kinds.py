"""Every kind of channel keeps what its record promises to the rest of the program."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Channel, Claimed
from apps.core.responses.stored import NOTHING
from apps.delivery.accounts import declaration
from apps.delivery.channels import KINDS
from apps.delivery.channels.content import Content
from apps.delivery.channels.kinds import ChannelKind
from apps.delivery.sending_account import SendingAccount
from apps.mailings.models.audience import ADDRESS
from config.account_settings import AccountSettings
from tests.delivery.channels.guards import BookGuard

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
#: What an account may have, whatever its kind: nobody listens there.
FILLED = {
    **{"host": "127.0.0.1", "port": 1, "url": "http://127.0.0.1:1/x", "token": "1:a"},
    "provider": "smsru",
}
ADDRESSES = {
    "email": "anna@example.org",
    "phone": "79161234567",
    "telegram": "7",
    "max": "7",
    "vk": "7",
}
NAMED = {"full_name": "Anna"}


@pytest.fixture(autouse=True)
def _files(settings: LazySettings, tmp_path: Path) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"


def account(kind: ChannelKind) -> SendingAccount:
    given = AccountSettings.model_validate({"kind": kind.name, **FILLED})
    return declaration("one", given)


def content(channel: str) -> Content:
    return Content(
        "Hi",
        from_text("Hello {{ full_name }}"),
        from_html(""),
        lambda number: (f"https://e.org/u/{number}", "", ""),
        NOW,
        channel=channel,
        run_key="k",
        domain="example.org",
        from_email="news@example.org",
    )


@EVERY_KIND
def test_it_writes_to_addresses_that_recipients_have(kind: ChannelKind) -> None:
    assert kind.serves and kind.serves <= ADDRESS.keys()


@EVERY_KIND
def test_it_opens_without_connecting(kind: ChannelKind) -> None:
    channel = kind.opened(account(kind), BookGuard())
    assert isinstance(channel, Channel)
    assert channel.connections <= account(kind).max_connections
    assert channel.close() == []


@EVERY_KIND
def test_it_compiles_for_each_kind_of_address(kind: ChannelKind) -> None:
    for served in kind.serves:
        letter = kind.compiled(content(served)).fill(Claimed(7, 1, ADDRESSES[served], 1, NAMED))
        assert letter.delivery_id == 7 and b"Anna" in letter.body


@EVERY_KIND
def test_its_connection_can_be_checked(kind: ChannelKind) -> None:
    """Only what connects to nothing on its own has no check: files, and Django's backends."""
    assert (kind.check is None) == (kind.name in ("outbox", "backend"))
    error = kind.checked(account(kind))
    assert error is None if kind.check is None else error != NOTHING


@EVERY_KIND
def test_its_account_is_refused_without_what_it_needs(kind: ChannelKind) -> None:
    for name in kind.required:
        given = {"kind": kind.name, **FILLED, name: ""}
        with pytest.raises(ValueError, match="is needed when the kind is"):
            AccountSettings.model_validate(given)


def test_the_settings_load_no_channel() -> None:
    code = (
        "import sys, config.environment as _;"
        "print(*[name for name in sys.modules if name.startswith('apps.delivery.channels.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    loaded = done.stdout.split()
    assert "apps.delivery.channels.kinds" in loaded
    assert not [name for name in loaded if name.endswith((".channel", ".compile", ".letters"))]
