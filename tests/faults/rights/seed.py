"""Fill an installation with people of every right: ``python -m tests.faults.rights.seed``.

A mailing to two lists, three earlier ones by whose letters people may leave, a sign-up form. A
person's name says how the person stands before the run (``KINDS``). Prints the mailing's id.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import django

from tests.faults.browser import OWNER, PASSWORD

#: How people stand before the run, how many do, and the reason for which they are left out.
KINDS: Final = {
    "free": (110, ""),
    "unconfirmed": (10, "unconfirmed"),
    "unsubscribed": (10, "unsubscribed"),
    "sunset": (5, "unsubscribed"),
    "stranger": (5, "no_consent"),
    "paused": (5, "paused"),
    "tagged": (5, "excluded"),
    "mailed": (5, "excluded"),
    "bounced": (5, "suppressed"),
    "domain": (5, "suppressed"),
    "phone": (5, "no_address"),
}
AUDIENCE: Final = sum(count for count, _ in KINDS.values())
#: The names of the mailings whose letters people have: to both lists, and to the first alone.
BOTH, NEWS = "To both lists", "To the first list"


def main() -> None:
    django.setup()
    from django.db import transaction

    with transaction.atomic():
        print(_filled())


def _filled() -> int:
    """Everything; the id of the mailing that is to be sent."""
    from django.utils import timezone

    from apps.mailings.models import BlockedDomain, Suppression, Tag

    owner, now = _owner(), timezone.now()
    lists = _lists(owner)
    people = _people(owner, now)
    _subscribe(owner, lists, people, now)
    vip = Tag.objects.create(owner=owner, name="vip")
    for one in people["tagged"]:
        one.tags.add(vip)
    for one in people["bounced"]:
        Suppression.objects.create(owner=owner, address=one.email, reason="bounced")
    BlockedDomain.objects.create(owner=owner, domain="blocked.example", subdomains=True)
    everybody = [one for kind in people.values() for one in kind if one.email]
    _earlier(owner, BOTH, lists, everybody, now)
    on_news = {row.recipient_id for row in lists[0].subscriptions.all()}
    _earlier(owner, NEWS, lists[:1], [one for one in everybody if one.pk in on_news], now)
    excluded = _earlier(owner, "To some", lists[:1], people["mailed"], now)
    _form(owner, lists, now)
    mailing = _mailing(owner, "Rights", now)
    mailing.lists.set(lists)
    mailing.recipients.set(people["stranger"])
    mailing.exclude_tags.add(vip)
    mailing.exclude_mailings.add(excluded)
    return int(mailing.pk)


def _owner() -> Any:
    from allauth.account.models import EmailAddress

    from apps.users.models import User

    owner = User.objects.create_user(OWNER, PASSWORD)
    EmailAddress.objects.create(user=owner, email=OWNER, verified=True, primary=True)
    return owner


def _lists(owner: Any) -> list[Any]:
    from apps.mailings.models import MailingList

    made = MailingList.objects.create
    titles = ("News", "Offers")
    return [made(owner=owner, title=title, slug=title.lower()) for title in titles]


def _people(owner: Any, now: Any) -> dict[str, list[Any]]:
    from apps.mailings.models import Recipient

    rows = []
    for kind, (count, _code) in KINDS.items():
        domain = "blocked.example" if kind == "domain" else "example.org"
        for number in range(count):
            row = Recipient(owner=owner, full_name=kind, email=f"{kind}{number}@{domain}")
            if kind == "phone":
                row.email, row.phone = None, f"7916000{number:04}"
            if kind == "paused":
                row.paused_until = now + timedelta(days=7)
            rows.append(row)
    found: dict[str, list[Any]] = {}
    # In no order of the kinds: every window of the freeze has some of each.
    for row in Recipient.objects.bulk_create(sorted(rows, key=lambda one: hash_of(one.email))):
        found.setdefault(row.full_name, []).append(row)
    return found


def hash_of(address: str | None) -> int:
    """A number that is the same at every start."""
    import zlib

    return zlib.crc32((address or "").encode())


def _subscribe(owner: Any, lists: list[Any], people: dict[str, list[Any]], now: Any) -> None:
    """Everybody but the strangers is on the first list, the second or both."""
    from apps.mailings.models import Consent, Subscription

    before = now - timedelta(days=100)
    rows = []
    for kind, some in people.items():
        for number, one in enumerate(some):
            which = lists if number % 3 == 2 else lists[number % 3 : number % 3 + 1]
            rows += [] if kind == "stranger" else [(kind, one, list_) for list_ in which]
    given = Consent.objects.bulk_create(
        Consent(owner=owner, recipient=one, list=list_, act="given", source="form", said_at=before)
        for _kind, one, list_ in rows
    )
    Subscription.objects.bulk_create(
        Subscription(
            list=list_,
            recipient=one,
            status=kind if kind in ("unconfirmed", "unsubscribed", "sunset") else "subscribed",
            since=now if kind == "unconfirmed" else before,
            ended_at=now if kind in ("unsubscribed", "sunset") else None,
            consent=None if kind == "unconfirmed" else consent,
        )
        for (kind, one, list_), consent in zip(rows, given, strict=True)
    )
    ended = [(one, list_) for kind, one, list_ in rows if kind == "unsubscribed"]
    Consent.objects.bulk_create(
        Consent(owner=owner, recipient=one, list=list_, act="withdrawn", source="page", said_at=now)
        for one, list_ in ended
    )


def _mailing(owner: Any, name: str, now: Any, **fields: Any) -> Any:
    from apps.mailings.models import Mailing, Message

    message = Message.objects.create(
        owner=owner,
        subject="Новости для {{ full_name }}",
        text="Здравствуйте!\n",
        html="<p>Здравствуйте!</p><a href='{{ unsubscribe_url }}'>.</a>",
    )
    return Mailing.objects.create(
        owner=owner,
        name=name,
        message=message,
        account="sink",
        basis="subscription",
        starts_at=now - timedelta(days=60),
        ends_at=now + timedelta(days=1),
        **fields,
    )


def _earlier(owner: Any, name: str, lists: Iterable[Any], people: list[Any], now: Any) -> Any:
    """A mailing that these people got so long ago that no rule counts it any more."""
    from apps.mailings.models import Delivery, Run

    long_ago, count = now - timedelta(days=40), len(people)
    mailing = _mailing(owner, name, now, status="completed")
    mailing.lists.set(lists)
    run = Run.objects.create(
        mailing=mailing,
        number=mailing.current_run,
        trigger="manual",
        channel="email",
        account="sink",
        state="done",
        outcome="success",
        audience=count,
        sent=count,
        frozen_at=long_ago,
        finished_at=long_ago,
        rule={"basis": "subscription", "lists": [one.pk for one in lists]},
    )
    Delivery.objects.bulk_create(
        Delivery(
            run=run,
            recipient=one,
            position=number,
            channel="email",
            address=str(one.email),
            state="sent",
            sent_at=long_ago,
            changed_at=long_ago,
        )
        for number, one in enumerate(people, 1)
    )
    return mailing


def _form(owner: Any, lists: list[Any], now: Any) -> None:
    from apps.mailings.models import SignupForm
    from apps.mailings.services.permission.forms import publish

    form = SignupForm.objects.create(
        owner=owner,
        title="News",
        texts={"en": {}},
        check_mx=False,
        proof="off",
        account="sink",
        offered="choice",
    )
    form.lists.set(lists)
    publish(form=form, now=now)


if __name__ == "__main__":
    main()
