"""The page of the brand, its preview, and what the editor takes from it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.core.content.blocks.values import Palette
from apps.mailings.models import Brand, MediaFile, Message
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.services.letters.draft_operations import draft_for
from apps.mailings.services.letters.reuse.brand import save_brand
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing, upload
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.views.letters.test_editor import filled, seen, url
from tests.people import Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = pytest.mark.django_db

PAGE = "/brand/"


def form(**more: Any) -> dict[str, Any]:
    """The form with everything that it needs."""
    colours = {f"light-{role}": value for role, value in Palette().model_dump().items()}
    shape = {"font": "georgia", "heading_font": "georgia", "button_radius": "32"}
    return {"revision": "0", **colours, **shape, **more}


def test_the_way_to_the_first_message_asks_once(cast: Cast) -> None:
    client = cast.client("owner")
    page = reverse("messages:create")
    assert "Set up brand" in client.get(page).content.decode()
    answer = client.post(PAGE, {"act": "skip"})
    assert answer["Location"] == page
    assert "Set up brand" not in client.get(page).content.decode()


def test_it_is_filled_in_and_leads_on(cast: Cast) -> None:
    client = cast.client("owner")
    assert 'name="next" value="/messages/new/"' in client.get(
        f"{PAGE}?next=/messages/new/"
    ).content.decode().replace("&#x2F;", "/")
    values = form(
        company="Kofein LLC",
        address="1 Garden Street, Tula",
        next="/messages/new/",
        **{"light-button": "#A11D45", "network-0": "vk", "network-0-link": "https://vk.com/k"},
    )
    assert client.post(PAGE, values)["Location"] == "/messages/new/"
    brand = Brand.objects.get(owner=cast.owner)
    assert (brand.revision, brand.company) == (1, "Kofein LLC")
    assert brand.theme["light"]["button"] == brand.theme["dark"]["button"] == "#a11d45"
    assert brand.theme["button_radius"] == 32
    assert brand.networks == [{"network": "vk", "link": "https://vk.com/k"}]
    assert "https://vk.com/k" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("where", ["//evil.example/", "https://evil.example/", "javascript:x"])
def test_it_leads_to_no_other_site(where: str, cast: Cast) -> None:
    answer = cast.client("owner").post(PAGE, form(next=where))
    assert answer["Location"] == PAGE


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"light-page": "red"}, "Enter a valid value."),
        ({"website": "javascript:alert(1)"}, "Enter an address"),
        ({"network-0": "vk"}, "Enter the address."),
        ({"network-0-link": "https://vk.com/k"}, "Choose a network."),
        ({"revision": "5"}, "changed elsewhere"),
        ({"logo": "999999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    values: dict[str, str], says: str, cast: Cast
) -> None:
    answer = cast.client("owner").post(PAGE, form(**values))
    assert answer.status_code == 422 and says in answer.content.decode()
    assert brand_of(cast.owner.pk) is None


@pytest.mark.usefixtures("picture_files")
def test_a_logo_is_uploaded_with_it(cast: Cast) -> None:
    client = cast.client("owner")
    assert client.post(PAGE, form(name="Kofein", logo_file=upload(drawing()))).status_code == 302
    logo = MediaFile.objects.get(owner=cast.owner)
    assert (Brand.objects.get().logo, logo.alt) == (logo, "Kofein")
    frame = client.get(reverse("brand:frame")).content.decode()
    assert logo.token in frame
    bad = client.post(PAGE, form(revision="1", logo_file=upload(b"<svg/>", "a.svg")))
    assert bad.status_code == 422 and "SVG" in bad.content.decode()


def test_the_preview_shows_what_is_filled_in_and_keeps_nothing(cast: Cast) -> None:
    client = cast.client("owner")
    values = form(company="Kofein LLC", **{"light-page": "#123456"})
    frame = client.post(reverse("brand:frame"), values)
    assert "Kofein LLC" in frame.content.decode() and "#123456" in frame.content.decode()
    assert "sandbox" in frame["Content-Security-Policy"]
    assert not Brand.objects.exists()
    dark = client.post(reverse("brand:frame"), {**values, "dark": "1"}).content.decode()
    assert "background: #12171c" in dark


def test_a_letter_of_the_gallery_has_the_brand_in_it(cast: Cast) -> None:
    save_brand(owner=cast.owner, values={"company": "Kofein LLC", "name": "Kofein"})
    data = {"form": "blocks", "template": "receipt"}
    cast.client("owner").post(reverse("messages:create"), data)
    message = Message.objects.latest("pk")
    frame = cast.client("owner").get(reverse("messages:canvas", args=[message.pk]))
    page = frame.content.decode()
    assert "Kofein LLC" in page and "Your Company" not in page


def test_the_design_of_a_letter_that_follows_is_the_brands_until_it_leaves(cast: Cast) -> None:
    save_brand(owner=cast.owner, values={"theme": {"font": "georgia"}})
    letter, client = a_letter(cast.owner), cast.client("owner")
    page = client.get(url("theme", letter)).content.decode()
    assert "Use the fonts and colors of your brand" in page and 'name="font"' not in page
    answer = client.post(url("theme", letter), seen(letter))  # the box is not ticked
    assert answer.status_code == 302
    theme = (draft_for(letter, letter.owner).document or {})["theme"]
    assert (theme["follows_brand"], theme["font"]) == (False, "georgia")
    page = client.get(url("theme", letter)).content.decode()
    data = {**filled(page), **seen(letter), "follows_brand": "on"}
    assert client.post(url("theme", letter), data).status_code == 302
    assert (draft_for(letter, letter.owner).document or {})["theme"]["follows_brand"] is True


def test_a_design_that_was_chosen_before_there_was_a_brand_stays(cast: Cast) -> None:
    letter, client = a_letter(cast.owner), cast.client("owner")
    data = filled(client.get(url("theme", letter)).content.decode())
    assert client.post(url("theme", letter), {**data, **seen(letter), "size": "18"})
    theme = (draft_for(letter, letter.owner).document or {})["theme"]
    assert (theme["follows_brand"], theme["size"]) == (False, 18)


def test_an_empty_field_shows_what_the_brand_gives(cast: Cast) -> None:
    save_brand(owner=cast.owner, values={"reason": "You subscribed."})
    letter = a_letter(cast.owner)
    page = cast.client("owner").get(url("part", letter, id_of(letter, "footer")))
    assert 'placeholder="You subscribed."' in page.content.decode()


@pytest.mark.usefixtures("picture_files")
class TestColoursOfTheLogo:
    def test_they_are_proposed_and_one_is_taken(self, cast: Cast) -> None:
        client = cast.client("owner")
        logo = upload(drawing("#a11d45"), "logo.png")
        page = client.post(PAGE, form(act="colors", company="Kofein", logo_file=logo))
        text = page.content.decode()
        media = MediaFile.objects.get()
        assert page.status_code == 200 and 'name="color" value="#a11d45"' in text
        assert f'<option value="{media.pk}" selected' in text and 'value="Kofein"' in text
        assert not Brand.objects.exists()
        typed = form(company="Kofein", logo=media.pk, proposed="#a11d45", color="#a11d45")
        text = client.post(PAGE, typed).content.decode()
        assert 'name="color" value="#a11d45"' in text and 'data-brand="changed"' in text
        assert text.count('value="#a11d45"') == 5  # proposed, button, link, accent, and to choose
        assert not Brand.objects.exists()

    @pytest.mark.parametrize("logo", ["", "999999", "x"])
    def test_without_a_logo_there_are_none(self, logo: str, cast: Cast) -> None:
        answer = cast.client("owner").post(PAGE, form(act="colors", logo=logo))
        assert "No colors found in the logo." in answer.content.decode()

    def test_what_is_no_colour_changes_nothing(self, cast: Cast) -> None:
        answer = cast.client("owner").post(PAGE, form(color="red", proposed="red"))
        assert answer.status_code == 200 and 'value="red"' not in answer.content.decode()


def test_it_speaks_further_languages(cast: Cast) -> None:
    client = cast.client("owner")
    client.post(
        PAGE,
        form(reason="You subscribed.", language="Russian", **{"in--reason": "Вы подписались."}),
    )
    brand = Brand.objects.get()
    assert brand.style.written_in("ru").reason == "Вы подписались."
    page = client.get(PAGE).content.decode()
    assert 'name="in-ru-reason"' in page and 'name="in-ru-unsubscribe"' not in page
    answer = client.post(PAGE, form(revision="1", **{"in--company": "Kofein"}))
    assert answer.status_code == 422 and "such as ru or en" in answer.content.decode()
    client.post(PAGE, form(revision="1", **{"in-ru-reason": ""}))
    assert Brand.objects.get().translations == {}
