"""A bounce address of its own for every letter (VERP), as it is sent."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.core.contracts import Claimed
from apps.delivery.accounts import declared
from apps.delivery.engine.render import compile_run, render
from apps.mailings.ledger import dialect
from apps.mailings.links import delivery_of_bounce
from tests.factories import RunFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["", "bounces@example.org"])
def test_the_envelope_sender_of_each_letter(settings: LazySettings, address: str) -> None:
    settings.BOUNCE_ADDRESS = address
    compiled = compile_run(RunFactory.create(), declared("email"), dialect.database_now())
    claimed = [Claimed(number, number, f"a{number}@example.org", 1) for number in (1, 2)]
    done = render(compiled, claimed, seconds=60)
    assert done.rejected == []
    senders = [letter.sender for letter in done.letters]
    if not address:
        assert senders == ["vestnik@localhost"] * 2
    else:
        assert [delivery_of_bounce(sender) for sender in senders] == [1, 2]
        assert all(sender.startswith("bounces+") for sender in senders)
        assert all(sender.endswith("@example.org") for sender in senders)
    assert b"bounces+" not in done.letters[0].body
