"""An import says in its own row what has come of it, and knows whom it has brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from apps.mailings.models import MailingList, RecipientImport, Subscription
from apps.mailings.services.importing import imports, page_imports
from apps.mailings.services.importing.permission import unconfirmed_by
from apps.users.models import User
from tests.people import lie_in

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
Queue = Callable[..., RecipientImport]


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("boss@example.org", "x")


@pytest.fixture
def queued(owner: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Queue:
    """Puts an import of these unconfirmed people into the queue."""
    lie_in(tmp_path / "files", monkeypatch)
    newsletter = MailingList.objects.create(owner=owner, title="News")

    def queued(*emails: str) -> RecipientImport:
        rows = "".join(f"{one},unconfirmed\n" for one in emails)
        found = RecipientImport(owner=owner, source="a.csv", state="queued")
        found.mapping = {"email": "email", "status": "status"}
        found.options = {"list": newsletter.pk, "statement": "They signed up at our stand"}
        found.file.save("a.csv", ContentFile(f"email,status\n{rows}".encode()))
        return found

    return queued


def brought_by(found: RecipientImport) -> list[str]:
    found.refresh_from_db()
    rows = Subscription.objects.filter(unconfirmed_by(found))
    return sorted(str(email) for email in rows.values_list("recipient__email", flat=True))


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Has this happen while the next import runs."""
    real = imports.import_recipients

    def import_recipients(**given: Any) -> Any:
        monkeypatch.setattr(page_imports, "import_recipients", real)
        act()
        return real(**given)

    monkeypatch.setattr(page_imports, "import_recipients", import_recipients)


def test_imports_side_by_side_know_their_own_people(
    queued: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, pull = queued("anna@example.org"), queued("bert@example.org")
    meanwhile(monkeypatch, lambda: page_imports.carry_out_now(pull.pk))
    page_imports.carry_out_now(page.pk)
    assert brought_by(page) == ["anna@example.org"]
    assert brought_by(pull) == ["bert@example.org"]


def test_an_import_that_was_given_up_meanwhile_stays_given_up(
    queued: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = queued("anna@example.org", "no address")
    rows = RecipientImport.objects.filter(pk=found.pk)
    meanwhile(monkeypatch, lambda: rows.update(state="failed", error="The process has ended."))
    page_imports.carry_out_now(found.pk)
    found.refresh_from_db()
    assert (found.state, found.error) == ("failed", "The process has ended.")
    assert not found.rejects, "and leaves no file behind"


def test_an_import_that_is_gone_meanwhile_does_not_come_back(
    queued: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = queued("no address")
    meanwhile(monkeypatch, RecipientImport.objects.filter(pk=found.pk).delete)
    page_imports.carry_out_now(found.pk)
    assert not RecipientImport.objects.exists()
