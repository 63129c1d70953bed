"""Every variant of an experiment is checked, and a finding says which one it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from apps.delivery.models import Preflight
from apps.delivery.preflight.fetching import Answer
from apps.delivery.preflight.report import lines_of
from apps.mailings.models import Experiment, Mailing, Message, Sender
from tests.api.conftest import voice_of
from tests.delivery.preflight.faults import (
    REPAIRED,
    faulty_mailing,
    looked_at,
    repair,
    said,
)
from tests.factories import MessageFactory, VariantFactory

pytestmark = pytest.mark.django_db

LOUD = "BUY NOW AND SAVE"


@pytest.fixture(autouse=True)
def _english(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def mailing() -> Mailing:
    """A is well; B has a loud subject, C another message, D a sender whom nobody has confirmed."""
    made = faulty_mailing()
    repair(made)
    html = REPAIRED.replace("<p><a href='{{ unsubscribe_url }}'>Unsubscribe</a></p>", "")
    message = MessageFactory.create(owner=made.owner, subject="News", text="Hello!", html=html)
    sender = Sender.objects.create(owner=made.owner, address="other@shop.test")
    experiment = VariantFactory.create(experiment__mailing=made, subject=LOUD).experiment
    VariantFactory.create(experiment=experiment, number=3, subject="", message=message)
    VariantFactory.create(experiment=experiment, number=4, subject="", sender=sender)
    return Mailing.objects.get(pk=made.pk)


def test_what_is_wrong_with_one_variant_is_said_of_it(mailing: Mailing) -> None:
    found = looked_at(mailing)
    assert said(found, "subject") == [
        ("pass", "Variants A, C, D: The subject fits."),
        ("warn", "Variant B: The subject is in capitals; spam filters dislike that."),
    ]
    assert ("fail", "Variant C: There is no link to unsubscribe.") in said(found, "unsubscribe")
    assert ("pass", "Variants A, B, C: The sender may be used.") in said(found, "sender")
    (refused,) = [text for result, text in said(found, "sender") if result == "fail"]
    assert refused.startswith("Variant D: ")
    assert found.worst == "fail"


def test_what_is_said_of_all_alike_is_said_once(mailing: Mailing) -> None:
    found = looked_at(mailing)
    assert not [text for _result, text in said(found, "audience") if "Variant" in text]
    assert said(found, "forecast") == [("pass", "Everybody gets it before the end.")]
    Experiment.objects.all().delete()
    again = looked_at(Mailing.objects.get(pk=mailing.pk))
    assert "variants" not in str(again.findings)


def test_no_address_is_asked_twice(mailing: Mailing) -> None:
    asked: Counter[tuple[str, int]] = Counter()

    def ask_all(urls: Sequence[str], seconds: float, most: int) -> Mapping[str, Answer]:
        asked.update((url, most) for url in urls)
        return {url: Answer(200) for url in urls if "fine" not in url}

    found = looked_at(mailing, ask_all=ask_all)
    assert asked and max(asked.values()) == 1
    late = ("unchecked", "Links that did not answer in time: 1.")
    assert said(found, "links") == [late]


def test_each_finding_leads_to_what_is_the_variants_own(mailing: Mailing) -> None:
    looked_at(mailing)
    client = Client()
    client.force_login(mailing.owner)
    page = client.get(reverse("delivery:preflight", args=[mailing.pk])).content.decode()
    other = Message.objects.get(subject="News")
    sender = Sender.objects.get(address="other@shop.test")
    for url in (
        reverse("mailings:experiment", args=[mailing.pk]),
        reverse("messages:edit", args=[other.pk]),
        reverse("senders:detail", args=[sender.pk]),
    ):
        assert f'href="{url}"' in page
    assert "Variant B: The subject is in capitals" in page


def test_the_api_and_the_command_name_the_variants(mailing: Mailing) -> None:
    looked_at(mailing)
    answer = voice_of(mailing.owner).get(f"/api/mailings/{mailing.pk}/preflight/")
    (row,) = [one for one in answer.json()["checks"] if one["check"] == "subject"]
    assert [one["variants"] for one in row["findings"]] == [["B"], ["A", "C", "D"]]
    printed = "\n".join(lines_of(Preflight.objects.get(mailing=mailing)))
    assert "  Problem: Variant C: There is no link to unsubscribe." in printed


def test_a_variants_own_subject_is_in_the_count_of_placeholders(mailing: Mailing) -> None:
    Experiment.objects.get().variants.filter(number=2).update(subject="Hello {{ nickname }}")
    found = said(looked_at(mailing), "placeholders")
    assert ("fail", "Variant B: No recipient has “nickname”.") in found
