"""The part of the demo that is about permission: lists, a form, a segment, and people of each kind.

Its mailing to the two lists leaves out some of them, for six different reasons.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from apps.mailings.models import (
    AttributeDefinition,
    Channel,
    Mailing,
    MailingList,
    Message,
    Recipient,
    Segment,
    SignupForm,
    Suppression,
    Tag,
)
from apps.mailings.services.demo.people import Person
from apps.mailings.services.permission import preferences, suppressions
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.forms import SignupFormService, publish, save_consent_text
from apps.mailings.services.permission.lists import ListService, subscribe_tagged
from apps.mailings.services.permission.subscribing import (
    await_confirmation,
    subscribe,
    unsubscribe,
)
from apps.mailings.services.segmentation.segments import SegmentService
from apps.mailings.suppression import suppressing
from apps.users.models import User

#: People of the lists alone, by how they stand to them.
GUESTS: Final = {"subscribed": 8, "left": 3, "asked": 3, "paused": 2, "bounced": 2, "by_phone": 2}
_CITIES: Final = ["Москва", "Санкт-Петербург"]


def load_permission(owner: User, tagged: Tag, guests: list[Person], now: datetime) -> Segment:
    """Load lists and people. ``tagged``: people who have consented on paper. The segment."""
    lists = [
        ListService(owner).save(MailingList(owner=owner, title=title, description=description))
        for title, description in (
            ("Встречи клуба", "Приглашения на встречи: раз в неделю."),
            ("Новинки", "Новые книги: дважды в месяц."),
        )
    ]
    statement = "Анкеты участников клуба, подписанные на встречах; хранятся у администратора."
    subscribe_tagged(tag=tagged, list=lists[0], statement=statement, actor=owner, now=now)
    kinds = [kind for kind, count in GUESTS.items() for _ in range(count)]
    for kind, person in zip(kinds, guests, strict=True):
        _guest(owner, kind, person, lists, now)
    _form(owner, lists, now)
    return _segment(owner)


def _guest(
    owner: User, kind: str, person: Person, lists: list[MailingList], now: datetime
) -> Recipient:
    """One of the people who have come by the form; what each has done since."""
    address: dict[str, str] = {"email": person.email}
    if kind == "by_phone":
        address = {"phone": f"7916{sum(map(ord, person.email)):07}"}
    row = Recipient.objects.create(
        owner=owner,
        full_name=person.full_name,
        time_zone=person.time_zone,
        attributes={"city": person.city},
        source=Recipient.Source.FORM,
        **address,
    )
    given: dict[str, Any] = {"recipient": row, "evidence": _said("form", now)}
    if kind == "asked":
        await_confirmation(lists=lists, now=now, **given)
        return row
    subscribe(lists=lists, now=now, **given)
    given["evidence"] = _said("page", now)
    if kind == "left":
        unsubscribe(lists=lists, now=now, **given)
    elif kind == "paused":
        preferences.pause(weeks=4, now=now, **given)
    elif kind == "bounced":
        suppressions.add(
            owner_id=owner.pk,
            channel=Channel.EMAIL.value,
            address=person.email,
            reason=Suppression.Reason.BOUNCED,
            actor=suppressing.BY_SERVER,
        )
    return row


def _said(source: str, now: datetime) -> Evidence:
    return Evidence(source=source, by_person=True, said_at=now, language="ru")


def _form(owner: User, lists: list[MailingList], now: datetime) -> None:
    """A published form. It looks nothing up in DNS: the demo runs without a network, too."""
    wording = "Я согласен получать письма «Полки» и могу отписаться в любой момент."
    save_consent_text(owner=owner, key="newsletter", texts={"ru": wording})
    form = SignupForm(
        owner=owner,
        title="Подписка на «Полку»",
        offered=SignupForm.Offered.CHOICE,
        fields=[{"name": "full_name", "required": False}],
        texts={"ru": {"intro": "Выберите, о чём вам писать."}},
        consent_texts=["newsletter"],
        check_mx=False,
    )
    publish(form=SignupFormService(owner).save(form, lists=lists), now=now)


def _segment(owner: User) -> Segment:
    AttributeDefinition.objects.create(owner=owner, name="city", label="Город", public=True)
    condition = {"field": "attribute", "name": "city", "op": "in", "value": _CITIES}
    tree = {"version": 1, "root": {"all": [condition]}}
    segment = Segment(owner=owner, name="Москва и Петербург", tree=tree)
    return SegmentService(owner).save(segment)


def invitation(message: Message, excluded: Tag, now: datetime) -> Mailing:
    """The due mailing to both lists, less a tag."""
    mailing = Mailing.objects.create(
        owner=message.owner,
        name="Встреча в четверг: приглашение",
        message=message,
        basis=Mailing.Basis.SUBSCRIPTION,
        starts_at=now,
        ends_at=now + timedelta(days=3),
    )
    mailing.lists.set(MailingList.objects.filter(owner=message.owner))
    mailing.exclude_tags.add(excluded)
    return mailing
