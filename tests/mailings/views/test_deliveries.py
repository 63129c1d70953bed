"""A delivery and its letter: what only the recipient may read, nobody else reads."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.mailings.models import Delivery, RunContent
from apps.users.models import User
from tests.factories import DeliveryFactory, MailingFactory, MessageFactory, RunFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db
SECRET = "https://news.example/p/secret-token/"
NOTE = "Its link works for the recipient alone and is not shown."


def sent(cast: Cast, purpose: str) -> Delivery:
    """A letter of one field, which it was given."""
    place = "{{ link_url }}"
    message = MessageFactory.create(
        owner=cast.owner, subject="Yours", text=place, html=f'<p><a href="{place}">Go</a></p>'
    )
    mailing: Any = MailingFactory.create(
        owner=cast.owner,
        kind="transactional",
        message=message,
        everyone=False,
        status="completed",
        purpose=purpose,
        fields={"link_url": SECRET},
    )
    run = RunFactory.create(mailing=mailing, urgent=True, state="done", sent=1)
    run.content["fields"] = mailing.fields
    run.save()
    RunContent.objects.create(run=run, version=0, content=run.content)
    return DeliveryFactory.create(run=run, recipient=cast.delivery.recipient, state="sent")


def page(client: Client, name: str, *args: Any) -> str:
    found = client.get(reverse(name, args=args))
    assert found.status_code == 200
    text: str = found.content.decode()
    return text


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_the_link_of_a_confirmation_is_its_recipients_alone(cast: Cast, role: str) -> None:
    row = sent(cast, "confirmation")
    where = (row.run.mailing_id, row.run.number, row.pk)
    letter = page(cast.client(role), "mailings:letter", *where)
    assert "Go" in letter and "•••" in letter
    assert "secret-token" not in letter
    assert NOTE in page(cast.client(role), "mailings:delivery", *where)


def test_what_a_message_of_another_purpose_was_given_is_shown(cast: Cast) -> None:
    row = sent(cast, "service")
    where = (row.run.mailing_id, row.run.number, row.pk)
    assert SECRET in page(cast.client("owner"), "mailings:letter", *where)
    assert NOTE not in page(cast.client("owner"), "mailings:delivery", *where)


@pytest.mark.parametrize(("purpose", "shown"), [("confirmation", False), ("service", True)])
def test_the_admin_does_not_show_it_either(cast: Cast, purpose: str, shown: bool) -> None:
    row, root = sent(cast, purpose), Client()
    root.force_login(User.objects.create_superuser("root@example.org", "x"))
    for name, pk in (
        ("mailing", row.run.mailing_id),
        ("run", row.run_id),
        ("runcontent", row.run.replaced.get().pk),
    ):
        text = page(root, f"admin:mailings_{name}_change", pk)
        assert "link_url" in text
        assert ("secret-token" in text) is shown
