"""`/api/lists/` with their subscriptions, and what one recipient is on and has said."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.problems import Unfit
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.api.schemas.permission.lists import (
    ConsentOut,
    ListChanges,
    ListIn,
    ListOut,
    ListQuery,
    SubscriptionIn,
    SubscriptionOut,
    SubscriptionQuery,
)
from apps.core.permissions import editable_or_403, visible_or_404
from apps.feedback.services.signups.requests import ask_to_confirm
from apps.mailings.models import Consent, MailingList, Recipient, Subscription
from apps.mailings.selectors.permission.lists import consents_of, with_figures
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.lists import ListService, StatementMissing, recipient_at
from apps.mailings.services.permission.subscribing import subscribe, unsubscribe
from apps.users.models import ApiToken

router = Router(tags=["Lists"])
of_recipients = Router(tags=["Recipients"])


def lists_of(request: ApiRequest) -> ListService:
    return ListService(request.auth.user)


def shown(rows: QuerySet[MailingList]) -> QuerySet[MailingList]:
    return with_figures(rows, timezone.now())


def one_of(pk: int) -> MailingList:
    return shown(MailingList.objects.filter(pk=pk)).get()


@router.get("/", response=answers({200: Page[ListOut]}), summary="List lists")
def list_lists(
    request: ApiRequest, query: Query[ListQuery], page: Query[PageQuery]
) -> dict[str, Any]:
    """One's own, the newest first; for managers everybody's."""
    rows = lists_of(request).list().filter(archived_at__isnull=query.state == "in_use")
    return page_of(shown(rows), page, counted=rows)


@router.post("/", response=answers({201: ListOut}, 400), summary="Add a list")
def add_list(request: ApiRequest, given: ListIn) -> Status[MailingList]:
    fresh = lists_of(request).save(MailingList(owner=request.auth.user, **given.dict()))
    return Status(201, one_of(fresh.pk))


@router.get("/{int:pk}/", response=answers({200: ListOut}, 404), summary="One list")
def get_list(request: ApiRequest, pk: int) -> MailingList:
    return one_of(lists_of(request).visible_or_404(pk).pk)


@router.patch("/{int:pk}/", response=answers({200: ListOut}, 400, 404), summary="Change it")
def change_list(request: ApiRequest, pk: int, given: ListChanges) -> MailingList:
    mine = lists_of(request)
    row = mine.editable_or_403(pk)
    for name, value in given.dict(exclude_unset=True).items():
        setattr(row, name, value)
    return one_of(mine.save(row).pk)


@router.delete(
    "/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Archive or delete it"
)
def remove_list(request: ApiRequest, pk: int) -> dict[str, int]:
    """One that somebody was ever on is archived with its subscriptions and consents."""
    mine = lists_of(request)
    deleted = mine.remove(mine.editable_or_403(pk), now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


@router.post("/{int:pk}/restore/", response=answers({200: ListOut}, 404), summary="Restore it")
def restore_list(request: ApiRequest, pk: int) -> MailingList:
    mine = lists_of(request)
    mine.restore(mine.editable_or_403(pk))
    return one_of(pk)


@router.get(
    "/{int:pk}/subscriptions/",
    response=answers({200: Page[SubscriptionOut]}, 404),
    summary="Who is on it",
)
def list_subscriptions(
    request: ApiRequest, pk: int, query: Query[SubscriptionQuery], page: Query[PageQuery]
) -> dict[str, Any]:
    """Everybody who is or was on the list, the newest first."""
    rows = Subscription.objects.filter(list=lists_of(request).visible_or_404(pk))
    return page_of(rows.filter(status=query.status) if query.status else rows, page)


@router.post(
    "/{int:pk}/subscriptions/",
    response=answers({200: SubscriptionOut}, 400, 404, 409),
    summary="Subscribe somebody",
)
def add_subscription(request: ApiRequest, pk: int, given: SubscriptionIn) -> Subscription:
    """With evidence at once, or with `confirm` once the person has confirmed.

    Who has unsubscribed is refused with `subscription_ended`: only the person comes back.
    """
    mailing_list = lists_of(request).editable_or_403(pk)
    recipient, evidence = _recipient_of(request, given), _evidence_of(request, given)
    if given.confirm:
        return ask_to_confirm(
            recipient=recipient, mailing_list=mailing_list, evidence=evidence, now=timezone.now()
        )
    if not (given.said_at or evidence.statement):
        raise StatementMissing(_("Say how these people agreed to be written to."))
    (row,) = subscribe(
        recipient=recipient, lists=[mailing_list], evidence=evidence, now=timezone.now()
    )
    return row


@router.delete(
    "/{int:pk}/subscriptions/{int:recipient_id}/",
    response=answers({200: SubscriptionOut}, 404),
    summary="Unsubscribe somebody",
)
def end_subscription(request: ApiRequest, pk: int, recipient_id: int) -> Subscription:
    """Idempotent. Afterwards only the person can subscribe again."""
    mailing_list = lists_of(request).editable_or_403(pk)
    rows = Subscription.objects.select_related("recipient")
    row = editable_or_403(rows, request.auth.user, list=mailing_list, recipient_id=recipient_id)
    now = timezone.now()
    evidence = Evidence(
        source=Consent.Source.API, by_person=False, said_at=now, actor=request.auth.user.email
    )
    unsubscribe(recipient=row.recipient, lists=[mailing_list], evidence=evidence, now=now)
    row.refresh_from_db()
    return row


@of_recipients.get(
    "/{int:pk}/subscriptions/",
    response=answers({200: Page[SubscriptionOut]}, 404),
    summary="What a recipient is on",
)
def list_recipient_subscriptions(
    request: ApiRequest, pk: int, page: Query[PageQuery]
) -> dict[str, Any]:
    person = visible_or_404(Recipient.objects.all(), request.auth.user, pk=pk)
    return page_of(Subscription.objects.filter(recipient=person), page)


@of_recipients.get(
    "/{int:pk}/consents/",
    response=answers({200: Page[ConsentOut]}, 404),
    summary="What a recipient has said",
)
def list_recipient_consents(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """Every act by which the person permitted something or took it back, the newest first."""
    person = visible_or_404(Recipient.objects.all(), request.auth.user, pk=pk)
    found = page_of(consents_of(person), page)
    token = request.auth.token
    if token is not None and token.scope == ApiToken.Scope.READ:
        for row in found["items"]:
            row.ip = None
    return found


def _recipient_of(request: ApiRequest, given: SubscriptionIn) -> Recipient:
    user = request.auth.user
    if (given.recipient is None) == (given.email is None):
        raise Unfit(_("Give either the id of a recipient or an email."))
    if given.recipient is not None:
        return editable_or_403(Recipient.objects.all(), user, pk=given.recipient)
    found = recipient_at(
        user.pk,
        given.email or "",
        source=Recipient.Source.API,
        unconfirmed_since=timezone.now() if given.confirm else None,
    )
    if found is None:
        raise Unfit(_("Enter a valid email address."))
    return found


def _evidence_of(request: ApiRequest, given: SubscriptionIn) -> Evidence:
    now = timezone.now()
    if given.said_at is not None and given.said_at > now:
        raise Unfit(_("said_at lies ahead."))
    if given.ip is not None:
        try:
            validate_ipv46_address(given.ip)
        except ValidationError:
            raise Unfit(_("Enter a valid IPv4 or IPv6 address.")) from None
    return Evidence(
        source=Consent.Source.API,
        by_person=False,
        said_at=given.said_at or now,
        ip=given.ip,
        user_agent=given.user_agent,
        page=given.page,
        actor=request.auth.user.email,
        statement=given.statement.strip(),
    )
