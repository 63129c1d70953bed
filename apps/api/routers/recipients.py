"""`/api/recipients/`: the model of all other lists.

A route finds its row at the gate, makes one call inward, and translates the answer.
"""

from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import cursor_unfit, page_of
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.api.schemas.engagement.timeline import HappeningOut
from apps.api.schemas.recipients import (
    TAGS_OF,
    RecipientChanges,
    RecipientFilter,
    RecipientIn,
    RecipientOut,
)
from apps.core.models import OwnedQuerySet
from apps.core.permissions import visible_or_404
from apps.mailings.models import Recipient
from apps.mailings.selectors.engagement.timeline import timeline_of
from apps.mailings.selectors.recipients import found_by, with_state
from apps.mailings.services.recipients import RecipientService

router = Router(tags=["Recipients"])


def recipients_of(request: ApiRequest) -> RecipientService:
    return RecipientService(request.auth.user)


def recipients() -> OwnedQuerySet[Recipient]:
    return shown(Recipient.objects.all())


def shown(rows: OwnedQuerySet[Recipient]) -> OwnedQuerySet[Recipient]:
    """The rows with all that ``RecipientOut`` shows."""
    return with_state(rows).prefetch_related(Prefetch("tags", to_attr=TAGS_OF))


@router.get("/", response=answers({200: Page[RecipientOut]}), summary="List recipients")
def list_recipients(
    request: ApiRequest, query: Query[RecipientFilter], page: Query[PageQuery]
) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    found = found_by(recipients_of(request).list(), **query.dict())
    return page_of(shown(found), page, counted=found)


@router.post("/", response=answers({201: RecipientOut}, 400), summary="Add a recipient")
def add_recipient(request: ApiRequest, given: RecipientIn) -> Status[Recipient]:
    """It belongs to the caller."""
    values = {**given.dict(exclude={"tags", "unmeasured"}), "source": Recipient.Source.API}
    fresh = Recipient(owner=request.auth.user, **values)
    recipients_of(request).save(fresh, tags=given.tags, unmeasured=given.unmeasured)
    return Status(201, recipients().get(pk=fresh.pk))


@router.get("/{int:pk}/", response=answers({200: RecipientOut}, 404), summary="One recipient")
def get_recipient(request: ApiRequest, pk: int) -> Recipient:
    """Archived ones too: they have a history."""
    return visible_or_404(recipients(), request.auth.user, pk=pk)


@router.get(
    "/{int:pk}/timeline/",
    response=answers({200: Page[HappeningOut]}, 400, 404),
    summary="What happened",
)
def get_timeline(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """Subscribed, sent, opened, clicked, bounced, unsubscribed: the newest first."""
    recipient = visible_or_404(recipients(), request.auth.user, pk=pk)
    try:
        found = timeline_of(recipient, size=page.limit, after=page.cursor or "")
    except ValueError as error:
        raise cursor_unfit() from error
    return {
        "items": found.rows,
        "count": found.count,
        "count_is_estimate": False,
        "next": found.next or None,
    }


@router.put(
    "/{int:pk}/", response=answers({200: RecipientOut}, 400, 404, 409), summary="Replace it"
)
def replace_recipient(request: ApiRequest, pk: int, given: RecipientIn) -> Recipient:
    """What is left out becomes empty, but for `unmeasured`, which stays."""
    return _change(request, pk, given.dict())


@router.patch(
    "/{int:pk}/", response=answers({200: RecipientOut}, 400, 404, 409), summary="Change it"
)
def change_recipient(request: ApiRequest, pk: int, given: RecipientChanges) -> Recipient:
    """What is left out stays as it is."""
    return _change(request, pk, given.dict(exclude_unset=True))


def _change(request: ApiRequest, pk: int, values: dict[str, Any]) -> Recipient:
    mine = recipients_of(request)
    recipient = mine.editable_or_403(pk)
    tags, unmeasured = values.pop("tags", None), values.pop("unmeasured", None)
    if values.get("phone") != recipient.phone and "operator_code" not in values:
        recipient.operator_code = ""  # it follows from the phone
    for name, value in values.items():
        setattr(recipient, name, value)
    mine.save(recipient, tags=tags, unmeasured=unmeasured)
    return recipients().get(pk=pk)


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404), summary="Remove it")
def remove_recipient(request: ApiRequest, pk: int) -> dict[str, int]:
    """Deleted when it was never written to; otherwise archived, with its history."""
    mine = recipients_of(request)
    deleted = mine.remove(mine.editable_or_403(pk), now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}
