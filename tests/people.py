"""The cast of the page tests: the same people in every test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import Client

from apps.mailings.models import Delivery, Mailing, RecipientImport, Run
from apps.users.models import User
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
)
from tests.recording_dispatcher import RecordingDispatcher, dispatching

HTMX = {"HX-Request": "true"}


@dataclass
class Cast:
    """Anna owns the mailing, Bob is a stranger, Mary oversees; Carl was blocked while signed in."""

    owner: User
    stranger: User
    manager: User
    blocked: User
    mailing: Mailing
    run: Run
    delivery: Delivery
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, role: str) -> Client:
        """The browser of this person; signed in unless anonymous."""
        if role not in self.clients:
            client = Client()
            if role != "anonymous":
                client.force_login(getattr(self, role))
            if role == "blocked":
                User.objects.filter(pk=self.blocked.pk).update(is_active=False)
            self.clients[role] = client
        return self.clients[role]


@pytest.fixture
def cast(db: None) -> Cast:
    owner = UserFactory.create(email="anna@example.org")
    mailing = MailingFactory.create(owner=owner, name="Весенние новости", status="running")
    run = RunFactory.create(mailing=mailing, pending=2, sending=1, sent=6, unknown=1, rate=2.0)
    return Cast(
        owner=owner,
        stranger=UserFactory.create(email="bob@example.org"),
        manager=ManagerFactory.create(email="mary@example.org"),
        blocked=UserFactory.create(email="carl@example.org"),
        mailing=mailing,
        run=run,
        delivery=DeliveryFactory.create(
            run=run, recipient=RecipientFactory.create(owner=owner), state="sent"
        ),
    )


@pytest.fixture
def dispatched() -> Iterator[RecordingDispatcher]:
    """The slot holds a dispatcher that only takes notes."""
    with dispatching(RecordingDispatcher()) as fake:
        assert isinstance(fake, RecordingDispatcher)
        yield fake


def lie_in(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads lie in a directory of this test alone."""
    storage = RecipientImport._meta.get_field("file").storage
    for name in ("base_location", "location"):
        monkeypatch.setitem(storage.__dict__, name, str(directory))
