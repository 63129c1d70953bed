"""Demo data: two users, a thousand readers and some guests, messages, due and future mailings."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Mailing, Message, Recipient, RecipientTag, Segment, Tag
from apps.mailings.services.demo.people import Person, people
from apps.mailings.services.demo.permission import GUESTS, invitation, load_permission
from apps.users.models import MANAGERS, User

READERS: Final = 1000
RECIPIENTS: Final = READERS + sum(GUESTS.values())
USER: Final = "demo@example.org"
MANAGER: Final = "manager@example.org"
_EVERYBODY, _RUSSIAN, _ENGLISH = "Все читатели", "Клуб", "English"
_ON_PAPER: Final = "Анкеты"
#: Of so many readers one has consented on paper.
_ONE_OF: Final = 10
_DUE = "Полка: новый выпуск"
_CONTENT = Path(__file__).resolve().parents[2] / "demo"


class DemoRefused(Refused):
    """There are users already, and the demo did not make them."""

    code = "demo_refused"


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's due mailing, and the passwords by email: only when they were made just now."""

    due_mailing_id: int | None
    passwords: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def load_demo(*, now: datetime) -> Demo:
    """Load the demo data; once it is there, change nothing. Sends nothing.

    Raises DemoRefused in a database that is in use.
    """
    if User.objects.filter(email=USER).exists():
        due = Mailing.objects.filter(owner__email=USER, name=_DUE).order_by("pk").first()
        return Demo(due.pk if due else None)
    if User.objects.exists():
        raise DemoRefused(_("This database has users already: the demo is for an empty one."))
    passwords = {email: _password() for email in (USER, MANAGER)}
    owner = _user(USER, "Дарья", "Демидова", passwords[USER])
    manager = _user(MANAGER, "Михаил", "Громов", passwords[MANAGER])
    manager.groups.add(Group.objects.get_or_create(name=MANAGERS)[0])
    crowd = people(RECIPIENTS)
    tags = _recipients(owner, crowd[:READERS])
    segment = load_permission(owner, tags[_ON_PAPER], crowd[READERS:], now)
    return Demo(_mailings(owner, tags, segment, now).pk, passwords)


def _password() -> str:
    """Easy to read off a terminal: no signs that look alike."""
    return "".join(secrets.choice("abcdefghkmnpqrstuvwxyz23456789") for _ in range(16))


def _user(email: str, first_name: str, last_name: str, password: str) -> User:
    user = User.objects.create_user(email, password, first_name=first_name, last_name=last_name)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _recipients(owner: User, crowd: list[Person]) -> dict[str, Tag]:
    """All readers with their tags; the tags by name."""
    tags = {
        name: Tag.objects.create(owner=owner, name=name)
        for name in (_EVERYBODY, _RUSSIAN, _ENGLISH, _ON_PAPER)
    }
    rows = Recipient.objects.bulk_create([_recipient(owner, person) for person in crowd])
    RecipientTag.objects.bulk_create(
        RecipientTag(recipient=row, tag=tags[name])
        for row, person in zip(rows, crowd, strict=True)
        for name in (_EVERYBODY, _ENGLISH if person.language == "en" else _RUSSIAN)
    )
    on_paper = tags[_ON_PAPER]
    RecipientTag.objects.bulk_create(
        RecipientTag(recipient=row, tag=on_paper) for row in rows[::_ONE_OF]
    )
    return tags


def _recipient(owner: User, person: Person) -> Recipient:
    return Recipient(
        owner=owner,
        email=person.email,
        full_name=person.full_name,
        time_zone=person.time_zone,
        attributes={"city": person.city},
    )


def _mailings(owner: User, tags: Mapping[str, Tag], segment: Segment, now: datetime) -> Mailing:
    """The messages and their mailings; the one that is due for all readers."""
    issue = _message(owner, "{{ full_name }}, новый выпуск «Полки»", "issue_ru")
    reminder = _message(owner, "Книжный клуб: ждём вас в четверг", "reminder_ru")
    digest = _message(owner, "The Shelf: three books for {{ city }}", "digest_en")
    due = _mailing(_DUE, issue, tags[_EVERYBODY], now)
    invitation(reminder, tags[_ENGLISH], now)
    planned = _mailing(
        "Напоминание о встрече клуба", reminder, tags[_RUSSIAN], now + timedelta(days=2)
    )
    planned.exclude_segments.add(segment)
    _mailing("The Shelf, monthly digest", digest, tags[_ENGLISH], now + timedelta(days=7))
    return due


def _message(owner: User, subject: str, name: str) -> Message:
    message = Message(
        owner=owner,
        subject=subject,
        text=(_CONTENT / f"{name}.txt").read_text(encoding="utf-8"),
        html=(_CONTENT / f"{name}.html").read_text(encoding="utf-8"),
    )
    message.full_clean()
    message.save()
    return message


def _mailing(name: str, message: Message, tag: Tag, starts_at: datetime) -> Mailing:
    mailing = Mailing.objects.create(
        owner=message.owner,
        name=name,
        message=message,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=3),
    )
    mailing.filter_tags.add(tag)
    return mailing
