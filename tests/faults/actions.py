"""The buttons of the site, pressed from a process of its own."""

from __future__ import annotations

from apps.core.errors import Refused


def press(verb: str, mailing: str, *args: str) -> None:
    """One act on the mailing. What is refused now is refused: the others are at work as well."""
    from apps.delivery.service import service

    mailing_id = int(mailing)
    try:
        match verb:
            case "launch":
                service.launch(mailing_id=mailing_id, trigger="manual", early=True)
            case "pause" | "resume" | "stop" | "reset" | "retry_failed" | "send_remaining":
                getattr(service, verb)(mailing_id=mailing_id)
            case "owner":
                _owner(mailing_id, active=args[0] == "on")
            case "mailing":
                _mailing(mailing_id, active=args[0] == "on")
            case "account":
                _account(active=args[0] == "on")
            case "unsubscribe":
                _unsubscribe(mailing_id, int(args[0]))
            case "reconcile":
                service.reconcile()
            case _:
                raise ValueError(verb)
    except Refused as refusal:
        print(f"{verb}: {refusal.code}")


def _owner(mailing_id: int, *, active: bool) -> None:
    from apps.delivery.service import service
    from apps.mailings.models import Mailing
    from apps.users.models import User

    owner_id = Mailing.objects.values_list("owner_id", flat=True).get(pk=mailing_id)
    User.objects.filter(pk=owner_id).update(is_active=active)
    service.owner_changed(owner_id=owner_id)


def _mailing(mailing_id: int, *, active: bool) -> None:
    from apps.mailings.models import Mailing

    Mailing.objects.filter(pk=mailing_id).update(is_active=active)


def _account(*, active: bool) -> None:
    from apps.delivery.accounts import state_row
    from apps.delivery.models import AccountState

    row = state_row("sink")
    AccountState.objects.filter(pk=row.pk).update(
        state=AccountState.State.READY if active else AccountState.State.DISABLED
    )


def _unsubscribe(mailing_id: int, count: int) -> None:
    """The last ``count`` recipients want no more mail, in one transaction."""
    from django.db import transaction

    from apps.mailings.models import Mailing, Recipient, Suppression

    owner_id = Mailing.objects.values_list("owner_id", flat=True).get(pk=mailing_id)
    with transaction.atomic():
        emails = Recipient.objects.order_by("-pk").values_list("email", flat=True)[:count]
        Suppression.objects.bulk_create(
            (
                Suppression(
                    owner_id=owner_id, channel="email", address=email, reason="unsubscribed"
                )
                for email in list(emails)
                if email
            ),
            ignore_conflicts=True,
        )
