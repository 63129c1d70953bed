"""`/api/suppressions/` and `/api/blocked-domains/`."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, PageQuery, answers
from apps.api.schemas.permission.suppressions import (
    BlockedDomainIn,
    BlockedDomainOut,
    SuppressionEventOut,
    SuppressionImport,
    SuppressionImported,
    SuppressionIn,
    SuppressionLift,
    SuppressionOut,
    SuppressionQuery,
)
from apps.core.permissions import editable_or_403, visible_or_404
from apps.mailings.importing.suppression_rows import normal_row
from apps.mailings.models import BlockedDomain, Suppression, SuppressionEvent
from apps.mailings.models.audience import normal_address
from apps.mailings.selectors.permission.suppressions import (
    SuppressionEventFilters,
    SuppressionFilters,
    found_events,
    found_suppressions,
)
from apps.mailings.services.permission import suppressions
from apps.mailings.services.permission.blocked_domains import (
    block_domain,
    may_unblock,
    unblock_domain,
    visible_domains,
)

router = Router(tags=["Suppressions"])
domains = Router(tags=["Suppressions"])


def _filters(asked: SuppressionQuery) -> dict[str, str]:
    return {"q": asked.address, "channel": asked.channel or "", "reason": asked.reason or ""}


@router.get("/", response=answers({200: Page[SuppressionOut]}), summary="List suppressed addresses")
def list_suppressions(request: ApiRequest, asked: Query[SuppressionQuery]) -> dict[str, Any]:
    """One's own, the newest first; for managers everybody's."""
    rows = Suppression.objects.visible_to(request.auth.user)
    return page_of(found_suppressions(rows, SuppressionFilters(_filters(asked))), asked)


@router.post("/", response=answers({201: SuppressionOut}), summary="Suppress an address")
def add_suppression(request: ApiRequest, given: SuppressionIn) -> Status[Suppression]:
    """Nothing more goes there. An address that is suppressed already keeps its first reason."""
    owner = request.auth.user
    try:
        address = normal_address(given.channel, given.address)
    except ValidationError as error:
        raise ValidationError({"address": error}) from None
    suppressions.add(
        owner_id=owner.pk,
        channel=given.channel,
        address=address,
        reason=given.reason,
        actor=owner.email,
        note=given.note,
    )
    rows = Suppression.objects.editable_by(owner)
    return Status(201, rows.get(channel=given.channel, address=address))


@router.post(
    "/import/", response=answers({200: SuppressionImported}), summary="Suppress many addresses"
)
def import_suppressions(request: ApiRequest, given: SuppressionImport) -> dict[str, Any]:
    """Those that are addresses, at one stroke."""
    owner = request.auth.user
    rows = [
        normal_row(line, item.channel, item.address, item.reason)
        for line, item in enumerate(given.items)
    ]
    report = suppressions.add_rows(
        rows=rows, owner_id=owner.pk, reason="blocked", actor=owner.email
    )
    return {
        "rows": report.rows,
        "added": report.added,
        "known": report.known,
        "rejected": report.rejected,
        "invalid": [row.line for row in rows if not row.address],
    }


@router.get(
    "/events/", response=answers({200: Page[SuppressionEventOut]}), summary="What happened to them"
)
def list_suppression_events(request: ApiRequest, asked: Query[SuppressionQuery]) -> dict[str, Any]:
    """Every suppressing and lifting, the newest first."""
    rows = SuppressionEvent.objects.visible_to(request.auth.user)
    return page_of(found_events(rows, SuppressionEventFilters(_filters(asked))), asked)


@router.get("/{int:pk}/", response=answers({200: SuppressionOut}, 404), summary="One of them")
def get_suppression(request: ApiRequest, pk: int) -> Suppression:
    return visible_or_404(Suppression.objects.all(), request.auth.user, pk=pk)


@router.post(
    "/{int:pk}/lift/", response=answers({204: None}, 404, 409), summary="Allow an address again"
)
def lift_suppression(request: ApiRequest, pk: int, given: SuppressionLift) -> Status[None]:
    """Who has unsubscribed comes back alone; after a complaint a manager decides."""
    user, rows = request.auth.user, Suppression.objects.all()
    row = visible_or_404(rows, user, pk=pk)
    if row.owner_id != user.pk and not suppressions.may_lift(row, user):
        row = editable_or_403(rows, user, pk=pk)
    suppressions.lift(suppression=row, actor=user, note=given.note)
    return Status(204, None)


def _domain(row: BlockedDomain) -> dict[str, Any]:
    return {
        "id": row.pk,
        "domain": row.domain,
        "subdomains": row.subdomains,
        "for_all": row.owner_id is None,
        "note": row.note,
        "created_at": row.created_at,
    }


@domains.get("/", response=answers({200: Page[BlockedDomainOut]}), summary="List blocked domains")
def list_blocked_domains(request: ApiRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """One's own and those of the site, the newest first; for managers everybody's."""
    found = page_of(visible_domains(request.auth.user), asked)
    return found | {"items": [_domain(row) for row in found["items"]]}


@domains.post("/", response=answers({201: BlockedDomainOut}), summary="Block a domain")
def add_blocked_domain(request: ApiRequest, given: BlockedDomainIn) -> Status[dict[str, Any]]:
    """Nothing more is sent to its addresses."""
    row = block_domain(
        actor=request.auth.user,
        domain=given.domain,
        subdomains=given.subdomains,
        note=given.note,
        for_all=given.for_all,
    )
    return Status(201, _domain(row))


@domains.delete("/{int:pk}/", response=answers({204: None}, 404), summary="Allow a domain again")
def remove_blocked_domain(request: ApiRequest, pk: int) -> Status[None]:
    """Its addresses may be written to again."""
    row = visible_domains(request.auth.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    if not may_unblock(row, request.auth.user):
        raise PermissionDenied
    unblock_domain(domain=row, actor=request.auth.user)
    return Status(204, None)
