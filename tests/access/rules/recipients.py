"""Recipients and the lists that are brought in."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.mailings.models import BlockedDomain, RecipientImport, Subscription
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.factories import MailingListFactory, RecipientFactory, SuppressionFactory, TagFactory
from tests.people import Cast


def recipient(cast: Cast) -> dict[str, Any]:
    return {"pk": RecipientFactory.create(owner=cast.owner).pk}


def imported(cast: Cast) -> dict[str, Any]:
    return {"pk": RecipientImport.objects.create(owner=cast.owner, source="a.csv", state="done").pk}


def suppressed(cast: Cast) -> dict[str, Any]:
    one = RecipientFactory.create(owner=cast.owner)
    row = SuppressionFactory.create(owner=cast.owner, address=one.email)
    return {"pk": one.pk, "number": row.pk}


def stop(cast: Cast) -> dict[str, Any]:
    return {"pk": SuppressionFactory.create(owner=cast.owner).pk}


def blocked_domain(cast: Cast) -> dict[str, Any]:
    found = BlockedDomain.objects.get_or_create(owner=cast.owner, domain="example.net")
    return {"pk": found[0].pk}


FORM = (LOGIN, LOGIN, 404, 200, 403)
#: A form without its fields is shown again, with what is missing.
NEW = (LOGIN, LOGIN, 200, 200, 200)
CSV = {"form": "csv"}


def tag(cast: Cast) -> dict[str, Any]:
    return {"pk": TagFactory.create(owner=cast.owner).pk}


def mailing_list(cast: Cast) -> dict[str, Any]:
    return {"pk": MailingListFactory.create(owner=cast.owner).pk}


def exported(cast: Cast) -> dict[str, Any]:
    return {**mailing_list(cast), **CSV}


def member(cast: Cast) -> dict[str, Any]:
    one = MailingListFactory.create(owner=cast.owner)
    row = Subscription.objects.create(
        list=one,
        recipient=RecipientFactory.create(owner=cast.owner),
        status="unconfirmed",
        since=timezone.now(),
    )
    return {"pk": one.pk, "number": row.pk}


#: A form without its fields is shown again, to its owner alone.
FILL_IN = (LOGIN, LOGIN, 404, 200, 403)

ENDPOINTS = {
    "lists:list": Endpoint(get=SEE, post=NO_WRITING),
    "lists:create": Endpoint(get=SEE, post=NEW),
    "lists:from_tag": Endpoint(get=SEE, post=NEW),
    "lists:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=mailing_list),
    "lists:export": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=exported),
    "lists:consents_export": Endpoint(
        get=(LOGIN, LOGIN, 404, 200, 403), post=NO_WRITING, kwargs=exported
    ),
    "lists:edit": Endpoint(get=FORM, post=FORM, kwargs=mailing_list),
    "lists:archive": Endpoint(get=FORM, post=ACT_POST, kwargs=mailing_list),
    "lists:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=mailing_list),
    "lists:add": Endpoint(get=FORM, post=FILL_IN, kwargs=mailing_list),
    "lists:remove": Endpoint(get=FORM, post=ACT_POST, kwargs=member),
    "timelines:recipient": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=recipient),
    "recipients:consent": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=recipient),
    "recipients:why": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=recipient),
    "recipients:tags": Endpoint(get=SEE, post=(LOGIN, LOGIN, 302, 302, 302)),
    "recipients:tag_suggestions": Endpoint(get=SEE, post=NO_WRITING),
    "recipients:tag": Endpoint(get=FORM, post=ACT_POST, kwargs=tag),
    "recipients:list": Endpoint(get=SEE, post=NO_WRITING),
    "recipients:create": Endpoint(get=SEE, post=NEW),
    "recipients:bulk": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 404, 404)),
    "recipients:export": Endpoint(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "recipients:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=recipient),
    "recipients:edit": Endpoint(get=FORM, post=FORM, kwargs=recipient),
    "recipients:delete": Endpoint(get=FORM, post=ACT_POST, kwargs=recipient),
    "recipients:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=recipient),
    "recipients:suppress": Endpoint(
        get=ACT_GET, post=(LOGIN, LOGIN, 404, 404, 403), kwargs=recipient
    ),
    "recipients:lift": Endpoint(get=FORM, post=ACT_POST, kwargs=suppressed),
    "imports:start": Endpoint(get=SEE, post=(LOGIN, LOGIN, 422, 422, 422)),
    "imports:detail": Endpoint(get=SEE_OWN, post=(LOGIN, LOGIN, 404, 302, 403), kwargs=imported),
    "imports:sample": Endpoint(get=SEE, post=NO_WRITING),
    "imports:counts": Endpoint(get=(LOGIN, LOGIN, 404, 204, 403), post=NO_WRITING, kwargs=imported),
    "imports:rejects": Endpoint(
        get=(LOGIN, LOGIN, 404, 404, 404), post=NO_WRITING, kwargs=imported
    ),
    "imports:discard": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=imported),
    "imports:undo": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=imported),
}

ENDPOINTS |= {
    "suppressions:list": Endpoint(get=SEE, post=NO_WRITING),
    "suppressions:history": Endpoint(get=SEE, post=NO_WRITING),
    "suppressions:export": Endpoint(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "suppressions:add": Endpoint(get=SEE, post=(LOGIN, LOGIN, 422, 422, 422)),
    "suppressions:lift": Endpoint(get=FORM, post=ACT_POST, kwargs=stop),
    "suppressions:domains": Endpoint(get=SEE, post=(LOGIN, LOGIN, 422, 422, 422)),
    "suppressions:unblock_domain": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=blocked_domain),
}

COUNTS = {
    "/lists/": 5,
    "/lists/new/": 3,
    "/lists/from-tag/": 5,
    "/suppressions/": 4,
    "/suppressions/history/": 4,
    "/management/domains/": 6,
    "/recipients/tags/": 4,
    "/recipients/": 11,
    "/recipients/new/": 3,
    "/recipients/import/": 4,
}
