"""The brand of an owner: kept, put into letters until they are launched, and noted by runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.mailings.media.errors import MediaUsed
from apps.mailings.models import Brand, ContentUse, MediaFile, Message
from apps.mailings.selectors.letters.brand import brand_of, was_asked
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.bodies import check_message, kept_bodies
from apps.mailings.services.letters.reuse.brand import BrandChanged, save_brand, skip_brand
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.uses import mark_sent
from apps.users.models import User
from tests.factories import MediaFileFactory, UserFactory

pytestmark = pytest.mark.django_db

SAYS = {"company": "Kofein LLC", "address": "1 Garden Street, Tula"}


@pytest.fixture
def anna() -> User:
    return UserFactory.create()


def letter_of(owner: User) -> Message:
    """A blank one with a heading: nothing but the footer is missing."""
    message = begin_letter(author=owner)
    document: dict[str, Any] = message.document or {}
    document["body"][0]["columns"][0]["blocks"][0]["text"] = "News"
    message.subject, message.document = "Spring", document
    message.save()
    return message


def test_each_save_is_a_revision_and_what_is_left_out_stays(anna: User) -> None:
    assert brand_of(anna.pk) is None
    assert save_brand(owner=anna, values=SAYS).revision == 1
    brand = save_brand(owner=anna, values={"name": "Kofein"})
    assert (brand.revision, brand.company, brand.name) == (2, "Kofein LLC", "Kofein")
    assert Brand.objects.count() == 1
    assert brand.theme["font"] == "system"  # defaults are written out


def test_who_skips_was_asked_and_has_none(anna: User) -> None:
    skip_brand(owner=anna)
    assert was_asked(anna.pk) and brand_of(anna.pk) is None
    save_brand(owner=anna, values=SAYS)
    skip_brand(owner=anna)
    assert brand_of(anna.pk) is not None


def test_an_older_revision_is_refused(anna: User) -> None:
    save_brand(owner=anna, values=SAYS, base_revision=0)
    with pytest.raises(BrandChanged):
        save_brand(owner=anna, values={"name": "x"}, base_revision=0)


@pytest.mark.parametrize(
    "values",
    [
        {"website": "javascript:alert(1)"},
        {"networks": [{"network": "vk", "link": "data:x"}]},
        {"networks": "vk"},
        {"theme": {"font": "comic"}},
        {"theme": {"light": {"page": "red"}}},
        {"company": "a\nb"},
        {"logo": 2**62},
    ],
)
def test_what_letters_could_not_hold_is_refused(values: dict[str, Any], anna: User) -> None:
    with pytest.raises(ValidationError) as refused:
        save_brand(owner=anna, values=values)
    assert list(refused.value.message_dict) == list(values)


def test_half_of_a_character_is_refused(anna: User) -> None:
    with pytest.raises(ValidationError):
        save_brand(owner=anna, values={"company": "\ud800"})


def test_a_logo_is_one_of_the_owners_pictures_and_is_not_deleted(anna: User) -> None:
    with pytest.raises(ValidationError):
        save_brand(owner=anna, values={"logo": MediaFileFactory.create().pk})
    logo: MediaFile = MediaFileFactory.create(owner=anna)
    brand = save_brand(owner=anna, values={"logo": logo.pk})
    assert ContentUse.objects.get(brand=brand).media == logo
    with pytest.raises(MediaUsed, match="Your brand"):
        MediaService(anna).remove(logo, now=timezone.now())
    save_brand(owner=anna, values={"logo": None})
    assert not ContentUse.objects.exists()


def test_a_letter_without_an_address_can_be_sent_by_who_has_a_brand(anna: User) -> None:
    message = letter_of(anna)
    save_brand(owner=anna, values={**SAYS, "theme": {"light": {"page": "#123456"}}})
    check_message(message)
    content = kept_bodies(message)
    assert content["made_of"] == {"brand": 1}
    html = json.dumps(content["html"])
    assert "Kofein LLC, 1 Garden Street, Tula" in html and "#123456" in html


def test_another_owners_brand_is_nowhere(anna: User) -> None:
    save_brand(owner=UserFactory.create(), values=SAYS)
    assert "made_of" not in kept_bodies(letter_of(anna))


def test_the_logo_counts_as_sent_with_the_letter(anna: User) -> None:
    logo = MediaFileFactory.create(owner=anna)
    save_brand(owner=anna, values={"logo": logo.pk})
    mark_sent(letter_of(anna), timezone.now())
    logo.refresh_from_db()
    assert logo.sent_at is not None
