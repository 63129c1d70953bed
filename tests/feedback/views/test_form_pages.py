"""An owner's pages of forms: made, published, embedded, and their sign-ups looked through."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.feedback.models import Signup
from apps.feedback.services.signups.confirm import confirm
from apps.feedback.services.signups.receive import Visitor
from apps.feedback.views import signup as view
from apps.mailings.models import AttributeDefinition, ConsentText, SignupForm
from tests.feedback.signups import list_of, live_form, sign_up, version_of
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PADDED", 0)


def values(cast: Cast, **more: Any) -> dict[str, Any]:
    """The editor as it was filled in."""
    lists = more.pop("lists", None) or [list_of(cast.owner, "Coffee")]
    return {
        "title": "Coffee news",
        "lists": [one.pk for one in lists],
        "offered": "fixed",
        "account": "email",
        "expires_hours": "72",
        "proof": "prefer",
        "disposable": "refuse",
        "shown_in": ["en"],
        **more,
    }


def test_a_form_is_made_and_published_in_one_go(cast: Cast) -> None:
    AttributeDefinition.objects.create(owner=cast.owner, name="city", label="City", public=True)
    data = values(
        cast,
        publish="1",
        sites="https://Shop.example.org/\nhttps://shop.example.org",
        **{"ask-full_name": "require", "ask-city": "ask", "en-title": "Hello"},
    )
    response = cast.client("owner").post("/forms/new/", data)
    form = SignupForm.objects.get()
    assert response["Location"] == f"/forms/{form.pk}/" and form.state == "live"
    assert form.origins == ["https://shop.example.org"]
    shown = version_of(form).shown
    assert [(one["name"], one["required"]) for one in shown["fields"]] == [
        ("full_name", True),
        ("city", False),
    ]
    page = Client().get(f"/f/{form.slug}/").content.decode()
    assert "Hello" in page and "City" in page


def test_a_saved_change_is_seen_when_it_is_published(cast: Cast) -> None:
    client = cast.client("owner")
    coffee = list_of(cast.owner, "Coffee")
    client.post("/forms/new/", values(cast, lists=[coffee], publish="1"))
    form = SignupForm.objects.get()
    edit = f"/forms/{form.pk}/edit/"
    client.post(edit, values(cast, lists=[coffee], title="Tea"))
    assert "Coffee news" in Client().get(f"/f/{form.slug}/").content.decode()
    assert "changed since" in client.get(f"/forms/{form.pk}/").content.decode()
    client.post(f"/forms/{form.pk}/publish/")
    assert "Tea" in Client().get(f"/f/{form.slug}/").content.decode()
    assert form.versions.count() == 2
    client.post(f"/forms/{form.pk}/publish/")
    assert form.versions.count() == 2  # the same is no new version


def test_a_form_without_a_public_list_is_not_published(cast: Cast) -> None:
    private = list_of(cast.owner, "Private", visibility="private")
    response = cast.client("owner").post("/forms/new/", values(cast, lists=[private]))
    assert response.status_code == 200 and not SignupForm.objects.exists()
    form = SignupForm.objects.create(owner=cast.owner, title="Empty", texts={"en": {}})
    page = cast.client("owner").post(f"/forms/{form.pk}/publish/", follow=True)
    assert "Choose at least one public list" in page.content.decode()
    assert SignupForm.objects.get().state == "draft"


@pytest.mark.parametrize("site", ["shop", "https://a.org/path", "javascript:x", "https://a.org;b"])
def test_what_is_no_site_is_refused(cast: Cast, site: str) -> None:
    response = cast.client("owner").post("/forms/new/", values(cast, sites=site))
    assert response.status_code == 200 and not SignupForm.objects.exists()


def test_a_page_that_people_are_led_to_is_at_https(cast: Cast) -> None:
    for url in ("http://a.example.org/", "javascript:alert(1)", "//a.example.org"):
        data = values(cast, redirect_url=url, lists=[list_of(cast.owner, url[:20])])
        assert cast.client("owner").post("/forms/new/", data).status_code == 200
    assert not SignupForm.objects.exists()


def test_the_preview_shows_what_is_being_written_and_saves_nothing(cast: Cast) -> None:
    data = values(cast, **{"en-title": "Being <b>written</b>", "ask-full_name": "ask"})
    page = cast.client("owner").post("/forms/preview/", data).content.decode()
    assert "Being &lt;b&gt;written" in page and "full_name" in page
    assert not SignupForm.objects.exists()


def test_consent_texts_are_kept_version_by_version(cast: Cast) -> None:
    client = cast.client("owner")
    client.post("/forms/texts/new/", {"key": "ads", "text-en": "Send me news.", "text-ru": ""})
    client.post("/forms/texts/ads/", {"text-en": "Send me news.", "text-ru": "Шлите новости."})
    client.post("/forms/texts/ads/", {"text-en": "Send me more.", "text-ru": "Шлите новости."})
    rows = ConsentText.objects.order_by("version", "language")
    assert [(row.version, row.language, row.text) for row in rows] == [
        (1, "en", "Send me news."),
        (2, "ru", "Шлите новости."),
        (3, "en", "Send me more."),
    ]
    page = client.get("/forms/texts/").content.decode()
    assert "Send me more." in page and "Send me news." not in page


def test_a_text_that_lacks_a_language_keeps_the_form_from_being_published(cast: Cast) -> None:
    client = cast.client("owner")
    client.post("/forms/texts/new/", {"key": "ads", "text-en": "Send me news."})
    data = values(cast, publish="1", consents=["ads"], shown_in=["en", "ru"])
    page = client.post("/forms/new/", data, follow=True).content.decode()
    assert "has no wording in this language" in page
    assert SignupForm.objects.get().state == "draft"


def test_the_page_of_a_form_shows_its_sum_and_its_sign_ups(cast: Cast) -> None:
    form = live_form(cast.owner)
    confirm(signup=sign_up(form), visitor=Visitor(), now=timezone.now())
    sign_up(form, "bob@example.org")
    sign_up(form, "eve@example.org", hold="disposable")
    client = cast.client("owner")
    page = client.get(f"/forms/{form.pk}/").content.decode()
    for address in ("anna@", "bob@", "eve@"):
        assert address in page
    assert "throwaway address" in page and "Release all held" in page
    held = client.get(f"/forms/{form.pk}/?state=held").content.decode()
    assert "eve@" in held and "bob@" not in held
    export = b"".join(client.get(f"/forms/{form.pk}/signups/export/csv/")).decode()
    assert export.count("@example.org") == 3 and "throwaway address" in export
    assert "Release" not in cast.client("manager").get(f"/forms/{form.pk}/").content.decode()


def test_held_ones_are_released_or_dropped(cast: Cast) -> None:
    form = live_form(cast.owner)
    rows = [sign_up(form, f"a{n}@example.org", hold="disposable") for n in range(2)]
    client, url = cast.client("owner"), f"/forms/{form.pk}/signups/"
    client.post(url, {"act": "drop", "ids": [rows[0].pk]})
    client.post(url, {"act": "release", "all": "1"})
    states = dict(Signup.objects.values_list("pk", "state"))
    assert states == {rows[0].pk: "refused", rows[1].pk: "waiting"}


def test_nobody_acts_on_the_sign_ups_of_others(cast: Cast) -> None:
    mine, theirs = live_form(cast.stranger), live_form(cast.owner)
    held = sign_up(theirs, hold="disposable")
    client = cast.client("stranger")
    client.post(f"/forms/{mine.pk}/signups/", {"act": "release", "ids": [held.pk]})
    assert Signup.objects.get().state == "held"


def test_the_code_to_copy_signs_people_up_as_it_is(cast: Cast) -> None:
    form = live_form(cast.owner, fields=[{"name": "full_name", "required": False}])
    page = cast.client("owner").get(f"/forms/{form.pk}/").content.decode()
    assert "&lt;form method=&quot;post&quot;" in page and f"/f/{form.slug}/embed.js" in page
    Client().post(f"/f/{form.slug}/", {"email": "zoe@example.org", "full_name": "Zoe"})
    assert Signup.objects.get().typed == {"full_name": "Zoe"}


def test_closing_and_deleting(cast: Cast) -> None:
    client = cast.client("owner")
    published = live_form(cast.owner)
    client.post(f"/forms/{published.pk}/close/")
    assert Client().get(f"/f/{published.slug}/").status_code == 410
    client.post(f"/forms/{published.pk}/delete/")
    draft = SignupForm.objects.create(owner=cast.owner, title="Draft", texts={"en": {}})
    client.post(f"/forms/{draft.pk}/delete/")
    left = SignupForm.objects.get()
    assert left == published and left.archived_at is not None
    assert client.get(f"/forms/{published.pk}/").status_code == 404
