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
    Previewed,
    PreviewIn,
)
from apps.api.schemas.runs import RunOut
from apps.core.errors import gettext_noop
from apps.core.text.formatting import exact, refusal
from apps.delivery.selectors.accounts import route_of
from apps.mailings.models import Mailing
from apps.mailings.rules import candidates, rule_of
from apps.mailings.selectors.mailings import MailingCard, cards_of, living_runs, named_like
from apps.mailings.services.agents.start_requests import check_mailing
from apps.mailings.services.mailings import Audience, MailingService, rows_of
from apps.mailings.services.permission.lists import StatementMissing
from apps.mailings.services.publishing.archive import public_urls
from apps.mailings.services.reach import audience_from

router = Router(tags=["Mailings"])
previews = Router(tags=["Mailings"])


def mailings_of(request: ApiRequest) -> MailingService:
    return MailingService(request.auth.user)


def mailings_out(mailings: Sequence[Mailing]) -> list[dict[str, Any]]:
    """The mailings with their runs, and what happens next."""
    urls = public_urls(mailings)
    cards = cards_of(mailings, now=timezone.now(), format_time=exact)
    return [_body(card, urls.get(card.mailing.pk, "")) for card in cards]


def _body(card: MailingCard, archive_url: str) -> dict[str, Any]:
    mailing = card.mailing
    names = [field.attname for field in Mailing._meta.concrete_fields]
    return {name: getattr(mailing, name) for name in names} | {
        "tags": sorted(tag.name for tag in mailing.filter_tags.all()),
        "scheduled": mailing.scheduled,
        "operator_codes": mailing.filter_operator_codes,
        "lists": _ids(mailing.lists),
        "segments": _ids(mailing.segments),
        "exclude": {
            "lists": _ids(mailing.exclude_lists),
            "segments": _ids(mailing.exclude_segments),
            "tags": sorted(tag.name for tag in mailing.exclude_tags.all()),
            "mailings": _ids(mailing.exclude_mailings),
            "days": mailing.exclude_mailed_days,
        },
        "archive_url": archive_url,
        "local_from": mailing.local_from and mailing.local_from.isoformat(),
        "local_to": mailing.local_to and mailing.local_to.isoformat(),
        "run": card.run,
        "standing": card.standing.code,
        "reason": card.reason,
        "next_step": card.next_step,
    }


def _ids(rows: Any) -> list[int]:
    return [row.pk for row in rows.all()]


#: Read with the mailings: what their bodies show of other tables.
_RELATED = (
    *("filter_tags", "lists", "segments", "exclude_lists", "exclude_segments", "exclude_tags"),
    "exclude_mailings",
)


def _detail(pk: int) -> dict[str, Any]:
    rows = Mailing.objects.select_related("owner").prefetch_related(*_RELATED)
    mailing = rows.get(pk=pk)
    (body,) = mailings_out([mailing])
    chosen = mailing.recipients.order_by("pk").values_list("pk", flat=True)
    audience = candidates(rule_of(mailing, timezone.now())).count()
    return body | {"recipient_ids": list(chosen), "audience": audience}


@router.get("/", response=answers({200: Page[MailingOut]}), summary="List mailings")
def list_mailings(request: ApiRequest, query: Query[MailingFilter]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    mine = mailings_of(request).list().filter(kind=query.kind)
    found = named_like(mine, query.search)
    if query.status:
        found = found.filter(status=query.status)
    rows = found.select_related("owner").prefetch_related(*_RELATED)
    page = page_of(rows, query, counted=found)
    return page | {"items": mailings_out(page["items"])}


@router.post("/", response=answers({201: MailingDetail}, 400, 409), summary="Add a mailing")
def add_mailing(request: ApiRequest, given: MailingIn) -> Status[dict[str, Any]]:
    """It starts automatically at its start, unless it is started before. An agent's is a draft."""
    mailing = Mailing(owner=request.auth.user)
    _write(mailing, _as_draft(request, given.dict()))
    return Status(201, _detail(mailing.pk))


@previews.post(
    "/audience/preview/", response=answers({200: Previewed}, 400), summary="Count an audience"
)
def preview_audience(request: ApiRequest, given: PreviewIn) -> dict[str, Any]:
    """Nothing is saved or sent. Of many people a sample is counted, unless `exact` is asked for.

    `totals` counts `matching` and `reached` exactly all the same, which takes a few seconds.
    """
    rows = rows_of(request.auth.user, audience_rows(given.dict()))
    audience = audience_from(
        request.auth.user,
        rows,
        chosen=[row.pk for row in rows.get("recipients", ())],
        everyone=given.everyone,
        codes=given.operator_codes,
        days=given.exclude.days,
        basis=given.basis or ("subscription" if given.lists else "stated"),
        purpose=given.purpose,
    )
    exact = given.exact or not audience.is_large
    reach = (audience.reach if exact else audience.estimate)([given.channel])
    totals = audience.totals([given.channel]) if given.totals and not exact else reach
    return {
        "matching": totals.matching,
        "reached": totals.reached,
        "by_channel": {given.channel: totals.reached},
        "left_out": reach.left_out,
        "excluded": reach.excluded,
        "exact": exact,
        "totals_exact": exact or given.totals,
    }


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
    mailing = mailings_of(request).editable_or_403(pk)
    if request.auth.is_agent:
        check_mailing(mailing)
    _write(mailing, _as_draft(request, values))
    return _detail(pk)


def _as_draft(request: ApiRequest, values: dict[str, Any]) -> dict[str, Any]:
    """What an agent writes starts by nothing but a person."""
    return {**values, "scheduled": False} if request.auth.is_agent else values


def _write(mailing: Mailing, values: dict[str, Any]) -> None:
    named = audience_rows(values)
    if "exclude" in values:
        mailing.exclude_mailed_days = values.pop("exclude")["days"]
    if values.get("basis", "") is None or "basis" not in values and named.lists is not None:
        lists = mailing.pk and named.lists is None and mailing.lists.exists() or named.lists
        values["basis"] = "subscription" if lists else "stated"
    elif values.get("basis") == "stated" and not values.get("basis_statement", "stays"):
        raise refusal(StatementMissing, gettext_noop("Say why no consent is needed."))
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
    MailingService(mailing.owner).save(mailing, audience=named)


def audience_rows(values: dict[str, Any]) -> Audience:
    """The rows that a body names, removed from it; ``exclude`` stays for its days."""
    exclude = values.get("exclude")
    return Audience(
        tags=values.pop("tags", None),
        recipients=values.pop("recipient_ids", None),
        lists=values.pop("lists", None),
        segments=values.pop("segments", None),
        **{f"exclude_{name}": exclude[name] for name in _EXCLUDED if exclude is not None},
    )


_EXCLUDED = ("lists", "segments", "tags", "mailings")


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
