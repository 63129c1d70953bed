"""Whatever is changed of an approved mailing, one field at a time: its run does not start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any, Final

import pytest
from django.conf import LazySettings
from django.db.models import Field

from apps.core.errors import Refused
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.approvals.fingerprints import STANDING, fields_of, parts_of
from apps.delivery.service import service
from apps.mailings.models import (
    Attachment,
    Experiment,
    Feed,
    Mailing,
    Message,
    MessageTranslation,
    PersonalFile,
    Run,
    Segment,
    Sender,
    Trigger,
    Variant,
)
from tests.delivery.engine.runs.approvals.approved import approve
from tests.factories import (
    MailingFactory,
    MailingListFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
    UserFactory,
    VariantFactory,
    mailing_to,
)

pytestmark = pytest.mark.django_db

#: Fields that another one has to follow, for the database says so.
_TOGETHER: Final[dict[str, dict[str, Any]]] = {
    "second_channel": {"second_channel": "telegram", "second_account": "telegram"},
    "second_account": {"second_channel": "telegram", "second_account": "another"},
    "third_channel": {
        **{"second_channel": "telegram", "second_account": "telegram"},
        **{"third_channel": "sms", "third_account": "sms"},
    },
    "third_account": {
        **{"second_channel": "telegram", "second_account": "telegram"},
        **{"third_channel": "sms", "third_account": "another"},
    },
    "channel": {"channel": "telegram"},
    "local_from": {"local_from": time(9), "local_to": time(18)},
    "local_to": {"local_from": time(9), "local_to": time(19)},
    "kind": {"kind": "transactional"},
    "fields": {"kind": "transactional", "fields": {"code": "1"}},
    "utm": {"utm": {"source": "news"}},
    "filter_operator_codes": {"filter_operator_codes": ["900"]},
    "repeat": {"repeat": "FREQ=DAILY"},
}
_FIELDS: Final = [one for one in Mailing._meta.concrete_fields if one.name not in STANDING]
_SETS: Final = [one.name for one in Mailing._meta.many_to_many]


def another(field: Field[Any, Any], mailing: Mailing) -> dict[str, Any]:
    """Another value of the field, with those of others that have to go with it."""
    if field.name in _TOGETHER:
        return _TOGETHER[field.name]
    value = getattr(mailing, field.attname)
    if field.choices:
        return {field.name: next(code for code, _label in field.flatchoices if code != value)}
    made: dict[str, Callable[[], Any]] = {
        "owner": UserFactory.create,
        "message": lambda: MessageFactory.create(owner=mailing.owner),
        "sender": lambda: Sender.objects.create(owner=mailing.owner, address="other@shop.test"),
        "again_of": RunFactory.create,
    }
    if field.name in made:
        return {field.name: made[field.name]()}
    kinds: dict[str, Callable[[], Any]] = {
        "BooleanField": lambda: not value,
        "DateTimeField": lambda: (value or mailing.starts_at) + timedelta(minutes=1),
    }
    usual: Callable[[], Any] = (
        (lambda: (value or 0) + 1) if "Integer" in field.get_internal_type() else (lambda: "other")
    )
    return {field.name: kinds.get(field.get_internal_type(), usual)()}


@pytest.fixture
def mailing(settings: LazySettings) -> Mailing:
    """An approved one that would start."""
    settings.APPROVAL = "always"
    made = mailing_to(2)
    approve(made)
    return Mailing.objects.get(pk=made.pk)


def test_unchanged_it_starts(mailing: Mailing) -> None:
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    assert Run.objects.count() == 1


@pytest.mark.parametrize("field", _FIELDS, ids=lambda one: one.name)
def test_with_another_field_it_does_not(field: Field[Any, Any], mailing: Mailing) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(**another(field, mailing))
    _does_not_start(mailing, of_one=field.name in ("kind", "fields"))


@pytest.mark.parametrize("name", _SETS)
def test_with_others_in_its_audience_it_does_not(name: str, mailing: Mailing) -> None:
    owner = mailing.owner
    tree = {"version": 1, "root": {"all": []}}
    made: dict[str, Callable[[], Any]] = {
        "recipients": lambda: RecipientFactory.create(owner=owner),
        "filter_tags": lambda: TagFactory.create(owner=owner),
        "exclude_tags": lambda: TagFactory.create(owner=owner),
        "lists": lambda: MailingListFactory.create(owner=owner),
        "exclude_lists": lambda: MailingListFactory.create(owner=owner),
        "segments": lambda: Segment.objects.create(owner=owner, name="s", tree=tree),
        "exclude_segments": lambda: Segment.objects.create(owner=owner, name="s", tree=tree),
        "exclude_mailings": lambda: MailingFactory.create(owner=owner),
    }
    if name == "recipients":
        Mailing.objects.filter(pk=mailing.pk).update(everyone=False)
        mailing.recipients.add(made[name]())
        approve(mailing)
    getattr(mailing, name).add(made[name]())
    _does_not_start(mailing)


def _does_not_start(mailing: Mailing, *, of_one: bool = False) -> None:
    if not of_one:
        with pytest.raises(Refused):
            service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
        fresh = Mailing.objects.select_related("message", "owner", "sender").get(pk=mailing.pk)
        fresh.owner.approval = "always"
        with pytest.raises(approvals.ApprovalNeeded):
            approvals.check_approval(fresh)
    changed = Mailing.objects.select_related("message", "owner", "sender").get(pk=mailing.pk)
    assert approvals.approved_for(changed) is None
    assert not Run.objects.filter(mailing=mailing).exists()


def _attachment(mailing: Mailing) -> None:
    Attachment.objects.create(
        message=mailing.message, name="a.pdf", content_type="application/pdf", size=1, sha256="0"
    )


def _message(**fields: Any) -> Callable[[Mailing], None]:
    def change(mailing: Mailing) -> None:
        Message.objects.filter(pk=mailing.message_id).update(**fields)

    return change


_IN_LETTER: Final[dict[str, Callable[[Mailing], object]]] = {
    "subject": _message(subject="Another"),
    "text": _message(text="Another {{ unsubscribe_url }}"),
    "html": _message(html="<p>Another</p>"),
    "preheader": _message(html="<p>Another</p>", preheader="Before"),
    "attachment": _attachment,
    "translation": lambda one: MessageTranslation.objects.create(
        message=one.message, language="de", subject="Anderes"
    ),
    "file": lambda one: PersonalFile.objects.create(message=one.message, name="a.pdf"),
    "experiment": lambda one: VariantFactory.create(experiment__mailing=one),
    "feed": lambda one: Feed.objects.create(mailing=one, url="https://shop.test/rss"),
}


@pytest.mark.parametrize("name", _IN_LETTER)
def test_with_another_letter_it_does_not(name: str, mailing: Mailing) -> None:
    _IN_LETTER[name](mailing)
    _does_not_start(mailing)


@pytest.mark.parametrize("name", ["name", "address", "reply_to", "accounts"])
def test_with_another_sender_it_does_not(name: str, mailing: Mailing) -> None:
    sender = Sender.objects.create(owner=mailing.owner, name="Shop", address="news@shop.test")
    Mailing.objects.filter(pk=mailing.pk).update(sender=sender)
    approve(mailing)
    value: Any = ["email"] if name == "accounts" else "other@shop.test"
    Sender.objects.filter(pk=sender.pk).update(**{name: value})
    _does_not_start(mailing)


@pytest.mark.parametrize(
    "fields",
    [{"share": 30}, {"wait_minutes": 60}, {"if_undecided": "ask"}, {"metric": "opens"}],
    ids=lambda one: next(iter(one)),
)
def test_with_other_terms_of_its_experiment_it_does_not(
    fields: dict[str, Any], mailing: Mailing
) -> None:
    VariantFactory.create(experiment__mailing=mailing)
    approve(mailing)
    Experiment.objects.filter(mailing=mailing).update(**fields)
    _does_not_start(mailing)


def test_with_another_variant_it_does_not(mailing: Mailing) -> None:
    VariantFactory.create(experiment__mailing=mailing)
    approve(mailing)
    Variant.objects.update(subject="Quite another")
    _does_not_start(mailing)


@pytest.mark.parametrize(
    "fields",
    [{"url": "https://x.test/"}, {"limit": 7}, {"at_least": 2}, {"begin_with": 5}],
    ids=lambda one: next(iter(one)),
)
def test_with_another_feed_it_does_not(fields: dict[str, Any], mailing: Mailing) -> None:
    Feed.objects.create(mailing=mailing, url="https://shop.test/rss")
    approve(mailing)
    Feed.objects.update(**fields)
    _does_not_start(mailing)


def test_every_field_is_either_approved_or_says_how_it_stands(mailing: Mailing) -> None:
    assert fields_of(mailing).keys() | STANDING == {
        one.attname for one in Mailing._meta.concrete_fields
    }


def test_how_it_stands_is_no_part_of_it(mailing: Mailing) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(scheduled_at=None, start_refusal={"code": "x"})
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    assert Run.objects.count() == 1


def test_its_parts_are_said_in_lines() -> None:
    mailing = mailing_to(
        1,
        repeat="FREQ=DAILY",
        repeat_zone="Europe/Moscow",
        local_from=time(9),
        local_to=time(18),
        utm={"source": "news"},
        sender=None,
    )
    mailing.repeat_until = mailing.starts_at + timedelta(days=9)
    VariantFactory.create(experiment__mailing=mailing)
    Feed.objects.create(mailing=mailing, url="https://shop.test/rss")
    found = parts_of(mailing)
    assert "FREQ=DAILY (Europe/Moscow)" in found["schedule"] and "09:00" in found["schedule"]
    assert "Другая тема" in found["variants"] and "shop.test" in found["feed"]
    assert "news" in found["settings"] and "sender" not in found
