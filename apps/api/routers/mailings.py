"""`/api/mailings/`: mailings, and the verbs that move them."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.api.schemas.mailings import (
    MailingChanges,
    MailingDetail,
    MailingFilter,
    MailingIn,
    MailingOut,
)
from apps.api.schemas.runs import RunOut
from apps.core.text.formatting import exact
from apps.delivery.selectors.accounts import route_of
from apps.mailings.models import Mailing
from apps.mailings.selectors.mailings import MailingCard, cards_of, living_runs, named_like
from apps.mailings.services.mailings import Audience, MailingService

router = Router(tags=["Mailings"])


def mailings_of(request: ApiRequest) -> MailingService:
    return MailingService(request.auth.user)


def bodies_of(mailings: Sequence[Mailing]) -> list[dict[str, Any]]:
    """The mailings with their runs, and what happens next."""
    return [_body(card) for card in cards_of(mailings, now=timezone.now(), format_time=exact)]


def _body(card: MailingCard) -> dict[str, Any]:
    mailing = card.mailing
    names = [field.attname for field in Mailing._meta.concrete_fields]
    return {name: getattr(mailing, name) for name in names} | {
        "tags": sorted(tag.name for tag in mailing.filter_tags.all()),
        "scheduled": mailing.scheduled,
        "operator_codes": mailing.filter_operator_codes,
        "local_from": mailing.local_from and mailing.local_from.isoformat(),
        "local_to": mailing.local_to and mailing.local_to.isoformat(),
        "run": card.run,
        "standing": card.standing.code,
        "reason": card.reason,
        "next_step": card.next_step,
    }


def _detail(pk: int) -> dict[str, Any]:
    rows = Mailing.objects.select_related("owner").prefetch_related("filter_tags")
    mailing = rows.get(pk=pk)
    (body,) = bodies_of([mailing])
    chosen = mailing.recipients.order_by("pk").values_list("pk", flat=True)
    return body | {"recipient_ids": list(chosen), "audience": mailing.audience().count()}


@router.get("/", response=answers({200: Page[MailingOut]}), summary="List mailings")
def list_mailings(request: ApiRequest, query: Query[MailingFilter]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    mine = mailings_of(request).list().filter(kind=query.kind)
    found = named_like(mine, query.search)
    if query.status:
        found = found.filter(status=query.status)
    rows = found.select_related("owner").prefetch_related("filter_tags")
    page = page_of(rows, query, counted=found)
    return page | {"items": bodies_of(page["items"])}


@router.post("/", response=answers({201: MailingDetail}, 400, 409), summary="Add a mailing")
def add_mailing(request: ApiRequest, given: MailingIn) -> Status[dict[str, Any]]:
    """It starts automatically at its start, unless it is started before."""
    mailing = Mailing(owner=request.auth.user)
    _write(mailing, given.dict())
    return Status(201, _detail(mailing.pk))


@router.get("/{int:pk}/", response=answers({200: MailingDetail}, 404), summary="One mailing")
def get_mailing(request: ApiRequest, pk: int) -> dict[str, Any]:
    return _detail(mailings_of(request).visible_or_404(pk).pk)


@router.put(
    "/{int:pk}/", response=answers({200: MailingDetail}, 400, 404, 409), summary="Replace it"
)
def replace_mailing(request: ApiRequest, pk: int, given: MailingIn) -> dict[str, Any]:
    """What is left out becomes its default. Not while it is being sent: use PATCH then."""
    return _change(request, pk, given.dict())


@router.patch(
    "/{int:pk}/", response=answers({200: MailingDetail}, 400, 404, 409), summary="Change it"
)
def change_mailing(request: ApiRequest, pk: int, given: MailingChanges) -> dict[str, Any]:
    """What is left out stays as it is. While it is being sent only name, end and priority."""
    return _change(request, pk, given.dict(exclude_unset=True))


def _change(request: ApiRequest, pk: int, values: dict[str, Any]) -> dict[str, Any]:
    _write(mailings_of(request).editable_or_403(pk), values)
    return _detail(pk)


def _write(mailing: Mailing, values: dict[str, Any]) -> None:
    audience = Audience(tags=values.pop("tags", None), recipients=values.pop("recipient_ids", None))
    if "operator_codes" in values:
        mailing.filter_operator_codes = values.pop("operator_codes")
    if "scheduled" in values:
        wanted = values.pop("scheduled")
        mailing.scheduled_at = (mailing.scheduled_at or timezone.now()) if wanted else None
    if "account" in values and values["account"] is None:
        channel = values.get("channel", mailing.channel)
        values["account"] = route_of(channel=channel, account="", actor=mailing.owner)[1]
    if "starts_at" in values:
        values["starts_at"] = values["starts_at"] or timezone.now()
    for name, value in values.items():
        setattr(mailing, name, value)
    MailingService(mailing.owner).save(mailing, audience=audience)


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Remove it")
def delete_mailing(request: ApiRequest, pk: int) -> dict[str, int]:
    """Deleted when it was never sent; otherwise archived. 409 while it is being sent."""
    mailings = mailings_of(request)
    deleted = mailings.remove(mailings.editable_or_403(pk), now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


@router.get("/{int:pk}/runs/", response=answers({200: Page[RunOut]}, 404), summary="Its runs")
def list_runs(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """The newest first."""
    mailing = mailings_of(request).visible_or_404(pk)
    return page_of(living_runs().filter(mailing=mailing).defer("content"), page)
