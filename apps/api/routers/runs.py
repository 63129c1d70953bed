"""Runs, their deliveries, attempts, and sums over all of them."""

from typing import Any

from django.db.models.fields.json import KT
from django.utils import timezone
from ninja import Query, Router

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Counted, Page, PageQuery, answers
from apps.api.schemas.mailings import Stats, StatsFilter
from apps.api.schemas.runs import (
    AttemptFilter,
    AttemptOut,
    Decision,
    DeliveryFilter,
    DeliveryOut,
    MeasuredRunOut,
    RunLinkOut,
)
from apps.core.logs.requests import about
from apps.core.permissions import editable_or_403, visible_or_404
from apps.core.slots import run_control
from apps.mailings.models import Mailing, Recipient, Run, TrackedLink
from apps.mailings.selectors.deliveries import deliveries_of
from apps.mailings.selectors.engagement.deliveries import with_reactions
from apps.mailings.selectors.mailings import attempts_of, living_runs
from apps.mailings.selectors.totals import Period, totals_of

router = Router()


def found_run(request: ApiRequest, pk: int) -> Run:
    return _noted(visible_or_404(living_runs().defer("content"), request.auth.user, pk=pk))


def _noted(run: Run) -> Run:
    """The run, which the log finds by its mailing."""
    about(mailing_id=run.mailing_id, run=run.number)
    return run


@router.get(
    "/runs/{int:pk}/", response=answers({200: MeasuredRunOut}, 404), tags=["Runs"], summary="A run"
)
def get_run(request: ApiRequest, pk: int) -> Run:
    """The equation, what the run does or waits for, and what its readers did."""
    rows = living_runs().defer("content").annotate(tracking=KT("content__tracking"))
    return _noted(visible_or_404(rows, request.auth.user, pk=pk))


@router.get(
    "/runs/{int:pk}/links/",
    response=answers({200: Page[RunLinkOut]}, 404),
    tags=["Runs"],
    summary="Its links",
)
def list_links(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """The measured links of its messages, in their order, and who followed them."""
    run = found_run(request, pk)
    return page_of(TrackedLink.objects.filter(run=run), page, newest_first=False)


@router.get(
    "/runs/{int:pk}/deliveries/",
    response=answers({200: Page[DeliveryOut]}, 404),
    tags=["Runs"],
    summary="Its deliveries",
)
def list_deliveries(request: ApiRequest, pk: int, query: Query[DeliveryFilter]) -> dict[str, Any]:
    """Every recipient of the run, in the order of their ids."""
    run = found_run(request, pk)
    rows = with_reactions(deliveries_of(run, query.state, query.address, left_out=query.left_out))
    known = None if query.address else getattr(run, query.state or "audience")
    if query.left_out and not query.address and query.state in ("", "suppressed"):
        known = getattr(run, f"left_{query.left_out}")
    elif query.left_out:
        known = None
    return page_of(rows, query, newest_first=False, known_count=known)


@router.post(
    "/runs/{int:pk}/resolve-unknown/",
    response=answers({200: Counted}, 400, 404, 409),
    tags=["Runs"],
    summary="Decide about the unknown",
)
def resolve_unknown(request: ApiRequest, pk: int, given: Decision) -> dict[str, int]:
    """Say of deliveries whose outcome nobody knows that they were sent, or were not, or send again.

    Each decision leaves an attempt of the kind `audit`.
    """
    run = _noted(editable_or_403(living_runs().defer("content"), request.auth.user, pk=pk))
    count = run_control.value.resolve_unknown(
        run_id=run.pk,
        delivery_ids=given.delivery_ids,
        verdict=given.verdict,
        actor=str(request.auth.user),
    )
    return {"count": count}


@router.get(
    "/attempts/",
    response=answers({200: Page[AttemptOut]}),
    tags=["Attempts and sums"],
    summary="List attempts",
)
def list_attempts(request: ApiRequest, query: Query[AttemptFilter]) -> dict[str, Any]:
    """Everything that was tried, the newest first."""
    rows = attempts_of(request.auth.user)
    exact = query.dict(include={"mailing_id", "recipient_id", "status", "trigger"})
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if query.since is not None:
        rows = rows.filter(created_at__gte=query.since)
    if query.until is not None:
        rows = rows.filter(created_at__lt=query.until)
    return page_of(rows, query)


@router.get("/stats/", response=answers({200: Stats}), tags=["Attempts and sums"], summary="Sums")
def get_stats(request: ApiRequest, query: Query[StatsFilter]) -> dict[str, Any]:
    """What became of all deliveries of one's mailings, archived ones too: they were sent."""
    mailings = Mailing.objects.visible_to(request.auth.user)
    if query.status:
        mailings = mailings.filter(status=query.status)
    totals = totals_of(mailings, Period(query.since, query.until, timezone.now()))
    living = Recipient.objects.visible_to(request.auth.user).filter(archived_at=None)
    return {
        "mailings": totals.mailings,
        "recipients": living.count(),
        "audience": sum(totals.counts.values()),
        "counts": totals.counts,
        "sent": totals.figures.sent,
        "skipped": totals.figures.skipped,
        "remaining": totals.figures.remaining,
        "not_delivered": totals.figures.not_delivered,
        "delivery_rate": totals.figures.rate,
        "served": totals.served,
        "lost": totals.lost,
        "share": totals.share,
    }
