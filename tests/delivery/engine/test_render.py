"""A run's snapshot as the kind of its account writes it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.template_language import TemplateSyntax
from apps.core.contracts import Claimed, Letter
from apps.delivery.accounts import declared
from apps.delivery.engine.render import compile_run, snapshot_of
from apps.mailings.ledger import dialect
from apps.mailings.models import Run
from tests.delivery.engine.conftest import Declare
from tests.factories import MessageFactory

pytestmark = pytest.mark.django_db

BLOCKS: dict[str, Any] = {
    "html": ["<h1>Page</h1>", {"if": 0, "parts": ["<p>for members</p>"]}],
    "text": ["Words for {{ no place }}, ", {"placeholder": "{{ full_name }}"}],
    "conditions": [{"match": "all", "rules": [{"kind": "tag", "id": 5, "op": "is"}]}],
}


def run_of(channel: str, **content: Any) -> Run:
    message = MessageFactory.create(text="", html="")
    made = {**snapshot_of(message, domain="example.org"), **BLOCKS, **content}
    return Run(mailing_id=1, key="k", content=made, channel=channel)


def letter(channel: str, account: str, address: str, bits: int = 0) -> Letter:
    compiled = compile_run(run_of(channel), declared(account), dialect.database_now())
    return compiled.fill(Claimed(7, 1, address, 1, {"full_name": "Anna"}, condition_bits=bits))


def test_an_email_of_blocks_has_its_html_and_its_own_text() -> None:
    body = letter("email", "email", "anna@example.org", bits=1).body
    assert b"<h1>Page</h1>" in body and b"for members" in body
    assert b"Words for {{ no place }},=20=\r\nAnna" in body
    assert b"members" not in letter("email", "email", "anna@example.org").body


@pytest.mark.parametrize(("channel", "address"), [("telegram", "100"), ("phone", "79161234567")])
def test_a_chat_and_a_phone_get_the_text_of_the_blocks(
    declare: Declare, channel: str, address: str
) -> None:
    declare("files")
    written = letter(channel, "files", address)
    assert written.body == b"Words for {{ no place }}, Anna"


@pytest.mark.parametrize(
    "content",
    [{"conditions": []}, {"conditions": [{"rules": []}]}, {"html": [{"unknown": 1}]}, {"text": 5}],
)
def test_a_snapshot_that_nothing_of_ours_has_written_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(TemplateSyntax):
        compile_run(run_of("email", **content), declared("email"), dialect.database_now())
