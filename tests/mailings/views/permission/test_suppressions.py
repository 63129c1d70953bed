"""The pages of the suppression list and of blocked domains."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from apps.mailings.models import BlockedDomain, Suppression, SuppressionEvent
from tests.factories import SuppressionFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def stops(cast: Cast) -> set[tuple[str, str, str]]:
    rows = Suppression.objects.filter(owner=cast.owner)
    return set(rows.values_list("channel", "address", "reason"))


def test_addresses_are_found_by_their_beginning_domain_reason_and_channel(cast: Cast) -> None:
    SuppressionFactory.create(owner=cast.owner, address="zoe@example.org", reason="bounced")
    SuppressionFactory.create(owner=cast.owner, channel="phone", address="79161234567")
    SuppressionFactory.create(owner=cast.stranger, address="theirs@example.org")

    def shown(**params: str) -> set[str]:
        page = cast.client("owner").get("/suppressions/", params)
        return {row.address for row, _may in page.context["rows"]}

    assert shown() == {"zoe@example.org", "79161234567"}
    assert (
        shown(q="ZOE") == shown(q="@example.org") == shown(reason="bounced") == {"zoe@example.org"}
    )
    assert shown(q="8 916 123") == shown(channel="phone") == {"79161234567"}
    assert shown(q="theirs") == set()


def test_typed_addresses_are_added_and_what_is_none_is_shown(cast: Cast) -> None:
    text = "Zoe@Example.org\n+7 916 123-45-67\nnobody\n\n"
    form = {"addresses": text, "reason": "blocked", "note": "asked by phone"}
    page = cast.client("owner").post("/suppressions/new/", form)
    assert "3 addresses = 2 added + 0 known + 1 rejected" in page.content.decode()
    assert "line 3: nobody" in page.content.decode()
    assert stops(cast) == {
        ("email", "zoe@example.org", "blocked"),
        ("phone", "79161234567", "blocked"),
    }
    events = SuppressionEvent.objects.values_list("actor", "note")
    assert set(events) == {(cast.owner.email, "asked by phone")}


def test_an_export_is_imported_again_and_changes_nothing(cast: Cast) -> None:
    for channel, address, reason in (
        ("email", "a@example.org", "complained"),
        ("phone", "442079460000", "unsubscribed"),
        ("telegram", "-100123", "bounced"),
    ):
        SuppressionFactory.create(owner=cast.owner, channel=channel, address=address, reason=reason)
    before, client = stops(cast), cast.client("owner")
    for language in ("en", "ru"):
        answer = client.get("/suppressions/export/csv/", headers={"accept-language": language})
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]

        def brought_in() -> None:
            file = SimpleUploadedFile("stop.csv", content)
            form = {"file": file, "reason": "blocked"}
            assert client.post("/suppressions/new/", form).status_code == 302

        brought_in()
        assert stops(cast) == before
        Suppression.objects.all().delete()
        brought_in()
        assert stops(cast) == before


def test_the_list_of_another_system_comes_in_with_its_reasons(cast: Cast) -> None:
    content = "email;статус\na@example.org;отписался\nb@example.org;hard_bounce\nc@example.org;\n"
    file = SimpleUploadedFile("stop.csv", content.encode("cp1251"))
    cast.client("owner").post("/suppressions/new/", {"file": file, "reason": "complained"})
    assert stops(cast) == {
        ("email", "a@example.org", "unsubscribed"),
        ("email", "b@example.org", "bounced"),
        ("email", "c@example.org", "complained"),
    }


def test_a_manager_lifts_a_complaint_of_anybody_and_the_history_says_so(cast: Cast) -> None:
    row = SuppressionFactory.create(owner=cast.owner, reason="complained")
    url = f"/suppressions/{row.pk}/lift/"
    assert cast.client("owner").post(url, {"note": "please"}).status_code == 422
    assert cast.client("manager").post(url, {"note": ""}).status_code == 422
    assert cast.client("manager").post(url, {"note": "a mistake"}).status_code == 302
    assert not Suppression.objects.exists()
    page = cast.client("owner").get("/suppressions/history/", {"q": row.address}).content.decode()
    assert "a mistake" in page and cast.manager.email in page
    assert row.address not in cast.client("stranger").get("/suppressions/history/").content.decode()


def test_domains_are_blocked_by_everybody_for_themselves_and_by_managers_for_all(
    cast: Cast,
) -> None:
    owner, manager = cast.client("owner"), cast.client("manager")
    owner.post("/management/domains/", {"domain": "Bad.Example.NET", "subdomains": "on"})
    owner.post("/management/domains/", {"domain": "mine.example", "for_all": "on"})
    manager.post("/management/domains/", {"domain": "spam.example", "for_all": "on"})
    rows = BlockedDomain.objects.order_by("pk").values_list("owner", "domain", "subdomains")
    assert list(rows) == [
        (cast.owner.pk, "bad.example.net", True),
        (cast.owner.pk, "mine.example", False),
        (None, "spam.example", False),
    ]
    assert owner.post("/management/domains/", {"domain": "mine.example"}).status_code == 422
    assert owner.post("/management/domains/", {"domain": "no domain"}).status_code == 422
    page = cast.client("stranger").get("/management/domains/").content.decode()
    assert "spam.example" in page and "mine.example" not in page
    for_all = BlockedDomain.objects.get(owner=None)
    assert owner.post(f"/management/domains/{for_all.pk}/remove/").status_code == 403
    assert manager.post(f"/management/domains/{for_all.pk}/remove/").status_code == 302
    assert not BlockedDomain.objects.filter(owner=None).exists()


def test_the_command_adds_lifts_and_exports(cast: Cast) -> None:
    owner, out = cast.owner.email, StringIO()
    call_command("suppressions", "add", "a@example.org", "79161234567", owner=owner, stdout=out)
    assert "2 addresses = 2 added + 0 known + 0 rejected" in out.getvalue()
    call_command("suppressions", "lift", "a@example.org", owner=owner, stdout=out)
    assert stops(cast) == {("phone", "79161234567", "blocked")}
    with pytest.raises(SystemExit):
        call_command("suppressions", "lift", "a@example.org", owner=owner, stdout=out)
    SuppressionFactory.create(owner=cast.owner, address="u@example.org", reason="unsubscribed")
    with pytest.raises(CommandError, match="Only they"):
        call_command("suppressions", "lift", "u@example.org", owner=owner, stdout=out)
