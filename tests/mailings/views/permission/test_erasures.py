"""The pages of erasures."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import ErasureRequest, Recipient
from apps.mailings.services.privacy import erasure
from apps.mailings.suppression.tombstones import erased_among
from tests.factories import RecipientFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def asked(person: Recipient) -> ErasureRequest:
    return erasure.ask(recipient=person, by="owner", actor="anna", now=timezone.now())


def test_the_owner_asks_and_sees_what_becomes_of_it(cast: Cast) -> None:
    person, client = RecipientFactory.create(owner=cast.owner), cast.client("owner")
    page = client.get(reverse("recipients:detail", args=[person.pk])).content.decode()
    assert reverse("privacy:erase", args=[person.pk]) in page
    response = client.post(reverse("privacy:erase", args=[person.pk]), follow=True)
    found = ErasureRequest.objects.get(recipient=person)
    assert (found.by, found.state) == ("owner", "waiting")
    assert response.redirect_chain[-1][0] == reverse("privacy:erasure", args=[found.pk])
    again = client.post(reverse("privacy:erase", args=[person.pk]), follow=True)
    assert "is to be erased already" in again.content.decode()


def test_erased_at_once_it_has_a_certificate(cast: Cast) -> None:
    found = asked(RecipientFactory.create(owner=cast.owner))
    client, url = cast.client("owner"), reverse("privacy:erasure", args=[found.pk])
    page = client.post(url, {"act": "now"}, follow=True).content.decode()
    assert "Genuine" in page and "erased person" in page
    text = client.get(reverse("privacy:certificate", args=[found.pk])).content.decode()
    assert text.startswith("vestnik erasure 1\n") and "seal: " in text
    person = client.get(reverse("recipients:detail", args=[found.recipient_id])).content.decode()
    assert "This person was erased." in person and "Restore" not in person


def test_a_refusal_says_why(cast: Cast) -> None:
    found = asked(RecipientFactory.create(owner=cast.owner))
    client, url = cast.client("owner"), reverse("privacy:erasure", args=[found.pk])
    page = client.post(url, {"act": "refuse", "reason": ""}, follow=True).content.decode()
    assert "Write down why" in page
    reason = {"act": "refuse", "reason": "An invoice is open"}
    assert "An invoice is open" in client.post(url, reason, follow=True).content.decode()


def test_a_manager_erases_only_with_the_right(cast: Cast) -> None:
    person = RecipientFactory.create(owner=cast.owner)
    url = reverse("privacy:erase", args=[person.pk])
    assert cast.client("manager").get(url).status_code == 403
    cast.manager.user_permissions.add(Permission.objects.get(codename="erase_recipient"))
    assert cast.client("manager").post(url).status_code == 302
    assert ErasureRequest.objects.get(recipient=person).by == "manager"


def test_an_erased_address_is_allowed_again_for_a_reason(cast: Cast) -> None:
    person = RecipientFactory.create(owner=cast.owner, email="back@example.org")
    erasure.carry_out(request_id=asked(person).pk, now=timezone.now())
    client, url = cast.client("owner"), reverse("privacy:allow")
    given = {"channel": "email", "address": "BACK@example.org", "reason": ""}
    assert "Write down why" in client.post(url, given, follow=True).content.decode()
    assert erased_among(cast.owner.pk, "email", ["back@example.org"]) == [True]
    given["reason"] = "They wrote to us on paper"
    assert "can be added again" in client.post(url, given, follow=True).content.decode()
    assert erased_among(cast.owner.pk, "email", ["back@example.org"]) == [False]
    assert "Nobody with this address" in client.post(url, given, follow=True).content.decode()
    given["address"] = "nobody"
    assert "valid email" in client.post(url, given, follow=True).content.decode()


def test_the_command_erases_and_checks_the_certificate(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    person = RecipientFactory.create(owner=cast.owner)
    call_command("erase", "recipient", str(person.pk))
    found = ErasureRequest.objects.get(recipient=person)
    call_command("erase", "list")
    call_command("erase", "refuse", str(found.pk), "--reason", "An invoice is open")
    call_command("erase", "recipient", str(person.pk), "--now")
    call_command("erase", "verify", str(ErasureRequest.objects.latest("pk").pk))
    assert f"(recipient id:{person.pk})" in (output := capsys.readouterr().out)
    assert "genuine: True" in output
    for wrong in (["recipient", "0"], ["verify", "0"]):
        with pytest.raises(SystemExit, match="2"):
            call_command("erase", *wrong)
    assert "[erasure_unknown]" in capsys.readouterr().err
