"""Names in addresses, UTM of a mailing, and what may be public."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.content.program.utm import UtmInvalid, checked
from apps.core.site import site_url
from apps.core.text.slugs import slug_of
from apps.mailings.models import Mailing, PublicArchive, Sender
from apps.mailings.services.mailings import MailingService, duplicate_mailing
from apps.mailings.services.publishing.archive import (
    NotPublishable,
    archive_of,
    public_url,
    publish,
    utm_of,
    withdraw,
)
from tests.factories import MailingFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Spring news!", "spring-news"),
        ("Щедрая весна: скидки до 50 %", "shchedraya-vesna-skidki-do-50"),
        ("Объём и вьюга", "obem-i-vyuga"),
        ("新聞", ""),
        ("a" * 30, "a" * 20),
        ("-a-b-_", "a-b"),
    ],
)
def test_a_name_in_addresses_is_latin(text: str, slug: str) -> None:
    assert slug_of(text, 20 if len(text) == 30 else 80) == slug


def test_the_campaign_is_the_mailings_name_unless_one_is_given() -> None:
    mailing = MailingFactory.create(name="Весна", utm={"source": "news"})
    assert utm_of(mailing) == {"campaign": "vesna", "source": "news"}
    mailing.slug = "sale"
    assert utm_of(mailing)["campaign"] == "sale"
    mailing.utm = {"campaign": "own"}
    assert utm_of(mailing) == {"campaign": "own"}
    mailing.utm = {}
    assert utm_of(mailing) == {}


@pytest.mark.parametrize(
    "value", ["{{ name", "{% if a %}b{% endif %}", "{{ a | upcase }}", "a\x00"]
)
def test_a_value_is_words_and_plain_placeholders(value: str) -> None:
    with pytest.raises(UtmInvalid):
        checked({"source": value})
    with pytest.raises(UtmInvalid):
        checked({"term": "x" * 201})
    good = {"source": " a  b ", "medium": "", "campaign": '{{ city | default: "none" }}'}
    assert checked(good) == {"source": "a b", "campaign": '{{ city | default: "none" }}'}


def test_a_program_cannot_save_another_one() -> None:
    mailing = MailingFactory.create(message=MessageFactory.create())
    mailing.message.owner = mailing.owner
    mailing.message.save()
    mailing.utm = {"source": "{{"}
    with pytest.raises(ValidationError) as refused:
        MailingService(mailing.owner).save(mailing)
    assert refused.value.error_dict["utm"][0].code == "utm_invalid"


def test_a_public_mailing_has_a_name_of_its_own_among_its_owners() -> None:
    owner = UserFactory.create()
    first, second = (publish(MailingFactory.create(owner=owner, name="News")) for _n in range(2))
    assert (first.slug, second.slug) == ("news", "news-2")
    assert publish(MailingFactory.create(name="News")).slug == "news"
    assert PublicArchive.objects.filter(owner=owner).count() == 1
    assert public_url(second) == f"{site_url()}/archive/{archive_of(owner).slug}/news-2/"
    assert public_url(withdraw(second)) == ""


def test_an_archive_is_called_as_the_confirmed_sender_if_nobody_else_is() -> None:
    sender: dict[str, Any] = {"name": "Кофеин", "confirmed_at": timezone.now(), "is_default": True}
    slugs = []
    for number in range(2):
        owner = UserFactory.create()
        Sender.objects.create(owner=owner, address=f"{number}@e.org", **sender)
        slugs.append(archive_of(owner).slug)
    assert slugs[0] == "kofein" and len(slugs[1]) == 8
    unconfirmed = UserFactory.create()
    Sender.objects.create(owner=unconfirmed, name="Bank", address="a@e.org")
    assert archive_of(unconfirmed).slug != "bank"


@pytest.mark.parametrize(
    "fields", [{"purpose": Mailing.Purpose.CONFIRMATION}, {"kind": Mailing.Kind.TRANSACTIONAL}]
)
def test_what_is_one_persons_is_never_public(fields: dict[str, Any]) -> None:
    mailing = MailingFactory.create(**fields)
    with pytest.raises(NotPublishable):
        publish(mailing)
    mailing.refresh_from_db()
    assert not mailing.public


def test_a_copy_has_the_parameters_and_is_not_public() -> None:
    mailing = publish(MailingFactory.create(utm={"source": "news"}))
    copy = duplicate_mailing(mailing=mailing, now=timezone.now())
    assert copy.utm == {"source": "news"} and not copy.public and copy.slug == ""
