"""Attempts, reports, the management, and the profile."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.delivery.models import Probe
from apps.mailings.links import SENDER, sealed
from apps.mailings.models import Run, Sender
from tests.access.rules.recipients import CSV
from tests.access.rules.types import LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint, everybody, mailing
from tests.factories import AttemptFactory, measured_run
from tests.people import Cast


def attempt(cast: Cast) -> dict[str, Any]:
    return {"pk": AttemptFactory.create(delivery__run=cast.run).pk}


MANAGERS_SEE = (LOGIN, LOGIN, 403, 403, 200)
#: Signed in and no manager: refused before the method is looked at.
MANAGERS_NO_WRITING = (LOGIN, LOGIN, 403, 403, 405)

#: Managers view the accounts; only a superuser touches them.
SUPERUSERS_ACT = (LOGIN, LOGIN, 403, 403, 403)


def measured(cast: Cast) -> dict[str, Any]:
    """A run that measures persons, beside the cast's own."""
    found = Run.objects.filter(mailing=cast.mailing, number=2).first()
    run = found or measured_run(mailing=cast.mailing, number=2, state="done")
    return {"pk": cast.mailing.pk, "number": run.number}


def account(cast: Cast) -> dict[str, Any]:
    return {"name": "email"}


def sender(cast: Cast) -> dict[str, Any]:
    fields: dict[str, Any] = {"owner": cast.owner, "name": "", "address": "news@shop.test"}
    return {"pk": Sender.objects.get_or_create(**fields, archived_at=None)[0].pk}


def probe(cast: Cast) -> dict[str, Any]:
    fields = {"account": "email", "seed": "box", "sent_at": timezone.now()}
    message = cast.run.mailing.message
    return {"pk": Probe.objects.get_or_create(message=message, key="k", defaults=fields)[0].pk}


def token(cast: Cast) -> str:
    return sealed(SENDER, sender(cast)["pk"])


def stranger(cast: Cast) -> dict[str, Any]:
    return {"pk": cast.stranger.pk}


ENDPOINTS = {
    "attempts:list": Endpoint(get=SEE, post=NO_WRITING),
    "attempts:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=attempt),
    "attempts:export": Endpoint(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "reports:list": Endpoint(get=SEE, post=NO_WRITING),
    "reports:trends": Endpoint(get=SEE, post=NO_WRITING),
    "reports:mailing": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=mailing),
    "reports:click_map_frame": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {**measured(cast), "version": 1}
    ),
    "reports:engagement_export": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {**measured(cast), **CSV}
    ),
    "reports:export": Endpoint(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "reports:mailing_export": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {**mailing(cast), **CSV}
    ),
    "management:attempts_export": Endpoint(
        get=MANAGERS_SEE, post=MANAGERS_NO_WRITING, kwargs=lambda cast: CSV
    ),
    "management:audit": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "management:audit_export": Endpoint(
        get=MANAGERS_SEE, post=MANAGERS_NO_WRITING, kwargs=lambda cast: CSV
    ),
    "management:reports_export": Endpoint(
        get=MANAGERS_SEE, post=MANAGERS_NO_WRITING, kwargs=lambda cast: CSV
    ),
    "management:reports_by_user": Endpoint(
        get=MANAGERS_SEE, post=MANAGERS_NO_WRITING, kwargs=lambda cast: CSV
    ),
    "management:user": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING, kwargs=stranger),
    "management:block_user": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING, kwargs=stranger),
    "management:system": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "sending:domain": Endpoint(
        get=(LOGIN, LOGIN, 403, 403, 404), post=MANAGERS_NO_WRITING, kwargs=account
    ),
    "senders:list": Endpoint(get=SEE, post=NO_WRITING),
    "senders:new": Endpoint(get=SEE, post=SEE),
    "senders:confirm": Endpoint(
        get=everybody(200), post=everybody(200), kwargs=lambda cast: {"token": token(cast)}
    ),
    "senders:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=sender),
    "senders:edit": Endpoint(
        get=(LOGIN, LOGIN, 404, 200, 403), post=(LOGIN, LOGIN, 404, 302, 403), kwargs=sender
    ),
    "senders:act": Endpoint(
        get=NO_WRITING,
        post=(LOGIN, LOGIN, 404, 302, 403),
        kwargs=lambda cast: {**sender(cast), "act": "archive"},
    ),
    "probes:list": Endpoint(get=SEE, post=SEE),
    "probes:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=probe),
    "sending:domains": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "sending:check_domain": Endpoint(get=MANAGERS_NO_WRITING, post=(LOGIN, LOGIN, 403, 403, 404)),
    "sending:allow_sending": Endpoint(get=MANAGERS_NO_WRITING, post=(LOGIN, LOGIN, 403, 403, 404)),
    "sending:new": Endpoint(get=SUPERUSERS_ACT, post=SUPERUSERS_ACT),
    "sending:edit": Endpoint(get=SUPERUSERS_ACT, post=SUPERUSERS_ACT, kwargs=account),
    "sending:remove": Endpoint(get=SUPERUSERS_ACT, post=SUPERUSERS_ACT, kwargs=account),
    "sending:disable": Endpoint(get=SUPERUSERS_ACT, post=MANAGERS_NO_WRITING, kwargs=account),
    "management:users": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "management:toggle_user": Endpoint(
        get=MANAGERS_NO_WRITING,
        post=(LOGIN, LOGIN, 403, 403, 302),
        kwargs=lambda cast: {"pk": cast.stranger.pk},
    ),
    "management:end_probation": Endpoint(
        get=MANAGERS_NO_WRITING,
        post=(LOGIN, LOGIN, 403, 403, 302),
        kwargs=lambda cast: {"pk": cast.stranger.pk},
    ),
    "management:lift_pause": Endpoint(
        get=MANAGERS_NO_WRITING,
        post=(LOGIN, LOGIN, 403, 403, 302),
        kwargs=lambda cast: {"pk": cast.stranger.pk},
    ),
    "management:attempts": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "management:reports": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "sending:accounts": Endpoint(get=MANAGERS_SEE, post=MANAGERS_NO_WRITING),
    "sending:switch": Endpoint(get=MANAGERS_NO_WRITING, post=SUPERUSERS_ACT, kwargs=account),
    "sending:test": Endpoint(get=MANAGERS_NO_WRITING, post=SUPERUSERS_ACT, kwargs=account),
    "users:profile": Endpoint(get=SEE, post=(LOGIN, LOGIN, 302, 302, 302)),
    "users:avatar": Endpoint(
        get=(LOGIN, LOGIN, 403, 404, 404),
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.owner.pk},
    ),
}

COUNTS = {"/attempts/": 6, "/reports/": 10, "/reports/{pk}/": 16, "/profile/": 4}
